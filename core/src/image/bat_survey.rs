//! The BAT, surveyed in one pass.

use alloc::vec::Vec;

use super::bat::{Bat, Block, Grid, PAGE};
use super::found::Found;
use super::reader::Reader;
use super::structures::Image;
use crate::layout::bat::{BlockShape, ENTRY_LENGTH, UNALLOCATED};
use crate::layout::footer::Footer;
use crate::layout::header::DynamicHeader;
use crate::progress::{AnalysisError, Stage, Watch};

/// The most blocks whose places are kept: more than fit into a file of 2 TiB, the longest that BAT entries reach,
/// at the smallest block size that is in use, 512 KiB. Takes 32 MiB.
const MOST_BLOCKS: usize = 4 << 20;

/// How many bytes of entries are looked at behind those that the current size needs: more than the largest disk has.
const MOST_BEYOND: u64 = 32 << 20;

/// All entries that the current size needs, and those behind them.
pub(super) fn survey<E>(
    reader: &Reader<'_, E>,
    image: &Image,
    header: &DynamicHeader,
    watch: &mut Watch<'_>,
) -> Result<Found<Bat>, AnalysisError<E>> {
    let (Some(footer), Some(shape), true) = (image.footer(), BlockShape::of(header), header.has_usable_table()) else {
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
        for &block in self.blocks.iter().filter(|block| image.holds_block(**block, shape)) {
            if let Some(last) = last
                && block.offset() < last.offset() + shape.length()
            {
                self.overlapping.add((last, block));
            }
            last = Some(block);
        }
    }
}
