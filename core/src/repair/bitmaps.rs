//! Sector bitmaps that call sectors not written which hold data.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use super::case::{Case, Proposal};
use super::plan::{Patch, Step};
use crate::finding::blocks as blocks_rules;
use crate::image::block_scan::HiddenData;
use crate::image::{Block, BlockFill};
use crate::layout::SECTOR;
use crate::layout::bitmap;

/// The bits set for every sector with data; for all of a block that the batmap calls full, and then the batmap is the
/// proof.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    let (true, Some(deep), Some(shape)) = (case.has(&blocks_rules::HIDDEN_DATA), case.deep, image.block_shape()) else {
        return Ok(Vec::new());
    };
    // Those that were not named are found again after these are repaired.
    let blocks: Vec<Block> = deep.hidden_data.first.iter().map(|HiddenData { block, .. }| *block).collect();
    let mut patches = Vec::new();
    let mut proven = true;
    for block in blocks {
        let BlockFill { bitmap: mut bits, hidden, .. } = case.fill(block, shape)?;
        let full =
            image.batmap.value().filter(|batmap| batmap.is_intact()).and_then(|batmap| batmap.is_full(block.number));
        proven &= full == Some(true);
        let hidden: Vec<u32> = match full {
            Some(true) => (0..(shape.data / SECTOR) as u32).collect(),
            _ => hidden,
        };
        for sector in hidden {
            bitmap::set(&mut bits, image.footer(), sector);
        }
        let reason = format!("the bitmap of block {}, with the bits of its data set", block.number);
        patches.push(Patch::bytes(block.offset(), &bits, reason));
    }
    let step = Step::lossless("Set the bits of data in the bitmaps", image.length, patches);
    Ok(vec![if proven {
        step
    } else {
        step.assuming("What lies under the clear bits is data of the disk, and not left over from before.")
    }])
}
