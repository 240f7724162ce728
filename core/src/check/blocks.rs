//! The blocks: those that no BAT entry points at, and, where every block was read, what their bitmaps hide.

use core::fmt;

use crate::finding::{Rule, Severity};

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

static ORPHAN: Rule = Rule {
    id: "block.orphan",
    severity: Severity::Warning,
    title: "A block that no BAT entry points at",
    meaning: "Here lies what looks like a block: a bitmap, and data just where the bitmap says. Its BAT entry was never \
              written, or was lost. Do not run a repair that cuts it off, as vhd-util's does.",
    vhd_util: None,
    minded_by: &[],
};
static HIDDEN_DATA: Rule = Rule {
    id: "block.hidden-data",
    severity: Severity::Error,
    title: "Data under clear bits of a bitmap",
    meaning: "The sector bitmap calls these sectors not written, so that the disk reads zeros there; but there is data. \
              The bitmap was damaged, or a write was cut off.",
    vhd_util: None,
    minded_by: &[],
};
static STALE_DATA: Rule = Rule {
    id: "block.stale-data",
    severity: Severity::Warning,
    title: "Data under clear bits of a bitmap",
    meaning: "The sector bitmap calls these sectors not written, so that the parent's data is read there; but there is \
              data. It may be left over from before, or the bitmap was damaged.",
    vhd_util: None,
    minded_by: &[],
};
static MARKED_NOT_FULL: Rule = Rule {
    id: "batmap.marked-not-full",
    severity: Severity::Error,
    title: "Batmap: a block marked full that is not",
    meaning: "tapdisk does not look at the bitmap of a block that the batmap calls full, and reads what lies in its \
              sectors; other tools go by the bitmap, which says that some were never written.",
    vhd_util: None,
    minded_by: &[],
};
static FULL_UNMARKED: Rule = Rule {
    id: "batmap.full-unmarked",
    severity: Severity::Info,
    title: "Batmap: full blocks that are not marked",
    meaning: "The batmap could spare tapdisk a look at the bitmaps of these blocks. It costs time, not data.",
    vhd_util: None,
    minded_by: &[],
};

/// Every rule of this family.
pub(crate) static RULES: &[&Rule] = &[&ORPHAN, &HIDDEN_DATA, &STALE_DATA, &MARKED_NOT_FULL, &FULL_UNMARKED];

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
            Self::Orphan { offset, sectors } => write!(f, "at 0x{offset:x}, {sectors} sectors written"),
            Self::HiddenData(hidden) | Self::StaleData(hidden) => {
                write!(f, "block {}: {} sectors, the first is {}", hidden.block, hidden.sectors, hidden.first)
            }
            Self::MarkedNotFull { block } => write!(f, "block {block}"),
            Self::FullUnmarked { blocks } => write!(f, "{blocks} blocks"),
            Self::MoreHiddenData(more) | Self::MoreMarkedNotFull(more) => write!(f, "{more} more blocks"),
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

/// The blocks of an image.
#[cfg(feature = "alloc")]
pub(crate) fn check_image(
    image: &crate::image::Image,
    deep: Option<&crate::image::deep::Deep>,
    tell: &mut dyn FnMut(crate::finding::Finding),
) {
    use super::Faults;
    use crate::finding::Fault;
    use crate::image::deep::HiddenData;
    use crate::layout::footer::DiskType;

    let Some(shape) = image.block_shape() else {
        return;
    };
    let mut faults = Faults::new(tell, 0, &Fault::Block);
    for orphan in &image.unreferenced.orphans {
        let fault = BlockFault::Orphan { offset: orphan.offset, sectors: orphan.sectors };
        faults.add_at(orphan.offset, shape.length(), fault);
    }
    let Some(deep) = deep else {
        return;
    };
    let differencing = image.kind() == Some(DiskType::Differencing);
    for HiddenData { block, sectors, first } in &deep.hidden_data.first {
        let hidden = Hidden { block: block.number, sectors: *sectors, first: *first };
        let fault = if differencing { BlockFault::StaleData(hidden) } else { BlockFault::HiddenData(hidden) };
        faults.add_at(block.offset(), shape.bitmap, fault);
    }
    let more = deep.hidden_data.count - deep.hidden_data.first.len() as u32;
    faults.add_if(more > 0 && !differencing, 0, 0, BlockFault::MoreHiddenData(more));
    for block in &deep.marked_not_full.first {
        faults.add_at(block.offset(), shape.bitmap, BlockFault::MarkedNotFull { block: block.number });
    }
    let more = deep.marked_not_full.count - deep.marked_not_full.first.len() as u32;
    faults.add_if(more > 0, 0, 0, BlockFault::MoreMarkedNotFull(more));
    let blocks = deep.full_unmarked.count;
    faults.add_if(blocks > 0, 0, 0, BlockFault::FullUnmarked { blocks });
}
