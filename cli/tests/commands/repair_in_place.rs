//! `repair --in-place`, and the way back.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;

use vhd_analyser_core::Verdict::Repairable;
use vhd_analyser_core::layout::footer::DiskType;
use vhd_analyser_core::units::exact_size;
use vhd_analyser_tests::analysed::{analysed, fixed_copy};
use vhd_analyser_tests::bytes::sha256;
use vhd_analyser_tests::corpus::cases;
use vhd_analyser_tests::huge;

use crate::world::{Outcome, World, code, complained, names_this_process, said};

/// Every case with a plan without loss: in place it becomes what the copy would be, and the way back leads back.
#[test]
fn a_disk_is_mended_in_place_and_back_again() -> Outcome {
    let mut mended = 0;
    for (name, case) in cases()? {
        let image = case.image()?;
        let analysis = analysed(&image, "disk.vhd")?;
        let (Some(plan), Repairable) = (analysis.plan(), analysis.verdict()) else {
            continue;
        };
        let world = World::holding(&image)?;
        let output = world.run(&["repair", "disk.vhd", "--in-place"])?;
        assert_eq!(code(&output), 0, "{name}: {}", complained(&output));
        assert!(said(&output).contains("vhd-analyser repair disk.vhd --undo disk.vhd.undo"), "{}", said(&output));
        assert_eq!(world.files()?, ["disk.vhd", "disk.vhd.undo"], "{name}");
        let now = fs::read(world.path("disk.vhd"))?;
        // A new unique id is random in both, and a new time stamp is the present of each.
        let differs = name.ends_with("null-uuid") || name.ends_with("future-timestamp");
        assert!(differs || now == fixed_copy(&image, plan), "{name}");
        // A differencing disk is still alone here.
        let is_alone = i32::from(analysis.image.kind() == Some(DiskType::Differencing));
        assert_eq!(code(&world.run(&["check", "disk.vhd"])?), is_alone, "{name}");
        assert_eq!(code(&world.run(&["repair", "disk.vhd", "--in-place"])?), 0, "{name}: nothing left to do");

        assert_eq!(code(&world.run(&["repair", "disk.vhd", "--undo", "disk.vhd.undo", "--dry-run"])?), 0, "{name}");
        assert!(fs::read(world.path("disk.vhd"))? == now, "{name}: a dry run changes nothing");
        assert_eq!(code(&world.run(&["repair", "disk.vhd", "--undo", "disk.vhd.undo"])?), 0, "{name}");
        assert!(fs::read(world.path("disk.vhd"))? == image, "{name}: as it was");
        mended += 1;
    }
    assert!(mended >= 70, "{mended}");
    Ok(())
}

/// The way back of an earlier repair is not written over.
#[test]
fn an_undo_file_is_kept() -> Outcome {
    let world = World::with("tap-primary-cookie")?;
    let damaged = fs::read(world.path("disk.vhd"))?;
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "--in-place"])?), 0);
    let undo = sha256(&world.path("disk.vhd.undo"))?;
    fs::write(world.path("disk.vhd"), &damaged)?;
    let output = world.run(&["repair", "disk.vhd", "--in-place", "--force"])?;
    assert_eq!(code(&output), 2);
    assert!(complained(&output).contains("disk.vhd.undo"), "{}", complained(&output));
    assert_eq!(sha256(&world.path("disk.vhd.undo"))?, undo);
    assert!(fs::read(world.path("disk.vhd"))? == damaged);
    Ok(())
}

/// Undo files that are cut, not ours, or another disk's.
#[test]
fn an_undo_file_must_fit() -> Outcome {
    let world = World::with("tap-trailing-garbage")?;
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "--in-place"])?), 0);
    let disk = fs::read(world.path("disk.vhd"))?;
    let undo = fs::read(world.path("disk.vhd.undo"))?;
    let text = String::from_utf8_lossy(&undo[..100]).into_owned();
    let damaged: [Vec<u8>; 6] = [
        Vec::new(),
        undo[..undo.len() - 1].to_vec(),
        [&undo[..], b"x"].concat(),
        text.replace("undo 1", "undo 2").into_bytes().into_iter().chain(undo[100..].iter().copied()).collect(),
        undo[..20].to_vec(),
        b"\n".repeat(1000),
    ];
    for (index, bytes) in damaged.iter().enumerate() {
        fs::write(world.path("damaged.undo"), bytes)?;
        let output = world.run(&["repair", "disk.vhd", "--undo", "damaged.undo", "--force"])?;
        assert_eq!(code(&output), 2, "{index}");
        assert!(complained(&output).contains("damaged.undo"), "{index}: {}", complained(&output));
    }
    assert!(fs::read(world.path("disk.vhd"))? == disk);

    fs::write(world.path("other.vhd"), &disk[..4096])?;
    let output = world.run(&["repair", "other.vhd", "--undo", "disk.vhd.undo"])?;
    assert_eq!(code(&output), 2);
    assert!(complained(&output).contains(&exact_size(4096)), "{}", complained(&output));
    assert_eq!(fs::metadata(world.path("other.vhd"))?.len(), 4096);
    Ok(())
}

#[test]
fn a_disk_in_use_is_not_written_to() -> Outcome {
    let world = World::with("tap-primary-cookie")?;
    let damaged = fs::read(world.path("disk.vhd"))?;
    let held = File::open(world.path("disk.vhd"))?;
    let output = world.run(&["repair", "disk.vhd", "--in-place"])?;
    assert_eq!(code(&output), 2);
    assert!(names_this_process(&complained(&output)), "{}", complained(&output));
    assert!(fs::read(world.path("disk.vhd"))? == damaged);
    assert_eq!(world.files()?, ["disk.vhd"]);
    drop(held);

    let held = File::options().write(true).open(world.path("disk.vhd"))?;
    let output = world.run(&["repair", "disk.vhd", "-o", "copy.vhd"])?;
    assert_eq!(code(&output), 0, "a copy is the user's affair");
    assert!(complained(&output).starts_with("vhd-analyser: "), "that it is in use is said");
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "--in-place", "--force"])?), 0);
    drop(held);
    Ok(())
}

/// A disk of 100 GB stays sparse on the way there and back.
#[test]
fn a_sparse_disk_stays_sparse() -> Outcome {
    let world = World::new()?;
    huge::write(&world.path("disk.vhd"))?;
    // Zeros behind the data, which the repair cuts off, and the way back must not fill.
    File::options().write(true).open(world.path("disk.vhd"))?.set_len(huge::LENGTH + (8 << 20))?;
    let before = fs::metadata(world.path("disk.vhd"))?;
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "--in-place"])?), 0);
    assert_eq!(fs::metadata(world.path("disk.vhd"))?.len(), huge::LENGTH + 512);
    assert_eq!(code(&world.run(&["repair", "disk.vhd", "--undo", "disk.vhd.undo"])?), 0);
    let after = fs::metadata(world.path("disk.vhd"))?;
    assert_eq!(after.len(), before.len());
    assert!(after.blocks() <= before.blocks() + 16, "{} blocks, from {}", after.blocks(), before.blocks());
    Ok(())
}
