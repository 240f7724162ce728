//! The BAT: which blocks lie where, and which lie wrong.

use alloc::vec::Vec;

use crate::layout::SECTOR;

/// How many BAT entries of one kind of fault are remembered one by one.
pub const NAMED_ENTRIES: usize = 64;
/// tapdisk puts the data of a block, not its bitmap, on a multiple of this.
pub(crate) const PAGE: u64 = 4096;

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

impl Bat {
    /// Where a block of the virtual disk lies.
    pub fn find(&self, number: u32) -> Option<Block> {
        self.blocks.iter().copied().find(|block| block.number == number)
    }
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
