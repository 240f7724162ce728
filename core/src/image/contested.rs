//! Entries that contradict each other or the way in which the writer places blocks: which of them the bytes speak for.

use alloc::vec::Vec;

use super::bat::{Bat, Beside, Block};
use super::reader::Reader;
use super::stretch::Stretch;
use super::structures::Image;
use super::weighed::Weighed;
use crate::layout::SECTOR;
use crate::layout::bat::BlockShape;
use crate::progress::{AnalysisError, Watch};

/// The most blocks that are read for it.
const MOST_WEIGHED: usize = 32;
/// The largest blocks that are read for it, in bytes.
const LARGEST: u64 = 64 << 20;

/// Finds the entries that the bytes speak against: of two blocks that overlap, the one that is no block; and blocks
/// beside the place where their bitmap stands.
pub(super) fn weigh<E>(
    reader: &Reader<'_, E>,
    image: &Image,
    watch: &mut Watch<'_>,
) -> Result<(Vec<Block>, Vec<Beside>), AnalysisError<E>> {
    let (mut refuted, mut beside) = (Vec::new(), Vec::new());
    let (Some(shape), Some(bat)) = (image.block_shape(), image.bat.value()) else {
        return Ok((refuted, beside));
    };
    if shape.length() > LARGEST {
        return Ok((refuted, beside));
    }
    let mut reads = 0;
    for (first, second) in bat.overlapping.first.iter().filter(|(first, second)| first.sector != second.sector) {
        if reads == MOST_WEIGHED {
            break;
        }
        reads += 1;
        let mut speaks_for = |block: &Block| -> Result<(bool, bool), AnalysisError<E>> {
            let range = (block.offset(), block.offset());
            let weighed = Stretch::read(reader, range, shape, image.footer(), watch)?.weigh(block.offset());
            // A block of zeros holds nothing that could deny it.
            Ok((may_be(weighed), bat.placement.holds(block.offset())))
        };
        let (a, b) = (speaks_for(first)?, speaks_for(second)?);
        let wrong = match (a, b) {
            ((true, _), (false, _)) => Some(second),
            ((false, _), (true, _)) => Some(first),
            ((true, true), (true, false)) => Some(second),
            ((true, false), (true, true)) => Some(first),
            _ => None,
        };
        refuted.extend(wrong.copied());
    }
    refuted.sort_unstable();
    refuted.dedup();
    if bat.placement.is_on_pages() {
        let off = bat.blocks.iter().filter(|block| {
            !bat.placement.holds(block.offset()) && image.holds_block(**block, shape) && !is_contested(bat, **block)
        });
        for &block in off.take(MOST_WEIGHED - reads) {
            beside.extend(right_place(reader, image, bat, block, shape, watch)?);
        }
    }
    Ok((refuted, beside))
}

/// Whether nothing at a place speaks against a block.
fn may_be(weighed: Weighed) -> bool {
    weighed.written > 0 && weighed.denied == 0 && !weighed.is_something_else
}

fn is_contested(bat: &Bat, block: Block) -> bool {
    bat.overlapping.first.iter().any(|(first, second)| *first == block || *second == block)
}

/// The place of the writer's next to a block where the block is, if it is there and not where its entry says.
fn right_place<E>(
    reader: &Reader<'_, E>,
    image: &Image,
    bat: &Bat,
    block: Block,
    shape: BlockShape,
    watch: &mut Watch<'_>,
) -> Result<Option<Beside>, AnalysisError<E>> {
    let own = block.offset();
    let behind = bat.placement.at_or_behind(own);
    let at = bat.blocks.partition_point(|other| *other < block);
    let before = at.checked_sub(1).and_then(|at| bat.blocks.get(at));
    let start = before.map_or(image.end_of_metadata, |before| before.offset() + shape.length());
    let end = bat.blocks.get(at + 1).map_or(image.limit(), |next| next.offset().min(image.limit()));
    let is_free = |place: &u64| *place >= start && place.saturating_add(shape.length()) <= end;
    let places: Vec<u64> = [behind.checked_sub(bat.placement.unit), Some(behind)].into_iter().flatten().collect();
    let places: Vec<u64> = places.into_iter().filter(is_free).collect();
    let (Some(first), Some(last)) = (places.iter().min(), places.iter().max()) else {
        return Ok(None);
    };
    let range = (own.min(*first) / SECTOR * SECTOR, own.max(*last));
    let stretch = Stretch::read(reader, range, shape, image.footer(), watch)?;
    let mut fitting = places.iter().copied().filter(|place| stretch.weigh(*place).fits());
    let (Some(place), None) = (fitting.next(), fitting.next()) else {
        return Ok(None);
    };
    // Where its own place fits, too, it may be somebody else's block.
    let is_refuted = !stretch.weigh(own).fits();
    Ok((is_refuted || bat.placement.shown_by >= 3).then_some(Beside { block, place, is_refuted }))
}
