//! The deep survey: every sector bitmap and every block, read once, in the order of the file.

use alloc::vec::Vec;

use super::bat::{Block, Named};
use super::block_fill::BlockFill;
use super::reader::Reader;
use super::structures::Image;
use crate::layout::SECTOR;
use crate::progress::{AnalysisError, Stage, Watch};
use crate::source::Source;

/// What the blocks hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockScan {
    /// Blocks that were read.
    pub blocks: u32,
    /// Sectors in them.
    pub sectors: u64,
    /// Those that the bitmaps call written.
    pub sectors_set: u64,
    /// Those that are not all zero.
    pub sectors_with_data: u64,
    /// Blocks with data under clear bits.
    pub hidden_data: Named<HiddenData>,
    /// Full blocks that the batmap does not call full.
    pub full_unmarked: Named<Block>,
    /// Blocks that the batmap calls full and that are not.
    pub marked_not_full: Named<Block>,
}

/// A block with data that nothing reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HiddenData {
    /// The block.
    pub block: Block,
    /// How many of its sectors hold data under a clear bit.
    pub sectors: u32,
    /// The first of them, counted in the block.
    pub first: u32,
}

/// Reads every block that lies within the file.
pub(crate) fn survey<E>(
    source: &dyn Source<Error = E>,
    image: &Image,
    watch: &mut Watch<'_>,
) -> Result<BlockScan, AnalysisError<E>> {
    let mut deep = BlockScan::default();
    let (Some(shape), Some(bat)) = (image.block_shape(), image.bat.value()) else {
        return Ok(deep);
    };
    let reader = Reader::new(source);
    let total = bat.blocks.len() as u64 * shape.length();
    let mut buffer = Vec::new();
    for (index, &block) in bat.blocks.iter().enumerate() {
        watch.at(Stage::Blocks, index as u64 * shape.length(), total)?;
        // What lies where a wrong entry points is not the block's.
        if image.is_doubtful(bat, block, shape) {
            continue;
        }
        let fill = BlockFill::read(block, shape, image.footer(), &mut buffer, |reads| reader.read(reads))?;
        deep.blocks += 1;
        deep.sectors += shape.data / SECTOR;
        deep.sectors_set += u64::from(fill.set);
        deep.sectors_with_data += u64::from(fill.with_data);
        if let Some(&first) = fill.hidden.first() {
            deep.hidden_data.add(HiddenData { block, sectors: fill.hidden.len() as u32, first });
        }
        let marked = image.batmap.value().and_then(|batmap| batmap.is_full(block.number));
        match (fill.is_full, marked) {
            (true, Some(false)) => deep.full_unmarked.add(block),
            (false, Some(true)) => deep.marked_not_full.add(block),
            _ => {}
        }
    }
    watch.at(Stage::Blocks, total, total)?;
    Ok(deep)
}
