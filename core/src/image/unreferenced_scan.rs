//! The search for regions that no structure refers to, and for blocks in them.

use alloc::vec;
use alloc::vec::Vec;

use super::bat::{Bat, Block};
use super::placement::PAGE;
use super::reader::Reader;
use super::stretch::Stretch;
use super::structures::Image;
use super::unreferenced::{Orphan, Region, Unreferenced};
use super::weighed::Weighed;
use crate::layout::SECTOR;
use crate::layout::bat::{BlockShape, UNALLOCATED};
use crate::layout::batmap::{BatmapHeader, map_length};
use crate::progress::{AnalysisError, Watch};
use crate::source::Read;

/// How many bytes are read for it without being asked.
const BYTES_LIMIT: u64 = 64 << 20;
/// After so many places without a block, one behind the other, a region is rather no blocks.
const MOST_MISSES: u32 = 4;
/// How far behind the place where a block would follow the last structure it may begin, in bytes: writers pad to pages,
/// and some to more.
const SLACK: u64 = 64 << 10;

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
    let mut left = BYTES_LIMIT;
    for region in &found.regions {
        let end = region.offset + region.length;
        let mut at = region.offset.next_multiple_of(SECTOR);
        let mut misses = 0;
        while at + shape.length() <= end {
            let last = (end - shape.length()) / SECTOR * SECTOR;
            let mut orphan = None;
            for window in windows(at, last) {
                // Where no bitmap says that anything is written, there is no block to be read.
                if is_zero(reader, window, shape)? {
                    continue;
                }
                let cost = window.1 - window.0 + shape.length();
                if cost > left {
                    found.unfinished = true;
                    return Ok(found);
                }
                left -= cost;
                let expected = [Some(at), expected_behind(bat, at, shape), expected_before(bat, end)];
                let stretch = Stretch::read(reader, window, shape, image.footer(), watch)?;
                orphan = block_in(&stretch, window, bat, &expected);
                if orphan.is_some() {
                    break;
                }
                found.unexplained |= stretch.has_data();
            }
            (at, misses) = match orphan {
                Some(orphan) => (orphan.offset + shape.length(), 0),
                None => (at + shape.length(), misses + 1),
            };
            if misses == MOST_MISSES && at + shape.length() <= end {
                found.unfinished = true;
                break;
            }
            // A block whose entry is in doubt may be right after all.
            let is_named = |orphan: &Orphan| bat.blocks.iter().any(|block| block.offset() == orphan.offset);
            found.orphans.extend(orphan.filter(|orphan| !is_named(orphan)));
        }
    }
    Ok(found)
}

/// Whether there are only zeros where bitmaps could stand.
fn is_zero<E>(reader: &Reader<'_, E>, window: (u64, u64), shape: BlockShape) -> Result<bool, AnalysisError<E>> {
    let mut heads = vec![0; (window.1 - window.0 + shape.bitmap) as usize];
    reader.read(&mut [Read { offset: window.0, buffer: &mut heads }])?;
    Ok(heads.iter().all(|byte| *byte == 0))
}

/// Where a block may begin between two places: right behind the first, or right before the end.
fn windows(first: u64, last: u64) -> impl Iterator<Item = (u64, u64)> {
    let at_end = (last > first + SLACK).then_some((last.saturating_sub(SLACK).max(first + SLACK), last));
    [(first, last.min(first + SLACK))].into_iter().chain(at_end)
}

/// Where the writer would have put a block behind the one that ends at `at`.
fn expected_behind(bat: &Bat, at: u64, shape: BlockShape) -> Option<u64> {
    let before = bat.blocks.iter().find(|block| block.offset() + shape.length() == at)?;
    before.offset().checked_add(bat.placement.stride)
}

/// Where a block would lie before the one that begins at `end`.
fn expected_before(bat: &Bat, end: u64) -> Option<u64> {
    bat.blocks.iter().find(|block| block.offset() == end)?;
    end.checked_sub(bat.placement.stride)
}

/// The block in a stretch: at the one place where bitmap and data agree, or at the likeliest of several.
fn block_in(stretch: &Stretch<'_>, (first, last): (u64, u64), bat: &Bat, expected: &[Option<u64>]) -> Option<Orphan> {
    let placement = bat.placement;
    let all = || (first..=last).step_by(SECTOR as usize);
    let weighed = |place: u64| Some((place, stretch.weigh(place))).filter(|(_, weighed)| weighed.fits());
    let mut fitting: Vec<(u64, Weighed)> = all().filter(|place| placement.holds(*place)).filter_map(weighed).collect();
    if fitting.is_empty() && !placement.is_on_pages() {
        // A disk that was made larger keeps its blocks where they were.
        fitting = all().filter_map(weighed).filter(|(_, weighed)| weighed.is_telling()).collect();
    }
    // Of several, the one that follows the others as the writer puts them; otherwise the one that most speaks for.
    let likeliness = |(place, weighed): &(u64, Weighed)| {
        let on_pages = bat
            .blocks
            .iter()
            .any(|block| block.offset() > first && block.offset().abs_diff(*place).is_multiple_of(PAGE));
        // A bitmap of ones denies nothing, and is what padding looks like.
        (on_pages, weighed.is_telling(), expected.contains(&Some(*place)) && placement.holds(*place), weighed.with_data)
    };
    let &(offset, weighed) = fitting.iter().rev().max_by_key(|place| likeliness(place))?;
    let mut rivals = fitting.iter().map(|(place, _)| *place).filter(|place| *place != offset);
    Some(Orphan {
        offset,
        sectors: weighed.written,
        full: weighed.full,
        with_data: weighed.with_data,
        boot_sector: stretch.boots(offset),
        rivals: core::array::from_fn(|_| rivals.next()),
    })
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
    let place_of = |block: &Block| {
        bat.beside.iter().find(|beside| beside.block == *block).map_or(block.offset(), |beside| beside.place)
    };
    for start in blocks.map(place_of).chain([limit]) {
        if start.saturating_sub(end) >= shape.length() {
            regions.push(Region { offset: end, length: start - end });
        }
        end = end.max(start + shape.length());
    }
    regions
}
