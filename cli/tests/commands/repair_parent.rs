//! `repair --parent`: the link to a parent that was moved, renamed or replaced.

use std::fs;
use std::os::unix::fs::symlink;

use vhd_analyser_core::layout::footer::DiskType;
use vhd_analyser_core::repair::LinkRefusal;
use vhd_analyser_core::report::{Caution, Checked, NotChecked};
use vhd_analyser_core::units::exact_size;
use vhd_analyser_tests::bytes::{put, seal};
use vhd_analyser_tests::corpus::cases;

use crate::world::{Outcome, World, code, complained, objects, said};

/// `sr/child.vhd`, and its parent in another folder under another name.
fn moved() -> Result<World, Box<dyn std::error::Error>> {
    let case = &cases()?["sound-chain-2"];
    let world = World::new()?;
    fs::create_dir_all(world.path("sr"))?;
    fs::create_dir_all(world.path("elsewhere/below"))?;
    fs::write(world.path("sr/child.vhd"), case.file("child.vhd")?)?;
    fs::write(world.path("elsewhere/below/base copy.vhd"), case.file("parent.vhd")?)?;
    Ok(world)
}

const PARENT: &str = "elsewhere/below/base copy.vhd";

/// In place and back; the whole chain is sound then, from wherever it is looked at.
#[test]
fn a_moved_parent_is_found_again() -> Outcome {
    let world = moved()?;
    let before = fs::read(world.path("sr/child.vhd"))?;
    let link = ["repair", "sr/child.vhd", "--parent", PARENT];
    assert_eq!(code(&world.run(&["check", "--parents", "sr/child.vhd"])?), 1);
    let told = world.run(&[&link[..], &["--dry-run"]].concat())?;
    assert_eq!((code(&told), world.files()?.len()), (0, 2));
    assert!(said(&told).contains("“base copy.vhd”") && said(&told).contains("✔ "), "{}", said(&told));

    let output = world.run(&[&link[..], &["--in-place"]].concat())?;
    assert_eq!(code(&output), 0, "{}", complained(&output));
    assert_eq!(code(&world.run(&["check", "--parents", "sr/child.vhd"])?), 0);
    assert_eq!(code(&world.shell("cd sr/../elsewhere && $0 check --parents ../sr/child.vhd")?), 0);
    let after = fs::read(world.path("sr/child.vhd"))?;
    let stray = (0..before.len()).find(|at| before[*at] != after[*at] && !(512..4608).contains(at));
    assert_eq!((stray, before.len()), (None, after.len()));

    let again = world.run(&[&link[..], &["--in-place"]].concat())?;
    assert_eq!(code(&again), 0);
    assert!(fs::read(world.path("sr/child.vhd"))? == after, "it is linked already");
    let absolute = world.path(PARENT).to_string_lossy().into_owned();
    assert_eq!(code(&world.run(&["repair", "sr/child.vhd", "--in-place", "--parent", &absolute])?), 0);
    assert!(fs::read(world.path("sr/child.vhd"))? == after, "the same place, named otherwise");
    assert_eq!(code(&world.run(&["repair", "sr/child.vhd", "--undo", "sr/child.vhd.undo"])?), 0);
    assert!(fs::read(world.path("sr/child.vhd"))? == before);
    Ok(())
}

/// A copy, and a script that does it; with a repair and the hidden flag in the same plan.
#[test]
fn a_link_goes_into_copies_and_scripts() -> Outcome {
    let world = moved()?;
    let mut child = fs::read(world.path("sr/child.vhd"))?;
    let end = child.len() - 512;
    child[end..end + 8].fill(0);
    fs::write(world.path("sr/child.vhd"), &child)?;
    let link = ["repair", "sr/child.vhd", "--parent", PARENT, "--hide", "-o"];
    let output = world.run(&[&link[..], &["sr/copy.vhd"]].concat())?;
    assert_eq!(code(&output), 0, "{}", complained(&output));
    assert!(said(&output).contains("“base copy.vhd”"), "{}", said(&output));
    assert_eq!(code(&world.run(&["check", "--parents", "sr/copy.vhd"])?), 0);
    let scanned = objects(&world.run(&["scan", "--json", "sr/copy.vhd"])?)?;
    assert_eq!(
        scanned[0]["disks"].as_array().and_then(|disks| disks.last()).map(|disk| &disk["hidden"]),
        Some(&true.into())
    );
    let elsewhere = world.run(&[&link[..], &["copy.vhd"]].concat())?;
    let lines = |output| said(output).lines().count();
    assert_eq!(lines(&elsewhere), lines(&output) + 1, "one more says where it belongs: {}", said(&elsewhere));

    assert_eq!(code(&world.run(&[&link[..], &["link.sh", "--script", "sh"]].concat())?), 0);
    let output = world.shell("sh link.sh sr/child.vhd")?;
    assert!(output.status.success(), "{}", complained(&output));
    assert!(fs::read(world.path("sr/child.vhd"))? == fs::read(world.path("sr/copy.vhd"))?);
    Ok(())
}

/// Nobody is sent to put a copy back where none is made, nor told that a parent was not looked at which was given.
#[test]
fn what_is_said_is_true_of_the_way_that_was_taken() -> Outcome {
    let copy = Caution::PutCopyBack.to_string();
    for (options, speaks_of_a_copy) in [
        (&["-o", "sr/copy.vhd"][..], true),
        (&["--dry-run"], true),
        (&["-o", "link.sh", "--script", "sh"], false),
        (&["--in-place", "--dry-run"], false),
        (&["--in-place"], false),
    ] {
        let output = moved()?.run(&[&["repair", "sr/child.vhd", "--parent", PARENT], options].concat())?;
        assert_eq!((code(&output), said(&output).contains(&copy)), (0, speaks_of_a_copy), "{options:?}");
    }
    let world = moved()?;
    let link = ["repair", "sr/child.vhd", "--in-place", "--parent", PARENT];
    assert_eq!(code(&world.run(&link)?), 0);
    let again = said(&world.run(&link)?);
    assert!(!again.contains(&NotChecked::Parent.to_string()), "{again}");
    assert!(again.contains(&Checked::GivenParent.to_string()), "{again}");
    Ok(())
}

/// Another disk in the parent's place is an assumption, and is not made without `--allow-loss`.
#[test]
fn another_parent_must_be_accepted() -> Outcome {
    let case = &cases()?["chain-parent-uuid"];
    let world = World::new()?;
    for name in ["child.vhd", "parent.vhd"] {
        fs::write(world.path(name), case.file(name)?)?;
    }
    assert_eq!(code(&world.run(&["repair", "child.vhd", "--in-place", "--allow-loss"])?), 0, "nothing to do");
    let link = ["repair", "child.vhd", "--in-place", "--parent", "parent.vhd"];
    let output = world.run(&link)?;
    assert_eq!((code(&output), world.files()?.len()), (1, 2));
    assert!(said(&output).contains("“parent.vhd” ("), "{}", said(&output));
    // By the unique id of the one that was given, and of the one that the disk names.
    let (child, parent) = (case.file("child.vhd")?, case.file("parent.vhd")?);
    let told = said(&output).replace('-', "");
    for id in [&child[512 + 40..512 + 56], &parent[68..84]] {
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        assert!(told.contains(&id), "{id}: {}", said(&output));
    }
    assert!(said(&output).contains("--allow-loss"));
    assert_eq!(code(&world.run(&["check", "--parents", "child.vhd"])?), 1);
    assert_eq!(code(&world.run(&[&link[..], &["--allow-loss"]].concat())?), 0);
    assert_eq!(code(&world.run(&["check", "--parents", "child.vhd"])?), 0);
    Ok(())
}

/// A damaged parent is a parent as long as a footer tells which; one that is larger is, too, and both are said.
#[test]
fn what_is_amiss_with_the_parent_is_said() -> Outcome {
    let world = moved()?;
    let mut parent = fs::read(world.path(PARENT))?;
    let end = parent.len() - 512;
    parent[end..].fill(0);
    fs::write(world.path(PARENT), &parent)?;
    let link = ["repair", "sr/child.vhd", "--dry-run", "--parent", PARENT];
    let output = world.run(&link)?;
    assert_eq!(code(&output), 0);
    assert!(said(&output).contains("vhd-analyser check 'elsewhere/below/base copy.vhd'"), "{}", said(&output));
    parent[..512].fill(0);
    fs::write(world.path(PARENT), &parent)?;
    let output = world.run(&link)?;
    assert_eq!(code(&output), 2);
    assert!(complained(&output).contains("base copy.vhd"), "{}", complained(&output));

    let case = &cases()?["sound-chain-2"];
    let mut child = case.file("child.vhd")?;
    let end = child.len() - 512;
    for at in [0, end] {
        put(&mut child[at..], 48, &(32_u64 << 20).to_be_bytes());
        seal(&mut child[at..at + 512], 64);
    }
    fs::write(world.path("sr/child.vhd"), &child)?;
    fs::write(world.path(PARENT), case.file("parent.vhd")?)?;
    let output = world.run(&link)?;
    assert_eq!(code(&output), 0);
    assert!(said(&output).contains(&exact_size(64 << 20)), "{}", said(&output));
    Ok(())
}

/// What cannot be the parent, and disks that have none.
#[test]
fn what_cannot_be_a_parent_is_refused() -> Outcome {
    let world = moved()?;
    fs::write(world.path("disk.vhd"), cases()?["sound-tap"].image()?)?;
    fs::write(world.path("text"), "no disk")?;
    fs::copy(world.path("sr/child.vhd"), world.path("sr/copy.vhd"))?;
    fs::copy(world.path(PARENT), world.path("sr/parent.vhd"))?;
    fs::copy(world.path(PARENT), world.path("sr/a\\b.vhd"))?;
    symlink("child.vhd", world.path("sr/link.vhd"))?;
    let refused: [(&str, &str, String); 8] = [
        ("sr/child.vhd", "sr/child.vhd", LinkRefusal::Itself.to_string()),
        ("sr/child.vhd", "sr/link.vhd", LinkRefusal::Itself.to_string()),
        ("sr/child.vhd", "sr/copy.vhd", LinkRefusal::Itself.to_string()),
        ("sr/parent.vhd", "sr/child.vhd", "sr/parent.vhd".into()),
        ("disk.vhd", PARENT, LinkRefusal::HasNoParent(DiskType::Dynamic).to_string()),
        ("sr/child.vhd", "text", LinkRefusal::NotAVhd.to_string()),
        ("sr/child.vhd", "sr/a\\b.vhd", LinkRefusal::Name("a\\b.vhd".into()).to_string()),
        ("sr/child.vhd", "nowhere.vhd", "nowhere.vhd".into()),
    ];
    for (disk, parent, reason) in refused {
        let output = world.run(&["repair", disk, "--in-place", "--allow-loss", "--parent", parent])?;
        assert_eq!(code(&output), 2, "{disk}, {parent}");
        assert!(complained(&output).contains(&reason), "{disk}, {parent}: {}", complained(&output));
    }
    assert!(!world.files()?.iter().any(|name| name.ends_with(".undo")));
    Ok(())
}
