//! Regions of the file that no structure refers to, and whether they look like blocks: the remains of BAT entries
//! that were never written, or lost.

use alloc::vec;
use alloc::vec::Vec;

use super::{Image, Reader};
use crate::layout::bat::BlockShape;
use crate::layout::bitmap::Bitmap;
use crate::progress::{AnalysisError, Stage, Watch};
use crate::source::{Read, Source};

/// How many places are looked at without being asked; each takes a read of a block.
const PLACES_LIMIT: usize = 16;
/// tapdisk puts the data of a block, not its bitmap, on a multiple of this.
const PAGE: u64 = 4096;

/// What lies between the structures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreferenced {
    /// Runs of bytes that belong to no structure and have room for a block.
    pub regions: Vec<Region>,
    /// Blocks among them, by their looks.
    pub orphans: Vec<Orphan>,
    /// Whether there was more to look at than is looked at without being asked.
    pub unfinished: bool,
}

/// A run of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First byte, from the start of the file.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
}

/// What looks like a block that no BAT entry points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// Where its bitmap begins, in bytes from the start of the file.
    pub offset: u64,
    /// Sectors that the bitmap calls written.
    pub sectors: u32,
    /// Whether the bitmap calls every sector written.
    pub full: bool,
}

impl Orphan {
    /// Its BAT entry; `None` where it is not on a sector that an entry reaches.
    pub fn sector(self) -> Option<u32> {
        u32::try_from(self.offset / crate::layout::SECTOR).ok()
    }
}

/// Looks at everything that no structure refers to.
pub(super) fn look<S: Source>(
    reader: &Reader<'_, S>,
    image: &Image,
    watch: &mut Watch<'_>,
) -> Result<Unreferenced, AnalysisError<S::Error>> {
    let mut found = Unreferenced::default();
    let (Some(shape), Some(_)) = (image.block_shape(), image.bat.value()) else {
        return Ok(found);
    };
    found.regions = regions(image, shape);
    let mut looked = 0;
    let regions = found.regions.clone();
    for (index, region) in regions.iter().enumerate() {
        let end = region.offset + region.length;
        let mut at = region.offset;
        while let Some(place) = places(image, at, end, shape).find(|place| *place >= at) {
            if looked == PLACES_LIMIT {
                found.unfinished = true;
                return Ok(found);
            }
            watch.at(Stage::Tail, index as u64, regions.len() as u64)?;
            looked += 1;
            let orphan = places(image, at, end, shape)
                .map(|place| examine(reader, image, place, shape))
                .find_map(Result::transpose)
                .transpose()?;
            at = orphan.map_or(place, |orphan| orphan.offset) + shape.length();
            found.orphans.extend(orphan);
        }
    }
    Ok(found)
}

/// What lies between the metadata, the blocks and the closing footer, where there is room for a block.
fn regions(image: &Image, shape: BlockShape) -> Vec<Region> {
    let mut regions = Vec::new();
    let mut end = image.end_of_metadata;
    let blocks = image.bat.value().into_iter().flat_map(|bat| &bat.blocks);
    let starts = blocks.map(|block| (block.offset(), shape.length()));
    for (start, length) in starts.chain([(image.limit(), 0)]) {
        let start_within = start.min(image.limit());
        if start_within.saturating_sub(end) >= shape.length() {
            regions.push(Region { offset: end, length: start_within - end });
        }
        // A block that leads out of the file takes nothing of it.
        if start + length <= image.limit() {
            end = end.max(start + length);
        }
    }
    regions
}

/// Where in a region a block may begin, the likeliest first: where tapdisk would put it, where QEMU would, at the
/// region's end.
fn places(image: &Image, start: u64, end: u64, shape: BlockShape) -> impl Iterator<Item = u64> {
    let paged = (start + shape.bitmap).next_multiple_of(PAGE) - shape.bitmap;
    let tapdisk = image.footer().is_some_and(|footer| footer.is_tapdisk());
    let (first, second) = if tapdisk { (paged, start) } else { (start, paged) };
    let mut places = vec![first];
    if second != first {
        places.push(second);
    }
    places.into_iter().filter(move |place| place + shape.length() <= end)
}

/// Whether a block stands at `offset`: its bitmap is not empty, and there is no data under a clear bit.
fn examine<S: Source>(
    reader: &Reader<'_, S>,
    image: &Image,
    offset: u64,
    shape: BlockShape,
) -> Result<Option<Orphan>, AnalysisError<S::Error>> {
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
