//! tapdisk's batmap: that it is there and intact.

use core::fmt;

use super::rule::{Rule, rules};
use super::text::Bytes;
use crate::layout::batmap::BatmapHeader;
use crate::units::count;

/// What can be wrong with the batmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatmapFault {
    /// The header would lie behind the end of the file.
    OutOfFile,
    /// The cookie is not that of a batmap.
    Cookie([u8; 8]),
    /// The batmap version.
    Version(u32),
    /// The map is not within the file, or too small for the disk.
    MapOutOfFile,
    /// The map begins at the start of the file, or not on a sector.
    Offset(u64),
    /// The map has fewer bits than the BAT has entries.
    TooSmall {
        /// What the map has.
        bits: u64,
        /// What the BAT has.
        entries: u32,
    },
    /// The map, by its header, reaches into blocks.
    IntoBlocks {
        /// Where it would end, in bytes.
        end: u64,
        /// Where the first block begins, in bytes.
        first: u64,
    },
    /// A block begins where the batmap belongs.
    Overwritten {
        /// The block's number.
        block: u32,
    },
    /// A block that is marked full and not allocated.
    UnallocatedFull {
        /// The block's number.
        block: u32,
    },
    /// There are more blocks like that than are named one by one.
    MoreUnallocatedFull(u32),
    /// The checksum does not fit the map.
    Checksum {
        /// As stored.
        stored: u32,
        /// As the map asks for.
        computed: u32,
    },
}

/// What vhd-util prints where the batmap cannot be read, whatever the reason.
const UNREADABLE: Option<&str> = Some("error calculating end of metadata: -22");

rules! {
    OUT_OF_FILE: Error, "batmap.outside-file", "Batmap: not within the file",
        UNREADABLE, [VhdUtil],
        "Disks made by tapdisk have a batmap behind the BAT; here the file ends before it. XenServer and XCP-ng \
         refuse the disk.",
        "The repair builds the batmap anew from the blocks’ bitmaps.";
    COOKIE: Error, "batmap.cookie", "Batmap: invalid cookie",
        UNREADABLE, [VhdUtil],
        "Disks made by tapdisk have a batmap behind the BAT, which begins with “tdbatmap”. XenServer and XCP-ng \
         refuse the disk without it. QEMU knows no batmap: where it wrote to the disk, a block may lie in the \
         batmap’s place.",
        "The repair builds the batmap anew from the blocks’ bitmaps.";
    VERSION: Error, "batmap.version", "Batmap: unknown version",
        UNREADABLE, [VhdUtil],
        "The newest version of the batmap is 1.2. XenServer and XCP-ng refuse anything newer.",
        "The repair builds the batmap anew from the blocks’ bitmaps, in version 1.2.";
    MAP_OUT_OF_FILE: Error, "batmap.map-outside-file", "Batmap: the map is not within the file",
        UNREADABLE, [VhdUtil],
        "The batmap’s header names a place for the map that is behind the end of the file, or too small for the \
         disk. XenServer and XCP-ng refuse the disk.",
        "The repair builds the batmap anew from the blocks’ bitmaps.";
    CHECKSUM: Error, "batmap.checksum", "Batmap: invalid checksum",
        UNREADABLE, [VhdUtil],
        "The checksum does not fit the map of the blocks that are written throughout. XenServer and XCP-ng refuse \
         the disk.",
        "The repair builds the batmap anew from the blocks’ bitmaps.";
    OFFSET: Error, "batmap.offset", "Batmap: the map is not on a sector",
        Some("batmap is invalid: invalid batmap offset"), [VhdUtil],
        "The map begins at a whole sector behind the batmap’s header.",
        "The repair builds the batmap anew from the blocks’ bitmaps.";
    TOO_SMALL: Error, "batmap.too-small", "Batmap: fewer bits than the BAT has entries",
        Some("batmap is invalid: batmap-BAT size mismatch"), [VhdUtil],
        "The batmap has a bit for each entry of the BAT. XenServer and XCP-ng refuse a disk with fewer.",
        "The repair builds the batmap anew from the blocks’ bitmaps.";
    INTO_BLOCKS: Error, "batmap.into-blocks", "Batmap: the map reaches into blocks",
        Some("block … clobbers headers"), [VhdUtil],
        "The batmap’s header gives the map a place, or a size, with which it lies on blocks. The blocks are where \
         they belong; the header is wrong.",
        "The repair builds the batmap anew from the blocks’ bitmaps.";
    OVERWRITTEN: Error, "batmap.overwritten", "Batmap: a block lies in its place",
        UNREADABLE, [VhdUtil],
        "QEMU knows no batmap: it wrote to a disk of tapdisk’s, and put a block where the batmap was. The data is \
         good, and QEMU reads it; XenServer and XCP-ng refuse the disk until the block lies elsewhere and the \
         batmap is back.",
        "The repair moves the block to the end of the file and builds the batmap anew. Do not let QEMU write to the \
         disk again.";
    UNALLOCATED_FULL: Error, "batmap.unallocated-full", "Batmap: a block marked full that is not there",
        Some("batmap shows unallocated block … full"), [VhdUtil],
        "The batmap says that every sector of the block is written, and the BAT has no block: either the mark is \
         wrong, or the BAT entry was never written, or lost.",
        "The repair links the block if just one unused block of the file fits, or else clears the mark.";
}

impl BatmapFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::OutOfFile => &OUT_OF_FILE,
            Self::Cookie(_) => &COOKIE,
            Self::Version(_) => &VERSION,
            Self::MapOutOfFile => &MAP_OUT_OF_FILE,
            Self::Checksum { .. } => &CHECKSUM,
            Self::Offset(_) => &OFFSET,
            Self::TooSmall { .. } => &TOO_SMALL,
            Self::IntoBlocks { .. } => &INTO_BLOCKS,
            Self::Overwritten { .. } => &OVERWRITTEN,
            Self::UnallocatedFull { .. } | Self::MoreUnallocatedFull(_) => &UNALLOCATED_FULL,
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfFile | Self::MapOutOfFile => Ok(()),
            Self::Cookie(cookie) => write!(f, "{}", Bytes(cookie)),
            Self::Version(version) => write!(f, "{}.{}", version >> 16, version & 0xFFFF),
            Self::Checksum { stored, .. } => write!(f, "0x{stored:08x}"),
            Self::Offset(offset) => write!(f, "0x{offset:x}"),
            Self::TooSmall { bits, .. } => write!(f, "{bits} bits"),
            Self::IntoBlocks { end, .. } => write!(f, "an end at 0x{end:x}"),
            Self::Overwritten { block } | Self::UnallocatedFull { block } => write!(f, "block {block}"),
            Self::MoreUnallocatedFull(more) => write!(f, "{}", count(*more, "more block")),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfFile => f.write_str("512 bytes within the file"),
            Self::Cookie(_) => write!(f, "{}", Bytes(&BatmapHeader::COOKIE)),
            Self::Version(_) => f.write_str("at most 1.2"),
            Self::MapOutOfFile => f.write_str("a bit for each block, within the file"),
            Self::Checksum { computed, .. } => write!(f, "0x{computed:08x}"),
            Self::Offset(_) => f.write_str("a multiple of 512"),
            Self::TooSmall { entries, .. } => write!(f, "{entries} bits"),
            Self::IntoBlocks { first, .. } => write!(f, "at 0x{first:x} at the latest"),
            Self::Overwritten { .. } => write!(f, "{}", Bytes(&BatmapHeader::COOKIE)),
            Self::UnallocatedFull { .. } => f.write_str("a BAT entry, or no mark"),
            Self::MoreUnallocatedFull(_) => Ok(()),
        }
    }
}
