//! QEMU's driver `vpc`: what `qemu-img info -f vpc` answers, by version 10 of 2025.
//!
//! QEMU reads a file as if zeros followed its end, and takes its length in whole sectors. Of a disk whose first
//! sector is a footer it looks at no other footer, and of the dynamic header at few fields. Earlier versions took
//! the size from the geometry unless they knew the creator; since version 9 they do so for two creators only.

use alloc::format;
use alloc::string::String;

use zerocopy::{FromBytes, IntoBytes};

use super::answer::{ParentUse, ToolAnswer};
use super::parent_lookup::Disk;
use crate::finding::Tool;
use crate::image::Reader;
use crate::layout::SECTOR;
use crate::layout::bat::{ENTRY_LENGTH, UNALLOCATED};
use crate::layout::footer::{DiskType, Footer};
use crate::layout::geometry::Geometry;
use crate::layout::header::DynamicHeader;
use crate::progress::{AnalysisError, Stage, Watch};
use crate::source::{Read, Source};

/// The largest virtual disk, in sectors: 2,040 GiB.
const MOST_SECTORS: u64 = 0xFF00_0000;
/// The most BAT entries, so that their bytes can be counted with a signed number of 32 bits.
const MOST_ENTRIES: u32 = i32::MAX as u32 / 4;
/// The longest read, in bytes.
const LONGEST_READ: u64 = i32::MAX as u64 / SECTOR * SECTOR;
/// Where every read must end at the latest.
const LAST_END: u64 = i64::MAX as u64 >> 30 << 30;

/// Why QEMU does not open a disk.
#[derive(Debug)]
enum Refusal<E> {
    /// What it prints behind the name of the file.
    Says(String),
    /// The source failed, or the caller wants no more.
    Stopped(AnalysisError<E>),
}

impl<E> From<AnalysisError<E>> for Refusal<E> {
    fn from(error: AnalysisError<E>) -> Self {
        Self::Stopped(error)
    }
}

fn says<E>(words: &str) -> Refusal<E> {
    Refusal::Says(words.into())
}

/// What `qemu-img info -f vpc` answers of the disk in `source`.
pub(super) fn info<E>(
    source: &dyn Source<Error = E>,
    disk: &Disk<'_>,
    watch: &mut Watch<'_>,
) -> Result<ToolAnswer, AnalysisError<E>> {
    let name = disk.name;
    let size = match open(&Reader::new(source), name, watch) {
        Ok(size) => Ok(size),
        Err(Refusal::Says(words)) => Err(format!("qemu-img: Could not open '{name}': {words}")),
        Err(Refusal::Stopped(error)) => return Err(error),
    };
    let virtual_size = size.as_ref().ok().copied();
    // It opens a differencing disk as if it were dynamic.
    let parent = match disk.image.kind() {
        Some(DiskType::Differencing) if size.is_ok() => ParentUse::Ignored,
        _ => ParentUse::None,
    };
    Ok(ToolAnswer { virtual_size, parent, ..ToolAnswer::new(Tool::Qemu, size.map(|_| ())) })
}

/// The size of the virtual disk in bytes.
fn open<E>(reader: &Reader<'_, E>, name: &str, watch: &mut Watch<'_>) -> Result<u64, Refusal<E>> {
    let (footer, sparse) = open_footer(reader)?;
    let sectors = sectors(&footer);
    if sectors > MOST_SECTORS {
        return Err(Refusal::Says(format!("Could not open '{name}': File too large")));
    }
    if sparse {
        let header = open_header(reader, &footer, sectors)?;
        let end = end_of_blocks(reader, &header, watch)?;
        if end > whole_sectors(reader.length) {
            return Err(says(
                "block-vpc: free_data_block_offset points after the end of file. The image has been truncated.",
            ));
        }
    }
    Ok(sectors * SECTOR)
}

/// The footer that QEMU goes by, and whether it takes the disk for a dynamic one.
fn open_footer<E>(reader: &Reader<'_, E>) -> Result<(Footer, bool), Refusal<E>> {
    let first: Footer = padded(reader, 0)?;
    let sparse = first.cookie == Footer::COOKIE;
    let footer = if sparse {
        first
    } else {
        let last = whole_sectors(reader.length)
            .checked_sub(Footer::LENGTH)
            .ok_or_else(|| says("File too small for a VHD header"))?;
        let last: Footer = padded(reader, last)?;
        if last.cookie != Footer::COOKIE || last.kind() != Some(DiskType::Fixed) {
            return Err(says("invalid VPC image"));
        }
        last
    };
    if footer.checksum.get() != footer.computed_checksum() {
        return Err(says("Incorrect header checksum"));
    }
    Ok((footer, sparse))
}

/// Sectors of the virtual disk.
fn sectors(footer: &Footer) -> u64 {
    let by_geometry = matches!(&footer.creator_application, b"vpc " | b"qemu");
    let geometry = footer.geometry.sectors();
    // The largest geometry says that the size does not fit into one.
    if by_geometry && geometry != Geometry::LARGEST.sectors() { geometry } else { footer.current_size.get() / SECTOR }
}

fn open_header<E>(reader: &Reader<'_, E>, footer: &Footer, sectors: u64) -> Result<DynamicHeader, Refusal<E>> {
    let offset = footer.data_offset.get();
    if !is_readable(offset, DynamicHeader::LENGTH) {
        return Err(says("Error reading dynamic VHD header"));
    }
    let header: DynamicHeader = padded(reader, offset)?;
    let block_size = header.block_size.get();
    let entries = header.max_table_entries.get();
    if header.cookie != DynamicHeader::COOKIE {
        return Err(says("Invalid header magic"));
    }
    if !block_size.is_power_of_two() || u64::from(block_size) < SECTOR {
        return Err(Refusal::Says(format!("Invalid block size {block_size}")));
    }
    // A negative count is a very large one here.
    if entries <= i32::MAX as u32 && u64::from(entries) * u64::from(block_size) < sectors * SECTOR {
        return Err(says("Page table too small"));
    }
    if entries > MOST_ENTRIES {
        return Err(Refusal::Says(format!("Max Table Entries too large ({})", entries.cast_signed())));
    }
    Ok(header)
}

/// Where the BAT and every block that any of its entries names have ended.
fn end_of_blocks<E>(reader: &Reader<'_, E>, header: &DynamicHeader, watch: &mut Watch<'_>) -> Result<u64, Refusal<E>> {
    let table = header.table_offset.get();
    let length = u64::from(header.max_table_entries.get()) * ENTRY_LENGTH;
    if !is_readable(table, length) {
        return Err(says("Error reading pagetable"));
    }
    let table_end = whole_sectors(table + length);
    let block_size = u64::from(header.block_size.get());
    // Without a bitmap for blocks below 4 KiB.
    let block = whole_sectors(block_size / 4096) + block_size;
    let in_file = reader.length.saturating_sub(table).min(length);
    // Behind the end of the file entries are zero.
    let mut highest = (in_file < length).then_some(0);
    reader.windows(table, in_file, Stage::Bat, watch, &mut |_, bytes| {
        let entries = bytes.chunks(ENTRY_LENGTH as usize).map(|entry| {
            let mut whole = [0; ENTRY_LENGTH as usize];
            whole[..entry.len()].copy_from_slice(entry);
            u32::from_be_bytes(whole)
        });
        highest = highest.max(entries.filter(|sector| *sector != UNALLOCATED).max());
        true
    })?;
    let end = highest.map_or(0, |sector| u64::from(sector) * SECTOR + block);
    Ok(table_end.max(end))
}

/// A structure, with zeros for what is not in the file.
fn padded<E, T: FromBytes + IntoBytes>(reader: &Reader<'_, E>, offset: u64) -> Result<T, AnalysisError<E>> {
    let mut value = T::new_zeroed();
    let bytes = value.as_mut_bytes();
    let in_file = reader.length.saturating_sub(offset).min(bytes.len() as u64);
    if in_file > 0 {
        reader.read(&mut [Read { offset, buffer: &mut bytes[..in_file as usize] }])?;
    }
    Ok(value)
}

fn is_readable(offset: u64, length: u64) -> bool {
    length <= LONGEST_READ && offset.checked_add(length).is_some_and(|end| end <= LAST_END)
}

/// Bytes rounded up to whole sectors. Where it is used, far from an overflow.
fn whole_sectors(bytes: u64) -> u64 {
    bytes.saturating_add(SECTOR - 1) / SECTOR * SECTOR
}
