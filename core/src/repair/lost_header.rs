//! The dynamic header gone: a new one that leads to the BAT, which is still there.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use zerocopy::FromZeros;
use zerocopy::big_endian::{U32, U64};

use super::case::{Case, Proposal, Unreadable};
use super::parent_disk::header_name;
use super::plan::{Patch, Step};
use super::{header, table};
use crate::image::Found;
use crate::layout::bat::padded_length;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform, decode, file_name};
use crate::layout::{SECTOR, padded_to_sector};

/// How far behind the BAT the parent's names are looked for, in bytes.
const SEARCH: u64 = 64 << 10;

/// A header that leads to the BAT. Of a dynamic disk every field follows from there. A differencing disk's header holds
/// the parent's unique id, which is nowhere else in the file: the caller must know the parent; its names are where the
/// locators pointed.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    let Some(footer) = image.footer() else {
        return Ok(Vec::new());
    };
    match &image.header {
        Found::Read { offset, value }
            if value.cookie != DynamicHeader::COOKIE && !value.with_cookie().checksum_is_right() =>
        {
            // A data offset may lead anywhere, into somebody's data, while the header is where it always was.
            let steps = elsewhere(case, footer)?;
            if steps.is_empty() { rebuilt(case, *offset) } else { Ok(steps) }
        }
        Found::OutOfFile { .. } | Found::Absent if image.kind().is_some_and(DiskType::is_sparse) => {
            elsewhere(case, footer)
        }
        _ => Ok(Vec::new()),
    }
}

fn rebuilt(case: &Case<'_>, offset: u64) -> Proposal {
    let kind = case.image.footer().and_then(|footer| footer.kind());
    let end = offset.checked_add(DynamicHeader::LENGTH).and_then(padded_to_sector);
    let table = table::find(case, None)?;
    // Every known writer puts the header before the BAT; behind it the header would be written over blocks.
    let Some(table) = table.filter(|table| end.is_some_and(|end| end <= table.offset)) else {
        return Ok(Vec::new());
    };
    let mut header = DynamicHeader {
        cookie: DynamicHeader::COOKIE,
        data_offset: U64::new(u64::MAX),
        table_offset: U64::new(table.offset),
        header_version: U32::new(DynamicHeader::VERSION),
        max_table_entries: U32::new(table.entries),
        block_size: U32::new(table.block_size),
        ..DynamicHeader::new_zeroed()
    };
    let mut assumes: Vec<String> = Vec::new();
    match (kind, case.parent) {
        (Some(DiskType::Dynamic), _) => {}
        (Some(DiskType::Differencing), Some(parent)) => {
            header.parent_unique_id = parent.unique_id;
            header.parent_time_stamp = U32::new(parent.time_stamp.0);
            assumes.push(match name_parent(case, &mut header)? {
                Some(name) => format!("The parent is the disk that was given, which this disk names “{name}”."),
                None => "The parent is the disk that was given: nothing that is left of this disk names it.".into(),
            });
        }
        _ => return Ok(Vec::new()),
    }
    if !table.certain {
        assumes.push("The blocks have the usual size of 2 MiB: there are too few of them to show it.".into());
    }
    let patches = vec![header::patch(offset, &header.sealed(), "a dynamic header that leads to the BAT")];
    let step = Step::lossless("Rebuild the dynamic header", case.image.length, patches);
    Ok(vec![assumes.into_iter().fold(step, Step::assuming)])
}

/// Finds the parent's names behind the BAT, makes locators of them, and gives the header the parent's file name.
fn name_parent(case: &Case<'_>, header: &mut DynamicHeader) -> Result<Option<String>, Unreadable> {
    let start = header.table_offset.get().saturating_add(padded_length(header.max_table_entries.get()));
    let length = case.image.length.saturating_sub(start).min(SEARCH) / SECTOR * SECTOR;
    let bytes = case.probe.bytes(start, length as usize)?;
    let mut free = vec![(*b"MacX", Platform::MacX), (*b"W2ku", Platform::W2ku), (*b"W2ru", Platform::W2ru)];
    let mut locators = header.parent_locators.iter_mut();
    let mut name = None;
    for (offset, sector) in (start..).step_by(SECTOR as usize).zip(bytes.chunks_exact(SECTOR as usize)) {
        let found =
            free.iter().enumerate().find_map(|(index, (_, platform))| Some((index, path_in(sector, *platform)?)));
        let Some((index, (path, data_length))) = found else {
            continue;
        };
        let Some(locator) = locators.next() else {
            break;
        };
        let (code, _) = free.remove(index);
        *locator = ParentLocator {
            platform_code: code,
            data_space: U32::new(SECTOR as u32),
            data_length: U32::new(data_length),
            reserved: U32::new(0),
            data_offset: U64::new(offset),
        };
        name.get_or_insert_with(|| String::from(file_name(&path)));
    }
    let Some(bytes) = name.as_deref().and_then(|name| header_name(case.image, name)) else {
        return Ok(None);
    };
    header.parent_unicode_name = bytes;
    Ok(name)
}

/// A path to a disk that a sector begins with, and its length in bytes.
pub(super) fn path_in(sector: &[u8], platform: Platform) -> Option<(String, u32)> {
    let length = match platform {
        Platform::MacX => sector.iter().position(|byte| *byte == 0)?,
        _ => 2 * sector.as_chunks::<2>().0.iter().position(|unit| *unit == [0, 0])?,
    };
    let path = decode(platform, &sector[..length])?;
    let lower = path.to_ascii_lowercase();
    (lower.ends_with(".vhd") || lower.ends_with(".avhd")).then_some((path, length as u32))
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
    let closing = case.image.closing_footer().map(|(offset, _)| offset);
    // Two copies that agree were written like that, whatever their checksum says.
    let agreed = || case.image.primary.offset().filter(|_| case.image.primary.value() == case.image.backup.value());
    let Some(end) = closing.or_else(agreed).filter(|_| is_header) else {
        return Ok(Vec::new());
    };
    let repaired = Footer { data_offset: U64::new(SECTOR), ..*footer }.sealed();
    let reason = "the footer with a data offset that leads to the dynamic header";
    let patches: Vec<Patch> = [end, 0].map(|offset| super::footers::patch(offset, &repaired, reason)).into();
    Ok(vec![Step::lossless("Point the footer at the dynamic header", case.image.length, patches)])
}
