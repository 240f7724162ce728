//! `repair --partial`: what can be repaired safely of a disk that cannot be repaired whole.

use std::fs;

use vhd_analyser_tests::analysed::analysed;
use vhd_analyser_tests::build::{BAT_AT, Creator, Disk, Fill, Kind};
use vhd_analyser_tests::bytes::put;

use crate::world::{Outcome, World, code, complained, objects};

fn sound() -> Vec<u8> {
    Disk::small(Creator::Windows, Kind::Dynamic, &[(0, Fill::Full), (2, Fill::Full)]).build().bytes
}

/// A disk whose backup footer is lost, and its BAT with it.
fn hopeless() -> Vec<u8> {
    let mut image = sound();
    put(&mut image, 0, &[0; 8]);
    put(&mut image, BAT_AT, &[0x77; 64]);
    image
}

#[test]
fn the_safe_part_is_offered_and_its_copy_is_still_damaged() -> Outcome {
    let image = hopeless();
    let world = World::holding(&image)?;
    let [report] = &objects(&world.run(&["check", "--json", "disk.vhd"])?)?[..] else { return Err("one disk".into()) };
    assert_eq!((&report["verdict"], &report["repair"]), (&"unrepairable".into(), &serde_json::Value::Null));
    let partial = &report["partial_repair"];
    let errors = report["findings"].as_array().into_iter().flatten().filter(|found| found["severity"] == "error");
    assert_eq!((&partial["repaired"], &partial["errors"]), (&1.into(), &errors.count().into()));
    assert_eq!(partial["repair"]["lossless"], true);

    // The first sentence is about the BAT, which is beyond repair, and not about the footer, which is not.
    let report = vhd_analyser_core::report::build(&analysed(&image, "disk.vhd")?, None);
    let bat = report.findings.iter().find(|finding| finding.id.starts_with("bat.")).ok_or("the BAT")?;
    assert!(report.explanation[0].starts_with(&bat.title), "{:?}", report.explanation);

    // Not unless it is asked for.
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "-o", "copy.vhd"])?), 1);
    assert!(!world.path("copy.vhd").exists());
    let output = world.run(&["repair", "--partial", "disk.vhd", "-o", "copy.vhd"])?;
    assert_eq!((code(&output), complained(&output)), (1, String::new()), "it is still damaged");
    let copy = fs::read(world.path("copy.vhd"))?;
    assert_eq!(copy[..512], image[image.len() - 512..], "the backup footer is there again");
    assert!(copy[512..] == image[512..], "all else is as it was");
    assert!(fs::read(world.path("disk.vhd"))? == image, "the disk is untouched");
    Ok(())
}

#[test]
fn what_can_be_repaired_whole_has_no_partial_repair() -> Outcome {
    let mut image = sound();
    put(&mut image, 0, &[0; 8]);
    let world = World::holding(&image)?;
    let [report] = &objects(&world.run(&["check", "--json", "disk.vhd"])?)?[..] else { return Err("one disk".into()) };
    assert_eq!((&report["verdict"], &report["partial_repair"]), (&"repairable".into(), &serde_json::Value::Null));
    // And is repaired whole.
    assert_eq!(code(&world.run(&["repair", "--partial", "disk.vhd", "-o", "copy.vhd"])?), 0);
    assert_eq!(code(&world.run(&["check", "copy.vhd"])?), 0);
    Ok(())
}
