//! The search for regions that no structure refers to, and for blocks in them.

use alloc::vec;
use alloc::vec::Vec;

use super::bat::Bat;
use super::reader::Reader;
use super::structures::Image;
use super::unreferenced::{Orphan, Region, Unreferenced};
use crate::layout::SECTOR;
use crate::layout::bat::{BlockShape, UNALLOCATED};
use crate::layout::batmap::{BatmapHeader, map_length};
use crate::layout::bitmap::Bitmap;
use crate::progress::{AnalysisError, Stage, Watch};
use crate::source::Read;

/// How many places are looked at without being asked; each takes a read of a block …
const PLACES_LIMIT: u64 = 16;
/// … and these are not to be more bytes than this in all: a header may call blocks of 2 GiB its own.
const BYTES_LIMIT: u64 = 64 << 20;

/// Looks at everything that no structure refers to.
pub(super) fn look<E>(
    reader: &Reader<'_, E>,
    image: &Image,
    watch: &mut Watch<'_>,
) -> Result<Unreferenced, AnalysisError<E>> {
    let mut found = Unreferenced::default();
    let (Some(shape), Some(bat)) = (image.block_shape(), image.bat.value()) else {
        return Ok(found);
    };
    found.regions = regions(image, bat, shape);
    let limit = PLACES_LIMIT.min(BYTES_LIMIT / shape.length());
    let mut looked = 0;
    for (index, region) in found.regions.iter().enumerate() {
        let end = region.offset + region.length;
        let mut at = region.offset;
        while at + shape.length() <= end {
            let mut next = at + shape.length();
            for place in places(bat, at, end, shape) {
                if looked == limit {
                    found.unfinished = true;
                    return Ok(found);
                }
                looked += 1;
                watch.at(Stage::Tail, index as u64, found.regions.len() as u64)?;
                if let Some(orphan) = examine(reader, image, place, shape)? {
                    next = orphan.offset + shape.length();
                    // A block whose entry is in doubt may be right after all.
                    if !bat.blocks.iter().any(|block| block.offset() == orphan.offset) {
                        found.orphans.push(orphan);
                    }
                    break;
                }
            }
            at = next;
        }
    }
    Ok(found)
}

/// What lies between the metadata, the blocks whose entries are not in doubt, and the closing footer, where there is
/// room for a block.
fn regions(image: &Image, bat: &Bat, shape: BlockShape) -> Vec<Region> {
    let mut regions = Vec::new();
    // Where a batmap belongs, what is left of it is not to be taken for a block.
    let room = image.header.value().map_or(0, |header| BatmapHeader::LENGTH + map_length(header));
    let end_of_batmap = image.batmap.offset().and_then(|offset| offset.checked_add(room));
    let mut end = image.end_of_metadata.max(end_of_batmap.unwrap_or(0));
    let blocks = bat.blocks.iter().filter(|block| !image.is_doubtful(bat, **block, shape));
    // No BAT entry reaches further.
    let limit = image.limit().min(u64::from(UNALLOCATED) * SECTOR);
    for start in blocks.map(|block| block.offset()).chain([limit]) {
        if start.saturating_sub(end) >= shape.length() {
            regions.push(Region { offset: end, length: start - end });
        }
        end = end.max(start + shape.length());
    }
    regions
}

/// Where in a region a block may begin, the likeliest first: on the grid, right at the region's start, at its end.
fn places(bat: &Bat, start: u64, end: u64, shape: BlockShape) -> Vec<u64> {
    let on_grid = bat.grid.map(|grid| grid.at_or_behind(start));
    let mut places: Vec<u64> = on_grid.into_iter().chain([start, end - shape.length()]).collect();
    places.retain(|place| *place >= start && place + shape.length() <= end);
    places.dedup();
    places
}

/// Whether a block stands at `offset`: its bitmap is not empty, and there is no data under a clear bit.
fn examine<E>(
    reader: &Reader<'_, E>,
    image: &Image,
    offset: u64,
    shape: BlockShape,
) -> Result<Option<Orphan>, AnalysisError<E>> {
    let mut bitmap = vec![0; shape.bitmap as usize];
    reader.read(&mut [Read { offset, buffer: &mut bitmap }])?;
    let bitmap = Bitmap::new(&bitmap, image.footer(), shape);
    if bitmap.count() == 0 {
        return Ok(None);
    }
    let data = reader.bytes(offset + shape.bitmap, shape.data as usize)?;
    let agrees = bitmap.data_under_clear_bits(&data).next().is_none();
    Ok(agrees.then(|| Orphan { offset, sectors: bitmap.count(), full: bitmap.is_full() }))
}
