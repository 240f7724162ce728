//! tapdisk's batmap: made anew from the bitmaps, marks taken back, and blocks that lie in its place moved away.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromZeros, IntoBytes};

use super::case::{Case, MOST_OF_BLOCKS, Proposal, Unreadable};
use super::entry::entry_offset;
use super::footers;
use super::plan::{Content, Patch, Step};
use crate::finding::Rule;
use crate::finding::batmap as batmap_rules;
use crate::finding::blocks as blocks_rules;
use crate::image::{Bat, Block, Image};
use crate::layout::SECTOR;
use crate::layout::bat::{BlockShape, UNALLOCATED};
use crate::layout::batmap::{BatmapHeader, MapSum, checked_length, map_length};
use crate::layout::bitmap::Bitmap;
use crate::layout::footer::Footer;
use crate::layout::header::DynamicHeader;
use crate::source::Read;

/// The most blocks whose bitmaps are read to mark the full ones; with more it takes minutes in a browser, and a batmap
/// without any mark is as right: tapdisk then looks at the bitmaps itself.
const MOST_BITMAPS: usize = 16 << 10;
/// How many sectors of bitmaps are read at once.
const GATHERED: u64 = 512;
/// Findings after which nothing of the batmap can be relied on.
const LOST: [&Rule; 9] = [
    &batmap_rules::OUT_OF_FILE,
    &batmap_rules::COOKIE,
    &batmap_rules::VERSION,
    &batmap_rules::MAP_OUT_OF_FILE,
    &batmap_rules::OFFSET,
    &batmap_rules::TOO_SMALL,
    &batmap_rules::INTO_BLOCKS,
    &batmap_rules::CHECKSUM,
    &blocks_rules::MARKED_NOT_FULL,
];

/// A batmap that says what the bitmaps say.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    let (Some(bat), Some(shape), Some(header), Some((_, footer))) =
        (image.bat.value(), image.block_shape(), image.header.value(), image.closing_footer())
    else {
        return Ok(Vec::new());
    };
    if case.has(&batmap_rules::UNALLOCATED_FULL) {
        return Ok(unmarked(image, bat));
    }
    // A block is where its entry says, and is read or moved there, only where the entry is right.
    if bat.on_metadata.count > 0 || bat.outside_file.count > 0 || bat.overlapping.count > 0 {
        return Ok(Vec::new());
    }
    let is_lost = LOST.iter().any(|rule| case.has(rule)) || case.has(&batmap_rules::OVERWRITTEN);
    let (true, Some(room)) = (is_lost, Room::of(header).filter(|room| room.end() <= image.limit())) else {
        return Ok(Vec::new());
    };
    let in_the_way: Vec<Block> =
        bat.blocks.iter().copied().filter(|block| room.overlaps(block.offset(), shape.length())).collect();
    if in_the_way.len() as u64 * shape.length() > MOST_OF_BLOCKS {
        return Ok(Vec::new());
    }
    // What is to be moved must be a block by its looks, and not only by its entry.
    for block in &in_the_way {
        let fill = case.fill(*block, shape)?;
        if fill.set == 0 || !fill.hidden.is_empty() {
            return Ok(Vec::new());
        }
    }
    let names =
        image.locators().filter_map(|(_, locator, _)| Some((locator.data_offset.get(), locator.space_in_bytes()?)));
    if names.into_iter().any(|(offset, length)| room.overlaps(offset, length)) {
        return Ok(Vec::new());
    }
    let mut step = Step::lossless("Make the batmap anew from the bitmaps", image.length, Vec::new());
    if !in_the_way.is_empty() {
        match moved_away(image, bat, shape, footer, &in_the_way) {
            Some(moved) => step = moved,
            None => return Ok(Vec::new()),
        }
    }
    step.patches.extend(rebuilt(case, bat, shape, room)?);
    Ok(vec![step])
}

/// Where the batmap belongs: right behind the padded BAT, its header, then a bit for each entry.
#[derive(Clone, Copy)]
struct Room {
    header: u64,
    map: u64,
    sectors: u32,
}

impl Room {
    fn of(header: &DynamicHeader) -> Option<Self> {
        let place = BatmapHeader::place(header)?;
        let sectors = u32::try_from(map_length(header) / SECTOR).ok()?;
        Some(Self { header: place, map: place.checked_add(BatmapHeader::LENGTH)?, sectors })
    }

    fn end(self) -> u64 {
        self.map.saturating_add(u64::from(self.sectors) * SECTOR)
    }

    fn overlaps(self, offset: u64, length: u64) -> bool {
        offset < self.end() && self.header < offset.saturating_add(length)
    }
}

/// Blocks copied to the end of the disk, where its creator would put them, and the footer behind them; `None` where
/// that is further than a BAT entry reaches.
fn moved_away(image: &Image, bat: &Bat, shape: BlockShape, footer: &Footer, blocks: &[Block]) -> Option<Step> {
    let mut end = image.tail.end_of_data.max(image.limit());
    u32::try_from(end / SECTOR).ok()?;
    let mut patches = Vec::new();
    for block in blocks {
        let place = bat.placement.at_or_behind(end);
        let content = Content::Copy { offset: block.offset(), length: shape.length() };
        let reason = format!("block {}, which lies in the batmap’s place", block.number);
        patches.push(Patch { offset: place, content, reason });
        let sector = u32::try_from(place / SECTOR).ok().filter(|sector| *sector != UNALLOCATED)?;
        let reason = format!("the BAT entry of block {}, at its new place", block.number);
        patches.push(Patch::bytes(entry_offset(image, block.number), &sector.to_be_bytes(), reason));
        end = place + shape.length();
    }
    patches.push(footers::patch(end, footer, "the primary footer, behind the block that was moved"));
    let title = "Move the block out of the batmap’s place, and make the batmap anew";
    Some(Step::lossless(title, end + Footer::LENGTH, patches))
}

/// Header and map, from a look at every bitmap.
fn rebuilt(case: &Case<'_>, bat: &Bat, shape: BlockShape, room: Room) -> Result<Vec<Patch>, Unreadable> {
    let mut map = vec![0; room.sectors as usize * SECTOR as usize];
    let gathered = (GATHERED * SECTOR / shape.bitmap).max(1) as usize;
    let mut bitmaps = vec![0; gathered * shape.bitmap as usize];
    let looked_at = if bat.blocks.len() > MOST_BITMAPS { &[] } else { bat.blocks.as_slice() };
    for blocks in looked_at.chunks(gathered) {
        let places = blocks.iter().zip(bitmaps.chunks_mut(shape.bitmap as usize));
        let mut reads: Vec<Read<'_>> = places.map(|(block, buffer)| Read { offset: block.offset(), buffer }).collect();
        case.probe.read(&mut reads)?;
        for (block, bytes) in blocks.iter().zip(bitmaps.chunks(shape.bitmap as usize)) {
            if Bitmap::new(bytes, case.image.footer(), shape).is_full()
                && let Some(byte) = map.get_mut(block.number as usize / 8)
            {
                *byte |= 0x80 >> (block.number % 8);
            }
        }
    }
    let mut header = BatmapHeader::new_zeroed();
    if let Some(batmap) = case.image.batmap.value().filter(|batmap| batmap.header.is_known()) {
        // What else tapdisk keeps there, the hash of a key for one.
        header = batmap.header;
    }
    header.cookie = BatmapHeader::COOKIE;
    header.batmap_offset = U64::new(room.map);
    header.batmap_size = U32::new(room.sectors);
    header.batmap_version = U32::new(BatmapHeader::VERSION);
    Ok(patches(case.image, room.header, &header, &map))
}

/// Marks taken back from blocks that are not allocated.
fn unmarked(image: &Image, bat: &Bat) -> Vec<Step> {
    let mut allocated: Vec<u32> = bat.blocks.iter().map(|block| block.number).collect();
    allocated.sort_unstable();
    let Some(batmap) = image.batmap.value() else {
        return Vec::new();
    };
    let is_wrong = |block: &u32| batmap.is_full(*block) == Some(true) && allocated.binary_search(block).is_err();
    let blocks: Vec<u32> = (0..bat.entries).filter(is_wrong).collect();
    let step = Step::lossless("Take marks of full blocks back", image.length, marks_cleared(image, &blocks));
    let orphans = !image.unreferenced.orphans.is_empty() || image.unreferenced.unfinished;
    vec![if orphans {
        step.assuming(
            "The marks are wrong, and none of the blocks in the file that no BAT entry points at belongs to them.",
        )
    } else {
        step
    }]
}

/// Patches that take the marks of these blocks back; none where there are none, or no batmap.
pub(super) fn marks_cleared(image: &Image, blocks: &[u32]) -> Vec<Patch> {
    let (Some(batmap), Some(place)) = (image.batmap.value().filter(|batmap| batmap.is_intact()), image.batmap.offset())
    else {
        return Vec::new();
    };
    let mut map = batmap.map.clone();
    for block in blocks {
        if let Some(byte) = map.get_mut(*block as usize / 8) {
            *byte &= !(0x80 >> (block % 8));
        }
    }
    if map == batmap.map { Vec::new() } else { patches(image, place, &batmap.header, &map) }
}

/// Patches that write a batmap, with its checksum renewed.
fn patches(image: &Image, place: u64, header: &BatmapHeader, map: &[u8]) -> Vec<Patch> {
    let covered = checked_length(image.footer().map_or(0, |footer| footer.current_size.get()));
    let covered = usize::try_from(covered).unwrap_or(usize::MAX).min(map.len());
    let mut sum = MapSum::new(header.batmap_version.get());
    sum.add(&map[..covered]);
    let header = BatmapHeader { checksum: U32::new(sum.checksum()), ..*header };
    vec![
        Patch::bytes(place, header.as_bytes(), "the batmap’s header, with its checksum"),
        Patch::bytes(header.batmap_offset.get(), map, "the batmap: a bit for each block that is full"),
    ]
}
