//! The BAT, surveyed in one pass.

use alloc::vec::Vec;

use super::bat::{Bat, Block, Named};
use super::found::Found;
use super::placement::Placement;
use super::reader::Reader;
use super::structures::Image;
use crate::layout::bat::{BlockShape, ENTRY_LENGTH, UNALLOCATED};
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
    let mut bat = Bat::new(entries, blocks, Placement::of(&[], image.footer(), shape));
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
    bat.find_overlaps(shape, image);
    let is_contested = |block: &Block| bat.overlapping.first.iter().any(|(a, b)| a == block || b == block);
    let beyond_doubt = |block: &&Block| image.holds_block(**block, shape) && !is_contested(block);
    let beyond_doubt: Vec<u64> = bat.blocks.iter().filter(beyond_doubt).map(|block| block.offset()).collect();
    bat.placement = Placement::of(&beyond_doubt, image.footer(), shape);
    Ok(Found::Read { offset, value: bat })
}

impl Bat {
    fn new(entries: u32, blocks: Vec<Block>, placement: Placement) -> Self {
        Self {
            entries,
            allocated: 0,
            blocks,
            end_of_blocks: 0,
            on_metadata: Named::default(),
            outside_file: Named::default(),
            overlapping: Named::default(),
            beyond_size: Named::default(),
            truncated: false,
            placement,
            refuted: Vec::new(),
            beside: Vec::new(),
        }
    }

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
