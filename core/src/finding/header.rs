//! The dynamic header.

use core::fmt;

use super::rule::{Rule, rules};
use super::text::Bytes;
use crate::layout::header::DynamicHeader;
use crate::units::count;

/// What can be wrong with the dynamic header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeaderFault {
    /// The footer's data offset leads out of the file.
    OutOfFile {
        /// The data offset.
        data_offset: u64,
        /// The length of the file in bytes.
        file: u64,
    },
    /// The cookie is not that of a dynamic header.
    Cookie([u8; 8]),
    /// The checksum does not fit.
    Checksum {
        /// As stored.
        stored: u32,
        /// As the bytes ask for.
        computed: u32,
    },
    /// The header version.
    Version(u32),
    /// The unused data offset.
    DataOffset(u64),
    /// The table offset, not on a sector or zero.
    TableOffset(u64),
    /// The BAT does not end before the primary footer.
    TableOutOfFile {
        /// Where the BAT would end, in bytes; `None` where that is beyond any number.
        end: Option<u64>,
        /// Where it must end at the latest, in bytes.
        limit: u64,
    },
    /// The block size.
    BlockSize(u32),
    /// A block size that vhd-util does not open.
    LargeBlocks(u32),
    /// Fewer BAT entries than the current size needs.
    TooFewEntries {
        /// What the BAT has.
        entries: u32,
        /// What the current size needs.
        needed: u64,
    },
    /// A reserved byte.
    Reserved(u8),
}

rules! {
    OUT_OF_FILE: Error, "header.outside-file", "Dynamic header: not within the file",
        Some("error seeking to header: -22"), [VhdUtil Qemu HyperV XenOrchestra],
        "The footer’s data offset says where the dynamic header is, and there the file has already ended. Without \
         the header nothing says where the blocks are.",
        "The repair looks for the header in its usual place and corrects the data offset. If the file was cut off \
         before it, look for another copy.";
    COOKIE: Error, "header.cookie", "Dynamic header: invalid cookie",
        Some("header is invalid: invalid cookie"), [VhdUtil Qemu HyperV XenOrchestra],
        "A dynamic header begins with the cookie “cxsparse”. No tool opens the disk without it.",
        "The repair puts the cookie back, or builds a lost header anew from the BAT and the footer.";
    CHECKSUM: Error, "header.checksum", "Dynamic header: invalid checksum",
        Some("header is invalid: invalid checksum"), [VhdUtil HyperV XenOrchestra],
        "The checksum does not fit the header’s bytes, so at least one of its fields is not what was written. QEMU \
         does not look at this checksum; the others refuse the disk.",
        "The repair looks for the one field that does not fit the rest of the file, and renews the checksum.";
    VERSION: Error, "header.version", "Dynamic header: unknown version",
        Some("header is invalid: invalid header version"), [VhdUtil HyperV XenOrchestra],
        "The only version of the header is 1.0.",
        "The repair sets the field and renews the header’s checksum.";
    DATA_OFFSET: Error, "header.data-offset", "Dynamic header: the unused data offset is set",
        Some("header is invalid: invalid data offset"), [VhdUtil XenOrchestra],
        "The header’s data offset is not in use and must be all ones.",
        "The repair sets the field and renews the header’s checksum.";
    TABLE_OFFSET: Error, "header.table-offset", "Dynamic header: the BAT is not on a sector",
        Some("header is invalid: invalid table offset"), [VhdUtil Qemu HyperV],
        "The block allocation table (BAT) begins at a whole sector behind the footer’s backup.",
        "The repair looks for the BAT and corrects the offset.";
    TABLE_OUT_OF_FILE: Error, "header.table-outside-file", "Dynamic header: the BAT is not within the file",
        Some("header is invalid: invalid table offset"), [VhdUtil Qemu HyperV],
        "The block allocation table (BAT) must end before the primary footer. Without it nothing says where the \
         blocks are.",
        "The repair looks for the BAT and corrects its offset or its number of entries. If the file was cut off \
         before it, look for another copy.";
    BLOCK_SIZE: Error, "header.block-size", "Dynamic header: impossible block size",
        Some("header is invalid: invalid block size"), [VhdUtil Qemu HyperV XenOrchestra],
        "The size of a block is a power of two, and at least a sector; 2 MiB as a rule.",
        "The repair finds the size from how far the blocks are apart.";
    LARGE_BLOCKS: Warning, "header.large-blocks", "Dynamic header: blocks larger than 2 MiB",
        None, [VhdUtil],
        "The format allows it, but XenServer and XCP-ng open no disk with blocks larger than 2 MiB.",
        "Nothing has to be done for QEMU and Hyper-V. For XenServer and XCP-ng, let qemu-img or Hyper-V write the \
         disk again.";
    TOO_FEW_ENTRIES: Error, "header.too-few-entries", "Dynamic header: the BAT is too small for the disk",
        Some("error reading bat: -22"), [VhdUtil Qemu HyperV XenOrchestra],
        "The current size needs more blocks than the block allocation table (BAT) has entries: the end of the \
         virtual disk has no place.",
        "The repair sets the current size to the original one or to what the BAT has room for, or finds the right \
         number of entries.";
    RESERVED: Error, "header.reserved", "Dynamic header: reserved bytes are not zero",
        Some("header is invalid: invalid reserved bits"), [VhdUtil],
        "The reserved bytes of the header are zero. Something wrote there.",
        "The repair clears the bytes and renews the header’s checksum.";
}

impl HeaderFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::OutOfFile { .. } => &OUT_OF_FILE,
            Self::Cookie(_) => &COOKIE,
            Self::Checksum { .. } => &CHECKSUM,
            Self::Version(_) => &VERSION,
            Self::DataOffset(_) => &DATA_OFFSET,
            Self::TableOffset(_) => &TABLE_OFFSET,
            Self::TableOutOfFile { .. } => &TABLE_OUT_OF_FILE,
            Self::BlockSize(_) => &BLOCK_SIZE,
            Self::LargeBlocks(_) => &LARGE_BLOCKS,
            Self::TooFewEntries { .. } => &TOO_FEW_ENTRIES,
            Self::Reserved(_) => &RESERVED,
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfFile { data_offset, .. } => write!(f, "data offset 0x{data_offset:x}"),
            Self::Cookie(cookie) => write!(f, "{}", Bytes(cookie)),
            Self::Checksum { stored, .. } => write!(f, "0x{stored:08x}"),
            Self::Version(version) => write!(f, "{}.{}", version >> 16, version & 0xFFFF),
            Self::DataOffset(offset) => write!(f, "0x{offset:016x}"),
            Self::TableOffset(offset) => write!(f, "0x{offset:x}"),
            Self::TableOutOfFile { end: Some(end), .. } => {
                write!(f, "the BAT would end at 0x{end:x}")
            }
            Self::TableOutOfFile { end: None, .. } => f.write_str("the BAT would never end"),
            Self::BlockSize(bytes) | Self::LargeBlocks(bytes) => write!(f, "{}", count(*bytes, "byte")),
            Self::TooFewEntries { entries, .. } => write!(f, "{}", count(*entries, "entry")),
            Self::Reserved(byte) => write!(f, "0x{byte:02x}"),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfFile { file, .. } => {
                write!(f, "within the file’s {}, 512 as a rule", count(*file, "byte"))
            }
            Self::Cookie(_) => write!(f, "{}", Bytes(&DynamicHeader::COOKIE)),
            Self::Checksum { computed, .. } => write!(f, "0x{computed:08x}"),
            Self::Version(_) => f.write_str("1.0"),
            Self::DataOffset(_) => f.write_str("0xffffffffffffffff"),
            Self::TableOffset(_) => f.write_str("a multiple of 512"),
            Self::TableOutOfFile { limit, .. } => write!(f, "at 0x{limit:x} at the latest"),
            Self::BlockSize(_) => f.write_str("a power of two from 512 on"),
            Self::LargeBlocks(_) => write!(f, "{}", count(DynamicHeader::USUAL_BLOCK_SIZE, "byte")),
            Self::TooFewEntries { needed, .. } => write!(f, "at least {needed}"),
            Self::Reserved(_) => f.write_str("0x00"),
        }
    }
}
