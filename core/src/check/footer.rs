//! The footers: the primary at the end, its backup at the start, and both against each other.

use core::fmt;
use core::mem::offset_of;

use super::{Circumstances, Faults};
use crate::dialect::Tool;
use crate::finding::{Bytes, Fault, Finding, Rule, Severity};
use crate::layout::footer::{ChecksumState, DiskType, Footer};
use crate::layout::geometry::Geometry;
use crate::layout::time::TimeStamp;

/// How far in the future vhd-util lets a creation time be, in seconds: clocks of storage servers differ.
pub(crate) const CLOCK_SLACK: u32 = 1800;

/// Which of a disk's footers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
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
            minded_by: &[$(Tool::$tool),*],
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
    minded_by: &[Tool::VhdUtil, Tool::XenOrchestra],
};

impl FooterFault {
    /// What is the same for every occurrence of this fault in this footer.
    pub fn rule(&self, slot: Slot) -> &'static Rule {
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
            Self::UniqueId => &UNIQUE_ID,
            Self::Resized { .. } => &RESIZED,
            Self::Shrunk { .. } => &SHRUNK,
            Self::Differs { .. } => return &DIFFER,
        };
        match slot {
            Slot::Primary => &both[0],
            Slot::Backup => &both[1],
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
            Self::Reserved(byte) => write!(f, "0x{byte:02x}"),
            Self::UniqueId => f.write_str("00000000-0000-0000-0000-000000000000"),
            Self::Resized { original, current } | Self::Shrunk { original, current } => {
                write!(f, "{current} bytes now, {original} when it was made")
            }
            Self::Differs { primary, backup, bytes, field } => write!(
                f,
                "{bytes} bytes differ, the first in “{field}”: 0x{primary:02x} in the primary, 0x{backup:02x} in the backup"
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
            Self::Reserved(_) => f.write_str("0x00"),
            Self::UniqueId => f.write_str("a unique id"),
            Self::Resized { .. } => Ok(()),
            Self::Shrunk { .. } => f.write_str("at least the original size"),
            Self::Differs { .. } => f.write_str("two equal footers"),
        }
    }
}

/// Checks one footer that lies at `offset`, and hands each fault to `tell`. Needs no allocator.
///
/// A footer whose cookie and checksum are both wrong is something else: nothing more is said of its fields.
pub fn check(footer: &Footer, slot: Slot, offset: u64, circumstances: &Circumstances, tell: &mut dyn FnMut(Finding)) {
    let wrap = |fault| Fault::Footer(slot, fault);
    let mut faults = Faults::new(tell, offset, &wrap);
    if footer.is_poisoned() {
        faults.add(0, 8, FooterFault::Poisoned);
    } else if footer.cookie != Footer::COOKIE {
        faults.add(0, 8, FooterFault::Cookie(footer.cookie));
        if !footer.with_cookie().is_intact() {
            return;
        }
    } else {
        match footer.checksum_state() {
            ChecksumState::Right => {}
            ChecksumState::RightUnlessHidden => {
                faults.add(offset_of!(Footer, checksum), 4, FooterFault::ChecksumBeforeHidden)
            }
            ChecksumState::Wrong => faults.add(
                offset_of!(Footer, checksum),
                4,
                FooterFault::Checksum { stored: footer.checksum.get(), computed: footer.computed_checksum() },
            ),
        }
    }
    check_fields(footer, circumstances, &mut faults);
    // Worth a word, but not once for each footer.
    if slot == Slot::Primary {
        let (original, current) = (footer.original_size.get(), footer.current_size.get());
        let at = offset_of!(Footer, original_size);
        faults.add_if(original < current, at, 16, FooterFault::Resized { original, current });
        faults.add_if(original > current, at, 16, FooterFault::Shrunk { original, current });
    }
}

fn check_fields(footer: &Footer, circumstances: &Circumstances, faults: &mut Faults<'_, FooterFault>) {
    let features = footer.features.get();
    let at = offset_of!(Footer, features);
    faults.add_if(features & Footer::RESERVED == 0, at, 4, FooterFault::ReservedFeature(features));
    faults.add_if(features & !(Footer::RESERVED | Footer::TEMPORARY) != 0, at, 4, FooterFault::ExtraFeatures(features));
    let version = footer.file_format_version.get();
    faults.add_if(
        version != Footer::VERSION,
        offset_of!(Footer, file_format_version),
        4,
        FooterFault::Version(version),
    );
    let data_offset = footer.data_offset.get();
    faults.add_if(
        footer.kind() == Some(DiskType::Fixed) && data_offset != Footer::NO_DATA_OFFSET,
        offset_of!(Footer, data_offset),
        8,
        FooterFault::DataOffset(data_offset),
    );
    let stored = TimeStamp(footer.time_stamp.get());
    let now = circumstances.now;
    faults.add_if(
        stored.0 > now.0.saturating_add(CLOCK_SLACK),
        offset_of!(Footer, time_stamp),
        4,
        FooterFault::TimeStamp { stored, now },
    );
    let creator_version = footer.creator_version.get();
    faults.add_if(
        footer.is_tapdisk() && creator_version > Footer::NEWEST_TAPDISK,
        offset_of!(Footer, creator_version),
        4,
        FooterFault::CreatorVersion(creator_version),
    );
    let stored = footer.geometry;
    let computed = Geometry::for_size(footer.current_size.get());
    faults.add_if(
        stored.as_number() > computed.as_number(),
        offset_of!(Footer, geometry),
        4,
        if stored == Geometry::LARGEST {
            FooterFault::LargestGeometry { computed }
        } else {
            FooterFault::Geometry { stored, computed }
        },
    );
    faults.add_if(
        footer.kind().is_none(),
        offset_of!(Footer, disk_type),
        4,
        FooterFault::DiskType(footer.disk_type.get()),
    );
    faults.add_if(
        footer.saved_state > 1,
        offset_of!(Footer, saved_state),
        1,
        FooterFault::SavedState(footer.saved_state),
    );
    faults.add_if(footer.hidden > 1, offset_of!(Footer, hidden), 1, FooterFault::Hidden(footer.hidden));
    let mut reserved = footer.reserved.iter().enumerate();
    if let Some((at, byte)) = reserved.find(|(_, byte)| **byte != 0) {
        let last = footer.reserved.iter().rposition(|byte| *byte != 0);
        let length = last.map_or(1, |last| last - at + 1);
        let at = offset_of!(Footer, reserved) + at;
        faults.add(at, length, FooterFault::Reserved(*byte));
    }
    faults.add_if(footer.unique_id == [0; 16], offset_of!(Footer, unique_id), 16, FooterFault::UniqueId);
}

/// Holds the backup, which lies at the start of the file, against the primary.
///
/// Early tapdisk hid a disk in its backup footer alone: that is no difference.
pub fn compare(primary: &Footer, backup: &Footer, tell: &mut dyn FnMut(Finding)) {
    use zerocopy::IntoBytes;
    if agree(primary, backup) {
        return;
    }
    let differing = || {
        let pairs = primary.as_bytes().iter().zip(backup.as_bytes());
        pairs.enumerate().filter(|(_, (a, b))| a != b)
    };
    let Some((at, (first, second))) = differing().next() else {
        return;
    };
    let length = differing().next_back().map_or(1, |(last, _)| last - at + 1);
    let wrap = |fault| Fault::Footer(Slot::Backup, fault);
    let mut faults = Faults::new(tell, 0, &wrap);
    faults.add(
        at,
        length,
        FooterFault::Differs {
            primary: *first,
            backup: *second,
            bytes: differing().count() as u16,
            field: field_at(at),
        },
    );
}

/// Whether two footers say the same, early tapdisk's habit of hiding a disk in its backup alone allowed for.
pub fn agree(primary: &Footer, backup: &Footer) -> bool {
    primary == backup
        || (backup.hidden != 0 && backup.is_early_tapdisk() && *primary == Footer { hidden: 0, ..*backup })
}

/// The name of the field that a byte of the footer belongs to.
fn field_at(at: usize) -> &'static str {
    const FIELDS: [(usize, &str); 17] = [
        (offset_of!(Footer, reserved), "Reserved"),
        (offset_of!(Footer, hidden), "Hidden"),
        (offset_of!(Footer, saved_state), "Saved state"),
        (offset_of!(Footer, unique_id), "Unique id"),
        (offset_of!(Footer, checksum), "Checksum"),
        (offset_of!(Footer, disk_type), "Disk type"),
        (offset_of!(Footer, geometry), "Disk geometry"),
        (offset_of!(Footer, current_size), "Current size"),
        (offset_of!(Footer, original_size), "Original size"),
        (offset_of!(Footer, creator_host_os), "Creator host OS"),
        (offset_of!(Footer, creator_version), "Creator version"),
        (offset_of!(Footer, creator_application), "Creator application"),
        (offset_of!(Footer, time_stamp), "Time stamp"),
        (offset_of!(Footer, data_offset), "Data offset"),
        (offset_of!(Footer, file_format_version), "File format version"),
        (offset_of!(Footer, features), "Features"),
        (offset_of!(Footer, cookie), "Cookie"),
    ];
    FIELDS.iter().find(|(start, _)| at >= *start).map_or("Cookie", |(_, name)| name)
}

/// The footers of an image, each where it belongs.
#[cfg(feature = "alloc")]
pub(crate) fn check_image(image: &crate::image::Image, circumstances: &Circumstances, tell: &mut dyn FnMut(Finding)) {
    use crate::image::Found;
    let missing = |slot, offset, tell: &mut dyn FnMut(Finding)| {
        tell(Finding { fault: Fault::Footer(slot, FooterFault::Missing), offset, length: 0 });
    };
    let primary = match (&image.short, &image.primary) {
        (Found::Read { offset, value }, _) if value.cookie == Footer::COOKIE => Some((offset, value)),
        (_, Found::Read { offset, value }) => Some((offset, value)),
        _ => None,
    };
    match primary {
        Some((offset, footer)) => check(footer, Slot::Primary, *offset, circumstances, tell),
        None => missing(Slot::Primary, image.length, tell),
    }
    // A fixed disk has no backup: what is at its start is the disk's own first sector.
    if image.kind().is_none_or(DiskType::is_sparse) {
        match &image.backup {
            Found::Read { offset, value } => {
                check(value, Slot::Backup, *offset, circumstances, tell);
                if let Some((_, primary)) = image.closing_footer()
                    && value.is_intact()
                {
                    compare(primary, value, tell);
                }
            }
            _ => missing(Slot::Backup, 0, tell),
        }
    } else if let (Some((end, primary)), Some(backup)) = (image.closing_footer(), image.backup.value())
        && backup.is_intact()
        && primary.current_size.get() != end
    {
        // It calls itself fixed, but its length is not that of a fixed disk, and the copy says otherwise.
        compare(primary, backup, tell);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use zerocopy::FromZeros;
    use zerocopy::big_endian::{U32, U64};

    use super::*;

    const NOW: Circumstances = Circumstances { now: TimeStamp(1000) };

    /// A change to a footer, and the fault that it makes.
    type Damage = (&'static str, fn(&mut Footer));

    fn sound() -> Footer {
        Footer {
            cookie: Footer::COOKIE,
            features: U32::new(Footer::RESERVED),
            file_format_version: U32::new(Footer::VERSION),
            data_offset: U64::new(512),
            time_stamp: U32::new(1000),
            creator_application: *b"tap\0",
            creator_version: U32::new(Footer::NEWEST_TAPDISK),
            original_size: U64::new(64 << 20),
            current_size: U64::new(64 << 20),
            geometry: Geometry::for_size(64 << 20),
            disk_type: U32::new(3),
            unique_id: [7; 16],
            ..Footer::new_zeroed()
        }
        .sealed()
    }

    fn ids(footer: &Footer) -> Vec<&'static str> {
        let mut ids = Vec::new();
        check(footer, Slot::Primary, 0, &NOW, &mut |finding| ids.push(finding.id()));
        ids
    }

    #[test]
    fn a_sound_footer_has_no_fault() {
        assert_eq!(ids(&sound()), Vec::<&str>::new());
    }

    /// Each fault is found where its field alone is wrong, and where the limit of the sound values runs.
    #[test]
    fn every_field_is_checked() {
        let cases: &[Damage] = &[
            ("footer.primary.reserved-feature", |f| f.features = U32::new(0)),
            ("footer.primary.extra-features", |f| f.features = U32::new(6)),
            ("footer.primary.version", |f| f.file_format_version = U32::new(0x0002_0000)),
            ("footer.primary.data-offset", |f| f.disk_type = U32::new(2)),
            ("footer.primary.time-stamp", |f| f.time_stamp = U32::new(2801)),
            ("footer.primary.creator-version", |f| f.creator_version = U32::new(0x0001_0004)),
            ("footer.primary.geometry", |f| f.geometry.heads += 1),
            ("footer.primary.largest-geometry", |f| f.geometry = Geometry::LARGEST),
            ("footer.primary.disk-type", |f| f.disk_type = U32::new(9)),
            ("footer.primary.saved-state", |f| f.saved_state = 2),
            ("footer.primary.hidden", |f| f.hidden = 2),
            ("footer.primary.reserved", |f| f.reserved[0] = 1),
            ("footer.primary.reserved", |f| f.reserved[425] = 1),
            ("footer.primary.unique-id", |f| f.unique_id = [0; 16]),
        ];
        for (id, damage) in cases {
            let mut footer = sound();
            damage(&mut footer);
            assert_eq!(ids(&footer.sealed()), [*id]);
            assert!(ids(&footer).contains(&"footer.primary.checksum"));
        }
        let at_the_limit: &[fn(&mut Footer)] = &[
            |f| f.features = U32::new(3),
            |f| f.time_stamp = U32::new(2800),
            |f| f.saved_state = 1,
            |f| f.hidden = 1,
            |f| f.geometry = Geometry::for_size(0),
        ];
        for change in at_the_limit {
            let mut footer = sound();
            change(&mut footer);
            assert_eq!(ids(&footer.sealed()), Vec::<&str>::new());
        }
    }

    #[test]
    fn what_is_no_footer_at_all_has_one_fault() {
        assert_eq!(ids(&Footer::new_zeroed()), ["footer.primary.cookie"]);
        let mut lost = sound();
        lost.cookie = [0; 8];
        assert_eq!(ids(&lost), ["footer.primary.cookie"]);
        lost.cookie = Footer::POISON;
        assert_eq!(ids(&lost.sealed()), ["footer.primary.poisoned"]);
    }

    #[test]
    fn a_difference_is_named_by_its_field() {
        let primary = sound();
        let mut backup = primary;
        backup.time_stamp = U32::new(999);
        let mut told = Vec::new();
        compare(&primary, &backup.sealed(), &mut |finding| told.push(finding));
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].offset, told[0].id()), (27, "footer.mismatch"));
        let found = std::format!("{}", told[0].fault.found());
        assert!(found.contains("“Time stamp”"), "{found}");
        compare(&primary, &primary, &mut |_| panic!("no difference"));
    }

    #[test]
    fn early_tapdisk_hides_in_the_backup_alone() {
        let mut primary = sound();
        primary.creator_version = U32::new(0x0001_0001);
        let primary = primary.sealed();
        let backup = Footer { hidden: 1, ..primary };
        assert!(agree(&primary, &backup));
        assert!(!agree(&backup, &primary));
    }
}
