//! Journals of the garbage collector: what it finds of a run that was cut off, and goes on from.

use super::pattern::{Pattern, Sign};
use super::steps::{CHECK_DISK, FOLLOW, IDENTIFY, RESCAN, TREE};
use vhd_analyser_core::finding::Severity;

/// What a journal of a run that was cut off gives rise to.
pub const PATTERNS: &[Pattern] = &[
    Pattern {
        id: "journal.relink",
        severity: Severity::Warning,
        title: "A relink journal was found",
        sign: Sign::Words(&[&["Coalesce apparently already done"]]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "The data was merged in an earlier run, which was cut off before all children were relinked. Only that is done now.",
        why: "The earlier run failed or was stopped at the relinking. If this comes again and again, a child cannot be relinked.",
        check: "See whether a coalesce of the same disk fails afterwards.",
        remedy: "Nothing if it comes once. Otherwise check the children, and that their volumes are active.",
        commands: &[FOLLOW, TREE, IDENTIFY],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jan  2 16:01:16 xcp-host-1 SMGC: [3802739] Coalescing *85ff84a8[VHD](65.000G///33.836G|n) -> *cf4a78da[VHD](65.000G///52.555G|n)\nJan  2 16:01:16 xcp-host-1 SMGC: [3802739] ==> Coalesce apparently already done: skipping",
        ],
    },
    Pattern {
        id: "journal.inflate",
        severity: Severity::Warning,
        title: "An inflate journal was found",
        sign: Sign::Words(&[&["Found inflate journal"]]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "A logical volume was being enlarged when the work was cut off. It is made small again.",
        why: "The host crashed or the operation failed.",
        check: "Check the disk.",
        remedy: "Nothing if the disk is sound; repeat the operation.",
        commands: &[IDENTIFY, CHECK_DISK],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jan  2 16:01:16 xcp-host-1 SM: [2201] Found inflate journal 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7, deflating /dev/VG_XenStorage-25e96f21-b8d3-f880-3df5-f71897c52429/VHD-91499ab6-63e9-47cf-b73a-b7fc2b09dcc7 to 8388608",
        ],
    },
    Pattern {
        id: "journal.resize",
        severity: Severity::Warning,
        title: "A resize journal was found",
        sign: Sign::Words(&[&["Found VHD journal"]]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "The resize of a disk was cut off. Its metadata is put back from the journal.",
        why: "The host crashed, or vhd-util failed in the resize.",
        check: "Check the disk; on file-based repositories look for a journal file beside it.",
        remedy: "If the check fails, give the disk and its journal to VHD Analyser together.",
        commands: &[IDENTIFY, CHECK_DISK],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jan  2 16:01:16 xcp-host-1 SM: [2201] Found VHD journal 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7, reverting /dev/VG_XenStorage-25e96f21-b8d3-f880-3df5-f71897c52429/VHD-91499ab6-63e9-47cf-b73a-b7fc2b09dcc7",
        ],
    },
    Pattern {
        id: "journal.stale",
        severity: Severity::Info,
        title: "A stale journal was deleted",
        sign: Sign::Words(&[&["Deleting stale '", "' journal entry"]]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "A journal told of work on a disk that is gone.",
        why: "The work was cut off and the disk deleted since.",
        check: "Nothing.",
        remedy: "Nothing.",
        commands: &[],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jan  2 16:01:16 xcp-host-1 SMGC: [2201]   Deleting stale 'relink' journal entry for 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7 (1)",
        ],
    },
    Pattern {
        id: "journal.exists",
        severity: Severity::Error,
        title: "A journal is in the way",
        sign: Sign::Words(&[&["Journal already exists"]]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "Work on a disk could not begin, because the journal of earlier work on it (such as “coalesce”) is still there.",
        why: "The earlier work was cut off, and what should have cleaned up after it failed too.",
        check: "See what the garbage collector says of the disk, and check it.",
        remedy: "Repair the disk and scan the repository, which goes through the journals. Do not delete a journal by hand before the disk is sound.",
        commands: &[FOLLOW, IDENTIFY, CHECK_DISK, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jan  2 16:01:16 xcp-host-1 SMGC: [2201] coalesce: EXCEPTION <class 'journaler.JournalerException'>, Journal already exists for 'coalesce:91499ab6-63e9-47cf-b73a-b7fc2b09dcc7': 1",
        ],
    },
];
