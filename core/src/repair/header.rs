//! The dynamic header: its cookie, its checksum, and fields that can have one value only.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use zerocopy::IntoBytes;
use zerocopy::big_endian::{U32, U64};

use super::case::{Case, Proposal};
use super::evidence::Evidence;
use super::one_bit;
use super::plan::{Patch, Step};
use crate::finding::Rule;
use crate::finding::header as header_rules;
use crate::image::{Found, Image};
use crate::layout::SECTOR;
use crate::layout::footer::DiskType;
use crate::layout::header::DynamicHeader;

const TITLE: &str = "Repair the dynamic header";
/// Findings about fields whose value is the same on every disk.
const CONSTANTS: [&Rule; 3] = [&header_rules::VERSION, &header_rules::DATA_OFFSET, &header_rules::RESERVED];

/// The header with its constants in place and its checksum renewed.
///
/// Where the checksum was wrong and no constant explains it, a field is wrong that may still look right: a block size
/// that is a power of two, and not the disk's. So one other value is taken where the checksum asks for it and the disk
/// speaks for it; the usual place of the BAT, and as many entries as the disk needs, are taken for proven. A differencing
/// disk's parent is not.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let Some((offset, header)) = mendable(case.image) else {
        return Ok(Vec::new());
    };
    let constants = CONSTANTS.iter().any(|rule| case.has(rule));
    if case.has(&header_rules::COOKIE) {
        // The checksum fits once the cookie is there: nothing else was changed.
        return Ok(vec![step(case.image, offset, &header.with_cookie(), "Put the dynamic header’s cookie back")]);
    }
    if !constants && !case.has(&header_rules::CHECKSUM) {
        return Ok(Vec::new());
    }
    let header = with_constants(header);
    if !case.has(&header_rules::CHECKSUM) || header.checksum_is_right() {
        return Ok(vec![step(case.image, offset, &header.sealed(), TITLE)]);
    }
    if !constants && let Some(restored) = one_bit::restored(case, offset, &header)? {
        let step = step(case.image, offset, &restored, "Take a flipped bit of the dynamic header back");
        return Ok(vec![step.because(Evidence::HeaderBit)]);
    }
    // What stands there goes before a guess; of two that the disk speaks for, neither is proven.
    let guesses = guesses(case.image, offset, &header).filter(|guess| guess.checksum_is_right() && *guess != header);
    let confirmed: Vec<DynamicHeader> =
        [header].into_iter().chain(guesses).filter(|header| is_confirmed(case.image, offset, header)).collect();
    let best = confirmed.first().copied().unwrap_or(header);
    let mut step = step(case.image, offset, &best.sealed(), TITLE);
    if case.image.kind() == Some(DiskType::Differencing) {
        step = step.assuming(
            "The parent’s unique id and time stamp in the dynamic header are right: nothing in this file can prove it.",
        );
    }
    if confirmed.len() != 1 {
        step = step.assuming(format!(
            "The BAT is at 0x{:x}, and a block has {}: something in the dynamic header is wrong, and nothing \
             proves that it is not this.",
            best.table_offset, best.block_size
        ));
    }
    Ok(vec![step])
}

/// The header with another value in one field: the usual place of the BAT, as many entries as the disk needs, blocks
/// of another size.
fn guesses(image: &Image, offset: u64, header: &DynamicHeader) -> impl Iterator<Item = DynamicHeader> {
    let header = *header;
    let usual_place = offset.checked_add(DynamicHeader::LENGTH);
    let needed = header.blocks_for(current_size(image)).and_then(|needed| u32::try_from(needed).ok());
    let with_table = usual_place.map(|table| DynamicHeader { table_offset: U64::new(table), ..header });
    let with_entries = needed.map(|entries| DynamicHeader { max_table_entries: U32::new(entries), ..header });
    let sizes = (SECTOR.ilog2()..u32::BITS).map(|power| 1 << power);
    let with_blocks = sizes.map(move |size| DynamicHeader { block_size: U32::new(size), ..header });
    with_table.into_iter().chain(with_entries).chain(with_blocks)
}

/// Whether the disk itself shows that the header describes its blocks well: a checksum of bytes fits many headers.
fn is_confirmed(image: &Image, offset: u64, header: &DynamicHeader) -> bool {
    let table_is_usual = offset.checked_add(DynamicHeader::LENGTH) == Some(header.table_offset.get());
    table_is_usual && header.blocks_for(current_size(image)) == Some(u64::from(header.max_table_entries.get()))
}

fn current_size(image: &Image) -> u64 {
    image.footer().map_or(0, |footer| footer.current_size.get())
}

fn with_constants(header: &DynamicHeader) -> DynamicHeader {
    DynamicHeader {
        header_version: U32::new(DynamicHeader::VERSION),
        data_offset: U64::new(u64::MAX),
        reserved_1: U32::new(0),
        reserved_2: [0; 256],
        ..*header
    }
}

/// The header, if it is one, even without its cookie.
fn mendable(image: &Image) -> Option<(u64, &DynamicHeader)> {
    match &image.header {
        Found::Read { offset, value }
            if value.cookie == DynamicHeader::COOKIE || value.with_cookie().checksum_is_right() =>
        {
            Some((*offset, value))
        }
        _ => None,
    }
}

/// A patch that writes a dynamic header.
pub(super) fn patch(offset: u64, header: &DynamicHeader, reason: &str) -> Patch {
    Patch::bytes(offset, header.as_bytes(), reason)
}

fn step(image: &Image, offset: u64, header: &DynamicHeader, title: &'static str) -> Step {
    let reason = "the dynamic header with what it lacked, and a right checksum";
    Step::lossless(title, image.length, vec![patch(offset, header, reason)])
}
