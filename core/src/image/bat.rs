//! The BAT, surveyed in one pass: which blocks lie where, and which lie wrong.

use alloc::vec::Vec;

use super::{Found, Image, PAGE, Reader, has_usable_table};
use crate::layout::SECTOR;
use crate::layout::bat::{BlockShape, ENTRY_LENGTH, UNALLOCATED};
use crate::layout::footer::Footer;
use crate::layout::header::DynamicHeader;
use crate::progress::{AnalysisError, Stage, Watch};

/// How many BAT entries of one kind of fault are remembered one by one.
pub const NAMED_ENTRIES: usize = 64;
/// The most blocks whose places are kept: more than fit into a file of 2 TiB, the longest that BAT entries reach,
/// at the smallest block size that is in use, 512 KiB. Takes 32 MiB.
const MOST_BLOCKS: usize = 4 << 20;

/// How many bytes of entries are looked at behind those that the current size needs: more than the largest disk has.
const MOST_BEYOND: u64 = 32 << 20;

/// The BAT, surveyed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bat {
    /// Entries that the current size needs, and that were looked at.
    pub entries: u32,
    /// Those that point at a block.
    pub allocated: u32,
    /// The allocated blocks in the order in which they lie in the file.
    pub blocks: Vec<Block>,
    /// Where the last block ends that lies within the file, in bytes; 0 without any.
    pub end_of_blocks: u64,
    /// Blocks that begin before the end of the metadata.
    pub on_metadata: Named<Block>,
    /// Blocks that end behind the end of the file, or behind the start of the primary footer.
    pub outside_file: Named<Block>,
    /// Pairs of blocks that share bytes, the one that begins first in front.
    pub overlapping: Named<(Block, Block)>,
    /// Entries behind those that the current size needs which point at a block nevertheless.
    pub beyond_size: Named<Block>,
    /// Whether there are more blocks than are kept, so that not all overlaps are known.
    pub truncated: bool,
    /// Where the disk's creator puts blocks.
    pub grid: Option<Grid>,
}

/// The distance at which a disk's creator puts block behind block, and where the first would be.
///
/// tapdisk puts the data of a block, not its bitmap, on a page; others put block right behind block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// Bytes from the start of a block to the start of the next.
    pub stride: u64,
    /// The start of any block of the grid, modulo the stride.
    pub residue: u64,
}

impl Grid {
    /// The grid on which most of the blocks lie. One that speaks for itself alone does not outvote the place right
    /// behind the metadata.
    fn of(blocks: &[Block], image: &Image, shape: BlockShape) -> Self {
        let (stride, first) = if image.footer().is_some_and(Footer::is_tapdisk) {
            let first = (image.end_of_metadata + shape.bitmap).next_multiple_of(PAGE) - shape.bitmap;
            (shape.length().next_multiple_of(PAGE), first)
        } else {
            (shape.length(), image.end_of_metadata)
        };
        // The majority vote of Boyer and Moore: the residue that more than half of the blocks have, if any has.
        let (mut residue, mut votes) = (first % stride, 1u64);
        for block in blocks {
            match block.offset() % stride == residue {
                true => votes += 1,
                false if votes == 0 => (residue, votes) = (block.offset() % stride, 1),
                false => votes -= 1,
            }
        }
        Self { stride, residue }
    }

    /// Whether a block that begins at `offset` is on the grid.
    pub fn holds(self, offset: u64) -> bool {
        offset % self.stride == self.residue
    }

    /// The first place of the grid at or behind `offset`.
    pub fn at_or_behind(self, offset: u64) -> u64 {
        let over = (offset % self.stride + self.stride - self.residue) % self.stride;
        if over == 0 { offset } else { offset + self.stride - over }
    }
}

/// An allocated block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Block {
    /// Its BAT entry: the sector at which it begins.
    pub sector: u32,
    /// Its number in the virtual disk, from 0.
    pub number: u32,
}

impl Block {
    /// Where it begins, in bytes from the start of the file.
    pub fn offset(self) -> u64 {
        u64::from(self.sector) * SECTOR
    }
}

/// Things that share a property: all of them counted, the first ones named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T> {
    /// How many there are.
    pub count: u32,
    /// The first [`NAMED_ENTRIES`].
    pub first: Vec<T>,
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self { count: 0, first: Vec::new() }
    }
}

impl<T> Named<T> {
    pub(super) fn add(&mut self, thing: T) {
        self.count = self.count.saturating_add(1);
        if self.first.len() < NAMED_ENTRIES {
            self.first.push(thing);
        }
    }
}

/// All entries that the current size needs, and those behind them.
pub(super) fn survey<E>(
    reader: &Reader<'_, E>,
    image: &Image,
    header: &DynamicHeader,
    watch: &mut Watch<'_>,
) -> Result<Found<Bat>, AnalysisError<E>> {
    let (Some(footer), Some(shape), true) = (image.footer(), BlockShape::of(header), has_usable_table(header)) else {
        return Ok(Found::Absent);
    };
    let most = header.max_table_entries.get();
    let needed = footer.current_size.get().div_ceil(shape.data);
    let entries = u32::try_from(needed).unwrap_or(u32::MAX).min(most);
    let offset = header.table_offset.get();
    let length = u64::from(entries) * ENTRY_LENGTH;
    if !reader.holds(offset, length) {
        return Ok(Found::OutOfFile { offset, length });
    }
    // What is behind the entries in use matters less: only where the whole table is in the file, and has a usual length.
    let all = u64::from(most) * ENTRY_LENGTH;
    let all = if reader.holds(offset, all) && all - length <= MOST_BEYOND { all } else { length };
    // All at once, so that growing does not take the same memory again.
    let blocks = Vec::with_capacity((entries as usize).min(MOST_BLOCKS));
    let mut bat = Bat { entries, blocks, ..Bat::default() };
    let mut number = 0u32;
    reader.windows(offset, all, Stage::Bat, watch, &mut |_, bytes| {
        for entry in bytes.as_chunks::<{ ENTRY_LENGTH as usize }>().0 {
            let sector = u32::from_be_bytes(*entry);
            if sector != UNALLOCATED {
                bat.add(Block { sector, number }, image, shape);
            }
            number = number.wrapping_add(1);
        }
        true
    })?;
    bat.blocks.sort_unstable();
    bat.grid = Some(Grid::of(&bat.blocks, image, shape));
    bat.find_overlaps(shape, image);
    Ok(Found::Read { offset, value: bat })
}

impl Bat {
    fn add(&mut self, block: Block, image: &Image, shape: BlockShape) {
        if block.number >= self.entries {
            return self.beyond_size.add(block);
        }
        self.allocated += 1;
        let limit = image.limit();
        // At most 2^32 sectors and a block: far from an overflow.
        let end = block.offset() + shape.length();
        if block.offset() < image.end_of_metadata {
            self.on_metadata.add(block);
        }
        if end > limit {
            self.outside_file.add(block);
        }
        if end <= image.length {
            self.end_of_blocks = self.end_of_blocks.max(end);
        }
        if self.blocks.len() < MOST_BLOCKS {
            self.blocks.push(block);
        } else {
            self.truncated = true;
        }
    }

    /// In the order of the file, a block that overlaps any before it overlaps the one of them that ends last. Blocks
    /// that lie wrong for another reason do not count.
    fn find_overlaps(&mut self, shape: BlockShape, image: &Image) {
        let mut last: Option<Block> = None;
        for &block in self.blocks.iter().filter(|block| is_placed(**block, shape, image)) {
            if let Some(last) = last
                && block.offset() < last.offset() + shape.length()
            {
                self.overlapping.add((last, block));
            }
            last = Some(block);
        }
    }

    /// Whether a block's entry is in doubt: it lies outside of the file or on the metadata, or it overlaps another
    /// and is not the one of the two that is on the grid.
    pub fn is_doubtful(&self, block: Block, shape: BlockShape, image: &Image) -> bool {
        let on_grid = |block: Block| self.grid.is_some_and(|grid| grid.holds(block.offset()));
        let mut pairs = self.overlapping.first.iter().filter(|(a, b)| *a == block || *b == block);
        !is_placed(block, shape, image)
            || pairs.any(|(a, b)| {
                let other = if *a == block { *b } else { *a };
                other.sector != block.sector && (!on_grid(block) || on_grid(other))
            })
    }

    /// Where a block of the virtual disk lies.
    pub fn find(&self, number: u32) -> Option<Block> {
        self.blocks.iter().copied().find(|block| block.number == number)
    }
}

/// Whether a block lies between the metadata and the end of the data.
fn is_placed(block: Block, shape: BlockShape, image: &Image) -> bool {
    block.offset() >= image.end_of_metadata && block.offset() + shape.length() <= image.limit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_a_grid_follow_each_other() {
        let grid = Grid { stride: 100, residue: 30 };
        assert_eq!([0, 30, 31, 130, 229].map(|offset| grid.at_or_behind(offset)), [30, 30, 130, 130, 230]);
        assert!(grid.holds(430) && !grid.holds(400));
    }
}
