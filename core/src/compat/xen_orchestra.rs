//! Xen Orchestra's backups: its library `vhd-lib`, which opens a VHD whenever a backup is merged or restored.
//!
//! It goes by the first 1,536 bytes, a footer and the header, and wants the footer at the end to be the same. What
//! it prints is the message of a failed assertion of Node.js, given here on one line.

use core::fmt::Display;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use super::answer::{ParentUse, ToolAnswer};
use super::parent_lookup::{Disk, Lookup};
use crate::finding::Tool;
use crate::image::Reader;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::progress::AnalysisError;
use crate::source::{Read, Source};

/// What is read at the start of the file.
#[derive(FromBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
struct Start {
    footer: Footer,
    header: DynamicHeader,
}

/// Whether it opens the disk in `source`, and finds the parent that the header names beside it.
pub(super) fn open<E>(source: &dyn Source<Error = E>, disk: &Disk<'_>) -> Result<ToolAnswer, AnalysisError<E>> {
    let reader = Reader::new(source);
    let mut start = vec![0; size_of::<Start>()];
    let mut end = [0; Footer::LENGTH as usize];
    let at_start = reader.length.min(start.len() as u64) as usize;
    let at_end = reader.length.saturating_sub(Footer::LENGTH);
    let answer = if at_start < start.len() {
        Err(not_equal(at_start, start.len()))
    } else {
        reader.read(&mut [Read { offset: 0, buffer: &mut start }, Read { offset: at_end, buffer: &mut end }])?;
        check(&start, &end)
    };
    let mut parent = ParentUse::None;
    let answer = answer.and_then(|()| check_parent(disk, &mut parent));
    Ok(ToolAnswer { parent, ..ToolAnswer::new(Tool::XenOrchestra, answer) })
}

fn check(start: &[u8], end: &[u8]) -> Result<(), String> {
    let Ok(Start { footer, header }) = Start::ref_from_bytes(start) else {
        return Err(not_equal(start.len(), size_of::<Start>()));
    };
    check_checksum("footer", footer.checksum.get(), footer.computed_checksum())?;
    check_footer(footer)?;
    check_checksum("header", header.checksum.get(), header.computed_checksum())?;
    check_header(header, footer)?;
    if start.starts_with(end) { Ok(()) } else { Err("footer1 !== footer2".into()) }
}

/// It looks for the parent by the name in the header, from the disk's folder, and takes whatever is there.
fn check_parent(disk: &Disk<'_>, parent_use: &mut ParentUse) -> Result<(), String> {
    if disk.image.kind() != Some(DiskType::Differencing) {
        return Ok(());
    }
    let name = disk.image.parent_name().unwrap_or_default().replace('\\', "/");
    match disk.parent_lookup.parent(&name) {
        Lookup::Missing => return Err("parent VHD is missing".into()),
        Lookup::Unknown => *parent_use = ParentUse::Assumed,
        Lookup::Found(_) => *parent_use = ParentUse::Seen,
    }
    Ok(())
}

fn check_checksum(name: &str, actual: u32, expected: u32) -> Result<(), String> {
    if actual == expected { Ok(()) } else { Err(format!("invalid {name} checksum {actual}, expected {expected}")) }
}

fn check_footer(footer: &Footer) -> Result<(), String> {
    let data_offset = footer.data_offset.get();
    let version = footer.file_format_version.get();
    if footer.cookie != Footer::COOKIE {
        Err(not_equal(quoted(&footer.cookie), quoted(&Footer::COOKIE)))
    } else if data_offset != Footer::LENGTH {
        Err(not_equal(number(data_offset), Footer::LENGTH))
    } else if version != Footer::VERSION {
        Err(not_equal(version, Footer::VERSION))
    } else if footer.original_size.get() > footer.current_size.get() {
        Err(falsy("footer.originalSize <= footer.currentSize"))
    } else if !matches!(footer.kind(), Some(DiskType::Dynamic | DiskType::Differencing)) {
        Err(falsy("footer.diskType === DISK_TYPES.DIFFERENCING || footer.diskType === DISK_TYPES.DYNAMIC"))
    } else {
        Ok(())
    }
}

fn check_header(header: &DynamicHeader, footer: &Footer) -> Result<(), String> {
    let data_offset = header.data_offset.get();
    let version = header.header_version.get();
    let block_size = header.block_size.get();
    if header.cookie != DynamicHeader::COOKIE {
        Err(not_equal(quoted(&header.cookie), quoted(&DynamicHeader::COOKIE)))
    } else if data_offset != u64::MAX {
        Err(not_equal(number(data_offset), "undefined"))
    } else if version != DynamicHeader::VERSION {
        Err(not_equal(version, DynamicHeader::VERSION))
    } else if !block_size.is_power_of_two() {
        Err(falsy("Number.isInteger(Math.log2(header.blockSize / SECTOR_SIZE))"))
    } else if header.blocks_for(footer.current_size.get()) > Some(u64::from(header.max_table_entries.get())) {
        Err(falsy("header.maxTableEntries >= footer.currentSize / header.blockSize"))
    } else {
        Ok(())
    }
}

fn not_equal(actual: impl Display, expected: impl Display) -> String {
    format!("Expected values to be strictly equal: {actual} !== {expected}")
}

fn falsy(expression: &str) -> String {
    format!("The expression evaluated to a falsy value: assert({expression})")
}

fn quoted(bytes: &[u8]) -> String {
    format!("'{}'", String::from_utf8_lossy(bytes).trim_end_matches('\0').escape_debug())
}

/// An offset as it is printed, all ones being none. JavaScript rounds numbers beyond 2^53, which is not followed here.
fn number(offset: u64) -> String {
    match offset {
        u64::MAX => "undefined".into(),
        offset => offset.to_string(),
    }
}
