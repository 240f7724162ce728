//! Orphaned blocks: what speaks for which number, and which numbers can be assigned by hand.

use std::error::Error;
use std::ops::ControlFlow;

use vhd_analyser_core::analysis::{Analysis, Options, analyse};
use vhd_analyser_core::finding::Action;
use vhd_analyser_core::repair::{AssignRefusal, Assignment, NumberEvidence, RequestedChanges, check_assignments};
use vhd_analyser_core::report;
use vhd_analyser_tests::analysed::{NOW, analysed, fixed_copy};
use vhd_analyser_tests::build::{BAT_AT, Built, Creator, Disk, Fill, Kind, SECTOR, number32};
use vhd_analyser_tests::bytes::put;

type Outcome = Result<(), Box<dyn Error>>;

/// A disk with these blocks in this order, some written in full.
fn disk(creator: Creator, numbers: &[usize], full: &[usize]) -> Built {
    let fill = |number: &usize| if full.contains(number) { Fill::Full } else { Fill::Some };
    let allocated: Vec<_> = numbers.iter().map(|number| (*number, fill(number))).collect();
    Disk::small(creator, Kind::Dynamic, &allocated).build()
}

/// The disk without the BAT entries of these blocks.
fn without_entries(built: &Built, blocks: &[usize]) -> Vec<u8> {
    let mut bytes = built.bytes.clone();
    blocks.iter().for_each(|block| put(&mut bytes, BAT_AT + block * 4, &[0xFF; 4]));
    bytes
}

fn sector(built: &Built, block: usize) -> u32 {
    number32(&built.bytes, BAT_AT + block * 4)
}

fn assigning(image: &[u8], assign: Vec<Assignment>) -> Result<Analysis, Box<dyn Error>> {
    let request = RequestedChanges { assign, ..RequestedChanges::default() };
    let options = Options { now: NOW, fresh_unique_id: [1; 16], deep: false, request };
    Ok(analyse(&image, "disk.vhd", &options, &mut |_| ControlFlow::Continue(()))?)
}

/// What speaks for the most likely number of the orphaned block that was this one.
fn likeliest(analysis: &Analysis, sector: u32) -> Result<(u32, Vec<NumberEvidence>), Box<dyn Error>> {
    let unknown = analysis.unknown_blocks();
    let block = unknown.iter().find(|block| block.sector == sector).ok_or("no orphaned block there")?;
    let candidate = block.candidates.first().ok_or("no candidate")?;
    Ok((candidate.block, candidate.evidence.clone()))
}

#[test]
fn neighbours_in_the_file_speak_for_a_number() -> Outcome {
    let built = disk(Creator::Windows, &[0, 1, 2, 3, 4, 5, 6], &[]);
    let analysis = analysed(&without_entries(&built, &[3, 6]), "disk.vhd")?;
    let in_order = NumberEvidence::InOrder { before: Some(2), after: Some(4) };
    let found = likeliest(&analysis, sector(&built, 3))?;
    assert_eq!(found, (3, vec![in_order, NumberEvidence::InSequence { from: 2 }]));
    let in_order = NumberEvidence::InOrder { before: Some(5), after: None };
    let found = likeliest(&analysis, sector(&built, 6))?;
    assert_eq!(found, (6, vec![in_order, NumberEvidence::InSequence { from: 5 }]));
    // Two beside each other are counted on.
    let analysis = analysed(&without_entries(&built, &[2, 3]), "disk.vhd")?;
    assert_eq!(likeliest(&analysis, sector(&built, 2))?.0, 2);
    assert_eq!(likeliest(&analysis, sector(&built, 3))?.0, 3);
    Ok(())
}

/// Where the blocks lie in no order, their neighbours say nothing.
#[test]
fn neighbours_in_no_order_speak_for_nothing() -> Outcome {
    let built = disk(Creator::Windows, &[6, 1, 4, 0, 3, 5], &[]);
    let analysis = analysed(&without_entries(&built, &[4]), "disk.vhd")?;
    let unknown = analysis.unknown_blocks();
    assert_eq!(unknown.len(), 1);
    assert_eq!((unknown[0].before, unknown[0].after), (Some(1), Some(0)));
    assert_eq!(unknown[0].candidates, []);
    Ok(())
}

#[test]
fn a_boot_sector_speaks_for_block_0() -> Outcome {
    let mut built = disk(Creator::Windows, &[6, 1, 4, 0, 3, 5], &[0]);
    let data = sector(&built, 0) as usize * SECTOR + built.disk.bitmap_length();
    put(&mut built.bytes, data + SECTOR - 2, &[0x55, 0xAA]);
    let analysis = analysed(&without_entries(&built, &[0]), "disk.vhd")?;
    assert_eq!(likeliest(&analysis, sector(&built, 0))?, (0, vec![NumberEvidence::BootSector]));
    Ok(())
}

#[test]
fn the_batmap_speaks_for_a_full_block() -> Outcome {
    let built = disk(Creator::Tapdisk13, &[6, 1, 4, 0, 3, 5], &[4, 5]);
    let analysis = analysed(&without_entries(&built, &[4, 5]), "disk.vhd")?;
    let unknown = analysis.unknown_blocks();
    assert_eq!(unknown.len(), 2);
    for block in unknown {
        let numbers: Vec<u32> = block.candidates.iter().map(|candidate| candidate.block).collect();
        assert_eq!(numbers, [4, 5]);
        assert!(block.candidates.iter().all(|candidate| candidate.evidence == [NumberEvidence::MarkedFull]));
    }
    Ok(())
}

#[test]
fn the_only_number_without_a_place_is_likely() -> Outcome {
    let built = disk(Creator::Windows, &[6, 1, 4, 0, 3, 5, 2, 7], &[]);
    let analysis = analysed(&without_entries(&built, &[4]), "disk.vhd")?;
    assert_eq!(likeliest(&analysis, sector(&built, 4))?, (4, vec![NumberEvidence::OnlyFree]));
    Ok(())
}

/// A block whose number the repair proves is nobody's to assign.
#[test]
fn a_block_that_the_repair_proves_is_not_unknown() -> Outcome {
    let built = disk(Creator::Windows, &[0, 1, 2, 3, 4], &[]);
    let mut damaged = built.bytes.clone();
    put(&mut damaged, BAT_AT + 8, &(sector(&built, 2) ^ 1 << 20).to_be_bytes());
    let analysis = analysed(&damaged, "disk.vhd")?;
    assert!(analysis.plan().is_some_and(|plan| plan.is_lossless()));
    let told = report::build(&analysis, None);
    assert_eq!(told.orphans, []);
    assert!(told.findings.iter().all(|finding| finding.action != Some(Action::AssignBlock)));
    // Unproven, it says where to assign it.
    let told = report::build(&analysed(&without_entries(&built, &[2]), "disk.vhd")?, None);
    assert_eq!(told.orphans.len(), 1);
    assert!(told.findings.iter().any(|finding| finding.action == Some(Action::AssignBlock)));
    Ok(())
}

/// An assigned block stays in the list, so that another number can be chosen; the disk is what it was.
#[test]
fn assigned_blocks_restore_the_disk() -> Outcome {
    let built = disk(Creator::Windows, &[0, 1, 2, 3, 4, 5, 6], &[]);
    let damaged = without_entries(&built, &[3, 6]);
    let [three, six] = [3, 6].map(|block| Assignment { block, sector: sector(&built, block as usize) });
    let analysis = assigning(&damaged, vec![three, six])?;
    let plan = analysis.plan().ok_or("no plan")?;
    assert_eq!(plan.assumes.len(), 2);
    assert!(fixed_copy(&damaged, plan) == built.bytes);
    assert_eq!(report::build(&analysis, None).orphans.len(), 2);
    Ok(())
}

/// A disk whose BAT is gone has as many orphaned blocks as it has blocks: nobody assigns them all by hand.
#[test]
fn no_more_blocks_are_reported_than_anybody_assigns() -> Outcome {
    const BLOCKS: usize = 130;
    let allocated: Vec<_> = (0..BLOCKS).map(|block| (block, Fill::Some)).collect();
    let built = Disk { blocks: BLOCKS, ..Disk::small(Creator::Windows, Kind::Dynamic, &allocated) }.build();
    let lost: Vec<usize> = (0..BLOCKS).collect();
    let analysis = analysed(&without_entries(&built, &lost), "disk.vhd")?;
    assert_eq!(analysis.image.unreferenced.orphans.len(), BLOCKS);
    let unknown = analysis.unknown_blocks();
    assert_eq!(unknown.len(), 100);
    assert!(unknown.iter().map(|block| block.sector).eq(lost.iter().take(100).map(|block| sector(&built, *block))));
    Ok(())
}

/// A number in use is refused: what lies there would be lost. One whose entry leads to no block is not in use.
#[test]
fn a_number_in_use_is_refused() -> Outcome {
    let built = disk(Creator::Windows, &[0, 1, 2, 3, 4, 5, 6], &[]);
    let analysis = analysed(&without_entries(&built, &[3, 6]), "disk.vhd")?;
    let [at_3, at_6] = [3, 6].map(|block| sector(&built, block));
    let refused = |assign: &[(u32, u32)]| {
        let assign: Vec<_> =
            assign.iter().map(|(block, sector)| Assignment { block: *block, sector: *sector }).collect();
        check_assignments(&analysis.image, &assign).err()
    };
    assert_eq!(refused(&[(2, at_3)]), Some(AssignRefusal::InUse { block: 2, sector: sector(&built, 2) }));
    assert_eq!(refused(&[(3, at_3), (3, at_6)]), Some(AssignRefusal::InUse { block: 3, sector: at_3 }));
    assert_eq!(refused(&[(8, at_3)]), Some(AssignRefusal::NoBlock { block: 8, entries: 8 }));
    assert_eq!(refused(&[(3, at_3), (6, at_6)]), None);
    let mut damaged = built.bytes.clone();
    put(&mut damaged, BAT_AT + 12, &0x00FF_FFFF_u32.to_be_bytes());
    let analysis = analysed(&damaged, "disk.vhd")?;
    assert_eq!(check_assignments(&analysis.image, &[Assignment { block: 3, sector: at_3 }]), Ok(()));
    Ok(())
}
