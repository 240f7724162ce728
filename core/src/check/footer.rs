//! Each footer by itself, and both against each other.

use super::faults::{Circumstances, Faults};
use crate::finding::footer::{CLOCK_SLACK, FooterCopy, FooterFault};
use crate::finding::{Fault, Finding};
use crate::image::Found;
use crate::image::Image;
use crate::layout::SECTOR;
use crate::layout::footer::{ChecksumState, DiskType, Footer};
use crate::layout::geometry::Geometry;
use crate::layout::time::TimeStamp;
use core::mem::offset_of;
use zerocopy::IntoBytes;

/// Checks one footer that lies at `offset`, and hands each fault to `report`. Needs no allocator.
///
/// A footer whose cookie and checksum are both wrong is something else: nothing more is said of its fields.
pub fn check(
    footer: &Footer,
    slot: FooterCopy,
    offset: u64,
    circumstances: &Circumstances,
    report: &mut dyn FnMut(Finding),
) {
    let wrap = |fault| Fault::Footer(slot, fault);
    let mut faults = Faults::new(report, offset, &wrap);
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
    if slot == FooterCopy::Primary {
        let (original, current) = (footer.original_size.get(), footer.current_size.get());
        let at = offset_of!(Footer, original_size);
        faults.add_if(original < current, at, 16, FooterFault::Resized { original, current });
        faults.add_if(original > current, at, 16, FooterFault::Shrunk { original, current });
        let at = offset_of!(Footer, current_size);
        faults.add_if(!current.is_multiple_of(SECTOR), at, 8, FooterFault::RaggedSize(current));
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
        let fault = match footer.leaves_reserved_zero() {
            true => FooterFault::Reserved(*byte),
            false => FooterFault::UsedReserved(*byte),
        };
        faults.add(at, length, fault);
    }
    faults.add_if(footer.unique_id == [0; 16], offset_of!(Footer, unique_id), 16, FooterFault::UniqueId);
}

/// Holds the backup, which lies at the start of the file, against the primary.
///
/// Early tapdisk hid a disk in its backup footer alone: that is no difference.
pub fn compare(primary: &Footer, backup: &Footer, report: &mut dyn FnMut(Finding)) {
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
    let wrap = |fault| Fault::Footer(FooterCopy::Backup, fault);
    let mut faults = Faults::new(report, 0, &wrap);
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
pub(crate) fn check_image(image: &Image, circumstances: &Circumstances, report: &mut dyn FnMut(Finding)) {
    let missing = |slot, offset, report: &mut dyn FnMut(Finding)| {
        report(Finding { fault: Fault::Footer(slot, FooterFault::Missing), offset, length: 0 });
    };
    let primary = match (&image.short, &image.primary) {
        (Found::Read { offset, value }, _) if value.cookie == Footer::COOKIE => Some((*offset, value)),
        (_, Found::Read { offset, value }) => Some((*offset, value)),
        _ => None,
    };
    let type_at = offset_of!(Footer, disk_type) as u64;
    let copies =
        [(FooterCopy::Primary, primary), (FooterCopy::Backup, image.backup.offset().zip(image.backup.value()))];
    let wrong = |footer: &Footer| image.has_wrong_type() && footer.kind() == Some(DiskType::Differencing);
    for (copy, footer) in copies {
        if let Some((offset, _)) = footer.filter(|(_, footer)| wrong(footer)) {
            let fault = Fault::Footer(copy, FooterFault::NoParent);
            report(Finding { fault, offset: offset + type_at, length: 4 });
        }
    }
    match primary {
        Some((offset, footer)) => check(footer, FooterCopy::Primary, offset, circumstances, report),
        None => missing(FooterCopy::Primary, image.length, report),
    }
    // A fixed disk has no backup: what is at its start is the disk's own first sector.
    if image.kind().is_none_or(DiskType::is_sparse) {
        match &image.backup {
            Found::Read { offset, value } => {
                check(value, FooterCopy::Backup, *offset, circumstances, report);
                if let Some((_, primary)) = image.closing_footer()
                    && value.is_intact()
                {
                    compare(primary, value, report);
                }
            }
            _ => missing(FooterCopy::Backup, 0, report),
        }
    } else if let (Some((end, primary)), Some(backup)) = (image.closing_footer(), image.backup.value())
        && backup.is_intact()
        && primary.current_size.get() != end
    {
        // It calls itself fixed, but its length is not that of a fixed disk, and the copy says otherwise.
        compare(primary, backup, report);
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
        check(footer, FooterCopy::Primary, 0, &NOW, &mut |finding| ids.push(finding.id()));
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
