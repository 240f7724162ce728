//! Entries that contradict each other or the way in which the writer places blocks: which of them the bytes speak for.

use alloc::vec;
use alloc::vec::Vec;

use super::bat::{Bat, Beside, Block};
use super::reader::Reader;
use super::stretch::Stretch;
use super::structures::Image;
use super::weighed::FEWEST;
use crate::layout::SECTOR;
use crate::layout::bat::BlockShape;
use crate::progress::{AnalysisError, Watch};
use crate::source::Read;

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
            Ok((weighed.is_possible(), bat.placement.holds(block.offset())))
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
    let contested: Vec<Block> = bat.overlapping.first.iter().flat_map(|(first, second)| [*first, *second]).collect();
    let others = bat
        .blocks
        .iter()
        .enumerate()
        .filter(|(_, block)| image.holds_block(**block, shape) && !contested.contains(block));
    for (at, &block) in others {
        let room = Room::around(image, bat, at, shape);
        if room.is_flush(bat, block) {
            continue;
        }
        if reads == MOST_WEIGHED {
            break;
        }
        reads += 1;
        beside.extend(right_place(reader, image, bat, block, &room, watch)?);
    }
    Ok((refuted, beside))
}

/// The free space in which a block lies, from the end of what is before it to the start of what is behind it.
struct Room {
    start: u64,
    end: u64,
    shape: BlockShape,
}

impl Room {
    /// Around the block at an index of the BAT's list.
    fn around(image: &Image, bat: &Bat, at: usize, shape: BlockShape) -> Self {
        let before = at.checked_sub(1).and_then(|at| bat.blocks.get(at));
        let start = before.map_or(image.end_of_metadata, |before| before.offset() + shape.length());
        let next = bat.blocks.get(at + 1).map_or(image.limit(), |next| next.offset().min(image.limit()));
        Self { start, end: next, shape }
    }

    /// Whether the block is where a writer puts it behind what is before it.
    fn is_flush(&self, bat: &Bat, block: Block) -> bool {
        let is_first = bat.blocks.first() == Some(&block);
        block.offset() == bat.placement.at_or_behind(self.start) && bat.placement.is_known()
            || block.offset() == self.start && !bat.placement.is_on_pages() && !is_first
    }

    /// Whether a block may lie at a place.
    fn holds(&self, place: u64) -> bool {
        place >= self.start && place.saturating_add(self.shape.length()) <= self.end
    }
}

/// Further than this a flipped bit is not looked for beside a block, in bytes …
const FURTHEST: u64 = 1 << 20;
/// … and any other place.
const BESIDE: u64 = 32 << 10;

/// The place where a block is, if it is in the free space around it and not where its entry says: one near it, or one to
/// which a flipped bit of the entry leads.
fn right_place<E>(
    reader: &Reader<'_, E>,
    image: &Image,
    bat: &Bat,
    block: Block,
    room: &Room,
    watch: &mut Watch<'_>,
) -> Result<Option<Beside>, AnalysisError<E>> {
    let own = block.offset();
    let first_near = bat.placement.at_or_behind(own.saturating_sub(BESIDE));
    let step = usize::try_from(bat.placement.unit).unwrap_or(usize::MAX);
    let nearby = (first_near..=own.saturating_add(BESIDE)).step_by(step);
    let flipped = (0..u32::BITS).map(|bit| u64::from(block.sector ^ 1 << bit) * SECTOR);
    let near = |place: &u64| place.abs_diff(own) <= FURTHEST && *place != own && room.holds(*place);
    let mut places: Vec<u64> = nearby.chain(flipped).filter(near).collect();
    places.sort_unstable();
    places.dedup();
    let places = written(reader, places, own, room.shape)?;
    let (Some(first), Some(last)) = (places.first(), places.last()) else {
        return Ok(None);
    };
    let range = (own.min(*first), own.max(*last));
    let stretch = Stretch::read(reader, range, room.shape, image.footer(), watch)?;
    let here = stretch.weigh(own);
    // A block that holds nothing denies nothing.
    let is_refuted = here.denied > 0 || here.is_something_else;
    let on_way = |place: &u64| !bat.placement.is_on_pages() || bat.placement.holds(*place);
    let mut fitting = places.iter().copied().filter(on_way).filter(|place| stretch.weigh(*place).fits());
    let (Some(place), None) = (fitting.next(), fitting.next()) else {
        return Ok(None);
    };
    // Where its own place fits, too, it may be somebody else's block.
    let is_off = bat.placement.is_on_pages() && !bat.placement.holds(own) && bat.placement.shown_by >= 3;
    let there = stretch.weigh(place);
    // A bitmap of ones denies nothing: where another says what is written, this one may be padding.
    let is_padding = here.full && !there.full && !bat.placement.is_known();
    let is_shown = there.with_data >= FEWEST && (is_refuted || is_off || is_padding);
    Ok(is_shown.then_some(Beside { block, place, is_refuted }))
}

/// Of some places, those where a bitmap could say that something is written: so the blocks of a sound disk are not read.
/// What is near is read in one go: to a browser, many small pieces are dearer than one that is a little larger.
fn written<E>(
    reader: &Reader<'_, E>,
    places: Vec<u64>,
    own: u64,
    shape: BlockShape,
) -> Result<Vec<u64>, AnalysisError<E>> {
    let is_near = |place: &u64| place.abs_diff(own) <= BESIDE;
    let near: Vec<u64> = places.iter().copied().filter(is_near).collect();
    let far = places.iter().copied().filter(|place| !is_near(place));
    let (start, end) = (near.first().copied().unwrap_or(own), near.last().map_or(own, |last| last + shape.bitmap));
    let mut together = vec![0; end.saturating_sub(start) as usize];
    let mut apart: Vec<(u64, Vec<u8>)> = far.map(|place| (place, vec![0; shape.bitmap as usize])).collect();
    let mut reads: Vec<Read<'_>> =
        apart.iter_mut().map(|(place, buffer)| Read { offset: *place, buffer: &mut buffer[..] }).collect();
    reads.push(Read { offset: start, buffer: &mut together });
    reads.retain(|read| !read.buffer.is_empty());
    reader.read(&mut reads)?;
    let is_set = |bytes: &[u8]| bytes.iter().any(|byte| *byte != 0);
    let near = near.into_iter().filter(|place| {
        let at = (place - start) as usize;
        together.get(at..at + shape.bitmap as usize).is_some_and(is_set)
    });
    let far = apart.iter().filter(|(_, bitmap)| is_set(bitmap)).map(|(place, _)| *place);
    let mut places: Vec<u64> = near.chain(far).collect();
    places.sort_unstable();
    Ok(places)
}
