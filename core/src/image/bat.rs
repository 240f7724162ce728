//! The BAT: which blocks lie where, and which lie wrong.

use alloc::vec::Vec;

use super::placement::Placement;
use crate::layout::SECTOR;

/// How many BAT entries of one kind of fault are remembered one by one.
pub const NAMED_ENTRIES: usize = 64;

/// The BAT, surveyed.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Where the disk's writer puts blocks.
    pub placement: Placement,
    /// Of blocks that overlap others, those that the bytes speak against: there is no block at their place.
    pub refuted: Vec<Block>,
    /// Entries that lead beside their block.
    pub beside: Vec<Beside>,
}

/// A block whose entry leads some sectors beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beside {
    /// As the BAT has it.
    pub block: Block,
    /// Where it begins, in bytes from the start of the file.
    pub place: u64,
    /// Whether there is no block where the entry leads; otherwise a block may as well begin there.
    pub is_refuted: bool,
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
