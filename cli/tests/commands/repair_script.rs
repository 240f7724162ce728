//! `repair --script`: the repair for the host that has the disk.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use vhd_analyser_core::script::{Language, Script};
use vhd_analyser_tests::analysed::analysed;
use vhd_analyser_tests::corpus::cases;

use crate::world::{Outcome, World, code, complained, said};

/// What is written is what the core makes of the best plan: the same that the page offers.
#[test]
fn a_script_is_that_of_the_core() -> Outcome {
    let world = World::with("tap-trailing-garbage")?;
    let image = fs::read(world.path("disk.vhd"))?;
    let analysis = analysed(&image, "disk.vhd")?;
    let proven = analysis.repairs.first().ok_or("no plan")?;
    let script = Script { file: "disk.vhd", proven, version: env!("CARGO_PKG_VERSION") };
    for (shell, language) in [("sh", Language::Sh), ("powershell", Language::PowerShell)] {
        let out = language.file_name("disk.vhd");
        let output = world.run(&["repair", "disk.vhd", "--script", shell, "-o", &out])?;
        assert_eq!(code(&output), 0, "{}", complained(&output));
        assert!(said(&output).contains(&out), "{}", said(&output));
        assert_eq!(fs::read_to_string(world.path(&out))?, script.text(language));
        assert_eq!(fs::metadata(world.path(&out))?.permissions().mode() & 0o700, 0o700);
    }
    assert!(fs::read(world.path("disk.vhd"))? == image, "the disk is untouched");
    assert_eq!(world.files()?, ["disk.vhd", "disk.vhd.repair.ps1", "disk.vhd.repair.sh"]);
    Ok(())
}

/// The script makes what the command makes, and the command takes back what the script did.
#[test]
fn a_script_and_the_command_are_one() -> Outcome {
    for case in ["tap-trailing-garbage", "tap-written-by-qemu"] {
        let world = World::with(case)?;
        let image = fs::read(world.path("disk.vhd"))?;
        assert_eq!(code(&world.run(&["repair", "disk.vhd", "-o", "copy.vhd"])?), 0);
        assert_eq!(code(&world.run(&["repair", "disk.vhd", "--script", "sh", "-o", "mend.sh"])?), 0);
        let output = world.shell("sh mend.sh")?;
        assert_eq!(code(&output), 0, "{}", complained(&output));
        assert!(fs::read(world.path("disk.vhd"))? == fs::read(world.path("copy.vhd"))?, "{case}: the copy");
        let output = world.run(&["repair", "disk.vhd", "--undo", "disk.vhd.undo"])?;
        assert_eq!(code(&output), 0, "{}", complained(&output));
        assert!(fs::read(world.path("disk.vhd"))? == image, "{case}: as it was");
        // And the other way about.
        fs::remove_file(world.path("disk.vhd.undo"))?;
        assert_eq!(code(&world.run(&["repair", "disk.vhd", "--in-place"])?), 0);
        assert_eq!(code(&world.shell("sh mend.sh --undo")?), 0);
        assert!(fs::read(world.path("disk.vhd"))? == image, "{case}: as it was");
    }
    Ok(())
}

/// A price is to be accepted, another plan or a journal can be taken, as with every other way to repair.
#[test]
fn the_other_options_count() -> Outcome {
    let world = World::with("tap-bat-duplicate")?;
    let script =
        |more: &[&str]| world.run(&[&["repair", "disk.vhd", "--script", "sh", "-o", "mend.sh"], more].concat());
    assert_eq!(code(&script(&[])?), 1);
    assert_eq!(code(&script(&["--dry-run", "--allow-loss"])?), 0);
    assert_eq!(world.files()?, ["disk.vhd"]);
    assert_eq!(code(&script(&["--allow-loss"])?), 0);
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "--allow-loss", "--plan", "2", "-o", "copy.vhd"])?), 0);
    assert_eq!(code(&script(&["--allow-loss", "--plan", "2", "--force"])?), 0);
    assert_eq!(code(&world.shell("sh mend.sh")?), 0);
    assert!(fs::read(world.path("disk.vhd"))? == fs::read(world.path("copy.vhd"))?);

    let cases = cases()?;
    let case = &cases["tap-resize-cut-data-moved"];
    let world = World::holding(&case.image()?)?;
    fs::write(world.path("journal"), case.file("disk.vhd.journal")?)?;
    let arguments = ["repair", "disk.vhd", "--journal", "journal", "--script", "sh", "-o", "mend.sh"];
    assert_eq!(code(&world.run(&arguments)?), 0);
    assert_eq!(code(&world.shell("sh mend.sh")?), 0);
    assert_eq!(code(&world.run(&["check", "disk.vhd"])?), 0);
    Ok(())
}

#[test]
fn nothing_else_is_written_over() -> Outcome {
    let world = World::with("tap-primary-cookie")?;
    fs::write(world.path("mend.sh"), "somebody's")?;
    let script = |more: &[&str]| world.run(&[&["repair", "disk.vhd", "--script"], more].concat());
    for wrong in [
        &["sh"][..],
        &["sh", "--in-place"],
        &["sh", "--dry-run"],
        &["zsh", "-o", "new.sh"],
        &["sh", "-o", "mend.sh"],
        &["sh", "-o", "disk.vhd"],
        &["sh", "-o", "disk.vhd", "--force"],
        &["sh", "-o", "nowhere/mend.sh"],
    ] {
        assert_eq!(code(&script(wrong)?), 2, "{wrong:?}");
    }
    assert_eq!(fs::read(world.path("mend.sh"))?, b"somebody's");
    assert_eq!(world.files()?, ["disk.vhd", "mend.sh"]);
    assert!(fs::read(world.path("disk.vhd"))? == cases()?["tap-primary-cookie"].image()?);
    assert_eq!(code(&script(&["sh", "-o", "mend.sh", "--force"])?), 0);
    assert!(fs::read_to_string(world.path("mend.sh"))?.starts_with("#!/bin/sh\n"));
    Ok(())
}
