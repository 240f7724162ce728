//! Both footers gone, header and BAT still there.
//!
//! tapdisk leaves old footers behind: each new block goes over the footer or, with its data on a page, behind it, so
//! that in the gap before a block a former footer may stand whole. Failing that, a footer is put together from what
//! the header and the BAT say.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromBytes, FromZeros};

use super::case::{Case, Proposal, Unreadable};
use super::plan::Step;
use super::{footers, unique_id};
use crate::image::Found;
use crate::layout::bat::{BlockShape, ENTRY_LENGTH, UNALLOCATED};
use crate::layout::batmap::BatmapHeader;
use crate::layout::footer::Footer;
use crate::layout::geometry::Geometry;
use crate::layout::header::DynamicHeader;
use crate::layout::{SECTOR, bat};
use crate::units::count;

/// The most BAT entries that are read to find former footers.
const MOST_ENTRIES: u32 = 1 << 20;
/// The most places that are looked at for a former footer, the last ones in the file.
const MOST_PLACES: usize = 64;

/// A footer at the start of the file; the one at its end follows from that.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let Found::Read { offset, value: header } = &case.image.header else {
        return Ok(Vec::new());
    };
    if case.image.footer().is_some() || header.cookie != DynamicHeader::COOKIE || !header.checksum_is_right() {
        return Ok(Vec::new());
    }
    let mut steps = Vec::new();
    if let Some(former) = former_footer(case, header)? {
        let reason = "a former footer, which tapdisk left in a gap before a block";
        let patches = vec![footers::patch(0, &former, reason)];
        steps.push(
            Step::lossless("Put a former footer back", case.image.length, patches)
                .assuming("Nothing of the footer was changed since: its size, its identity, whether it is hidden."),
        );
    }
    let has_batmap = has_batmap(case, header)?;
    let footer = rebuilt(case, *offset, header, has_batmap);
    let reason = "a footer put together from the dynamic header and the BAT";
    let patches = vec![footers::patch(0, &footer, reason)];
    let size = footer.current_size.get();
    steps.push(
        Step::lossless("Rebuild the footers", case.image.length, patches)
            .assuming(format!(
                "The disk ends with the last block that the BAT has room for, at {}.",
                count(size, "byte")
            ))
            .assuming(
                "The disk may have a new unique id: a child that names the old one has to be linked to it again.",
            ),
    );
    Ok(steps)
}

fn rebuilt(case: &Case<'_>, header_offset: u64, header: &DynamicHeader, has_batmap: bool) -> Footer {
    let size = u64::from(header.max_table_entries.get()) * u64::from(header.block_size.get());
    // Of the creators, Windows is one by whose footers every tool takes the current size for the disk's.
    let (application, version, host): ([u8; 4], u32, [u8; 4]) =
        if has_batmap { (*b"tap\0", Footer::NEWEST_TAPDISK, [0; 4]) } else { (*b"win ", 0x000A_0000, *b"Wi2k") };
    Footer {
        cookie: Footer::COOKIE,
        features: U32::new(Footer::RESERVED),
        file_format_version: U32::new(Footer::VERSION),
        data_offset: U64::new(header_offset),
        time_stamp: U32::new(case.now.0),
        creator_application: application,
        creator_version: U32::new(version),
        creator_host_os: host,
        original_size: U64::new(size),
        current_size: U64::new(size),
        geometry: Geometry::for_size(size),
        disk_type: U32::new(if header.names_a_parent() { 4 } else { 3 }),
        unique_id: unique_id::random(case),
        ..Footer::new_zeroed()
    }
    .sealed()
}

fn has_batmap(case: &Case<'_>, header: &DynamicHeader) -> Result<bool, Unreadable> {
    let fits = |place: &u64| place.checked_add(BatmapHeader::LENGTH).is_some_and(|end| end <= case.image.length);
    match BatmapHeader::place(header).filter(fits) {
        Some(place) => Ok(case.probe.bytes(place, 8)? == BatmapHeader::COOKIE),
        None => Ok(false),
    }
}

/// The last intact footer that stands right behind a block.
fn former_footer(case: &Case<'_>, header: &DynamicHeader) -> Result<Option<Footer>, Unreadable> {
    let Some(shape) = BlockShape::of(header) else {
        return Ok(None);
    };
    let entries = header.max_table_entries.get().min(MOST_ENTRIES);
    let table = header.table_offset.get();
    let end = table.checked_add(bat::padded_length(entries));
    if end.is_none_or(|end| end > case.image.length) {
        return Ok(None);
    }
    let bytes = case.probe.bytes(table, entries as usize * ENTRY_LENGTH as usize)?;
    // A sector and a block are 32-bit numbers: nothing overflows.
    let end_of = |sector: u32| u64::from(sector) * SECTOR + shape.length();
    let mut sectors: Vec<u32> = bytes
        .as_chunks::<4>()
        .0
        .iter()
        .map(|entry| u32::from_be_bytes(*entry))
        .filter(|sector| *sector != UNALLOCATED && end_of(*sector) + Footer::LENGTH <= case.image.length)
        .collect();
    sectors.sort_unstable();
    for end in sectors.into_iter().rev().take(MOST_PLACES).map(end_of) {
        let bytes = case.probe.bytes(end, size_of::<Footer>())?;
        if let Ok(footer) = Footer::read_from_bytes(&bytes)
            && footer.is_intact()
            && footer.data_offset.get() == case.image.header.offset().unwrap_or(0)
        {
            return Ok(Some(footer));
        }
    }
    Ok(None)
}
