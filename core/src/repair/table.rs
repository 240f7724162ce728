//! A dynamic header whose place, length or unit of the BAT is wrong: read off the BAT itself, which is in the file.

use alloc::vec;
use alloc::vec::Vec;

use zerocopy::big_endian::{U32, U64};

use super::case::{Case, Proposal, Unreadable};
use super::header;
use super::plan::Step;
use crate::finding::Rule;
use crate::finding::bat as bat_rules;
use crate::finding::header as header_rules;
use crate::image::{Found, Image, PAGE};
use crate::layout::SECTOR;
use crate::layout::bat::{BlockShape, ENTRY_LENGTH, UNALLOCATED, padded_length};
use crate::layout::batmap::{BatmapExpected, BatmapHeader};
use crate::layout::footer::Footer;
use crate::layout::header::DynamicHeader;

/// How far into the file the BAT is looked for. Every known writer puts it right behind the header.
const SEARCH: u64 = 1 << 20;
/// Block sizes that are tried, the usual one first.
const BLOCK_SIZES: [u32; 4] = [2 << 20, 512 << 10, 1 << 20, 4 << 20];
/// How many whole tables are read at the most; what is full of ones looks like a table everywhere.
const MOST_TABLES: usize = 16;
/// Fewer entries than this that lead astray are not held against the place of the table.
const FEWEST_ASTRAY: u64 = 4;
/// The most entries that are read to try a place; more than a disk of 2 TiB has at 512 KiB.
const MOST_ENTRIES: u64 = 8 << 20;

/// What a BAT says of the header that leads to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Table {
    /// Where it is, in bytes from the start of the file.
    pub offset: u64,
    /// How many entries it has.
    pub entries: u32,
    /// The size of a block's data, in bytes.
    pub block_size: u32,
    /// Whether nothing else would fit.
    pub certain: bool,
}

/// The header with what the BAT itself says of place, length and block size.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    const WRONG: [&Rule; 4] = [
        &header_rules::TABLE_OFFSET,
        &header_rules::TABLE_OUT_OF_FILE,
        &header_rules::BLOCK_SIZE,
        &bat_rules::OUT_OF_FILE,
    ];
    let Found::Read { offset, value } = &case.image.header else {
        return Ok(Vec::new());
    };
    let misled = is_misled(case.image);
    if !misled && !WRONG.iter().any(|rule| case.has(rule)) {
        return Ok(Vec::new());
    }
    let Some(table) = find(case, Some(value))? else {
        return Ok(Vec::new());
    };
    if misled && table.offset == value.table_offset.get() {
        return Ok(Vec::new());
    }
    let repaired = DynamicHeader {
        table_offset: U64::new(table.offset),
        max_table_entries: U32::new(table.entries),
        block_size: U32::new(table.block_size),
        ..*value
    }
    .sealed();
    let reason = "the dynamic header with the place, length and block size that the BAT itself shows";
    let patches = vec![header::patch(*offset, &repaired, reason)];
    let step = Step::lossless("Point the dynamic header at the BAT", case.image.length, patches);
    Ok(vec![if misled {
        step.assuming("The BAT is not where the dynamic header says, but where a table stands whose every entry fits.")
    } else if table.certain {
        step
    } else {
        step.assuming("The blocks have the usual size of 2 MiB: there are too few of them to show it.")
    }])
}

/// Whether most of the entries lead astray: then it is rather the place of the table that is wrong.
fn is_misled(image: &Image) -> bool {
    image.bat.value().is_some_and(|bat| {
        let wrong = u64::from(bat.on_metadata.count) + u64::from(bat.outside_file.count);
        wrong >= FEWEST_ASTRAY && wrong * 2 > u64::from(bat.allocated)
    })
}

/// Looks for the BAT. What a header says of it goes before anything that is guessed.
pub(super) fn find(case: &Case<'_>, header: Option<&DynamicHeader>) -> Result<Option<Table>, Unreadable> {
    let Some(footer) = case.image.footer() else {
        return Ok(None);
    };
    let behind_header = footer.data_offset.get().checked_add(DynamicHeader::LENGTH);
    let stored = header.map(|header| header.table_offset.get());
    let usual = [stored, behind_header].into_iter().flatten();
    let usual = usual.filter(|offset| *offset >= Footer::LENGTH && offset.is_multiple_of(SECTOR));
    let anywhere = (Footer::LENGTH..SEARCH.min(case.image.length)).step_by(SECTOR as usize);
    let start = case.probe.bytes(0, SEARCH.min(case.image.length) as usize)?;
    let mut tables = 0;
    let mut best = None;
    for (offset, is_usual) in usual.map(|offset| (offset, true)).chain(anywhere.map(|offset| (offset, false))) {
        for block_size in block_sizes(header) {
            let Some(place) = TablePlace::of(case, footer, header, offset, block_size) else {
                continue;
            };
            // Most places are no table, and the first sector shows it.
            let head = usize::try_from(offset).ok().and_then(|offset| start.get(offset..));
            let head = head.map(|head| &head[..head.len().min(place.length.min(SECTOR) as usize)]);
            if tables == MOST_TABLES || head.is_some_and(|head| !place.is_plausible(head)) {
                continue;
            }
            tables += 1;
            match try_at(case, footer, header, &place)? {
                // The first that has blocks.
                Some((allocated, table)) if allocated > 0 => return Ok(Some(table)),
                // One without any is nothing but ones, of which any file may have some, unless it is in its place.
                Some((_, table)) if is_usual => best = best.or(Some(table)),
                _ => {}
            }
        }
    }
    Ok(best)
}

fn block_sizes(header: Option<&DynamicHeader>) -> Vec<u32> {
    match header {
        Some(header) if BlockShape::of(header).is_some() => vec![header.block_size.get()],
        _ => BLOCK_SIZES.to_vec(),
    }
}

/// Where a table would be, with blocks of some size.
struct TablePlace {
    offset: u64,
    /// Bytes of the entries that the disk needs.
    length: u64,
    /// Where the table ends, padded, if it has no more entries than the disk needs.
    end: u64,
    /// Where blocks must end at the latest.
    limit: u64,
    needed: u64,
    block_size: u32,
    shape: BlockShape,
}

impl TablePlace {
    /// `None` where such a table does not fit into the file.
    fn of(
        case: &Case<'_>,
        footer: &Footer,
        header: Option<&DynamicHeader>,
        offset: u64,
        block_size: u32,
    ) -> Option<Self> {
        let header = header.copied().unwrap_or_else(zerocopy::FromZeros::new_zeroed);
        let shape = BlockShape::of(&DynamicHeader { block_size: U32::new(block_size), ..header })?;
        let needed = footer.current_size.get().div_ceil(shape.data);
        let limit = case.image.limit();
        if needed == 0 || needed > MOST_ENTRIES {
            return None;
        }
        let end = offset.checked_add(padded_length(u32::try_from(needed).ok()?)).filter(|end| *end <= limit)?;
        Some(Self { offset, length: needed * ENTRY_LENGTH, end, limit, needed, block_size, shape })
    }

    /// Whether these can be entries of the table.
    fn is_plausible(&self, bytes: &[u8]) -> bool {
        sectors(bytes).all(|sector| {
            let offset = u64::from(sector) * SECTOR;
            sector == UNALLOCATED || (offset >= self.end && offset + self.shape.length() <= self.limit)
        })
    }
}

/// What the table at a place says, and how many blocks it has; `None` where it is no table.
fn try_at(
    case: &Case<'_>,
    footer: &Footer,
    header: Option<&DynamicHeader>,
    place: &TablePlace,
) -> Result<Option<(u32, Table)>, Unreadable> {
    let TablePlace { offset, length, needed, block_size, shape, .. } = *place;
    let bytes = case.probe.bytes(offset, length as usize)?;
    let mut allocated: Vec<u32> = sectors(&bytes).filter(|sector| *sector != UNALLOCATED).collect();
    allocated.sort_unstable();
    let apart = |pair: &[u32]| u64::from(pair[1] - pair[0]) * SECTOR >= shape.length();
    if !place.is_plausible(&bytes) || !allocated.windows(2).all(apart) {
        return Ok(None);
    }
    let Some(entries) = entries(case, footer, header, offset, needed)? else {
        return Ok(None);
    };
    // With blocks of another size the disk would need another number of entries.
    let exact = u64::from(entries) == needed && header.is_some_and(|header| header.max_table_entries.get() == entries);
    // Blocks that follow each other as their creator puts them show how large they are.
    let stride = if footer.is_tapdisk() { shape.length().next_multiple_of(PAGE) } else { shape.length() };
    let touching = allocated.windows(2).any(|pair| u64::from(pair[1] - pair[0]) * SECTOR == stride);
    let certain = block_sizes(header).len() == 1 || exact || touching;
    Ok(Some((allocated.len() as u32, Table { offset, entries, block_size, certain })))
}

/// How many entries the table has: what the header says if that fits; otherwise what the batmap behind it says, or
/// what the disk needs.
fn entries(
    case: &Case<'_>,
    footer: &Footer,
    header: Option<&DynamicHeader>,
    offset: u64,
    needed: u64,
) -> Result<Option<u32>, Unreadable> {
    let Ok(needed) = u32::try_from(needed) else {
        return Ok(None);
    };
    let stored = header.map(|header| header.max_table_entries.get());
    let batmap_behind = |entries: u32| -> Result<bool, Unreadable> {
        let place = offset.saturating_add(padded_length(entries));
        let fits = place.checked_add(BatmapHeader::LENGTH).is_some_and(|end| end <= case.image.length);
        Ok(fits && case.probe.bytes(place, 8)? == BatmapHeader::COOKIE)
    };
    let fits = |entries: u32| {
        let end = offset.checked_add(padded_length(entries));
        entries >= needed && end.is_some_and(|end| end <= case.image.limit())
    };
    if BatmapExpected::of(footer) == BatmapExpected::Yes {
        for candidate in stored.into_iter().filter(|entries| fits(*entries)).chain([needed]) {
            if batmap_behind(candidate)? {
                return Ok(Some(candidate));
            }
        }
        return Ok(None);
    }
    Ok(Some(stored.filter(|entries| fits(*entries)).unwrap_or(needed)))
}

fn sectors(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks::<4>().0.iter().map(|entry| u32::from_be_bytes(*entry))
}
