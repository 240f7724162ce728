//! The blocks as vhd-util checks them: which one it names, and for what.
//!
//! vhd-util holds each block against the metadata's end, the footer, and every other block, in the order of their
//! numbers; that is quadratic. Here the blocks are looked at in the order of the file, where a block that overlaps
//! any overlaps a neighbour, and the one with the smallest number is kept.

use alloc::format;
use alloc::string::String;

use crate::image::Block;

/// What blocks are held against, in sectors.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Where the metadata ends.
    pub(super) metadata: i64,
    /// Where the footer begins.
    pub(super) footer: i64,
    /// The length of a block with its bitmap. vhd-util adds it in 32 bits, and the sum may wrap.
    pub(super) block: u32,
}

/// The first complaint about these blocks, which are in the order of the file.
pub(super) fn complaint(blocks: &[Block], bounds: Bounds) -> Option<String> {
    let row = Row { blocks, bounds, unwrapped: blocks.partition_point(|block| !bounds.wraps(block.sector)) };
    let first = (0..blocks.len()).filter(|index| row.is_bad(*index)).min_by_key(|index| blocks[*index].number)?;
    let Block { sector, number } = blocks[first];
    let place = format!("block {} (offset 0x{sector:x}) clobbers", number.cast_signed());
    if i64::from(sector) < bounds.metadata {
        return Some(format!("{place} headers"));
    }
    if bounds.reaches_footer(sector) {
        return Some(format!("{place} footer"));
    }
    let other = row.clobbered_by(first).min_by_key(|other| other.number)?;
    Some(format!("{place} block {} (offset 0x{:x})", other.number.cast_signed(), other.sector))
}

impl Bounds {
    fn wraps(self, sector: u32) -> bool {
        sector.checked_add(self.block).is_none()
    }

    fn reaches_footer(self, sector: u32) -> bool {
        i64::from(sector.wrapping_add(self.block)) > self.footer
    }
}

/// Blocks in the order of the file.
struct Row<'a> {
    blocks: &'a [Block],
    bounds: Bounds,
    /// How many blocks end below 2^32 sectors. The others clobber none but their equals.
    unwrapped: usize,
}

impl<'a> Row<'a> {
    fn is_bad(&self, index: usize) -> bool {
        let sector = self.blocks[index].sector;
        i64::from(sector) < self.bounds.metadata
            || self.bounds.reaches_footer(sector)
            || self.neighbours(index).any(|other| self.clobbers(sector, other.sector))
    }

    /// The blocks among which there is one that a block clobbers, if it clobbers any: those next to it, the last
    /// that does not wrap, and the first, which one that wraps may reach.
    fn neighbours(&self, index: usize) -> impl Iterator<Item = Block> {
        let before = index.checked_sub(1);
        let last = self.unwrapped.checked_sub(1);
        let indices = [before, index.checked_add(1), last, Some(0)];
        indices
            .into_iter()
            .flatten()
            .filter(move |other| *other != index)
            .filter_map(|other| self.blocks.get(other).copied())
    }

    /// vhd-util's comparison of a block with another.
    fn clobbers(&self, sector: u32, other: u32) -> bool {
        let end = sector.wrapping_add(self.bounds.block);
        let other_end = other.wrapping_add(self.bounds.block);
        sector == other || (sector > other && sector < other_end) || (end > other && end < other_end)
    }

    /// Every block that a block clobbers.
    fn clobbered_by(&self, index: usize) -> impl Iterator<Item = Block> {
        let sector = self.blocks[index].sector;
        let others = self.blocks.iter().enumerate().filter(move |(other, _)| *other != index);
        others.map(|(_, other)| *other).filter(move |other| self.clobbers(sector, other.sector))
    }
}

/// The first of `count` blocks that a batmap calls full although it is not among the allocated ones.
pub(super) fn first_full_unallocated(map: &[u8], allocated: &[Block], count: u64) -> Option<u64> {
    let mut full = map.to_vec();
    for block in allocated {
        if let Some(byte) = full.get_mut(block.number as usize / 8) {
            *byte &= !(0x80 >> (block.number % 8));
        }
    }
    let byte = full.iter().position(|byte| *byte != 0)?;
    let number = byte as u64 * 8 + u64::from(full[byte].leading_zeros());
    (number < count).then_some(number)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use super::*;

    const BLOCK: u32 = 4097;

    /// The complaint as vhd-util finds it: each block in the order of the numbers, against every other.
    fn quadratic(blocks: &[Block], bounds: Bounds) -> Option<String> {
        let mut blocks: Vec<_> = blocks.to_vec();
        blocks.sort_by_key(|block| block.number);
        let row = Row { blocks: &blocks, bounds, unwrapped: 0 };
        for &Block { sector, number } in &blocks {
            let place = format!("block {number} (offset 0x{sector:x}) clobbers");
            if i64::from(sector) < bounds.metadata {
                return Some(format!("{place} headers"));
            }
            if bounds.reaches_footer(sector) {
                return Some(format!("{place} footer"));
            }
            for other in &blocks {
                if other.number != number && row.clobbers(sector, other.sector) {
                    return Some(format!("{place} block {} (offset 0x{:x})", other.number, other.sector));
                }
            }
        }
        None
    }

    /// Numbers that repeat from run to run.
    fn random(state: &mut u64) -> u32 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) as u32
    }

    #[test]
    fn the_first_complaint_is_that_of_the_quadratic_search() {
        let mut state = 1;
        let mut complaints = 0;
        for round in 0..4000_u32 {
            let count = 1 + random(&mut state) % 12;
            let mut blocks: Vec<_> = (0..count)
                .map(|number| {
                    let near = random(&mut state) % (count * 3 * BLOCK);
                    // Some at the top, where the sums wrap.
                    let sector = if random(&mut state).is_multiple_of(8) {
                        u32::MAX - 1 - near % (3 * BLOCK)
                    } else {
                        near + 20
                    };
                    Block { sector, number }
                })
                .collect();
            blocks.sort_unstable();
            let footer = if round % 2 == 0 { i64::from(u32::MAX) } else { i64::from(count * 3 * BLOCK) };
            let bounds = Bounds { metadata: i64::from(round % 40), footer, block: BLOCK };
            let expected = quadratic(&blocks, bounds);
            complaints += u32::from(expected.is_some());
            assert_eq!(complaint(&blocks, bounds), expected, "{blocks:?}, {bounds:?}");
        }
        assert!(complaints > 1000 && complaints < 3900, "{complaints}");
    }

    #[test]
    fn a_full_block_that_is_not_allocated_is_found() {
        let allocated = [Block { sector: 1, number: 9 }, Block { sector: 2, number: 1 << 31 }];
        assert_eq!(first_full_unallocated(&[0, 0x60], &allocated, 16), Some(10));
        assert_eq!(first_full_unallocated(&[0, 0x60], &allocated, 10), None);
        assert_eq!(first_full_unallocated(&[0, 0x40], &allocated, 16), None);
        assert_eq!(first_full_unallocated(&[], &allocated, 16), None);
    }
}
