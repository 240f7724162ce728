//! Entries of the BAT that point at a wrong place: linked again to the block that lost its entry, where the evidence
//! allows one answer; otherwise cleared, and what goes is named.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::case::{Case, Proposal};
use super::cleared_entries::cleared;
use super::entry::entry_offset;
use super::evidence::Evidence;
use super::orphans::{MOST_CLAIMS, relinked};
use super::plan::{Patch, Step};
use super::shared_place::duplicate_entries;
use crate::image::{Bat, Block, Image};
use crate::layout::SECTOR;
use crate::layout::bat::BlockShape;

/// More wrong entries than a person reads the names of: then it is the table that is wrong, not its entries.
const MOST_CLEARED: usize = 1024;

/// Which blocks lost their place, and every way to give each its own.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    let (Some(shape), Some(bat), Some(_)) = (image.block_shape(), image.bat.value(), image.closing_footer()) else {
        return Ok(Vec::new());
    };
    let lost = lost_blocks(image, bat, shape);
    // Where most entries are wrong, it is no BAT: to repair it would be to write into somebody's data.
    let wrong = bat.blocks.iter().filter(|block| image.is_doubtful(bat, **block, shape)).count();
    if lost.len() > MOST_CLEARED || (wrong > 1 && 2 * wrong > bat.blocks.len()) {
        return Ok(Vec::new());
    }
    if let Some(step) = moved_beside(image, bat) {
        return Ok(vec![step]);
    }
    Ok(match shared_block(bat) {
        Some((first, second)) => duplicate_entries(case, bat, &lost, first, second)?,
        None if lost.is_empty() => Vec::new(),
        None => {
            let mut steps = relinked(case, bat, &lost)?;
            // What the batmap alone claims is the batmap's to repair.
            if steps.is_empty() && has_wrong_entries(bat) {
                steps.push(cleared(image, &lost));
            }
            steps
        }
    })
}

/// Entries that lead beside their block, pointed at it.
fn moved_beside(image: &Image, bat: &Bat) -> Option<Step> {
    let patches = bat.beside.iter().map(|beside| {
        let sector = u32::try_from(beside.place / SECTOR).ok()?;
        let reason = format!("the BAT entry of block {}, which begins at 0x{:x}", beside.block.number, beside.place);
        Some(Patch::bytes(entry_offset(image, beside.block.number), &sector.to_be_bytes(), reason))
    });
    let patches = patches.collect::<Option<Vec<_>>>().filter(|patches| !patches.is_empty())?;
    let step = Step::lossless("Point BAT entries at their blocks", image.length, patches);
    Some(bat.beside.iter().fold(step, |step, beside| match beside.is_refuted {
        true => step.because(Evidence::BesideBlock { block: beside.block.number }),
        false => step.assuming(format!(
            "Block {} begins at 0x{:x}, where the writer of the other blocks would have put it; where the entry leads, \
             a block could begin as well.",
            beside.block.number, beside.place
        )),
    }))
}

/// Whether the BAT itself is wrong, and not only at odds with the batmap.
fn has_wrong_entries(bat: &Bat) -> bool {
    bat.on_metadata.count > 0 || bat.outside_file.count > 0 || bat.overlapping.count > 0
}

/// Blocks whose entries are in doubt, and those without an entry that the batmap calls full.
fn lost_blocks(image: &Image, bat: &Bat, shape: BlockShape) -> Vec<u32> {
    let doubtful = bat.blocks.iter().filter(|block| image.is_doubtful(bat, **block, shape));
    let mut lost: Vec<u32> = doubtful.map(|block| block.number).collect();
    if let Some(batmap) = image.batmap.value().filter(|batmap| batmap.is_intact()) {
        let mut allocated: Vec<u32> = bat.blocks.iter().map(|block| block.number).collect();
        allocated.sort_unstable();
        let full = (0..bat.entries).filter(|block| batmap.is_full(*block) == Some(true));
        lost.extend(full.filter(|block| allocated.binary_search(block).is_err()).take(MOST_CLAIMS + 1));
    }
    lost.sort_unstable();
    lost
}

/// The first two entries that point at one block.
fn shared_block(bat: &Bat) -> Option<(Block, Block)> {
    bat.overlapping.first.iter().copied().find(|(first, second)| first.sector == second.sector)
}
