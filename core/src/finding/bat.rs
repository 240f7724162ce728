//! The BAT's entries: each must point behind the metadata, its block end before the primary footer, and no two blocks
//! share bytes.

use core::fmt;

use super::rule::{Rule, rules};
use crate::layout::SECTOR;
use crate::units::count;

/// What can be wrong with entries of the BAT.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatFault {
    /// The table is not within the file as far as the current size needs it.
    OutOfFile {
        /// Entries that the current size needs.
        entries: u64,
    },
    /// A block begins before the end of the metadata.
    OnMetadata(Entry),
    /// A block ends behind the end of the file or on the primary footer.
    OutsideFile(Entry),
    /// Two entries point at one block.
    Duplicate(Entry, Entry),
    /// Two blocks share some bytes.
    Overlap(Entry, Entry),
    /// An entry behind those that the current size needs points at a block.
    BeyondSize(Entry),
    /// Such an entry points at a block that ends behind the end of the file.
    SpareOutsideFile(Entry),
    /// An entry leads beside its block, which begins at the limit.
    Beside(Entry),
    /// Blocks do not lie where their creator puts them.
    OffGrid {
        /// How many.
        blocks: u32,
        /// The first of them.
        first: Entry,
    },
    /// There are more entries with a fault than are named one by one.
    More(Kind, u32),
}

/// A fault of which there may be more than are named one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// [`BatFault::OnMetadata`].
    OnMetadata,
    /// [`BatFault::OutsideFile`].
    OutsideFile,
    /// [`BatFault::Overlap`] and [`BatFault::Duplicate`].
    Overlap,
    /// [`BatFault::BeyondSize`].
    BeyondSize,
}

/// An entry of the BAT that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The block's number, from 0.
    pub block: u32,
    /// The entry: the sector at which the block begins.
    pub sector: u32,
    /// The limit that it crosses, in bytes from the start of the file.
    pub limit: u64,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = u64::from(self.sector) * SECTOR;
        write!(f, "block {} at sector 0x{:x}, offset 0x{offset:x}", self.block, self.sector)
    }
}

rules! {
    OUT_OF_FILE: Error, "bat.outside-file", "BAT: not within the file",
        Some("error reading bat: -5"), [VhdUtil Qemu HyperV],
        "The block allocation table (BAT) ends behind the end of the file. The entries that are missing said where \
         blocks are.",
        "The repair looks for the BAT elsewhere in the file. If the file was cut off there, look for another copy.";
    ON_METADATA: Error, "bat.entry.on-metadata", "BAT: a block lies on the metadata",
        Some("block … clobbers headers"), [VhdUtil],
        "The entry points into the footer, header, BAT, batmap or parent names at the start of the file. Whoever \
         writes to this block of the disk destroys them.",
        "The repair links the block that fits if one lies in the file unused, or else clears the entry and names \
         the sectors that go.";
    OUTSIDE_FILE: Error, "bat.entry.outside-file", "BAT: a block lies outside of the file",
        Some("block … clobbers footer"), [VhdUtil Qemu HyperV],
        "The entry points at a block that does not end before the primary footer, or not within the file at all: \
         the entry is wrong, or the end of the file is gone.",
        "If the file was cut off, get it again, whole. If not, the repair links the block that fits, or clears the \
         entry and names the sectors that go.";
    DUPLICATE: Error, "bat.entry.duplicate", "BAT: two entries for one block",
        Some("block … clobbers block …"), [VhdUtil],
        "Two places of the virtual disk show the same block of the file, and a write to one changes the other. One \
         of the entries is wrong.",
        "The repair links one of the two to an unused block that fits, or clears one and names the sectors that go. \
         Compare what the ways of repair leave.";
    OVERLAP: Error, "bat.entry.overlap", "BAT: two blocks overlap",
        Some("block … clobbers block …"), [VhdUtil],
        "Two blocks share some bytes of the file, so that a write to one destroys part of the other. One of the \
         entries is wrong.",
        "The repair moves the entry that is off to the unused block that fits, or clears it and names the sectors \
         that go.";
    BEYOND_SIZE: Info, "bat.entry.beyond-size", "BAT: a block behind the end of the disk",
        None, [],
        "The BAT has room for more blocks than the current size needs, and one of those behind the end is \
         allocated. Nothing reads it; the disk may have been larger once.",
        "Nothing has to be done. If the disk’s end is missing, its current size was set too small.";
    SPARE_OUTSIDE_FILE: Warning, "bat.entry.spare-outside-file", "BAT: a spare entry leads out of the file",
        None, [Qemu],
        "The BAT has more entries than the current size needs, and one of the spare ones points at a block that would \
         end behind the end of the file. Nothing reads it, and most tools do not look at it; QEMU refuses the disk.",
        "Clear the entry where QEMU has to read the disk. If the disk’s end is missing, its current size was set too \
         small.";
    BESIDE: Error, "bat.entry.beside-block", "BAT: an entry leads beside its block",
        None, [],
        "There is no block where the entry leads, and one begins some sectors from there, where the program that made \
         the disk puts them. Every tool opens the disk and reads this block shifted.",
        "The repair points the entry at the block. The block itself is not touched.";
    OFF_GRID: Info, "bat.entry.off-grid", "BAT: blocks beside the pages",
        None, [],
        "The program that made the disk puts blocks on pages of 4 KiB, and some of these lie elsewhere, as other \
         programs put them. Every tool reads them.",
        "Nothing has to be done.";
}

impl BatFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::OutOfFile { .. } => &OUT_OF_FILE,
            Self::OnMetadata(_) | Self::More(Kind::OnMetadata, _) => &ON_METADATA,
            Self::OutsideFile(_) | Self::More(Kind::OutsideFile, _) => &OUTSIDE_FILE,
            Self::Duplicate(..) => &DUPLICATE,
            Self::Overlap(..) | Self::More(Kind::Overlap, _) => &OVERLAP,
            Self::BeyondSize(_) | Self::More(Kind::BeyondSize, _) => &BEYOND_SIZE,
            Self::SpareOutsideFile(_) => &SPARE_OUTSIDE_FILE,
            Self::Beside(_) => &BESIDE,
            Self::OffGrid { .. } => &OFF_GRID,
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfFile { entries } => write!(f, "{} needed", count(*entries, "entry")),
            Self::OnMetadata(entry)
            | Self::OutsideFile(entry)
            | Self::BeyondSize(entry)
            | Self::SpareOutsideFile(entry)
            | Self::Beside(entry) => write!(f, "{entry}"),
            Self::Duplicate(first, second) | Self::Overlap(first, second) => write!(f, "{first}; {second}"),
            Self::OffGrid { blocks, first } => write!(f, "{}, the first: {first}", count(*blocks, "block")),
            Self::More(_, more) => write!(f, "{more} more like those before"),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfFile { .. } => f.write_str("the whole table within the file"),
            Self::OnMetadata(entry) => write!(f, "at 0x{:x} or behind", entry.limit),
            Self::OutsideFile(entry) => write!(f, "an end at 0x{:x} at the latest", entry.limit),
            Self::Duplicate(..) => f.write_str("a block for each entry"),
            Self::Overlap(first, _) => write!(f, "the second at 0x{:x} or behind", first.limit),
            Self::BeyondSize(entry) => write!(f, "none behind the disk’s {}", count(entry.limit, "block")),
            Self::SpareOutsideFile(entry) => write!(f, "an end at 0x{:x} at the latest", entry.limit),
            Self::Beside(entry) => {
                write!(f, "the block at sector 0x{:x}, offset 0x{:x}", entry.limit / SECTOR, entry.limit)
            }
            Self::OffGrid { .. } => f.write_str("all blocks on pages"),
            Self::More(..) => Ok(()),
        }
    }
}
