//! Hyper-V, and Windows wherever it mounts a VHD.
//!
//! The sentences and codes are those of Windows' `winerror.h` (`ERROR_VHD_…`). What is looked at, and in what
//! order, is known from the specification and from reports, not from the source: fields that no report speaks of
//! are taken as not looked at.

use core::fmt;

use alloc::format;
use alloc::string::String;

use super::answer::{ParentUse, ToolAnswer};
use super::parent_lookup::{Disk, Lookup};
use crate::finding::Tool;
use crate::image::{Found, Image};
use crate::layout::SECTOR;
use crate::layout::bat::padded_length;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::layout::locator::Platform;

/// The largest dynamic or differencing disk, in bytes: 2,040 GiB.
const LARGEST: u64 = 2040 << 30;

/// Why Windows does not open a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    FooterMissing,
    FooterChecksum,
    FooterCorrupt,
    Version,
    HeaderChecksum,
    HeaderVersion,
    HeaderCorrupt,
    TableCorrupt,
    BlockSize,
    ParentMissing,
    ParentId,
    Size,
    FileSize,
    ParentSize,
}

impl Refusal {
    /// The sentence and the code.
    fn words(self) -> (&'static str, u32) {
        match self {
            Self::FooterMissing => {
                ("The virtual hard disk is corrupted. The virtual hard disk drive footer is missing.", 0xC03A_0001)
            }
            Self::FooterChecksum => (
                "The virtual hard disk is corrupted. The virtual hard disk drive footer checksum does not match the \
                 on-disk checksum.",
                0xC03A_0002,
            ),
            Self::FooterCorrupt => (
                "The virtual hard disk is corrupted. The virtual hard disk drive footer in the virtual hard disk is \
                 corrupted.",
                0xC03A_0003,
            ),
            Self::Version => ("The version does not support this version of the file format.", 0xC03A_0005),
            Self::HeaderChecksum => (
                "The virtual hard disk is corrupted. The sparse header checksum does not match the on-disk checksum.",
                0xC03A_0006,
            ),
            Self::HeaderVersion => (
                "The system does not support this version of the virtual hard disk. This version of the sparse \
                 header is not supported.",
                0xC03A_0007,
            ),
            Self::HeaderCorrupt => (
                "The virtual hard disk is corrupted. The sparse header in the virtual hard disk is corrupt.",
                0xC03A_0008,
            ),
            Self::TableCorrupt => (
                "The virtual hard disk is corrupted. The block allocation table in the virtual hard disk is corrupt.",
                0xC03A_000A,
            ),
            Self::BlockSize => (
                "The system does not support this version of the virtual hard disk. The block size is invalid.",
                0xC03A_000B,
            ),
            Self::ParentMissing => (
                "The chain of virtual hard disks is broken. The system cannot locate the parent virtual hard disk for \
                 the differencing disk.",
                0xC03A_000D,
            ),
            Self::ParentId => (
                "The chain of virtual hard disks is corrupted. There is a mismatch in the identifiers of the parent \
                 virtual hard disk and differencing disk.",
                0xC03A_000E,
            ),
            Self::Size => ("The size of the virtual hard disk is not valid.", 0xC03A_0012),
            Self::FileSize => ("The file size of the virtual hard disk is not valid.", 0xC03A_0013),
            Self::ParentSize => (
                "The chain of virtual hard disks is corrupted. There is a mismatch in the virtual sizes of the parent \
                 virtual hard disk and differencing disk.",
                0xC03A_0017,
            ),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sentence, code) = self.words();
        write!(f, "{sentence} (0x{code:08X})")
    }
}

/// Whether Windows opens the disk.
pub(super) fn open(disk: &Disk<'_>) -> ToolAnswer {
    let mut parent = ParentUse::None;
    let answer = check(disk, &mut parent).map_err(|refusal| format!("{refusal}"));
    ToolAnswer { parent, ..ToolAnswer::new(Tool::HyperV, answer) }
}

fn check(disk: &Disk<'_>, parent_use: &mut ParentUse) -> Result<(), Refusal> {
    let image = disk.image;
    let footer = check_footer(image)?;
    if footer.kind() == Some(DiskType::Fixed) {
        let expected = footer.current_size.get().checked_add(Footer::LENGTH);
        // Room between the data and the footer does no harm.
        return if expected.is_some_and(|length| length <= image.length) { Ok(()) } else { Err(Refusal::FileSize) };
    }
    let header = check_header(image)?;
    check_blocks(image, footer, header)?;
    if footer.kind() == Some(DiskType::Differencing) {
        check_parent(disk, footer, header, parent_use)?;
    }
    Ok(())
}

fn check_footer(image: &Image) -> Result<&Footer, Refusal> {
    let footer = match &image.primary {
        Found::Read { offset, value } if offset.is_multiple_of(SECTOR) && value.cookie == Footer::COOKIE => value,
        _ => return Err(Refusal::FooterMissing),
    };
    if footer.checksum.get() != footer.computed_checksum() {
        return Err(Refusal::FooterChecksum);
    }
    if footer.file_format_version.get() != Footer::VERSION {
        return Err(Refusal::Version);
    }
    if footer.kind().is_none() { Err(Refusal::FooterCorrupt) } else { Ok(footer) }
}

fn check_header(image: &Image) -> Result<&DynamicHeader, Refusal> {
    let header = image.header.value().ok_or(Refusal::HeaderCorrupt)?;
    if header.cookie != DynamicHeader::COOKIE {
        return Err(Refusal::HeaderCorrupt);
    }
    if !header.checksum_is_right() {
        return Err(Refusal::HeaderChecksum);
    }
    if header.header_version.get() != DynamicHeader::VERSION { Err(Refusal::HeaderVersion) } else { Ok(header) }
}

fn check_blocks(image: &Image, footer: &Footer, header: &DynamicHeader) -> Result<(), Refusal> {
    let current_size = footer.current_size.get();
    if current_size > LARGEST {
        return Err(Refusal::Size);
    }
    if image.block_shape().is_none() {
        return Err(Refusal::BlockSize);
    }
    let enough = header.blocks_for(current_size).is_some_and(|blocks| blocks <= header.max_table_entries.get().into());
    let table_end = header.table_offset.get().checked_add(padded_length(header.max_table_entries.get()));
    let within = table_end.is_some_and(|end| end <= image.length);
    match image.bat.value() {
        Some(bat) if enough && within && bat.outside_file.count == 0 => Ok(()),
        _ => Err(Refusal::TableCorrupt),
    }
}

/// The parent that the first locator leads to which leads anywhere.
fn check_parent(
    disk: &Disk<'_>,
    footer: &Footer,
    header: &DynamicHeader,
    parent_use: &mut ParentUse,
) -> Result<(), Refusal> {
    let paths = disk.image.locators().filter_map(|(_, locator, name)| match locator.platform()? {
        Platform::W2ku | Platform::W2ru => path(name.value()?),
        _ => None,
    });
    let found = paths.map(|path| disk.parent_lookup.parent(&path)).find(|found| !matches!(found, Lookup::Missing));
    let parent = match found {
        None | Some(Lookup::Missing) => return Err(Refusal::ParentMissing),
        Some(Lookup::Unknown) => {
            *parent_use = ParentUse::Assumed;
            return Ok(());
        }
        Some(Lookup::Found(parent)) => {
            *parent_use = ParentUse::Seen;
            check_footer(parent.image)?
        }
    };
    if parent.unique_id != header.parent_unique_id {
        Err(Refusal::ParentId)
    } else if parent.current_size != footer.current_size {
        Err(Refusal::ParentSize)
    } else {
        Ok(())
    }
}

/// A path in UTF-16, little-endian, with slashes; `None` where it is none.
fn path(bytes: &[u8]) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let units = units.iter().map(|unit| u16::from_le_bytes(*unit)).take_while(|unit| *unit != 0);
    let path: Result<String, _> = char::decode_utf16(units).collect();
    rest.is_empty().then_some(path.ok()?).map(|path| path.replace('\\', "/"))
}
