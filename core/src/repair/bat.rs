//! Entries of the BAT that point at a wrong place: linked again to the block that lost its entry, where the evidence
//! allows one answer; otherwise cleared, and what goes is named.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::batmap::marks_cleared;
use super::case::{Case, Proposal, Unreadable};
use super::entry::entry_offset;
use super::plan::{Patch, Step};
use crate::image::{Bat, Block, Image, Orphan};
use crate::layout::SECTOR;
use crate::layout::bat::{BlockShape, UNALLOCATED};
use crate::layout::bitmap::Bitmap;
use crate::layout::footer::DiskType;

/// More wrong entries than a person reads the names of: then it is the table that is wrong, not its entries.
const MOST_CLEARED: usize = 1024;
/// More blocks in doubt than are weighed against each other; beyond that, entries are only cleared.
const MOST_CLAIMS: usize = 8;

/// Which blocks lost their place, and every way to give each its own.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    let (Some(shape), Some(bat), Some(_)) = (image.block_shape(), image.bat.value(), image.closing_footer()) else {
        return Ok(Vec::new());
    };
    let lost = lost_blocks(image, bat, shape);
    // Where most entries are wrong, it is no BAT: to mend it would be to write into somebody's data.
    let wrong = bat.blocks.iter().filter(|block| image.is_doubtful(bat, **block, shape)).count();
    if lost.len() > MOST_CLEARED || (wrong > 1 && 2 * wrong > bat.blocks.len()) {
        return Ok(Vec::new());
    }
    let steps = match shared_block(bat) {
        Some((first, second)) => twins(case, bat, &lost, first, second)?,
        None if lost.is_empty() => Vec::new(),
        None => relinked(image, bat, &lost).map_or_else(
            // What the batmap alone claims is the batmap's to mend.
            || if has_wrong_entries(bat) { vec![cleared(image, &lost)] } else { Vec::new() },
            |step| vec![step],
        ),
    };
    Ok(steps)
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

/// Two blocks at one place. Where a block lost its entry, it belongs to one of the two: to which, the batmap may say,
/// or the order in which all other blocks lie.
fn twins(case: &Case<'_>, bat: &Bat, lost: &[u32], first: Block, second: Block) -> Proposal {
    let image = case.image;
    let there = image.unreferenced.orphans.as_slice();
    let [orphan] = there else {
        // None, or several: nobody knows. Either may keep the block.
        return Ok(vec![
            cleared(image, &[second.number]).assuming(keeps(first, second)),
            cleared(image, &[first.number]).assuming(keeps(second, first)),
        ]);
    };
    let moved: Vec<Block> = [first, second].into_iter().filter(|block| fits(image, block.number, *orphan)).collect();
    let step = |block: Block| relink(image, &[(block.number, *orphan)]);
    // What both lead to must be as full as the one is that stays.
    let shared = Orphan { offset: first.offset(), full: is_full_at(case, first)?, ..*orphan };
    let stays = [first, second].into_iter().find(|block| !moved.contains(block));
    let agrees = stays.is_some_and(|block| fits(image, block.number, shared));
    Ok(match moved.as_slice() {
        // Unless it may as well be another block that lost its entry.
        [one] if lost.is_empty() && agrees && bat.overlapping.count == 1 => step(*one).into_iter().collect(),
        _ => {
            let in_order: Vec<Block> =
                [first, second].into_iter().filter(|block| stays_in_order(bat, block.number, *orphan)).collect();
            let assumption = |block: Block| {
                format!(
                    "Of blocks {} and {}, it is block {} whose entry is wrong{}.",
                    first.number,
                    second.number,
                    block.number,
                    if in_order.as_slice() == [block] { ": so all blocks lie in their order" } else { "" }
                )
            };
            // The one that keeps the order first.
            let both = if in_order.as_slice() == [second] { [second, first] } else { [first, second] };
            both.into_iter().filter_map(|block| Some(step(block)?.assuming(assumption(block)))).collect()
        }
    })
}

/// Whether the bitmap of an allocated block calls every sector written.
fn is_full_at(case: &Case<'_>, block: Block) -> Result<bool, Unreadable> {
    let Some(shape) = case.image.block_shape() else {
        return Ok(false);
    };
    let bitmap = case.probe.bytes(block.offset(), shape.bitmap as usize)?;
    Ok(Bitmap::new(&bitmap, case.image.footer(), shape).is_full())
}

fn keeps(kept: Block, other: Block) -> String {
    format!("The block at sector 0x{:x} is block {}, and not block {}.", kept.sector, kept.number, other.number)
}

/// Each lost block linked to the one orphan that it can be; `None` where that is not so.
fn relinked(image: &Image, bat: &Bat, lost: &[u32]) -> Option<Step> {
    let orphans = image.unreferenced.orphans.as_slice();
    if lost.len() > MOST_CLAIMS || lost.len() != orphans.len() || image.unreferenced.unfinished {
        return None;
    }
    let mut by_evidence = Vec::new();
    for &block in lost {
        let mut fitting = orphans.iter().filter(|orphan| fits(image, block, **orphan));
        match (fitting.next(), fitting.next()) {
            (Some(orphan), None) => by_evidence.push((block, *orphan)),
            _ => by_evidence.clear(),
        }
    }
    // What a BAT entry cannot name is not taken.
    let sectors = by_evidence.iter().map(|(_, orphan)| u32::try_from(orphan.offset / SECTOR));
    let mut taken: Vec<u32> = sectors.filter_map(Result::ok).collect();
    taken.sort_unstable();
    taken.dedup();
    if taken.len() == lost.len() {
        let step = relink(image, &by_evidence)?;
        // A block off the grid may be the one whose entry is wrong, although nothing is in its way; and one on the grid
        // behind the end of the file may be where it says, and be cut off.
        let is_strange = |block: &&Block| {
            let on_grid = bat.grid.is_some_and(|grid| grid.holds(block.offset()));
            if lost.contains(&block.number) { on_grid && block.offset() >= image.limit() } else { !on_grid }
        };
        return Some(match bat.blocks.iter().find(is_strange) {
            None => step,
            Some(_) => step.assuming(
                "No other BAT entry is wrong than those that cannot be right, and no block was cut off the file.",
            ),
        });
    }
    // As many blocks as places, and all other blocks lie in their order: so may these, both lists being in order.
    let in_order: Vec<(u32, Orphan)> = lost.iter().copied().zip(orphans.iter().copied()).collect();
    if in_order.iter().all(|(block, orphan)| fits(image, *block, *orphan) && stays_in_order(bat, *block, *orphan)) {
        let step = relink(image, &in_order)?;
        return Some(step.assuming("The blocks lie in the file in their order, as all others do."));
    }
    None
}

/// Whether the batmap lets a block be this one: a full block stays full.
fn fits(image: &Image, block: u32, orphan: Orphan) -> bool {
    let marked = image.batmap.value().filter(|batmap| batmap.is_intact()).and_then(|batmap| batmap.is_full(block));
    marked.is_none_or(|marked| marked == orphan.full)
}

/// Whether the blocks on both sides of a place let `block` lie there in ascending order, and are themselves in it.
fn stays_in_order(bat: &Bat, block: u32, orphan: Orphan) -> bool {
    let place = orphan.offset;
    let others = bat.blocks.iter().filter(|other| other.number != block);
    let before = others.clone().filter(|other| other.offset() < place).map(|other| other.number);
    let behind = others.filter(|other| other.offset() > place).map(|other| other.number);
    bat.blocks.len() >= 4
        && before.clone().is_sorted()
        && behind.clone().is_sorted()
        && before.max().is_none_or(|max| max < block)
        && behind.min().is_none_or(|min| min > block)
}

fn relink(image: &Image, links: &[(u32, Orphan)]) -> Option<Step> {
    let patches = links
        .iter()
        .map(|(block, orphan)| {
            let reason = format!("the BAT entry of block {block}, which lies at 0x{:x}", orphan.offset);
            Some(Patch::bytes(entry_offset(image, *block), &orphan.sector()?.to_be_bytes(), reason))
        })
        .collect::<Option<Vec<Patch>>>()?;
    Some(Step::lossless("Link blocks again that had lost their BAT entry", image.length, patches))
}

/// Entries cleared: their blocks become blocks that were never written.
fn cleared(image: &Image, blocks: &[u32]) -> Step {
    let mut patches: Vec<Patch> = blocks.iter().map(|block| clear_entry(image, *block)).collect();
    patches.extend(marks_cleared(image, blocks));
    let loses = blocks.iter().map(|block| lost_place(image, *block)).collect();
    Step { loses, ..Step::lossless("Clear BAT entries that point at a wrong place", image.length, patches) }
}

/// A patch that makes a block one that was never written.
pub(super) fn clear_entry(image: &Image, block: u32) -> Patch {
    let reason = format!("no BAT entry for block {block}");
    Patch::bytes(entry_offset(image, block), &UNALLOCATED.to_be_bytes(), reason)
}

/// What is lost where nothing says where a block is.
pub(super) fn lost_place(image: &Image, block: u32) -> String {
    let data = image.block_shape().map_or(0, |shape| shape.data);
    format!("Block {block}: nobody knows where it is, {}.", virtual_range(image, block, 0, data))
}

/// Which bytes of the virtual disk a part of a block is, and what is read there once it is gone.
pub(super) fn virtual_range(image: &Image, block: u32, start: u64, end: u64) -> String {
    let data = image.block_shape().map_or(0, |shape| shape.data);
    let size = image.footer().map_or(u64::MAX, |footer| footer.current_size.get());
    let first = u64::from(block) * data;
    let (start, end) = (first + start, (first + end).min(size));
    let instead = match image.kind() {
        Some(DiskType::Differencing) => "the parent’s data is",
        _ => "zeros are",
    };
    format!("bytes 0x{start:x} to 0x{:x} of the virtual disk: {instead} read there", end.saturating_sub(1))
}
