//! A file that lost its end: the footer, and blocks or parts of blocks.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::batmap::marks_cleared;
use super::case::{Case, Proposal};
use super::cleared_entries::{clear_entry, virtual_range};
use super::plan::{Patch, Step};
use crate::image::{Bat, Block};
use crate::layout::SECTOR;
use crate::layout::bat::BlockShape;
use crate::layout::bitmap;

/// Keeps of each block what is there, says what is not, and makes the file long enough for its last block.
///
/// A block whose bitmap and some data are there stays: the sectors that are gone become sectors that were never
/// written. A block of which not even the bitmap is there goes.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    let (Some(shape), Some(bat), None) = (image.block_shape(), image.bat.value(), image.closing_footer()) else {
        return Ok(Vec::new());
    };
    let outside: Vec<Block> =
        bat.blocks.iter().copied().filter(|block| block.offset() + shape.length() > image.length).collect();
    // Without a footer at the end, blocks beyond it are what was cut off. Where entries are wrong in other ways, too,
    // nobody knows which of them that are.
    if outside.is_empty() || bat.overlapping.count > 0 || bat.on_metadata.count > 0 {
        return Ok(Vec::new());
    }
    if outside.iter().any(|block| overlaps(bat, *block, shape)) {
        return Ok(Vec::new());
    }
    let mut patches = Vec::new();
    let mut loses = Vec::new();
    let mut new_length = image.length;
    let mut closes_a_block = false;
    for &block in &outside {
        let there = image.length.saturating_sub(block.offset());
        if there > shape.bitmap {
            new_length = new_length.max(block.offset() + shape.length());
            closes_a_block = true;
            if let Some((without, lost)) = without_lost_sectors(case, block, shape, there - shape.bitmap)? {
                patches.extend(without);
                loses.push(lost);
            }
        } else {
            patches.push(clear_entry(image, block.number));
            loses.push(format!(
                "Block {}: all of it is gone, {}.",
                block.number,
                virtual_range(image, block.number, 0, shape.data)
            ));
        }
    }
    let numbers: Vec<u32> = outside.iter().map(|block| block.number).collect();
    patches.extend(marks_cleared(image, &numbers));
    let step = Step { loses, ..Step::lossless("Close the disk behind what is left of it", new_length, patches) };
    Ok(vec![if closes_a_block && !image.unreferenced.orphans.is_empty() {
        step.assuming(
            "The blocks at the end of the file are where the BAT says, and are not among those that no BAT entry points at.",
        )
    } else {
        step
    }])
}

/// Whether another entry leads to some of a block's bytes. The blocks are in the order of the file.
fn overlaps(bat: &Bat, block: Block, shape: BlockShape) -> bool {
    let at = bat.blocks.partition_point(|other| *other < block);
    let neighbours = [at.checked_sub(1), at.checked_add(1)].into_iter().flatten();
    neighbours
        .filter_map(|index| bat.blocks.get(index))
        .any(|other| other.offset().abs_diff(block.offset()) < shape.length())
}

/// The bitmap of a block of which only the first `there` bytes of data are left, with the rest of a sector that was cut
/// in two, and what that loses; nothing where it loses nothing.
fn without_lost_sectors(
    case: &Case<'_>,
    block: Block,
    shape: BlockShape,
    there: u64,
) -> Result<Option<(Vec<Patch>, String)>, super::case::Unreadable> {
    let old = case.probe.bytes(block.offset(), shape.bitmap as usize)?;
    let footer = case.image.footer();
    // A sector of which only a part is left is gone, too.
    let kept = (there / SECTOR) as u32;
    let sectors = (shape.data / SECTOR) as u32;
    let mut new = vec![0; old.len()];
    let mut lost = 0;
    let bits = bitmap::Bitmap::new(&old, footer, shape);
    for sector in (0..sectors).filter(|sector| bits.is_set(*sector)) {
        if sector < kept {
            bitmap::set(&mut new, footer, sector);
        } else {
            lost += 1;
        }
    }
    if lost == 0 {
        return Ok(None);
    }
    let reason = format!("the bitmap of block {}, with the sectors that are gone taken out", block.number);
    let mut patches = vec![Patch::bytes(block.offset(), &new, reason)];
    let rest = (there % SECTOR) as usize;
    if rest > 0 {
        let reason = format!("zeros for what is left of a sector of block {}", block.number);
        let offset = block.offset() + shape.bitmap + u64::from(kept) * SECTOR;
        patches.push(Patch::bytes(offset, &[0; SECTOR as usize][..rest], reason));
    }
    let range = virtual_range(case.image, block.number, u64::from(kept) * SECTOR, shape.data);
    let sentence = format!("Block {}: {lost} sectors that had been written are gone, {range}.", block.number);
    Ok(Some((patches, sentence)))
}
