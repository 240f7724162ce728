//! `scan`.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use serde_json::Value;
use vhd_analyser_core::file_type::FileType;
use vhd_analyser_core::units;
use vhd_analyser_tests::bytes::{put, seal};
use vhd_analyser_tests::chain::{Linked, file_name};
use vhd_analyser_tests::corpus::cases;
use vhd_analyser_tests::incident;
use vhd_analyser_tests::schema;

use crate::world::{NOW, Outcome, World, code, complained, has_line, in_one_line, objects, said};

/// What `scan --json` printed, held against its schema.
fn scanned(world: &World, paths: &[&str]) -> Result<(i32, Value), Box<dyn std::error::Error>> {
    let output = world.run(&[&["scan", "--json", "--now", NOW], paths].concat())?;
    let report = objects(&output)?.into_iter().next().ok_or("no object")?;
    assert_eq!(schema::objections(&schema::scan()?, &report), "");
    Ok((code(&output), report))
}

fn disk<'a>(report: &'a Value, name: &str) -> Result<&'a Value, String> {
    let disks = report["disks"].as_array().ok_or("disks")?;
    disks.iter().find(|disk| disk["file"] == name).ok_or_else(|| format!("{name} is not in the report"))
}

/// The disk of the incident with a parent made for it: its fault stops the coalesce, and once that is mended, the parent
/// must grow from 3 GiB to 10 GiB.
#[test]
fn the_incident_is_foreseen() -> Outcome {
    let world = World::new()?;
    incident::write(&world.path(incident::NAME))?;
    incident::write_parent(&world.path(incident::PARENT))?;
    let (exit, report) = scanned(&world, &["."])?;
    let (child, parent) = (format!("./{}", incident::NAME), format!("./{}", incident::PARENT));
    assert_eq!(exit, 1);
    assert_eq!(disk(&report, &parent)?["verdict"], "sound", "{}", disk(&report, &parent)?);
    let told = disk(&report, &child)?;
    assert_eq!((&told["verdict"], &told["parent"]), (&"repairable".into(), &parent.as_str().into()));
    assert_eq!(told["coalesce"]["runs"], false);
    assert_eq!(told["coalesce"]["obstacle"]["id"], "footer.primary.cookie");
    assert_eq!(told["coalesce"]["obstacle"]["file"], child.as_str());

    assert_eq!(code(&world.run(&["repair", incident::NAME, "--in-place"])?), 0);
    let (exit, report) = scanned(&world, &["."])?;
    assert_eq!(exit, 0);
    let coalesce = &disk(&report, &child)?["coalesce"];
    assert_eq!((&coalesce["runs"], &coalesce["obstacle"]), (&true.into(), &Value::Null));
    let growth = &coalesce["growth"];
    assert_eq!((&growth["from"], &growth["to"]), (&(3_u64 << 30).into(), &(10_u64 << 30).into()));
    assert_eq!((&growth["journalled"], &growth["metadata_grows"]), (&true.into(), &true.into()));
    assert_eq!(growth["moved_blocks"], 1);
    // 105 blocks, of which the parent has one; one of the parent's own moves to the end as well.
    assert_eq!((&coalesce["blocks"], &coalesce["new_blocks"]), (&105.into(), &104.into()));
    let length = incident::PARENT_LENGTH + 105 * ((2 << 20) + 4096);
    assert_eq!(coalesce["parent_size"], length);
    let text = said(&world.run(&["scan", "--now", NOW, "."])?);
    assert!(text.contains(&units::size(3 << 30)) && text.contains(&units::size(10 << 30)), "{text}");
    assert!(text.contains("└ ✔ ./91499ab6"), "{text}");
    Ok(())
}

/// Every chain of the corpus in a folder of its own, in one scan.
#[test]
fn every_chain_of_the_corpus_is_told() -> Outcome {
    let world = World::new()?;
    for (name, case) in cases()?.iter().filter(|(name, _)| name.contains("chain-")) {
        fs::create_dir(world.path(name))?;
        for file in case.files.keys() {
            fs::write(world.path(name).join(file), case.file(file)?)?;
        }
        let (exit, report) = scanned(&world, &[name])?;
        let target = disk(&report, &format!("{name}/{}", case.target))?;
        assert_eq!(exit == 0, case.vhd_util.check_parents.rc == 0, "{name}");
        assert_eq!(target["coalesce"]["runs"], case.vhd_util.check_parents.rc == 0, "{name}");
        let says = target["vhd_util"].as_str();
        assert_eq!(says, (case.vhd_util.check.rc != 0).then_some(case.vhd_util.check.says.as_str()), "{name}");
    }
    Ok(())
}

/// A storage repository of 2,000 files, chains of 20.
#[test]
fn thousands_of_files_are_scanned() -> Outcome {
    let world = World::new()?;
    for number in 0..2000 {
        let parent = (number % 20 != 0).then(|| number - 1);
        fs::write(world.path(file_name(number)), Linked::new(number, parent).build())?;
    }
    let (exit, report) = scanned(&world, &["."])?;
    assert_eq!(exit, 0);
    assert_eq!(report["disks"].as_array().map(Vec::len), Some(2000));
    assert_eq!(report["chains"].as_array().map(Vec::len), Some(100));
    assert_eq!(disk(&report, &format!("./{}", file_name(1999)))?["depth"], 20);
    Ok(())
}

/// Folders are walked to their ends, each file once, whatever links lead where; other files are left alone.
#[test]
fn folders_are_walked() -> Outcome {
    let world = World::new()?;
    fs::create_dir_all(world.path("sr/below"))?;
    fs::write(world.path("sr/d00000.vhd"), Linked::new(0, None).build())?;
    fs::write(world.path("sr/below/D.AVHD"), Linked::new(1, Some(0)).build())?;
    fs::write(world.path("sr/notes.txt"), "no disk")?;
    fs::create_dir(world.path("sr/folder.vhd"))?;
    symlink("..", world.path("sr/below/up"))?;
    symlink("d00000.vhd", world.path("sr/z.vhd"))?;
    symlink("nowhere", world.path("sr/link"))?;
    let (exit, report) = scanned(&world, &["sr", "sr/below"])?;
    let names: Vec<_> = report["disks"].as_array().ok_or("disks")?.iter().map(|disk| &disk["file"]).collect();
    assert_eq!(names, ["sr/d00000.vhd", "sr/below/D.AVHD"]);
    // It is found by its unique id, but not where the disk says.
    assert_eq!((exit, &report["disks"][1]["findings"][0]["id"]), (1, &"chain.parent-elsewhere".into()));

    symlink("nowhere", world.path("sr/gone.vhd"))?;
    fs::write(world.path("sr/text.vhd"), "no disk")?;
    let output = world.run(&["scan", "--now", NOW, "sr", "nowhere"])?;
    assert_eq!(code(&output), 2);
    assert_eq!(complained(&output).lines().count(), 2, "{}", complained(&output));
    assert!(complained(&output).contains("gone.vhd") && complained(&output).contains("nowhere"));
    assert!(said(&output).contains("○ sr/text.vhd"), "{}", said(&output));
    Ok(())
}

/// The journals of resizes that were cut off are found by what is in them, each beside the disk that it belongs to.
#[test]
fn journals_are_found() -> Outcome {
    let world = World::new()?;
    let cases = cases()?;
    // As vhd-util names them, and the storage managers.
    let cut_off = [
        ("tap-resize-cut-data-moved", "disk.vhd.journal"),
        ("tap-resize-cut-end", ".journal-4a7a35c0-0000-4000-8000-000000000001"),
        ("tap-resize-cut-metadata-moved", "4a7a35c0-0000-4000-8000-000000000002"),
    ];
    for (name, journal) in cut_off {
        fs::create_dir(world.path(name))?;
        fs::write(world.path(name).join("disk.vhd"), cases[name].image()?)?;
        fs::write(world.path(name).join(journal), cases[name].file("disk.vhd.journal")?)?;
        let (exit, report) = scanned(&world, &[name])?;
        let (file, journal) = (format!("{name}/disk.vhd"), format!("{name}/{journal}"));
        assert_eq!((exit, report["disks"].as_array().map(Vec::len)), (1, Some(1)), "{name}");
        assert_eq!(disk(&report, &file)?["journal"], journal.as_str(), "{name}");
        let text = in_one_line(&said(&world.run(&["scan", "--now", NOW, name])?));
        let command = format!("vhd-analyser repair --journal {journal} {file} -o COPY");
        assert!(text.contains(&command), "{name}: {text}");
        // The command does what it says, and the journal has served then.
        let repair = ["repair", "--journal", &journal, &file, "--in-place", "--allow-loss"];
        let output = world.run(&repair)?;
        assert_eq!(code(&output), 0, "{name}: {}", complained(&output));
        let text = said(&world.run(&["scan", "--now", NOW, name])?);
        assert!(text.contains(&journal) && !text.contains("--journal"), "{name}: it has served: {text}");
    }
    // A journal that is named, one of another disk, and a file that only has the name.
    let other = World::new()?;
    fs::write(other.path("d.vhd"), Linked::new(0, None).build())?;
    fs::write(other.path("x.journal"), cases["tap-resize-cut-end"].file("disk.vhd.journal")?)?;
    fs::write(other.path("y.journal"), "no journal, but as long as one begins".repeat(20))?;
    let (exit, report) = scanned(&other, &["d.vhd", "x.journal", "."])?;
    assert_eq!((exit, report["disks"].as_array().map(Vec::len)), (0, Some(1)));
    assert_eq!(report["disks"][0]["journal"], Value::Null);
    Ok(())
}

/// A disk whose repair lets its coalesce run, and one with its journal: no name may be there or missing without the schema.
#[test]
fn the_schema_names_everything_and_wants_all_of_it() -> Outcome {
    let world = World::new()?;
    incident::write(&world.path(incident::NAME))?;
    incident::write_parent(&world.path(incident::PARENT))?;
    let case = &cases()?["tap-resize-cut-end"];
    fs::write(world.path("cut.vhd"), case.image()?)?;
    fs::write(world.path("cut.vhd.journal"), case.file("disk.vhd.journal")?)?;
    let (_, report) = scanned(&world, &["."])?;
    let child = disk(&report, &format!("./{}", incident::NAME))?;
    assert_eq!((&child["coalesce"]["runs"], &child["coalesce_repaired"]["runs"]), (&false.into(), &true.into()));
    assert!(child["coalesce_repaired"]["growth"].is_object());
    assert_eq!(disk(&report, "./cut.vhd")?["journal"], "./cut.vhd.journal");
    assert!(report["chains_repaired"].as_array().is_some_and(|chains| !chains.is_empty()));
    assert_eq!(schema::leniency(&schema::scan()?, &report, &[]), "");
    Ok(())
}

/// Names are shown, and not obeyed.
#[test]
fn hostile_names_are_not_obeyed() -> Outcome {
    let world = World::new()?;
    let name = OsStr::from_bytes(b"a\x1B[2J\xFF\n.vhd");
    let mut child = Linked::new(1, Some(0)).build();
    // The name in the header, in UTF-16: an escape character.
    child[512 + 64..512 + 66].copy_from_slice(&0x1B_u16.to_be_bytes());
    fs::write(world.path(name), &child)?;
    let output = world.run(&["scan", "--now", NOW, "."])?;
    assert_eq!(code(&output), 1);
    assert!(!output.stdout.contains(&0x1B) && said(&output).contains("[2J"), "{}", said(&output));
    assert_eq!(scanned(&world, &["."])?.0, 1);
    Ok(())
}

/// With `--deep` the bytes to copy are exact.
#[test]
fn a_deep_scan_is_exact() -> Outcome {
    let world = World::new()?;
    fs::write(world.path(file_name(0)), Linked::new(0, None).build())?;
    fs::write(world.path(file_name(1)), Linked { allocated: vec![1], ..Linked::new(1, Some(0)) }.build())?;
    let exact = |report: &Value| report["disks"][1]["coalesce"]["exact"].as_bool();
    assert_eq!(exact(&scanned(&world, &["."])?.1), Some(false));
    assert_eq!(exact(&scanned(&world, &["--deep", "."])?.1), Some(true));
    Ok(())
}

/// The first disk that a locator leads to is the one that tools read, and not the one with the right unique id.
#[test]
fn a_locator_that_leads_to_another_disk_counts() -> Outcome {
    let world = World::new()?;
    let case = &cases()?["sound-chain-2"];
    fs::write(world.path("parent.vhd"), case.file("parent.vhd")?)?;
    fs::create_dir(world.path("other"))?;
    fs::write(world.path("other/parent.vhd"), cases()?["sound-tap"].image()?)?;
    let mut child = case.file("child.vhd")?;
    let name = b"file://./parent.vhd";
    let at = child.windows(name.len()).position(|bytes| bytes == name).ok_or("no locator")?;
    let other = b"file://./other/parent.vhd";
    put(&mut child, at, other);
    // The length in the first locator.
    put(&mut child, 512 + 576 + 8, &(other.len() as u32).to_be_bytes());
    seal(&mut child[512..1536], 36);
    fs::write(world.path("child.vhd"), child)?;
    let checked = world.run(&["check", "--parents", "--now", NOW, "child.vhd"])?;
    assert_eq!(code(&checked), 1, "{}", said(&checked));
    let (exit, report) = scanned(&world, &["."])?;
    let child = disk(&report, "./child.vhd")?;
    assert_eq!((exit, &child["findings"][0]["severity"]), (1, &"error".into()), "{child}");
    Ok(())
}

/// A file that is no VHD is nobody's parent but where a disk says that it was made on a raw image.
#[test]
fn nothing_is_coalesced_into_what_is_no_vhd() -> Outcome {
    let world = World::new()?;
    fs::write(world.path("child.vhd"), cases()?["sound-chain-2"].file("child.vhd")?)?;
    fs::write(world.path("parent.vhd"), "no disk at all".repeat(4096))?;
    let (exit, report) = scanned(&world, &["."])?;
    let child = disk(&report, "./child.vhd")?;
    assert_eq!((exit, &child["coalesce"]["runs"]), (2, &false.into()), "{child}");
    assert_eq!(child["findings"][0]["id"], "chain.parent-damaged");
    Ok(())
}

/// A name that turns the direction of writing would be read as another.
#[test]
fn names_are_shown_as_they_are_written() -> Outcome {
    let world = World::new()?;
    fs::write(world.path("a\u{202E}dhv\u{1B}[8m\n.vhd"), cases()?["sound-tap"].image()?)?;
    let text = said(&world.run(&["scan", "--now", NOW, "."])?);
    assert!(text.contains("./a\u{FFFD}dhv\u{FFFD}[8m\u{FFFD}.vhd"), "{text}");
    Ok(())
}

/// A storage repository of XCP-ng 8.3 has QCOW2 beside VHD: they are named as what they are.
#[test]
fn images_of_other_formats_are_named() -> Outcome {
    let world = World::with("sound-tap")?;
    for (name, more) in [("base.qcow2", &[][..]), ("leaf.qcow2", &["-b", "base.qcow2", "-F", "qcow2"])] {
        let made = std::process::Command::new("qemu-img")
            .args(["create", "-q", "-f", "qcow2"])
            .args(more)
            .args([name, "64M"])
            .current_dir(world.path("."))
            .status()?;
        assert!(made.success());
    }
    let output = world.run(&["scan", "."])?;
    assert_eq!(code(&output), 0, "{}", complained(&output));
    let text = said(&output);
    assert!(has_line(&text, &["leaf.qcow2", &FileType::Qcow2.to_string(), "“base.qcow2”"]), "{text}");
    let output = world.run(&["scan", "--json", "."])?;
    let report = objects(&output)?.into_iter().next().ok_or("a report")?;
    assert_eq!(schema::objections(&schema::scan()?, &report), "");
    let base =
        report["others"].as_array().and_then(|others| others.iter().find(|other| other["file"] == "./base.qcow2"));
    assert_eq!(base.map(|base| &base["parent"]), Some(&Value::Null));
    Ok(())
}
