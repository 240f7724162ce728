//! The footers: the primary at the end, its backup at the start, and both against each other.

use core::fmt;

use super::rule::Rule;
use super::rule::Severity;
use super::text::Bytes;
use super::tool::Tool;
use crate::layout::footer::Footer;
use crate::layout::geometry::Geometry;
use crate::layout::time::TimeStamp;
use crate::units::{count, decimal};

/// How far in the future vhd-util lets a creation time be, in seconds: clocks of storage servers differ.
pub(crate) const CLOCK_SLACK: u32 = 1800;

/// Which of a disk's footers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FooterCopy {
    /// At the end of the file.
    Primary,
    /// At the start of the file.
    Backup,
}

/// What can be wrong with a footer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FooterFault {
    /// The file is too short to hold it.
    Missing,
    /// The cookie is not that of a footer.
    Cookie([u8; 8]),
    /// tapdisk's poison cookie.
    Poisoned,
    /// The checksum does not fit.
    Checksum {
        /// As stored.
        stored: u32,
        /// As the bytes ask for.
        computed: u32,
    },
    /// The checksum fits only with the hidden flag taken as 0.
    ChecksumBeforeHidden,
    /// The features, of which the reserved one is not set.
    ReservedFeature(u32),
    /// The features, of which one is set that does not exist.
    ExtraFeatures(u32),
    /// The file format version.
    Version(u32),
    /// The data offset of a fixed disk.
    DataOffset(u64),
    /// The creation time, in the future.
    TimeStamp {
        /// As stored.
        stored: TimeStamp,
        /// The present.
        now: TimeStamp,
    },
    /// The version of a tapdisk that is not known.
    CreatorVersion(u32),
    /// A geometry larger than the disk.
    Geometry {
        /// As stored.
        stored: Geometry,
        /// For the current size.
        computed: Geometry,
    },
    /// The largest geometry there is, on a smaller disk.
    LargestGeometry {
        /// For the current size.
        computed: Geometry,
    },
    /// The disk type.
    DiskType(u32),
    /// The saved state.
    SavedState(u8),
    /// tapdisk's hidden flag.
    Hidden(u8),
    /// A reserved byte.
    Reserved(u8),
    /// A reserved byte, in the footer of a program that is not known to leave them zero.
    UsedReserved(u8),
    /// A current size that is no whole number of sectors, in bytes.
    RaggedSize(u64),
    /// The type of a differencing disk where nothing names a parent.
    NoParent,
    /// A null unique id.
    UniqueId,
    /// A current size that is not the original one.
    Resized {
        /// The original size, in bytes.
        original: u64,
        /// The current size, in bytes.
        current: u64,
    },
    /// A current size below the original one.
    Shrunk {
        /// The original size, in bytes.
        original: u64,
        /// The current size, in bytes.
        current: u64,
    },
    /// The first byte in which the backup is not like the primary.
    Differs {
        /// The primary's byte.
        primary: u8,
        /// The backup's byte.
        backup: u8,
        /// How many bytes differ.
        bytes: u16,
        /// The field that the first of them belongs to.
        field: &'static str,
    },
}

/// vhd-util's words for a fault of one footer.
macro_rules! said {
    (primary -) => {
        None
    };
    (backup -) => {
        None
    };
    (primary $words:literal) => {
        Some(concat!("primary footer invalid: ", $words))
    };
    (backup $words:literal) => {
        Some(concat!("backup footer invalid: ", $words))
    };
}

/// Declares the rules of faults that either footer may have, as [`rules`] does; who minds is told for each of the two.
macro_rules! rules_of_both {
    ($($name:ident: $severity:ident, $id:literal, $title:literal, $vhd_util:tt, [$($primary:ident)*], [$($backup:ident)*],
        $meaning:literal, $remedy:literal;)*) => {
        $(static $name: [Rule; 2] = [
            rule!(primary "Primary", $severity, $id, $title, $vhd_util, [$($primary)*], $meaning, $remedy),
            rule!(backup "Backup", $severity, $id, $title, $vhd_util, [$($backup)*], $meaning, $remedy),
        ];)*
        /// Every rule of this family.
        pub(crate) static RULES: &[&Rule] = &[$(&$name[0], &$name[1],)* &DIFFER];
    };
}

/// The rule of a fault in one of the footers.
macro_rules! rule {
    ($slot:ident $footer:literal, $severity:ident, $id:literal, $title:literal, $vhd_util:tt, [$($tool:ident)*],
        $meaning:literal, $remedy:literal) => {
        Rule {
            id: concat!("footer.", stringify!($slot), ".", $id),
            severity: Severity::$severity,
            title: concat!($footer, " footer: ", $title),
            meaning: $meaning,
            remedy: $remedy,
            vhd_util: said!($slot $vhd_util),
            rejected_by: &[$(Tool::$tool),*],
        }
    };
}

rules_of_both! {
    MISSING: Error, "missing", "the file is too short for it",
        "invalid cookie", [VhdUtil Qemu HyperV XenOrchestra Azure], [VhdUtil Qemu XenOrchestra],
        "A footer takes 512 bytes, and the file does not have them.",
        "Get the file again from where it came from. If that is all there is, nothing of the disk is left in it.";
    COOKIE: Error, "cookie", "invalid cookie",
        "invalid cookie", [VhdUtil Qemu HyperV XenOrchestra Azure], [VhdUtil Qemu XenOrchestra],
        "A footer begins with the cookie “conectix”. Where it is missing, tools do not take the file for a VHD: \
         XenServer, XCP-ng, Hyper-V and Azure look for it at the end of the file, QEMU at the start.",
        "The repair writes the other footer in its place. While a VM uses the disk this is normal: detach it first.";
    POISONED: Error, "poisoned", "a journalled operation was cut off",
        "invalid cookie", [VhdUtil Qemu HyperV XenOrchestra Azure], [VhdUtil Qemu XenOrchestra],
        "The cookie is “v_poison”: vhd-util was changing the size of the disk with a journal and did not finish. \
         The journal file next to the disk holds what is needed to go back; without it, do not write to the disk.",
        "Give the journal along with the disk: the repair takes the resize back. Without it, the repair can only \
         assume that nothing was moved yet.";
    CHECKSUM: Error, "checksum", "invalid checksum",
        "invalid checksum", [VhdUtil Qemu HyperV XenOrchestra Azure], [VhdUtil Qemu XenOrchestra],
        "The checksum does not fit the footer’s bytes, so at least one of its fields is not what was written.",
        "The repair writes the other footer in its place, or renews the checksum where the field that changed can \
         be told.";
    CHECKSUM_BEFORE_HIDDEN: Info, "checksum-before-hidden", "checksum from before the disk was hidden",
        -, [Qemu HyperV XenOrchestra Azure], [Qemu XenOrchestra],
        "Early tapdisk set the hidden flag without renewing the checksum. XenServer and XCP-ng allow for that; QEMU \
         does not open the disk.",
        "Nothing has to be done for XenServer and XCP-ng. For QEMU, ask for the hidden flag to be set again: that \
         renews the checksum.";
    RESERVED_FEATURE: Error, "reserved-feature", "the reserved feature is not set",
        "invalid 'reserved' feature", [VhdUtil], [VhdUtil],
        "Bit 1 of the features must always be set.",
        "The repair sets the field in both footers and renews their checksums.";
    EXTRA_FEATURES: Error, "extra-features", "unknown features are set",
        "invalid extra features", [VhdUtil], [VhdUtil],
        "Of the features, only bit 0 (temporary) and bit 1 (reserved) exist.",
        "The repair sets the field in both footers and renews their checksums.";
    VERSION: Error, "version", "unknown file format version",
        "invalid file format version", [VhdUtil HyperV], [VhdUtil XenOrchestra],
        "The only version of the format is 1.0.",
        "The repair sets the field in both footers and renews their checksums.";
    DATA_OFFSET: Error, "data-offset", "a fixed disk with a data offset",
        "invalid data offset", [VhdUtil], [VhdUtil],
        "The data offset points at the dynamic header, and a fixed disk has none.",
        "The repair sets the field in both footers and renews their checksums.";
    TIME_STAMP: Error, "time-stamp", "created in the future",
        "creation time in future", [VhdUtil], [VhdUtil],
        "The disk says that it was created later than now. XenServer and XCP-ng refuse it until that time has come. \
         Check the clock of this computer, too.",
        "Set this computer’s clock right. If it is, the repair sets the time to now in both footers.";
    CREATOR_VERSION: Error, "creator-version", "made by an unknown version of tapdisk",
        "unsupported tap creator version", [VhdUtil], [VhdUtil],
        "The newest version that tapdisk writes is 1.3. XenServer and XCP-ng refuse anything newer.",
        "The repair sets the field in both footers and renews their checksums.";
    GEOMETRY: Error, "geometry", "geometry larger than the disk",
        "geometry too large", [VhdUtil], [VhdUtil],
        "Cylinders, heads and sectors per track address more than the current size asks for.",
        "The repair computes the geometry from the current size. The size itself stays.";
    LARGEST_GEOMETRY: Warning, "largest-geometry", "largest geometry, not that of the disk",
        "geometry too large", [VhdUtil], [VhdUtil],
        "QEMU writes the largest geometry there is to say that the current size counts (force_size). QEMU, Hyper-V \
         and Azure are content with it; XenServer and XCP-ng refuse the disk.",
        "Nothing has to be done for QEMU, Hyper-V and Azure. For XenServer and XCP-ng, let qemu-img write the disk \
         again without force_size.";
    DISK_TYPE: Error, "disk-type", "unknown disk type",
        "invalid data offset", [VhdUtil HyperV], [VhdUtil XenOrchestra],
        "A disk is fixed (2), dynamic (3) or differencing (4).",
        "The repair sets the type that the rest of the file shows.";
    SAVED_STATE: Error, "saved-state", "invalid saved state",
        "invalid 'saved' state", [VhdUtil], [VhdUtil],
        "The saved state is 0 or 1.",
        "The repair sets the field in both footers and renews their checksums.";
    HIDDEN: Error, "hidden", "invalid hidden flag",
        "invalid 'hidden' state", [VhdUtil], [VhdUtil],
        "tapdisk’s hidden flag is 0 or 1.",
        "The repair sets the field in both footers and renews their checksums.";
    RESERVED: Error, "reserved", "reserved bytes are not zero",
        "invalid 'reserved' bits", [VhdUtil], [VhdUtil],
        "The last 426 bytes of a footer are zero. Something wrote there.",
        "The repair clears the bytes in both footers and renews their checksums.";
    USED_RESERVED: Warning, "reserved-in-use", "reserved bytes are in use",
        "invalid 'reserved' bits", [VhdUtil], [VhdUtil],
        "The last 426 bytes of a footer are zero by the specification. Some programs keep something of their own there, \
         as simulators do with the type of the drive, and need it; XenServer and XCP-ng refuse the disk.",
        "Nothing has to be done for the program that made the disk. For XenServer and XCP-ng, convert the disk.";
    RAGGED_SIZE: Warning, "size", "the size is no whole number of sectors",
        -, [], [],
        "A disk has whole sectors of 512 bytes, and the current size ends within one. Each tool sees another size: some \
         round it down, some take it as it is.",
        "Nothing has to be done where one tool alone reads the disk. Otherwise convert it.";
    NO_PARENT: Error, "type-without-parent", "the type says differencing, and nothing names a parent",
        -, [VhdUtil HyperV], [VhdUtil],
        "A differencing disk names its parent by a unique id, a name and locators. Here there is none of them: the disk \
         is dynamic, and only its type is wrong.",
        "The repair sets the type to dynamic in both footers.";
    RESIZED: Info, "resized", "the disk was made larger",
        -, [], [],
        "The current size is larger than the original one. Nothing is wrong with that.",
        "Nothing has to be done.";
    SHRUNK: Warning, "shrunk", "smaller than it was made",
        -, [XenOrchestra], [XenOrchestra],
        "The current size is below the original one. Xen Orchestra does not back up such a disk.",
        "Nothing has to be done to read the disk. Before a backup with Xen Orchestra, copy it into a new disk.";
    UNIQUE_ID: Error, "unique-id", "no unique id",
        "invalid (NULL) uuid", [VhdUtil], [VhdUtil],
        "Every disk has a unique id (UUID) that is not null. Without one no child can name it as its parent.",
        "The repair gives the disk a new, random unique id.";
}

/// The rule of [`FooterFault::Differs`], which is of both footers.
static DIFFER: Rule = Rule {
    id: "footer.mismatch",
    severity: Severity::Error,
    title: "The footers differ",
    meaning: "The backup footer at the start must be a copy of the primary at the end. Tools read one or the \
              other, so that they see two different disks.",
    remedy: "The repair makes both alike, from the one that fits the header and the BAT.",
    vhd_util: Some("primary and backup footers do not match"),
    rejected_by: &[Tool::VhdUtil, Tool::XenOrchestra],
};

impl FooterFault {
    /// What is the same for every occurrence of this fault in this footer.
    pub fn rule(&self, slot: FooterCopy) -> &'static Rule {
        let both = match self {
            Self::Missing => &MISSING,
            Self::Cookie(_) => &COOKIE,
            Self::Poisoned => &POISONED,
            Self::Checksum { .. } => &CHECKSUM,
            Self::ChecksumBeforeHidden => &CHECKSUM_BEFORE_HIDDEN,
            Self::ReservedFeature(_) => &RESERVED_FEATURE,
            Self::ExtraFeatures(_) => &EXTRA_FEATURES,
            Self::Version(_) => &VERSION,
            Self::DataOffset(_) => &DATA_OFFSET,
            Self::TimeStamp { .. } => &TIME_STAMP,
            Self::CreatorVersion(_) => &CREATOR_VERSION,
            Self::Geometry { .. } => &GEOMETRY,
            Self::LargestGeometry { .. } => &LARGEST_GEOMETRY,
            Self::DiskType(_) => &DISK_TYPE,
            Self::SavedState(_) => &SAVED_STATE,
            Self::Hidden(_) => &HIDDEN,
            Self::Reserved(_) => &RESERVED,
            Self::UsedReserved(_) => &USED_RESERVED,
            Self::RaggedSize(_) => &RAGGED_SIZE,
            Self::NoParent => &NO_PARENT,
            Self::UniqueId => &UNIQUE_ID,
            Self::Resized { .. } => &RESIZED,
            Self::Shrunk { .. } => &SHRUNK,
            Self::Differs { .. } => return &DIFFER,
        };
        match slot {
            FooterCopy::Primary => &both[0],
            FooterCopy::Backup => &both[1],
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => Ok(()),
            Self::Cookie(cookie) => write!(f, "{}", Bytes(cookie)),
            Self::Poisoned => write!(f, "{}", Bytes(&Footer::POISON)),
            Self::Checksum { stored, .. } => write!(f, "0x{stored:08x}"),
            Self::ChecksumBeforeHidden => f.write_str("fits with the hidden flag taken as 0"),
            Self::ReservedFeature(features) | Self::ExtraFeatures(features) => {
                write!(f, "0x{features:08x}")
            }
            Self::Version(version) | Self::CreatorVersion(version) => {
                write!(f, "{}.{}", version >> 16, version & 0xFFFF)
            }
            Self::DataOffset(offset) => write!(f, "0x{offset:016x}"),
            Self::TimeStamp { stored, .. } => write!(f, "{stored}"),
            Self::Geometry { stored, .. } => write!(f, "{stored}"),
            Self::LargestGeometry { .. } => write!(f, "{}", Geometry::LARGEST),
            Self::DiskType(disk_type) => write!(f, "{disk_type}"),
            Self::SavedState(byte) | Self::Hidden(byte) => write!(f, "{byte}"),
            Self::Reserved(byte) | Self::UsedReserved(byte) => write!(f, "0x{byte:02x}"),
            Self::RaggedSize(bytes) => write!(f, "{}", count(*bytes, "byte")),
            Self::NoParent => f.write_str("4"),
            Self::UniqueId => f.write_str("00000000-0000-0000-0000-000000000000"),
            Self::Resized { original, current } | Self::Shrunk { original, current } => {
                write!(f, "{} now, {} when it was made", count(*current, "byte"), decimal(*original))
            }
            Self::Differs { primary, backup, bytes, field } => write!(
                f,
                "{} different, the first in “{field}”: 0x{primary:02x} in the primary, 0x{backup:02x} in the backup",
                count(*bytes, "byte")
            ),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("512 bytes"),
            Self::Cookie(_) | Self::Poisoned => write!(f, "{}", Bytes(&Footer::COOKIE)),
            Self::Checksum { computed, .. } => write!(f, "0x{computed:08x}"),
            Self::ChecksumBeforeHidden => f.write_str("a checksum over the hidden flag, too"),
            Self::ReservedFeature(_) | Self::ExtraFeatures(_) => {
                f.write_str("0x00000002, or 0x00000003 on a temporary disk")
            }
            Self::Version(_) => f.write_str("1.0"),
            Self::DataOffset(_) => write!(f, "0x{:016x}", Footer::NO_DATA_OFFSET),
            Self::TimeStamp { now, .. } => write!(f, "not later than {now}"),
            Self::CreatorVersion(_) => f.write_str("at most 1.3"),
            Self::Geometry { computed, .. } | Self::LargestGeometry { computed } => {
                write!(f, "{computed}")
            }
            Self::DiskType(_) => f.write_str("2, 3 or 4"),
            Self::SavedState(_) | Self::Hidden(_) => f.write_str("0 or 1"),
            Self::Reserved(_) | Self::UsedReserved(_) => f.write_str("0x00"),
            Self::RaggedSize(_) => f.write_str("a multiple of 512"),
            Self::NoParent => f.write_str("3"),
            Self::UniqueId => f.write_str("a unique id"),
            Self::Resized { .. } => Ok(()),
            Self::Shrunk { .. } => f.write_str("at least the original size"),
            Self::Differs { .. } => f.write_str("two equal footers"),
        }
    }
}
