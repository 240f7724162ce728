//! `repair -o`: the copy.

use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::os::unix::process::ExitStatusExt;
use std::process::Child;

use rustix::process::{Pid, Signal, kill_process};
use vhd_analyser_core::Verdict::{NotAVhd, Sound};
use vhd_analyser_core::units::exact_size;
use vhd_analyser_tests::analysed::analysed;
use vhd_analyser_tests::bytes::{sha256, sha256_of};
use vhd_analyser_tests::corpus::cases;
use vhd_analyser_tests::huge;

use crate::world::{Outcome, World, code, complained, ended, numbers, said, write_fixed};

/// Every case: a copy where there is a plan without loss, and only there; the disk itself is never touched.
#[test]
fn a_copy_is_written_where_there_is_a_lossless_plan() -> Outcome {
    let mut compared = 0;
    for (name, case) in cases()? {
        let image = case.image()?;
        let analysis = analysed(&image, "disk.vhd")?;
        let (expected, files): (_, &[&str]) = match analysis.plan() {
            Some(plan) if plan.is_lossless() => (0, &["copy.vhd", "disk.vhd"]),
            _ if analysis.verdict() == Sound => (0, &["disk.vhd"]),
            _ if analysis.verdict() == NotAVhd => (2, &["disk.vhd"]),
            _ => (1, &["disk.vhd"]),
        };
        let world = World::holding(&image)?;
        let output = world.run(&["repair", "disk.vhd", "-o", "copy.vhd"])?;
        assert_eq!(code(&output), expected, "{name}: {}", complained(&output));
        assert_eq!(world.files()?, files, "{name}");
        assert!(fs::read(world.path("disk.vhd"))? == image, "{name}: the disk is untouched");
        let valid = case.vhd_util.repair.check_after.as_ref().is_some_and(|check| check.rc == 0);
        // A new unique id is random in both; and vhd-util fills what is lost with zeros, where blocks are linked again.
        let otherwise = ["null-uuid", "bat-beyond-eof", "truncated"].iter().any(|fault| name.ends_with(fault));
        if files.len() == 2 && valid && !otherwise {
            assert_eq!(Some(sha256(&world.path("copy.vhd"))?), case.vhd_util.repair.sha256, "{name}");
            compared += 1;
        }
    }
    assert!(compared >= 21, "{compared} copies were those of vhd-util");
    Ok(())
}

/// A plan that assumes something is carried out when that is permitted, and not before.
#[test]
fn a_price_must_be_accepted() -> Outcome {
    let world = World::with("sound-qemu-fixed")?;
    let mut image = fs::read(world.path("disk.vhd"))?;
    let unique_id = image.len() - 512 + 68;
    image[unique_id] ^= 1;
    fs::write(world.path("disk.vhd"), &image)?;
    let output = world.run(&["repair", "disk.vhd", "-o", "copy.vhd"])?;
    assert_eq!(code(&output), 1);
    let analysis = analysed(&image, "disk.vhd")?;
    let assumed = analysis.plan().and_then(|plan| plan.assumes.first()).ok_or("an assumption")?;
    assert!(said(&output).contains(assumed), "{}", said(&output));
    assert!(said(&output).contains("--allow-loss"));
    assert_eq!(world.files()?, ["disk.vhd"]);
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "-o", "copy.vhd", "--allow-loss"])?), 0);
    assert_eq!(world.files()?, ["copy.vhd", "disk.vhd"]);
    Ok(())
}

#[test]
fn a_dry_run_tells_the_plan_and_writes_nothing() -> Outcome {
    let world = World::with("tap-trailing-garbage")?;
    for arguments in [&["--dry-run"][..], &["--dry-run", "-o", "copy.vhd"], &["--dry-run", "--in-place"]] {
        let before = fs::metadata(world.path("disk.vhd"))?;
        let output = world.run(&[&["repair", "disk.vhd"], arguments].concat())?;
        assert_eq!(code(&output), 0, "{arguments:?}");
        assert!(said(&output).contains(&exact_size(8_405_504)), "{}", said(&output));
        assert_eq!(world.files()?, ["disk.vhd"], "{arguments:?}");
        assert_eq!(fs::metadata(world.path("disk.vhd"))?.modified()?, before.modified()?);
    }
    Ok(())
}

#[test]
fn what_has_the_name_already_stays() -> Outcome {
    let world = World::with("tap-primary-cookie")?;
    fs::write(world.path("copy.vhd"), "somebody's")?;
    symlink("elsewhere", world.path("link"))?;
    fs::create_dir(world.path("folder"))?;
    let to = |out: &str, more: &[&str]| world.run(&[&["repair", "disk.vhd", "-o", out], more].concat());
    for out in ["copy.vhd", "disk.vhd", "link", "folder", "..", "nowhere/copy.vhd"] {
        let output = to(out, &[])?;
        assert_eq!(code(&output), 2, "{out}");
        assert!(complained(&output).starts_with("vhd-analyser: "), "{out}: {}", complained(&output));
    }
    for out in ["disk.vhd", "./disk.vhd", "link", "folder", "/dev/null"] {
        assert_eq!(code(&to(out, &["--force"])?), 2, "{out}");
    }
    assert_eq!(fs::read(world.path("copy.vhd"))?, b"somebody's");
    assert_eq!(world.files()?, ["copy.vhd", "disk.vhd", "folder", "link"]);
    assert_eq!(code(&to("copy.vhd", &["--force"])?), 0);
    assert_eq!(fs::metadata(world.path("copy.vhd"))?.len(), 8_405_504);
    Ok(())
}

/// Holes stay holes, at both ends of what a disk can be: 100 GB with next to nothing in them.
#[test]
fn a_sparse_disk_has_a_sparse_copy() -> Outcome {
    let world = World::new()?;
    huge::write(&world.path("disk.vhd"))?;
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "-o", "copy.vhd"])?), 0);
    let (disk, copy) = (fs::metadata(world.path("disk.vhd"))?, fs::metadata(world.path("copy.vhd"))?);
    assert_eq!(copy.len(), huge::LENGTH + 512);
    assert!(copy.blocks() <= disk.blocks() + 16, "{} blocks, from {}", copy.blocks(), disk.blocks());
    assert_eq!(copy.mode() & 0o777, disk.mode() & 0o777);
    assert_eq!(code(&world.run(&["check", "copy.vhd"])?), 0);
    Ok(())
}

/// Zeros that take room are not written either, and every other byte is.
#[test]
fn a_copy_has_every_byte() -> Outcome {
    let world = World::with("tap-primary-cookie")?;
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "-o", "copy.vhd"])?), 0);
    let disk = fs::read(world.path("disk.vhd"))?;
    let copy = fs::read(world.path("copy.vhd"))?;
    let end = disk.len() - 512;
    assert!(copy[..end] == disk[..end]);
    assert_eq!(sha256_of(&copy[end..]), sha256_of(&disk[..512]));
    assert!(fs::metadata(world.path("copy.vhd"))?.blocks() < fs::metadata(world.path("disk.vhd"))?.blocks());
    Ok(())
}

/// In the middle of a large copy.
#[test]
fn a_copy_that_is_interrupted_leaves_nothing() -> Outcome {
    let world = World::new()?;
    write_fixed(&world.path("disk.vhd"), 256 << 20)?;
    let before = fs::metadata(world.path("disk.vhd"))?.modified()?;
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let kill = |child: &Child| Ok(kill_process(Pid::from_child(child), signal)?);
        let (status, words) = world.copy_while("repair", kill)?;
        assert_eq!((status.signal(), words.as_str()), (Some(signal.as_raw()), ""));
        assert_eq!(world.files()?, ["disk.vhd"], "no copy, no temporary file");
    }
    assert_eq!(fs::metadata(world.path("disk.vhd"))?.modified()?, before);
    // What the caller has switched off, as nohup does, stops nothing.
    let child = world.start_copy("repair", "--ignore-signal=HUP")?;
    kill_process(Pid::from_child(&child), Signal::HUP)?;
    assert!(ended(child)?.0.success());
    assert_eq!(world.files()?, ["copy.vhd", "disk.vhd"]);
    Ok(())
}

#[test]
fn a_disk_that_changes_while_it_is_copied_has_no_copy() -> Outcome {
    let world = World::new()?;
    write_fixed(&world.path("disk.vhd"), 256 << 20)?;
    let write = |_: &Child| fs::File::options().write(true).open(world.path("disk.vhd"))?.write_all_at(b"new", 4096);
    let (status, words) = world.copy_while("repair", write)?;
    assert_eq!(status.code(), Some(2));
    assert!(words.contains("disk.vhd"), "{words}");
    assert_eq!(world.files()?, ["disk.vhd"]);
    Ok(())
}

/// A cut-off resize is taken back with its journal, just as vhd-util reverts it; without it, it is not.
#[test]
fn a_journal_takes_a_resize_back() -> Outcome {
    for (name, case) in cases()? {
        let Some(reverted) = &case.revert else {
            continue;
        };
        let world = World::holding(&case.image()?)?;
        fs::write(world.path("journal"), case.file("disk.vhd.journal")?)?;
        assert_eq!(code(&world.run(&["repair", "disk.vhd", "-o", "copy.vhd"])?), 1, "{name}");
        let output = world.run(&["repair", "disk.vhd", "-o", "copy.vhd", "--journal", "journal"])?;
        assert_eq!(code(&output), 0, "{name}: {}", complained(&output));
        assert_eq!(sha256(&world.path("copy.vhd"))?, reverted.sha256, "{name}");
        // In place, and back again.
        assert_eq!(code(&world.run(&["repair", "disk.vhd", "--in-place", "--journal", "journal"])?), 0, "{name}");
        assert_eq!(sha256(&world.path("disk.vhd"))?, reverted.sha256, "{name}");
        assert_eq!(code(&world.run(&["repair", "disk.vhd", "--undo", "disk.vhd.undo"])?), 0, "{name}");
        assert!(fs::read(world.path("disk.vhd"))? == case.image()?, "{name}");
    }
    Ok(())
}

/// Of several ways the user takes one: the footers of a disk differ, and each may be the right one.
#[test]
fn another_plan_can_be_chosen() -> Outcome {
    let world = World::with("tap-footers-differ")?;
    let image = fs::read(world.path("disk.vhd"))?;
    let end = image.len() - 512;
    for (plan, footer) in [("1", &image[end..]), ("2", &image[..512])] {
        let output = world.run(&["repair", "disk.vhd", "-o", "copy.vhd", "--force", "--plan", plan])?;
        assert_eq!(code(&output), 0, "{}", complained(&output));
        let copy = fs::read(world.path("copy.vhd"))?;
        assert!(copy[..512] == *footer && copy[end..] == *footer, "plan {plan}");
    }
    let output = world.run(&["repair", "disk.vhd", "-o", "copy.vhd", "--force", "--plan", "3"])?;
    assert_eq!(code(&output), 2);
    let named = numbers(&complained(&output));
    assert!([3, 2].iter().all(|number| named.contains(number)), "{}", complained(&output));
    Ok(())
}

/// What is not wrong, but wanted: a hidden disk, and a fixed VHD out of a raw disk.
#[test]
fn changes_are_made_on_request() -> Outcome {
    let world = World::with("sound-tap")?;
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "-o", "hidden.vhd", "--hide"])?), 0);
    assert_eq!(fs::read(world.path("hidden.vhd"))?[85], 1);
    assert_eq!(code(&world.run(&["repair", "hidden.vhd", "--in-place", "--unhide"])?), 0);
    assert!(fs::read(world.path("hidden.vhd"))? == fs::read(world.path("disk.vhd"))?);

    let world = World::holding(&[0xA5; 4096])?;
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "-o", "fixed.vhd", "--as-fixed"])?), 1, "an assumption");
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "-o", "fixed.vhd", "--as-fixed", "--allow-loss"])?), 0);
    assert_eq!(code(&world.run(&["check", "fixed.vhd"])?), 0);
    assert_eq!(fs::read(world.path("fixed.vhd"))?.len(), 4096 + 512);
    Ok(())
}

/// The deep check's findings are mended where that is asked for.
#[test]
fn deep_mends_bitmaps() -> Outcome {
    let world = World::with("tap-bitmap-cleared")?;
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "-o", "copy.vhd"])?), 0, "nothing to do");
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "-o", "copy.vhd", "--deep", "--allow-loss"])?), 0);
    assert_eq!(code(&world.run(&["check", "--deep", "copy.vhd"])?), 0);
    Ok(())
}

/// A differencing disk that lost its header gets it back from the BAT, the names that are left, and its parent.
#[test]
fn a_lost_header_is_rebuilt_with_the_parent() -> Outcome {
    let case = &cases()?["sound-chain-2"];
    let sound = case.file("child.vhd")?;
    let world = World::new()?;
    fs::write(world.path("parent.vhd"), case.file("parent.vhd")?)?;
    let mut damaged = sound.clone();
    damaged[512..1536].fill(0);
    fs::write(world.path("child.vhd"), &damaged)?;
    assert_eq!(
        code(&world.run(&["repair", "child.vhd", "-o", "copy.vhd", "--allow-loss"])?),
        1,
        "nobody knows the parent"
    );
    let with_parent = ["repair", "child.vhd", "-o", "copy.vhd", "--parent", "parent.vhd"];
    assert_eq!(code(&world.run(&with_parent)?), 1, "an assumption");
    assert_eq!(code(&world.run(&[&with_parent[..], &["--allow-loss"]].concat())?), 0);
    let copy = fs::read(world.path("copy.vhd"))?;
    // All but the parent's time stamp, which is that of the file now, and the checksum.
    let (stamp, checksum) = (512 + 56..512 + 60, 512 + 36..512 + 40);
    let same = |at: usize| stamp.contains(&at) || checksum.contains(&at) || copy[at] == sound[at];
    assert!((0..sound.len()).all(same), "the header is as it was");
    assert_eq!(code(&world.run(&["check", "--parents", "copy.vhd"])?), 0);
    Ok(())
}
