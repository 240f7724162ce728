//! The blocks: those that no BAT entry points at, and, where every block was read, what their bitmaps hide.

use crate::units::count;
use core::fmt;

use super::rule::{Rule, rules};

/// What can be wrong with blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockFault {
    /// What looks like a block, and no BAT entry points at it.
    Orphan {
        /// Where it begins, in bytes from the start of the file.
        offset: u64,
        /// Sectors that its bitmap calls written.
        sectors: u32,
    },
    /// Data under clear bits of the sector bitmap, on a dynamic disk.
    HiddenData(Hidden),
    /// The same on a differencing disk, where the parent's data is read instead.
    StaleData(Hidden),
    /// The batmap calls a block full, and its bitmap does not.
    MarkedNotFull {
        /// The block's number.
        block: u32,
    },
    /// Full blocks that the batmap does not call full.
    FullUnmarked {
        /// How many.
        blocks: u32,
    },
    /// There are more blocks with hidden data than are named one by one.
    MoreHiddenData(u32),
    /// There are more blocks wrongly marked than are named one by one.
    MoreMarkedNotFull(u32),
}

/// Data that nothing reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hidden {
    /// The block's number.
    pub block: u32,
    /// How many of its sectors.
    pub sectors: u32,
    /// The first of them, counted in the block.
    pub first: u32,
}

rules! {
    ORPHAN: Warning, "block.orphan", "A block that no BAT entry points at",
        None, [],
        "Here lies what looks like a block: a bitmap, and data just where the bitmap says. Its BAT entry was never \
         written, or was lost. Do not run a repair that cuts it off, as vhd-util’s does.",
        "Keep the file as it is until you know whether data is missing from the disk. The block itself does no harm.";
    HIDDEN_DATA: Error, "block.hidden-data", "Data under clear bits of a bitmap",
        None, [],
        "The sector bitmap calls these sectors not written, so that the disk reads zeros there; but there is data. \
         The bitmap was damaged, or a write was cut off.",
        "The repair sets the bits, which brings the data back; it assumes that the data was meant to be there.";
    STALE_DATA: Warning, "block.stale-data", "Data under clear bits of a bitmap",
        None, [],
        "The sector bitmap calls these sectors not written, so that the parent’s data is read there; but there is \
         data. It may be left over from before, or the bitmap was damaged.",
        "Look whether data is missing from the disk. If not, nothing has to be done.";
    MARKED_NOT_FULL: Error, "batmap.marked-not-full", "Batmap: a block marked full that is not",
        None, [],
        "tapdisk does not look at the bitmap of a block that the batmap calls full, and reads what lies in its \
         sectors; other tools go by the bitmap, which says that some were never written.",
        "The repair builds the batmap anew from the blocks’ bitmaps.";
    FULL_UNMARKED: Info, "batmap.full-unmarked", "Batmap: full blocks that are not marked",
        None, [],
        "The batmap could spare tapdisk a look at the bitmaps of these blocks. It costs time, not data.",
        "Nothing has to be done.";
}

impl BlockFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::Orphan { .. } => &ORPHAN,
            Self::HiddenData(_) | Self::MoreHiddenData(_) => &HIDDEN_DATA,
            Self::StaleData(_) => &STALE_DATA,
            Self::MarkedNotFull { .. } | Self::MoreMarkedNotFull(_) => &MARKED_NOT_FULL,
            Self::FullUnmarked { .. } => &FULL_UNMARKED,
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Orphan { offset, sectors } => write!(f, "at 0x{offset:x}, {} written", count(*sectors, "sector")),
            Self::HiddenData(hidden) | Self::StaleData(hidden) => {
                write!(f, "block {}: {}, the first is {}", hidden.block, count(hidden.sectors, "sector"), hidden.first)
            }
            Self::MarkedNotFull { block } => write!(f, "block {block}"),
            Self::FullUnmarked { blocks } => write!(f, "{}", count(*blocks, "block")),
            Self::MoreHiddenData(more) | Self::MoreMarkedNotFull(more) => write!(f, "{}", count(*more, "more block")),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Orphan { .. } => "a BAT entry that points at it",
            Self::HiddenData(_) | Self::StaleData(_) => "zeros under clear bits",
            Self::MarkedNotFull { .. } => "every sector written",
            Self::FullUnmarked { .. } => "a bit in the batmap for each",
            Self::MoreHiddenData(_) | Self::MoreMarkedNotFull(_) => "",
        })
    }
}
