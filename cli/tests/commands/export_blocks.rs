//! `export-blocks`: what is left of a disk whose BAT is beyond repair.

use std::fs;

use vhd_analyser_tests::build::{BAT_AT, Built, Creator, Disk, Fill, Kind};
use vhd_analyser_tests::bytes::put;

use crate::world::{Outcome, World, code, complained};

fn built() -> Built {
    Disk::small(Creator::Windows, Kind::Dynamic, &[(4, Fill::Some), (1, Fill::Full), (3, Fill::Some)]).build()
}

/// What a block holds, by the builder that knows it.
fn content(built: &Built, number: usize) -> Vec<u8> {
    let size = built.disk.block_size;
    let data = &built.content.data;
    let mut bytes = data[number * size..((number + 1) * size).min(data.len())].to_vec();
    // The last block may reach beyond the end of the disk.
    bytes.resize(size, 0);
    bytes
}

#[test]
fn every_block_of_a_sound_disk_is_written_under_its_number() -> Outcome {
    let built = built();
    let world = World::holding(&built.bytes)?;
    let output = world.run(&["export-blocks", "disk.vhd", "-o", "blocks"])?;
    assert_eq!((code(&output), complained(&output)), (0, String::new()));
    let names: Vec<_> = fs::read_dir(world.path("blocks"))?.filter_map(|entry| Some(entry.ok()?.file_name())).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    for number in [1, 3, 4] {
        let bytes = fs::read(world.path(format!("blocks/block-{number:07}.raw")))?;
        assert!(bytes == content(&built, number), "block {number}");
    }
    // What is there stays.
    let again = world.run(&["export-blocks", "disk.vhd", "-o", "blocks"])?;
    assert_eq!(code(&again), 2);
    Ok(())
}

#[test]
fn blocks_without_an_entry_are_written_under_their_place() -> Outcome {
    let built = built();
    let mut image = built.bytes.clone();
    put(&mut image, BAT_AT, &[0x77; 64]);
    let world = World::holding(&image)?;
    let output = world.run(&["export-blocks", "disk.vhd", "-o", "blocks"])?;
    assert_eq!((code(&output), complained(&output)), (1, String::new()));
    for number in [1, 3, 4] {
        let sector = built.place_of(number).ok_or("a place")? / 512;
        let bytes = fs::read(world.path(format!("blocks/sector-{sector:010}.raw")))?;
        assert!(bytes == content(&built, number), "block {number} at sector {sector}");
    }
    assert!(fs::read(world.path("disk.vhd"))? == image, "the disk is untouched");
    Ok(())
}

#[test]
fn what_has_no_blocks_is_refused() -> Outcome {
    let fixed = Disk::small(Creator::Windows, Kind::Fixed, &[]).build().bytes;
    let world = World::holding(&fixed)?;
    fs::write(world.path("text"), "no disk")?;
    for disk in ["disk.vhd", "text", "nowhere"] {
        let output = world.run(&["export-blocks", disk, "-o", "blocks"])?;
        assert_eq!(code(&output), 2, "{disk}");
        assert!(complained(&output).contains(disk), "{}", complained(&output));
        assert!(!world.path("blocks").exists(), "{disk}");
    }
    Ok(())
}
