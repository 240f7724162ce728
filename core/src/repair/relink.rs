//! A differencing disk linked to a parent that was moved, renamed or replaced: its name in the dynamic header, and the
//! locators that lead to it.
//!
//! Names are written where they were as long as they fit. Longer ones are laid out anew behind the BAT and the batmap,
//! where tapdisk has them; a block that is in the way is moved to the end of the file first, as a resize does it. They
//! cannot follow the blocks: vhd-util takes all that is before the last name for metadata.

use core::ops::Range;

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use uuid::Uuid;
use zerocopy::FromZeros;
use zerocopy::big_endian::{U32, U64};

use super::case::{Case, Probe, Proposal, Unreadable};
use super::lost_header::path_in;
use super::parent_disk::{MOST_ROOM, ParentDisk, RAW, header_name, range};
use super::plan::{Content, Patch, Step};
use super::{footers, header};
use crate::finding::Fault;
use crate::finding::footer::CLOCK_SLACK;
use crate::image::{Block, Image};
use crate::layout::bat::{ENTRY_LENGTH, UNALLOCATED, padded_length};
use crate::layout::batmap::{BatmapExpected, BatmapHeader, map_length};
use crate::layout::footer::Footer;
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform, file_name};
use crate::layout::time::TimeStamp;
use crate::layout::{SECTOR, padded_to_sector};

/// The locators of a disk that has none, as tapdisk writes them.
const USUAL: [Platform; 3] = [Platform::MacX, Platform::W2ku, Platform::W2ru];
/// What became of the wish for a link.
pub(super) enum Link {
    /// It is there already.
    Made,
    /// It takes this.
    By(Step),
    /// It cannot be made.
    Impossible,
}

/// The link to the given parent, where the disk's own names of it are damaged.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let damaged = case.has_error(|fault| matches!(fault, Fault::Parent(_) | Fault::Locator(_)));
    // What the names are written over depends on where the blocks are.
    let Some(parent) = case.parent.filter(|_| damaged && !case.has_error(|fault| matches!(fault, Fault::Bat(_))))
    else {
        return Ok(Vec::new());
    };
    Ok(match link(case.image, parent, case.now, case.probe)? {
        Link::By(step) => vec![step],
        Link::Made | Link::Impossible => Vec::new(),
    })
}

/// Links a disk to its parent.
pub(super) fn link(image: &Image, parent: &ParentDisk, now: TimeStamp, probe: &dyn Probe) -> Result<Link, Unreadable> {
    let (Some(header), Some(header_at), Ok(())) = (image.header.value(), image.header.offset(), parent.check(image))
    else {
        return Ok(Link::Impossible);
    };
    let is_late = header.parent_time_stamp.get() > now.0.saturating_add(CLOCK_SLACK);
    let is_renewed = header.parent_time_stamp.get() == parent.time_stamp.0.min(now.0);
    if parent.is_named_by(image) && !is_late && is_renewed {
        return Ok(Link::Made);
    }
    let (Some(name), Some(names)) = (header_name(image, parent.name()), Names::of(image, header, parent, probe)?)
    else {
        return Ok(Link::Impossible);
    };
    let repaired = DynamicHeader {
        parent_unique_id: parent.unique_id,
        // A time to come would be refused.
        parent_time_stamp: U32::new(parent.time_stamp.0.min(now.0)),
        parent_unicode_name: name,
        parent_locators: names.locators,
        ..*header
    };
    let mut patches = vec![header::patch(header_at, &repaired.sealed(), "the dynamic header, which names the parent")];
    patches.extend(names.patches);
    let title = format!("Link the disk to “{}”", parent.name());
    let step = Step::lossless(title, names.new_length, patches);
    Ok(Link::By(match header.parent_unique_id == parent.unique_id {
        true => step,
        false => step.assuming(risk(header.parent_unique_id, parent)),
    }))
}

/// What goes wrong if the parent is not the one that the disk was made on.
fn risk(named: [u8; 16], parent: &ParentDisk) -> String {
    let named = match named {
        RAW => "a raw image without a unique id".into(),
        id => format!("another parent, {}", Uuid::from_bytes(id)),
    };
    format!(
        "The disk was made on the data that “{}” ({}) holds, and that data has not changed since. The disk itself names \
         {named}: if this is not its data, both together are a mixture of two disks.",
        parent.name(),
        Uuid::from_bytes(parent.unique_id)
    )
}

/// The locators, with what it takes to write them.
struct Names {
    locators: [ParentLocator; 8],
    patches: Vec<Patch>,
    new_length: u64,
}

impl Names {
    /// Every locator that leads somewhere leads to the parent afterwards; what else there was is cleared.
    fn of(
        image: &Image,
        header: &DynamicHeader,
        parent: &ParentDisk,
        probe: &dyn Probe,
    ) -> Result<Option<Self>, Unreadable> {
        let mut texts: Vec<Text> = Vec::new();
        for (number, locator) in header.parent_locators.iter().enumerate() {
            let platform = locator.platform().filter(|platform| USUAL.contains(platform) && parent.fits(*platform));
            let is_new = platform.is_some_and(|platform| texts.iter().all(|text| text.platform != platform));
            if let (Some(platform), true, Some(space)) = (platform, is_new, space(image, header, number)) {
                texts.push(Text { number, platform, bytes: parent.encoded(platform), space });
            }
        }
        let fit = |text: &Text| text.bytes.len() as u64 <= text.space.end - text.space.start;
        if !texts.is_empty() && texts.iter().all(fit) {
            return Ok(Some(Self::in_place(image, header, texts)));
        }
        if texts.is_empty() {
            let usual = USUAL.into_iter().filter(|platform| parent.fits(*platform)).enumerate();
            texts = usual.map(|(number, platform)| Text::new(number, platform, parent)).collect();
        }
        Self::laid_out(image, header, &texts, probe)
    }

    /// Each name where it was.
    fn in_place(image: &Image, header: &DynamicHeader, texts: Vec<Text>) -> Self {
        let mut names = Self { locators: [FromZeros::new_zeroed(); 8], patches: Vec::new(), new_length: image.length };
        for text in texts {
            let locator = &header.parent_locators[text.number];
            names.put(&text, text.space.clone(), locator.data_space);
        }
        names
    }

    /// Each name behind the one before, from the end of all other metadata on.
    fn laid_out(
        image: &Image,
        header: &DynamicHeader,
        texts: &[Text],
        probe: &dyn Probe,
    ) -> Result<Option<Self>, Unreadable> {
        let length: u64 = texts.iter().filter_map(Text::padded).sum();
        let start = room(image, header, length, probe)?;
        let room = start.and_then(|start| Some(start..start.checked_add(length)?));
        Ok(room.and_then(|room| Self::laid_out_at(image, header, texts, room)))
    }

    fn laid_out_at(image: &Image, header: &DynamicHeader, texts: &[Text], room: Range<u64>) -> Option<Self> {
        let (patches, new_length) = make_room(image, header, room.end)?;
        let mut names = Self { locators: [FromZeros::new_zeroed(); 8], patches, new_length };
        let mut at = room.start;
        for text in texts {
            let end = at.checked_add(text.padded()?)?;
            names.put(text, at..end, U32::new(u32::try_from(end - at).ok()?));
            at = end;
        }
        Some(names)
    }

    /// Writes a name into its space, with zeros behind it, so that nothing of another is left.
    fn put(&mut self, text: &Text, space: Range<u64>, data_space: U32) {
        self.locators[text.number] = ParentLocator {
            platform_code: text.code(),
            data_space,
            data_length: U32::new(text.bytes.len() as u32),
            reserved: U32::new(0),
            data_offset: U64::new(space.start),
        };
        let mut bytes = text.bytes.clone();
        bytes.resize((space.end - space.start) as usize, 0);
        let reason = format!("the parent’s path in locator {}", text.number);
        self.patches.push(Patch::bytes(space.start, &bytes, reason));
    }
}

/// A parent's path as one of the locators is to have it.
struct Text {
    number: usize,
    platform: Platform,
    bytes: Vec<u8>,
    /// Where the locator has room now; empty where it has none.
    space: Range<u64>,
}

impl Text {
    fn new(number: usize, platform: Platform, parent: &ParentDisk) -> Self {
        Self { number, platform, bytes: parent.encoded(platform), space: 0..0 }
    }

    fn code(&self) -> [u8; 4] {
        match self.platform {
            Platform::MacX => *b"MacX",
            Platform::W2ku => *b"W2ku",
            _ => *b"W2ru",
        }
    }

    /// Its length in whole sectors, in bytes.
    fn padded(&self) -> Option<u64> {
        padded_to_sector(self.bytes.len() as u64)
    }
}

/// The bytes that are set aside for a locator, if a name stands there and they are nothing else besides: a damaged one may
/// lead anywhere, into a block, too, whose BAT entry is lost.
fn space(image: &Image, header: &DynamicHeader, number: usize) -> Option<Range<u64>> {
    let path = image.path_in(header.parent_locators[number].platform()?, image.parent_names[number].value()?)?;
    let is_plain = !path.is_empty() && path.chars().all(|letter| letter.is_ascii() && !letter.is_control());
    if !is_plain && image.parent_name().is_none_or(|name| name.is_empty() || file_name(&path) != file_name(&name)) {
        return None;
    }
    let range = range(&header.parent_locators[number]).filter(|range| range.end <= image.limit())?;
    let others = header.parent_locators.iter().enumerate().filter(|(other, _)| *other != number);
    let others = others.filter_map(|(_, other)| self::range(other));
    let blocks = image.bat.value()?.blocks.iter().filter_map(|block| block_range(image, *block));
    let mut taken = structures(image, header).into_iter().chain(others).chain(blocks);
    (!taken.any(|taken| overlap(&taken, &range))).then_some(range)
}

/// Where the structures are that neither are blocks nor belong to locators.
fn structures(image: &Image, header: &DynamicHeader) -> Vec<Range<u64>> {
    let from = |start: u64, length: u64| Some(start..start.checked_add(length)?);
    let table = header.table_offset.get();
    let bat = from(table, padded_length(header.max_table_entries.get()));
    let is_expected = image.footer().is_some_and(|footer| BatmapExpected::of(footer) == BatmapExpected::Yes);
    let batmap = image.batmap.value().is_some_and(|batmap| batmap.header.is_known()) || is_expected;
    let batmap = BatmapHeader::place(header)
        .filter(|_| batmap)
        .and_then(|place| from(place, BatmapHeader::LENGTH.checked_add(map_length(header))?));
    let header = image.header.offset().and_then(|offset| from(offset, DynamicHeader::LENGTH));
    [from(0, Footer::LENGTH), header, bat, batmap].into_iter().flatten().collect()
}

fn block_range(image: &Image, block: Block) -> Option<Range<u64>> {
    let start = block.offset();
    Some(start..start.checked_add(image.block_shape()?.length())?)
}

fn overlap(a: &Range<u64>, b: &Range<u64>) -> bool {
    a.start < b.end && b.start < a.end
}

/// The first place behind all other metadata where so many bytes are nothing but zeros, names of parents, and blocks,
/// which can be moved; `None` where it is not known what is there.
fn room(image: &Image, header: &DynamicHeader, length: u64, probe: &dyn Probe) -> Result<Option<u64>, Unreadable> {
    let Some((bat, shape)) = image.bat.value().filter(|bat| !bat.truncated).zip(image.block_shape()) else {
        return Ok(None);
    };
    let start = structures(image, header).into_iter().map(|range| range.end).max().and_then(padded_to_sector);
    let Some((start, behind)) = start.and_then(|start| Some((start, image.limit().checked_sub(start)?))) else {
        return Ok(None);
    };
    let bytes = probe.bytes(start, behind.min(MOST_ROOM) as usize)?;
    let blocks: Vec<_> = bat.blocks.iter().filter_map(|block| block_range(image, *block)).collect();
    let first = blocks.first().map_or(image.limit(), |block| block.start);
    let names: Vec<_> = (0..8).filter_map(|number| space(image, header, number)).collect();
    let mut place = start;
    for (at, sector) in (start..).step_by(SECTOR as usize).zip(bytes.chunks(SECTOR as usize)) {
        if at - place >= length {
            return Ok(Some(place));
        }
        let within = |ranges: &[Range<u64>]| ranges.iter().any(|range| range.start <= at && at + SECTOR <= range.end);
        // What is left of a name whose locator is lost.
        let was_name = || USUAL.into_iter().any(|platform| path_in(sector, platform).is_some());
        // Some writers fill what lies before the first block with ones.
        let is_padding = [0, 0xFF].iter().any(|padding| sector.iter().all(|byte| byte == padding));
        if is_padding || within(&names) || was_name() || within(&blocks) {
            continue;
        }
        // Where there is room for a block it may be part of one whose BAT entry is lost.
        if at >= first || first - start >= shape.length() {
            return Ok(None);
        }
        place = at + SECTOR;
    }
    // The rest is behind the data, unless not all was looked at.
    Ok((behind <= MOST_ROOM).then_some(place))
}

/// Moves what blocks lie before `end` to the end of the file, and the footer behind them. Answers with the file's new
/// length; `None` where that cannot be done.
fn make_room(image: &Image, header: &DynamicHeader, end: u64) -> Option<(Vec<Patch>, u64)> {
    let (footer_at, footer) = image.closing_footer()?;
    let bat = image.bat.value()?;
    let moved: Vec<Block> = bat.blocks.iter().copied().take_while(|block| block.offset() < end).collect();
    if moved.is_empty() && end <= footer_at {
        return Some((Vec::new(), image.length));
    }
    let mut patches = Vec::new();
    let mut behind = padded_to_sector(footer_at.max(end))?;
    for block in moved {
        let length = image.block_shape()?.length();
        let place = bat.placement.at_or_behind(behind);
        let sector = u32::try_from(place / SECTOR).ok().filter(|sector| *sector != UNALLOCATED)?;
        if place > footer_at && patches.is_empty() {
            let content = Content::Zeros(place - footer_at);
            patches.push(Patch { offset: footer_at, content, reason: "zeros in the footer’s old place".into() });
        }
        let content = Content::Copy { offset: block.offset(), length };
        let reason = format!("block {}, which makes room for the parent’s path", block.number);
        patches.push(Patch { offset: place, content, reason });
        let entry = header.table_offset.get().checked_add(u64::from(block.number) * ENTRY_LENGTH)?;
        patches.push(Patch::bytes(entry, &sector.to_be_bytes(), format!("the new place of block {}", block.number)));
        behind = place.checked_add(length)?;
    }
    patches.push(footers::patch(behind, footer, "the footer at the new end of the file"));
    Some((patches, behind.checked_add(Footer::LENGTH)?))
}
