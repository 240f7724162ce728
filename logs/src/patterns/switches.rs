//! What keeps the garbage collector from merging although nothing failed: it is switched off, or has given up.

use super::pattern::{Command, Pattern, Sign};
use super::steps::{IDENTIFY, RESCAN, reads, writes};
use vhd_analyser_core::finding::Severity;

const SETTINGS: &[Command] = &[reads("The repository’s settings", "xe sr-param-get uuid={sr} param-name=other-config")];
const SWITCHED_OFF: &str =
    "Writes: from then on disks are merged and deleted again. Find out first why it was switched off.";

/// What keeps disks from being merged without a failure.
pub const PATTERNS: &[Pattern] = &[
    Pattern {
        id: "smgc.gc-disabled",
        severity: Severity::Warning,
        title: "The garbage collector is switched off",
        sign: Sign::Words(&[&["GC is disabled for this SR"]]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "The garbage collector leaves the repository alone, because a setting says so: nothing is merged and nothing is deleted.",
        why: "Somebody set the repository’s other-config:gc to false, often for a repair, and left it.",
        check: "Look at the settings.",
        remedy: "Remove the setting when nothing speaks for it any more.",
        commands: &[
            SETTINGS,
            &[writes(
                "Let it run again",
                "xe sr-param-remove uuid={sr} param-name=other-config param-key=gc",
                SWITCHED_OFF,
            )],
        ],
        #[cfg(feature = "excerpts")]
        excerpts: &["Sep 14 16:36:26 fatxs-1 SMGC: [19805] GC is disabled for this SR, abort"],
    },
    Pattern {
        id: "smgc.disabled",
        severity: Severity::Warning,
        title: "Merging is switched off",
        sign: Sign::Words(&[&["Coalesce disabled for this SR"]]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "The garbage collector merges nothing in the repository, because a setting says so.",
        why: "Somebody set the repository’s other-config:coalesce to false, often for a repair, and left it.",
        check: "Look at the settings.",
        remedy: "Remove the setting when nothing speaks for it any more.",
        commands: &[
            SETTINGS,
            &[writes(
                "Let it merge again",
                "xe sr-param-remove uuid={sr} param-name=other-config param-key=coalesce",
                SWITCHED_OFF,
            )],
        ],
        #[cfg(feature = "excerpts")]
        excerpts: &["Sep 14 16:36:26 fatxs-1 SMGC: [19805] Coalesce disabled for this SR"],
    },
    Pattern {
        id: "smgc.leaf-disabled",
        severity: Severity::Warning,
        title: "Merging disks in use is switched off",
        sign: Sign::Words(&[&["Leaf-coalesce disabled for"]]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "The garbage collector does not merge disks that virtual machines use into their parents: in the whole repository, or this disk, as the line says.",
        why: "Somebody set other-config:leaf-coalesce of the repository or the disk to false, and left it.",
        check: "Look at the settings.",
        remedy: "Remove the setting when nothing speaks for it any more.",
        commands: &[
            SETTINGS,
            &[
                reads("The disk’s settings", "xe vdi-param-get uuid={vdi} param-name=other-config"),
                writes(
                    "Let the repository’s be merged again, if it is set there",
                    "xe sr-param-remove uuid={sr} param-name=other-config param-key=leaf-coalesce",
                    SWITCHED_OFF,
                ),
                writes(
                    "Let the disk be merged again, if it is set there",
                    "xe vdi-param-remove uuid={vdi} param-name=other-config param-key=leaf-coalesce",
                    SWITCHED_OFF,
                ),
            ],
        ],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] Leaf-coalesce disabled for ad1f957a[VHD](10.000G//2.500G|n)",
        ],
    },
    Pattern {
        id: "smgc.gave-up-leaf",
        severity: Severity::Warning,
        title: "A disk in use is written faster than it is merged",
        sign: Sign::Words(&[
            &["did not help, abandoning"],
            &["leaf-coalesce", "Timed out"],
            &["leaf-coalesce", "could not be coalesced"],
            &["Aborted coalesce"],
        ]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "The garbage collector could not merge a disk into its parent while its virtual machine writes to it, and gave up for now.",
        why: "The virtual machine writes much, or the storage is slow.",
        check: "Look at the size of the disk and at the load.",
        remedy: "Shut the virtual machine down for a while and scan the repository, or run the offline leaf coalesce.",
        commands: &[IDENTIFY, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] Snapshot-coalesce did not help, abandoning attempts",
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] leaf-coalesce: EXCEPTION <class 'util.SMException'>, Timed out",
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] leaf-coalesce: EXCEPTION <class 'util.SMException'>, VDI 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7 could not be coalesced",
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] Aborted coalesce",
        ],
    },
];
