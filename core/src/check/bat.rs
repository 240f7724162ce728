//! The BAT's entries: each must point behind the metadata and its block end before the primary footer.

use core::fmt;

use crate::dialect::Tool;
use crate::finding::{Rule, Severity};
use crate::layout::SECTOR;

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
    /// More blocks begin there than are named one by one.
    MoreOnMetadata(u32),
    /// A block ends behind the end of the file or on the primary footer.
    OutsideFile(Entry),
    /// More blocks end there than are named one by one.
    MoreOutsideFile(u32),
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

static OUT_OF_FILE: Rule = Rule {
    id: "bat.outside-file",
    severity: Severity::Error,
    title: "BAT: not within the file",
    meaning: "The block allocation table (BAT) ends behind the end of the file. The entries that are missing \
              said where blocks are.",
    vhd_util: Some("error reading bat: -5"),
    minded_by: &[Tool::VhdUtil, Tool::Qemu, Tool::HyperV],
};
static ON_METADATA: Rule = Rule {
    id: "bat.entry.on-metadata",
    severity: Severity::Error,
    title: "BAT: a block lies on the metadata",
    meaning: "The entry points into the footer, header, BAT, batmap or parent names at the start of the file. \
              Whoever writes to this block of the disk destroys them.",
    vhd_util: Some("block … clobbers headers"),
    minded_by: &[Tool::VhdUtil],
};
static OUTSIDE_FILE: Rule = Rule {
    id: "bat.entry.outside-file",
    severity: Severity::Error,
    title: "BAT: a block lies outside of the file",
    meaning: "The entry points at a block that does not end before the primary footer, or not within the file \
              at all: the entry is wrong, or the end of the file is gone.",
    vhd_util: Some("block … clobbers footer"),
    minded_by: &[Tool::VhdUtil, Tool::Qemu, Tool::HyperV],
};

/// Every rule of this family.
pub(crate) static RULES: &[&Rule] = &[&OUT_OF_FILE, &ON_METADATA, &OUTSIDE_FILE];

impl BatFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::OutOfFile { .. } => &OUT_OF_FILE,
            Self::OnMetadata(_) | Self::MoreOnMetadata(_) => &ON_METADATA,
            Self::OutsideFile(_) | Self::MoreOutsideFile(_) => &OUTSIDE_FILE,
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfFile { entries } => write!(f, "{entries} entries are needed"),
            Self::OnMetadata(entry) | Self::OutsideFile(entry) => write!(
                f,
                "block {} at sector 0x{:x}, offset 0x{:x}",
                entry.block,
                entry.sector,
                u64::from(entry.sector) * SECTOR
            ),
            Self::MoreOnMetadata(more) | Self::MoreOutsideFile(more) => {
                write!(f, "{more} more blocks")
            }
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfFile { .. } => f.write_str("the whole table within the file"),
            Self::OnMetadata(entry) => write!(f, "at 0x{:x} or behind", entry.limit),
            Self::OutsideFile(entry) => write!(f, "an end at 0x{:x} at the latest", entry.limit),
            Self::MoreOnMetadata(_) | Self::MoreOutsideFile(_) => Ok(()),
        }
    }
}

/// The BAT of an image, if it could be found.
#[cfg(feature = "alloc")]
pub(crate) fn check_image(image: &crate::image::Image, tell: &mut dyn FnMut(crate::finding::Finding)) {
    use super::Faults;
    use crate::finding::Fault;
    use crate::image::{Block, Found, Named};
    use crate::layout::bat::ENTRY_LENGTH;

    let (table, bat) = match &image.bat {
        Found::Read { offset, value } => (*offset, value),
        Found::OutOfFile { offset, length } => {
            let entries = length / ENTRY_LENGTH;
            let mut faults = Faults::new(tell, *offset, &Fault::Bat);
            return faults.add(0, 0, BatFault::OutOfFile { entries });
        }
        Found::Absent => return,
    };
    let limit = image.limit();
    let mut faults = Faults::new(tell, table, &Fault::Bat);
    let mut list = |entries: &Named<Block>, limit, one: fn(Entry) -> BatFault, more: fn(u32) -> BatFault| {
        for &Block { sector, number: block } in &entries.first {
            let at = block as usize * ENTRY_LENGTH as usize;
            faults.add(at, ENTRY_LENGTH as usize, one(Entry { block, sector, limit }));
        }
        let named = u32::try_from(entries.first.len()).unwrap_or(u32::MAX);
        faults.add_if(entries.count > named, 0, 0, more(entries.count - named));
    };
    list(&bat.on_metadata, image.end_of_metadata, BatFault::OnMetadata, BatFault::MoreOnMetadata);
    list(&bat.outside_file, limit, BatFault::OutsideFile, BatFault::MoreOutsideFile);
}
