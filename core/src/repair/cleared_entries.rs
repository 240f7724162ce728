//! BAT entries that are cleared: their blocks become blocks that were never written, and what that loses is named.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::batmap::marks_cleared;
use super::entry::entry_offset;
use super::evidence::Evidence;
use super::plan::{Patch, Step};
use crate::image::{Bat, Block, Image};
use crate::layout::bat::UNALLOCATED;
use crate::layout::footer::DiskType;

/// Entries cleared: their blocks become blocks that were never written. Those that never were lose nothing.
pub(super) fn cleared(image: &Image, blocks: &[u32]) -> Step {
    let mut patches: Vec<Patch> = blocks.iter().map(|block| clear_entry(image, *block)).collect();
    patches.extend(marks_cleared(image, blocks));
    let left = &image.unreferenced;
    let none_left = left.orphans.is_empty() && !left.unfinished && !left.unexplained;
    let bat = image.bat.value();
    let never_was = |block: &u32| none_left && bat.is_some_and(|bat| was_unused(image, bat, *block));
    let loses = blocks.iter().filter(|block| !never_was(block)).map(|block| lost_place(image, *block)).collect();
    let step = Step::lossless("Clear BAT entries that point at a wrong place", image.length, patches);
    let unused = blocks.iter().filter(|block| never_was(block));
    unused.fold(Step { loses, ..step }, |step, block| step.because(Evidence::UnusedEntry { block: *block }))
}

/// An entry cleared that was never used.
pub(super) fn unused(image: &Image, block: u32) -> Step {
    Step::lossless("Clear a BAT entry that was unused", image.length, vec![clear_entry(image, block)])
}

/// Whether an entry is rather an unused one of which a bit flipped.
pub(super) fn was_unused(image: &Image, bat: &Bat, block: u32) -> bool {
    let marked = image.batmap.value().filter(|batmap| batmap.is_intact()).and_then(|batmap| batmap.is_full(block));
    let stored = bat.find(block).filter(|block| is_unreachable(image, bat, *block));
    marked != Some(true) && stored.is_some_and(|stored| (stored.sector ^ UNALLOCATED).count_ones() == 1)
}

/// Whether a block would lie behind where the disk's blocks end if every one of them were there.
pub(super) fn is_unreachable(image: &Image, bat: &Bat, block: Block) -> bool {
    let all = u64::from(bat.entries).saturating_mul(2).saturating_mul(bat.placement.stride);
    block.offset() > image.end_of_metadata.max(image.length).saturating_add(all)
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
