//! `flatten`.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use vhd_analyser_core::units;
use vhd_analyser_tests::chain::file_name;
use vhd_analyser_tests::corpus::cases;
use vhd_analyser_tests::huge;

use crate::world::{Outcome, World, code, complained, in_one_line, numbers, said, write_fixed};

/// Enough for the program, and not for what the disks of a long chain have in their BATs, in KiB.
const ENOUGH: u32 = 64 << 10;

/// A folder with the files of a case of the corpus.
fn world_of(case: &str) -> io::Result<World> {
    let (world, case) = (World::new()?, &cases()?[case]);
    for name in case.files.keys() {
        fs::write(world.path(name), case.file(name)?)?;
    }
    Ok(world)
}

#[test]
fn a_chain_becomes_one_image() -> Outcome {
    let world = world_of("sound-chain-3")?;
    fs::set_permissions(world.path("parent.vhd"), fs::Permissions::from_mode(0o600))?;
    for format in ["dynamic", "fixed", "raw"] {
        let output = world.run(&["flatten", "grandchild.vhd", "-o", format, "--format", format])?;
        assert_eq!(code(&output), 0, "{}", complained(&output));
        let there = fs::metadata(world.path(format))?;
        let text = in_one_line(&said(&output));
        for part in [format, &units::size(64 << 20), &units::exact_size(there.len())] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(numbers(&text).contains(&3), "so many disks: {text}");
        assert!(there.blocks() * 512 < 4 << 20, "{format} is sparse: {} blocks", there.blocks());
        assert_eq!(there.mode() & 0o777, 0o600, "nobody reads more than before");
    }
    assert_eq!(code(&world.run(&["check", "--deep", "dynamic", "fixed"])?), 0);
    // What the one says is what the other says.
    for vhd in ["dynamic", "fixed"] {
        assert_eq!(code(&world.run(&["flatten", vhd, "-o", "again", "--format", "raw", "--force"])?), 0);
        assert!(fs::read(world.path("again"))? == fs::read(world.path("raw"))?, "{vhd}");
    }
    let default = world.run(&["flatten", "grandchild.vhd", "-o", "default"])?;
    assert_eq!(code(&default), 0, "{}", complained(&default));
    let kind = |name: &str| -> io::Result<Option<u8>> {
        let bytes = fs::read(world.path(name))?;
        Ok(bytes.len().checked_sub(512).and_then(|footer| bytes.get(footer + 63).copied()))
    };
    assert_eq!((kind("dynamic")?, kind("fixed")?, kind("default")?), (Some(3), Some(2), Some(3)));
    Ok(())
}

#[test]
fn parents_may_be_given() -> Outcome {
    let world = world_of("sound-chain-3")?;
    assert_eq!(code(&world.run(&["flatten", "grandchild.vhd", "-o", "expected", "--format", "raw"])?), 0);
    fs::create_dir(world.path("elsewhere"))?;
    for name in ["child.vhd", "parent.vhd"] {
        fs::rename(world.path(name), world.path(format!("elsewhere/{name}")))?;
    }
    let output = world.run(&["flatten", "grandchild.vhd", "-o", "out", "--format", "raw"])?;
    assert_eq!(code(&output), 1);
    assert!(complained(&output).contains("“grandchild.vhd”"), "{}", complained(&output));
    assert!(complained(&output).contains("vhd-analyser check --parents grandchild.vhd"), "{}", complained(&output));
    // The child names the parent beside it.
    let with = |parents: &[&str]| {
        let mut arguments = vec!["flatten", "grandchild.vhd", "-o", "out", "--format", "raw"];
        parents.iter().for_each(|parent| arguments.extend(["--parent", parent]));
        world.run(&arguments)
    };
    assert_eq!(code(&with(&["elsewhere/parent.vhd"])?), 1, "another disk");
    assert_eq!(code(&with(&["grandchild.vhd"])?), 1, "a loop");
    assert_eq!(code(&with(&["elsewhere/child.vhd", "elsewhere/parent.vhd", "expected"])?), 2, "one too many");
    assert_eq!(world.files()?, ["elsewhere", "expected", "grandchild.vhd"]);
    assert_eq!(code(&with(&["elsewhere/child.vhd"])?), 0);
    assert!(fs::read(world.path("out"))? == fs::read(world.path("expected"))?);
    Ok(())
}

/// Every case that is not sound ends with the code that says so, and leaves nothing.
#[test]
fn only_what_may_be_read_wrongly_is_not_flattened() -> Outcome {
    let (mut flattened, mut readable) = (0, Vec::new());
    for name in cases()?.into_keys() {
        let world = world_of(&name)?;
        let target = cases()?[&name].target.clone();
        let before = world.files()?;
        let checked = code(&world.run(&["check", "--parents", &target])?);
        let output = world.run(&["flatten", &target, "-o", "out.vhd"])?;
        if checked == 1 && code(&output) == 0 {
            readable.push(name.clone());
            // The repair changes nothing of what is read.
            let repaired = world.run(&["repair", &target, "-o", "repaired.vhd", "--allow-loss"])?;
            if code(&repaired) == 0 {
                fs::rename(world.path("repaired.vhd"), world.path(&target))?;
                for (from, to) in [("out.vhd", "out.raw"), (target.as_str(), "repaired.raw")] {
                    let output = world.run(&["convert", from, "-o", to])?;
                    assert_eq!(code(&output), 0, "{name}: {}", complained(&output));
                }
                assert!(fs::read(world.path("out.raw"))? == fs::read(world.path("repaired.raw"))?, "{name}");
            }
            continue;
        }
        assert_eq!(code(&output), checked, "{name}: {}", complained(&output));
        if checked != 0 {
            assert!(complained(&output).contains(&format!("“{target}”")) || checked == 1, "{}", complained(&output));
            assert_eq!(world.files()?, before, "{name}");
        } else {
            flattened += 1;
        }
    }
    assert!(flattened >= 7, "only {flattened} were flattened");
    assert!(readable.len() >= 7, "of the damaged ones that can be read, only {readable:?}");
    Ok(())
}

#[test]
fn what_has_the_name_already_stays() -> Outcome {
    let world = world_of("sound-chain-2")?;
    let target = cases()?["sound-chain-2"].target.clone();
    let parent = world.files()?.into_iter().find(|name| *name != target).ok_or("no parent")?;
    fs::write(world.path("other"), "somebody's")?;
    symlink(&parent, world.path("link"))?;
    fs::hard_link(world.path(&parent), world.path("twin"))?;
    let before = fs::read(world.path(&parent))?;
    assert_eq!(code(&world.run(&["flatten", &target, "-o", "other"])?), 2);
    for out in [&target, &parent, "link", "twin", "/dev/null", "nowhere/out"] {
        let output = world.run(&["flatten", &target, "-o", out, "--force"])?;
        assert_eq!(code(&output), 2, "{out}: {}", complained(&output));
    }
    assert_eq!(fs::read(world.path("other"))?, b"somebody's");
    assert!(fs::read(world.path(&parent))? == before);
    assert_eq!(world.files()?.len(), 5);
    assert_eq!(code(&world.run(&["flatten", &target, "-o", "other", "--force"])?), 0);
    assert_eq!(code(&world.run(&["check", "other"])?), 0);
    Ok(())
}

/// A sound fixed disk of a GiB, of which so many bytes are not zero.
fn large_disk(data: u64) -> io::Result<World> {
    let world = World::new()?;
    write_fixed(&world.path("disk.vhd"), data)?;
    File::options().write(true).open(world.path("disk.vhd"))?.write_all_at(b"conectix", 1 << 30)?;
    Ok(world)
}

#[test]
fn an_image_that_is_interrupted_leaves_nothing() -> Outcome {
    let world = large_disk(512 << 20)?;
    for signal in [Signal::INT, Signal::TERM] {
        let kill = |child: &Child| Ok(kill_process(Pid::from_child(child), signal)?);
        let (status, words) = world.copy_while("flatten", kill)?;
        assert_eq!((status.signal(), words.as_str()), (Some(signal.as_raw()), ""));
        assert_eq!(world.files()?, ["disk.vhd"], "no image, no temporary file");
    }
    Ok(())
}

#[test]
fn a_chain_that_changes_meanwhile_has_no_image() -> Outcome {
    let world = large_disk(256 << 20)?;
    let write = |_: &Child| File::options().write(true).open(world.path("disk.vhd"))?.write_all_at(b"new", 4096);
    let (status, words) = world.copy_while("flatten", write)?;
    assert_eq!(status.code(), Some(2), "{words}");
    assert_eq!(world.files()?, ["disk.vhd"]);
    Ok(())
}

/// Twelve disks of 2040 GiB, which have a million entries in each BAT.
#[test]
fn memory_does_not_grow_with_the_chain() -> Outcome {
    const DISKS: u32 = 12;
    let world = World::new()?;
    huge::write_chain(&world.path(""), DISKS)?;
    let leaf = file_name(DISKS - 1);
    for format in ["raw", "fixed", "dynamic"] {
        let script = format!("ulimit -v {ENOUGH} && exec \"$0\" flatten {leaf} -o out --format {format} --force");
        let output = world.shell(&script)?;
        assert_eq!(code(&output), 0, "{format}: {}", complained(&output));
        let length = fs::metadata(world.path("out"))?.len();
        if format == "raw" {
            assert_eq!(length, huge::CHAIN_SIZE);
            let out = File::open(world.path("out"))?;
            let own = (0..DISKS).map(|number| (huge::own_block(number), number));
            for (block, number) in own.chain([(huge::SHARED_BLOCK, DISKS - 1)]) {
                let mut sector = [0; 513];
                out.read_exact_at(&mut sector, block * (2 << 20))?;
                assert_eq!(sector[..512], [number as u8 + 1; 512], "block {block}");
                assert_eq!(sector[512], 0, "block {block}");
            }
        } else if format == "fixed" {
            assert_eq!(length, huge::CHAIN_SIZE + 512);
        } else {
            let metadata = 1536 + 4 * 1_044_480;
            assert_eq!(length, metadata + u64::from(DISKS + 1) * (512 + (2 << 20)) + 512);
        }
    }
    Ok(())
}
