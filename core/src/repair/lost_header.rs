//! The dynamic header gone: a new one that leads to the BAT, which is still there.

use alloc::vec;
use alloc::vec::Vec;

use zerocopy::FromZeros;
use zerocopy::big_endian::{U32, U64};

use super::{Case, Patch, Proposal, Step, header, table};
use crate::image::Found;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::layout::{SECTOR, padded_to_sector};

/// A header for a dynamic disk, whose every field follows from the BAT. A differencing disk's header holds the
/// parent's unique id, which is nowhere else in the file.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    let Some(footer) = image.footer() else {
        return Ok(Vec::new());
    };
    if footer.kind() != Some(DiskType::Dynamic) {
        return Ok(Vec::new());
    }
    match &image.header {
        Found::Read { offset, value }
            if value.cookie != DynamicHeader::COOKIE && !value.with_cookie().checksum_is_right() =>
        {
            rebuilt(case, *offset)
        }
        Found::OutOfFile { .. } | Found::Absent => elsewhere(case, footer),
        Found::Read { .. } => Ok(Vec::new()),
    }
}

fn rebuilt(case: &Case<'_>, offset: u64) -> Proposal {
    let Some(table) = table::find(case, None)?.filter(|table| {
        // The header must not be written over the BAT.
        padded_to_sector(offset + DynamicHeader::LENGTH)
            .is_some_and(|end| end <= table.offset || offset >= table.offset)
    }) else {
        return Ok(Vec::new());
    };
    let header = DynamicHeader {
        cookie: DynamicHeader::COOKIE,
        data_offset: U64::new(u64::MAX),
        table_offset: U64::new(table.offset),
        header_version: U32::new(DynamicHeader::VERSION),
        max_table_entries: U32::new(table.entries),
        block_size: U32::new(table.block_size),
        ..DynamicHeader::new_zeroed()
    }
    .sealed();
    let reason = "a dynamic header that leads to the BAT";
    let patches = vec![header::patch(offset, &header, reason)];
    let step = Step::lossless("Rebuild the dynamic header", case.image.length, patches);
    Ok(vec![if table.certain {
        step
    } else {
        step.assuming("The blocks have the usual size of 2 MiB: there are too few of them to show it.")
    }])
}

/// A footer whose data offset leads nowhere, while a header stands in the usual place.
fn elsewhere(case: &Case<'_>, footer: &Footer) -> Proposal {
    let length = size_of::<DynamicHeader>();
    if case.image.length < SECTOR + DynamicHeader::LENGTH {
        return Ok(Vec::new());
    }
    let bytes = case.probe.bytes(SECTOR, length)?;
    let is_header = <DynamicHeader as zerocopy::FromBytes>::read_from_bytes(&bytes)
        .is_ok_and(|header| header.cookie == DynamicHeader::COOKIE && header.checksum_is_right());
    let Some((end, _)) = case.image.closing_footer().filter(|_| is_header) else {
        return Ok(Vec::new());
    };
    let mended = Footer { data_offset: U64::new(SECTOR), ..*footer }.sealed();
    let reason = "the footer with a data offset that leads to the dynamic header";
    let patches: Vec<Patch> = [end, 0].map(|offset| super::footers::patch(offset, &mended, reason)).into();
    Ok(vec![Step::lossless("Point the footer at the dynamic header", case.image.length, patches)])
}
