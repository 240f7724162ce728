//! The blocks that can be had of a disk, whatever its BAT is like.

use alloc::vec::Vec;

use super::structures::Image;

/// A block that lies whole in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntactBlock {
    /// Where its bitmap begins, in bytes from the start of the file.
    pub offset: u64,
    /// Its number in the virtual disk; none of an orphaned block.
    pub number: Option<u32>,
}

impl Image {
    /// The blocks whose BAT entries are not in doubt, and those that no entry points at, in the order of the file. Of
    /// these there may be more where the scan for them came to its limit (`unreferenced.unfinished`).
    pub fn intact_blocks(&self) -> Vec<IntactBlock> {
        let (Some(shape), Some(bat)) = (self.block_shape(), self.bat.value()) else { return Vec::new() };
        let entries = bat.blocks.iter().filter(|block| !self.is_doubtful(bat, **block, shape));
        let entries = entries.map(|block| IntactBlock { offset: block.offset(), number: Some(block.number) });
        let orphans = self.unreferenced.orphans.iter();
        let orphans = orphans.map(|orphan| IntactBlock { offset: orphan.offset, number: None });
        let mut blocks: Vec<_> = entries.chain(orphans).collect();
        blocks.sort_by_key(|block| block.offset);
        blocks
    }
}
