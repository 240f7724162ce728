//! How the structures lie in the file: what follows the footer, what is missing before it.

use crate::units::count;
use core::fmt;

use super::rule::{Rule, rules};

/// What can be wrong with the file as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// The footer does not lie on a sector, but so many bytes behind one.
    OffSector(u64),
    /// The footer is one byte short, as old Virtual PC wrote it.
    ShortFooter,
    /// Bytes stand behind the place of the primary footer.
    TrailingBytes {
        /// How many.
        bytes: u64,
        /// Whether the primary footer itself stands before them.
        footer: bool,
    },
    /// A fixed disk's sectors do not all fit into the file.
    Truncated {
        /// Bytes that are missing.
        missing: u64,
    },
    /// Bytes that belong to no structure stand between the data and the primary footer, enough for a block.
    Unreferenced {
        /// How many.
        bytes: u64,
    },
    /// Bytes that belong to no structure stand between the data and the primary footer.
    Gap {
        /// How many.
        bytes: u64,
    },
}

rules! {
    OFF_SECTOR: Error, "file.off-sector", "The file is no whole number of sectors",
        Some("primary footer invalid: invalid cookie"), [VhdUtil HyperV Azure],
        "The footer does not lie on a sector of 512 bytes: bytes are too many or too few before it. Tools that read \
         the last sector do not find the footer there; QEMU opens such a disk only if it is dynamic.",
        "The repair puts the footer on the next sector. What lies before it is not moved.";
    SHORT_FOOTER: Error, "file.short-footer", "Primary footer: 511 bytes instead of 512",
        None, [Qemu HyperV XenOrchestra Azure],
        "Old versions of Virtual PC wrote the footer without its last byte, which is reserved and zero. XenServer \
         and XCP-ng allow for that. Whoever reads the last 512 bytes of the file finds no footer there: Hyper-V, \
         Azure, and QEMU if the disk is fixed.",
        "The repair adds the byte.";
    TRAILING_BYTES: Error, "file.trailing-bytes", "The file goes on behind the disk’s end",
        Some("primary footer invalid: invalid cookie"), [VhdUtil Qemu HyperV XenOrchestra Azure],
        "The primary footer must be the very last thing in the file, and it is not. A copy or an upload that was \
         padded leaves a disk like that, and so does a write that ran over the end.",
        "The repair puts the footer where it belongs. What it cuts off it names, and what may be a block stays.";
    TRUNCATED: Error, "file.truncated", "The file is shorter than the disk",
        None, [HyperV],
        "A fixed disk holds every sector of the virtual disk, and the file is too short for them: its end, or \
         something before it, is gone.",
        "Get the file again, whole. What is gone cannot be put back.";
    UNREFERENCED: Warning, "file.unreferenced", "Bytes that no structure refers to",
        None, [],
        "Between the last block and the primary footer there is room for a block, and it is not empty. It may be a \
         block whose BAT entry was never written, or was lost. Do not run a repair that cuts it off, as vhd-util’s \
         does, before you know what it is.",
        "Nothing has to be done to read the disk. If data is missing from it, keep the file as it is: the data may \
         be here.";
    GAP: Info, "file.gap", "A gap before the primary footer",
        None, [],
        "Between the data and the primary footer there are bytes that nothing refers to. That is usual where room \
         was set aside, on a logical volume for one.",
        "Nothing has to be done.";
}

impl FileFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::OffSector(_) => &OFF_SECTOR,
            Self::ShortFooter => &SHORT_FOOTER,
            Self::TrailingBytes { .. } => &TRAILING_BYTES,
            Self::Truncated { .. } => &TRUNCATED,
            Self::Unreferenced { .. } => &UNREFERENCED,
            Self::Gap { .. } => &GAP,
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OffSector(over) => write!(f, "the footer {} behind a sector", count(*over, "byte")),
            Self::ShortFooter => f.write_str("511 bytes"),
            Self::TrailingBytes { bytes, footer: true } => {
                write!(f, "{} behind an intact footer", count(*bytes, "byte"))
            }
            Self::TrailingBytes { bytes, footer: false } => {
                write!(f, "{} behind the place of the footer", count(*bytes, "byte"))
            }
            Self::Truncated { missing } => write!(f, "{} missing", count(*missing, "byte")),
            Self::Unreferenced { bytes } | Self::Gap { bytes } => write!(f, "{}", count(*bytes, "byte")),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OffSector(_) => "a file of whole sectors",
            Self::ShortFooter => "512 bytes",
            Self::TrailingBytes { .. } => "the end of the file",
            Self::Truncated { .. } => "the whole virtual disk, then the footer",
            Self::Unreferenced { .. } | Self::Gap { .. } => "the primary footer",
        })
    }
}
