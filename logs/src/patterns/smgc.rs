//! What the garbage collector of XenServer’s storage manager (`cleanup.py`, SMGC in `SMlog`) says.

use super::pattern::{Command, On, Pattern, Sign};
use super::steps::{
    CHECK_DISK, CHECK_PARENT, FOLLOW, IDENTIFY, MOUNT, REPAIR, REPAIR_PARENT, RESCAN, SPACE, TREE, reads,
};
use vhd_analyser_core::finding::Severity;

/// Trouble of the garbage collector, the more precise first.
pub const PATTERNS: &[Pattern] = &[
    Pattern {
        id: "smgc.set-size",
        severity: Severity::Error,
        title: "Coalesce failed: the parent could not grow",
        sign: Sign::Frames(&["_increaseSizeVirt", "_setSizeVirt", "setSizeVirt", "setSizeVirtFast"]),
        number: None,
        happened: "The disk is larger than its parent, so the parent must grow to its size before the merge. Setting the parent’s size failed, and nothing was merged.",
        why: "vhd-util refused the parent: its metadata is damaged, or it has no room for a larger allocation table and the resize through a journal failed.",
        check: "Check the parent, and the disk itself. VHD Analyser says for both together whether the merge can run.",
        remedy: "Repair what the check names, then scan the repository: the garbage collector tries again.",
        commands: &[FOLLOW, IDENTIFY, CHECK_DISK, CHECK_PARENT, REPAIR, REPAIR_PARENT, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] coalesce: EXCEPTION <class 'util.CommandException'>, Invalid argument\nSep 14 16:36:26 fatxs-1 SMGC: [19805]   File \"/opt/xensource/sm/cleanup.py\", line 692, in _doCoalesce\nSep 14 16:36:26 fatxs-1 SMGC: [19805]     self.parent._increaseSizeVirt(self.sizeVirt)\nSep 14 16:36:26 fatxs-1 SMGC: [19805]   File \"/opt/xensource/sm/cleanup.py\", line 890, in _increaseSizeVirt\nSep 14 16:36:26 fatxs-1 SMGC: [19805]     self._setSizeVirt(size)",
        ],
    },
    Pattern {
        id: "smgc.relink",
        severity: Severity::Error,
        title: "Coalesce failed: a child could not be relinked",
        sign: Sign::Frames(&["_relinkSkip", "_setParent", "setParent"]),
        number: None,
        happened: "The data was merged into the parent. Setting the parent in a child failed; a relink journal stays, and the next run goes on from there.",
        why: "The child is damaged or its volume is not active.",
        check: "Check the children of the merged disk.",
        remedy: "Repair the child, then scan the repository. Do not delete the merged disk by hand before that.",
        commands: &[TREE, IDENTIFY, CHECK_DISK, CHECK_PARENT, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] coalesce: EXCEPTION <class 'util.CommandException'>, Input error\nSep 14 16:36:26 fatxs-1 SMGC: [19805]   File \"/opt/xensource/sm/cleanup.py\", line 1755, in _relinkSkip\nSep 14 16:36:26 fatxs-1 SMGC: [19805]     child._setParent(self.parent)",
        ],
    },
    Pattern {
        id: "smgc.copy",
        severity: Severity::Error,
        title: "Coalesce failed: the data could not be merged",
        sign: Sign::Frames(&["_coalesceVHD", "_doCoalesceVHD", "_coalesceCowImage"]),
        number: None,
        happened: "vhd-util coalesce stopped while it copied blocks into the parent. The disk is still whole; the garbage collector tries to repair the parent.",
        why: "The storage failed or is full, or the disk or its parent is damaged.",
        check: "Look at the free space, then check the disk and its parent.",
        remedy: "Repair the storage or the disk that the check names, then scan the repository.",
        commands: &[SPACE, IDENTIFY, CHECK_DISK, CHECK_PARENT, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] coalesce: EXCEPTION <class 'util.CommandException'>, Unknown error\nSep 14 16:36:26 fatxs-1 SMGC: [19805]   File \"/opt/xensource/sm/cleanup.py\", line 700, in _doCoalesce\nSep 14 16:36:26 fatxs-1 SMGC: [19805]     self._coalesceVHD(0)\nSep 14 16:36:26 fatxs-1 SMGC: [19805]   File \"/opt/xensource/sm/cleanup.py\", line 812, in _coalesceVHD",
        ],
    },
    Pattern {
        id: "smgc.check",
        severity: Severity::Error,
        title: "Coalesce failed: a disk is damaged",
        sign: Sign::Frames(&["validate"]),
        number: None,
        happened: "The garbage collector checks a disk and its parent before and after a merge, and one of them failed.",
        why: "The VHD’s metadata is damaged.",
        check: "Check the disk that the message names, and open it in VHD Analyser.",
        remedy: "Repair it, then scan the repository.",
        commands: &[IDENTIFY, CHECK_DISK, CHECK_PARENT, REPAIR, REPAIR_PARENT, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] coalesce: EXCEPTION <class 'util.SMException'>, VHD *ad1f957a[VHD](1800.000G//2.500G|n) corrupted\nSep 14 16:36:26 fatxs-1 SMGC: [19805]   File \"/opt/xensource/sm/cleanup.py\", line 690, in _doCoalesce\nSep 14 16:36:26 fatxs-1 SMGC: [19805]   File \"/opt/xensource/sm/cleanup.py\", line 671, in validate",
        ],
    },
    Pattern {
        id: "smgc.inflate",
        severity: Severity::Error,
        title: "Coalesce failed: a volume could not grow",
        sign: Sign::Frames(&["inflate", "inflateFully", "inflateParentForCoalesce"]),
        number: None,
        happened: "Before a merge the parent’s logical volume must grow, and that failed.",
        why: "The volume group is full, or LVM failed.",
        check: "Look at the free space of the volume group.",
        remedy: "Free or add space, then scan the repository.",
        commands: &[SPACE, TREE, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] coalesce: EXCEPTION <class 'util.CommandException'>, Input error\nSep 14 16:36:26 fatxs-1 SMGC: [19805]   File \"/opt/xensource/sm/cleanup.py\", line 1012, in inflateParentForCoalesce",
        ],
    },
    Pattern {
        id: "smgc.pause",
        severity: Severity::Error,
        title: "A disk could not be paused",
        sign: Sign::Frames(&["pause", "pauseVDIs", "unpause", "_reload", "tap_pause", "tap_refresh"]),
        number: None,
        happened: "To change a chain in use, its virtual machine’s disk must be paused for a moment, and that failed.",
        why: "A host of the pool does not answer, or tapdisk hangs on the storage.",
        check: "See where the disk is attached, and whether that host answers.",
        remedy: "Repair that host or the storage; the garbage collector then tries again.",
        commands: &[IDENTIFY, &[reads("What tapdisk has open", "tap-ctl list")], FOLLOW],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] leaf-coalesce: EXCEPTION <class 'util.SMException'>, no answer\nSep 14 16:36:26 fatxs-1 SMGC: [19805]   File \"/opt/xensource/sm/cleanup.py\", line 512, in pause",
        ],
    },
    Pattern {
        id: "smgc.pause-failed",
        severity: Severity::Error,
        title: "A disk in use could not be paused",
        sign: Sign::Words(&[
            &["Failed to pause VDI"],
            &["failed to pause VDI"],
            &["pauseVDIs: EXCEPTION"],
            &["Timeout waiting for pause"],
        ]),
        number: None,
        happened: "To snapshot or merge a disk in use, tapdisk must be paused for a moment, and that failed. Nothing was changed.",
        why: "tapdisk hangs on the storage, or the host on which the virtual machine runs does not answer.",
        check: "See where the disk is attached, and whether tapdisk and the storage answer there.",
        remedy: "Repair that host or the storage, then repeat what failed; the garbage collector tries again by itself.",
        commands: &[IDENTIFY, &[reads("What tapdisk has open", "tap-ctl list")], FOLLOW],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] leaf-coalesce: EXCEPTION <class 'util.SMException'>, Failed to pause VDI ad1f957a(10.000G/2.500G)",
            "Mar 29 02:10:44 xen01 xapi: [error||1371 ||xapi] VM.snapshot: SR_BACKEND_FAILURE_82(, Failed to snapshot VDI [opterr=failed to pause VDI 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7], )",
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] pauseVDIs: EXCEPTION <class 'util.SMException'>, no answer",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Timeout waiting for pause of 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7",
        ],
    },
    Pattern {
        id: "smgc.activating",
        severity: Severity::Warning,
        title: "A disk was busy while its parent was merged",
        sign: Sign::Words(&[&["Failed to tag vdi ", " for relink"]]),
        number: None,
        happened: "The data was merged. A disk based on it was being attached for half a minute, so that it could not be hung onto the new parent; a relink journal stays, and the next run goes on from there.",
        why: "A virtual machine with the disk was started just then, or an attach that failed has left its mark on the disk.",
        check: "See whether the disk’s sm-config has “activating” while no virtual machine is being started.",
        remedy: "Nothing if it comes once. Otherwise find what attaches the disk, and scan the repository when it is done.",
        commands: &[IDENTIFY, FOLLOW, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] coalesce: EXCEPTION <class 'util.SMException'>, Failed to tag vdi ad1f957a(10.000G/2.500G) for relink",
        ],
    },
    Pattern {
        id: "smgc.unpause",
        severity: Severity::Error,
        title: "A virtual machine has lost a disk",
        sign: Sign::Words(&[&["Failed to unpause"], &["failed to unpause tapdisk"]]),
        number: None,
        happened: "The disk was paused for a merge and could not be resumed. The virtual machine cannot read or write it.",
        why: "tapdisk could not open the chain again: a disk in it is damaged or missing.",
        check: "Check the disk with its ancestors.",
        remedy: "Repair what the check names, then shut the virtual machine down and start it.",
        commands: &[IDENTIFY, CHECK_DISK, CHECK_PARENT],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] ERROR: Failed to unpause VDI ad1f957a[VHD](10.000G//2.500G|n)",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] failed to unpause tapdisk for VDI 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7",
        ],
    },
    Pattern {
        id: "smgc.repair-failed",
        severity: Severity::Error,
        title: "The parent could not be repaired",
        sign: Sign::Words(&[&["Failed to repair parent"]]),
        number: None,
        happened: "After a merge that failed, vhd-util could not repair the parent.",
        why: "The parent’s metadata is damaged beyond what vhd-util repairs, or the storage fails.",
        check: "Check the parent, and open it in VHD Analyser.",
        remedy: "Take no snapshot and start no virtual machine of this chain before the parent is repaired.",
        commands: &[IDENTIFY, CHECK_PARENT, CHECK_DISK, REPAIR_PARENT, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] (error ignored) Failed to repair parent /var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/16f02a7d-4e4b-4298-a44a-9cc155cbd2b1.vhd after failed coalesce on /var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd, err: Invalid argument",
        ],
    },
    Pattern {
        id: "smgc.repair-tried",
        severity: Severity::Warning,
        title: "The garbage collector repairs a parent",
        sign: Sign::Words(&[&["attempting repair on parent"]]),
        number: None,
        happened: "A merge stopped on the way, and vhd-util repair was run on the parent.",
        why: "The line before says why the merge stopped.",
        check: "Check the parent: the repair only brings back its footer.",
        remedy: "Repair what stopped the merge.",
        commands: &[IDENTIFY, CHECK_PARENT, CHECK_DISK],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Coalesce failed on 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7, attempting repair on parent /var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/16f02a7d-4e4b-4298-a44a-9cc155cbd2b1.vhd",
        ],
    },
    Pattern {
        id: "smgc.no-space",
        severity: Severity::Error,
        title: "No room to coalesce",
        sign: Sign::Words(&[
            &["No space to coalesce"],
            &["No space to leaf-coalesce"],
            &["Run out of space while coalescing"],
        ]),
        number: Some(("(free space: ", "bytes free")),
        happened: "The repository has less free space than the merge needs meanwhile, so the disk is left as it is. The chain grows with each snapshot.",
        why: "The repository is nearly full, often of snapshots that wait to be merged.",
        check: "Compare the free space with the size of the disk.",
        remedy: "Free or add space, or move a disk to another repository; then scan.",
        commands: &[SPACE, TREE, IDENTIFY, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] No space to coalesce *ad1f957a[VHD](100.000G//40.500G|n) (free space: 1073741824)",
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] No space to leaf-coalesce ad1f957a[VHD](100.000G//40.500G|n) (free space: 1073741824)",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Coalesce failed: Run out of space while coalescing.",
        ],
    },
    Pattern {
        id: "smgc.parent-missing",
        severity: Severity::Error,
        title: "A parent is missing",
        sign: Sign::Words(&[&["Parent VDI ", " not found"], &["Cannot find parent"], &["parent not found"]]),
        number: None,
        happened: "A disk names a parent that is not in the repository. The scan stops there, and nothing is merged.",
        why: "The parent was deleted, moved or not copied along, or its name is damaged in the disk’s metadata.",
        check: "See what parent the disk names, and whether such a file or volume is anywhere.",
        remedy: "Bring the parent back under its name. Without it the disk’s data is not complete.",
        commands: &[IDENTIFY, CHECK_DISK, CHECK_PARENT, TREE, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] *** gc: EXCEPTION <class 'util.SMException'>, Parent VDI 16f02a7d-4e4b-4298-a44a-9cc155cbd2b1 of 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7 not found",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Cannot find parent of VDI 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] VDI 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7: parent not found",
        ],
    },
    Pattern {
        id: "smgc.scan-error",
        severity: Severity::Error,
        title: "The garbage collector cannot read a disk",
        sign: Sign::Words(&[
            &["Scan error on attempt"],
            &["Scan error, retrying"],
            &["EXCEPTION <class 'util.SMException'>, Scan error"],
        ]),
        number: None,
        happened: "The scan of the repository failed for at least one disk, and then nothing is merged or deleted at all.",
        why: "A VHD is damaged, empty, or has a name that is no UUID.",
        check: "Let vhd-util list the repository: it names the disk.",
        remedy: "Repair that disk, or move it away if nobody needs it.",
        commands: &[
            &[
                Command {
                    says: "Which disk cannot be read",
                    line: "vhd-util scan -f -c -m \"/var/run/sr-mount/{sr}/*.vhd\" -p | grep -i error",
                    on: On::Files,
                    warning: "",
                },
                Command {
                    says: "Which disk cannot be read",
                    line: "vhd-util scan -f -c -m \"VHD-*\" -l VG_XenStorage-{sr} -p | grep -i error",
                    on: On::Lvm,
                    warning: "",
                },
            ],
            TREE,
            RESCAN,
        ],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] Scan error on attempt 2",
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] Scan error, retrying (1)",
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] gc: EXCEPTION <class 'util.SMException'>, Scan error",
        ],
    },
    Pattern {
        id: "smgc.leaf-undone",
        severity: Severity::Warning,
        title: "An interrupted leaf coalesce was found",
        sign: Sign::Words(&[&["*** UNDO LEAF-COALESCE"], &["*** FINISH LEAF-COALESCE"], &["Renaming parent back: "]]),
        number: None,
        happened: "A “leaf” journal was found: the merge of a disk in use into its parent was cut off. It is taken back or finished now.",
        why: "The host or the garbage collector was stopped in the middle.",
        check: "See that the line “leaf-coalesce undo successful” or “finished leaf-coalesce successfully” follows, and check the disk.",
        remedy: "Nothing if it was successful. Otherwise repair the disk that is missing, and leave the journal alone.",
        commands: &[FOLLOW, IDENTIFY, CHECK_DISK],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] *** UNDO LEAF-COALESCE",
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] *** FINISH LEAF-COALESCE",
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] Renaming parent back: 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7 -> 16f02a7d-4e4b-4298-a44a-9cc155cbd2b1",
        ],
    },
    Pattern {
        id: "smgc.attached-twice",
        severity: Severity::Warning,
        title: "A chain is in use on several hosts",
        sign: Sign::Words(&[&["chain activated more than once"]]),
        number: None,
        happened: "The disk is not merged, since more than one host has disks of its chain attached.",
        why: "Clones of one disk run on several hosts, or a host did not detach a disk.",
        check: "See where the disks of the chain are attached.",
        remedy: "Detach what nobody uses; shut down or move virtual machines.",
        commands: &[IDENTIFY, TREE],
        #[cfg(feature = "excerpts")]
        excerpts: &["Sep 14 16:36:26 fatxs-1 SMGC: [19805] Not coalesceable, chain activated more than once"],
    },
    Pattern {
        id: "smgc.io-error",
        severity: Severity::Error,
        title: "The storage failed in a merge",
        sign: Sign::Words(&[&["I/O error while coalescing"], &["Coalesce failed on SR "]]),
        number: None,
        happened: "vhd-util coalesce could not read or write.",
        why: "The storage below failed, or a VHD points beyond its end.",
        check: "Look at the kernel’s messages, then check the disk and its parent.",
        remedy: "Repair the storage, then the disks.",
        commands: &[MOUNT, TREE, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Coalesce failed on SR 0995f66a-6188-ad63-4d00-117498b7fd46: Input/output error (I/O error while coalescing.)",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Coalesce failed on SR 0995f66a-6188-ad63-4d00-117498b7fd46: Unknown error ()",
        ],
    },
];

/// What is said only where nothing more precise is known.
pub const GENERAL: &[Pattern] = &[
    Pattern {
        id: "smgc.leaf-coalesce",
        severity: Severity::Error,
        title: "A leaf coalesce failed",
        sign: Sign::Words(&[&["leaf-coalesce: EXCEPTION"], &["_doCoalesceLeaf: EXCEPTION"]]),
        number: None,
        happened: "A disk in use could not be merged into its parent. The garbage collector takes it back and skips the disk.",
        why: "The exception says it.",
        check: "Check the disk and its parent.",
        remedy: "Repair what the check names, then scan the repository.",
        commands: &[FOLLOW, IDENTIFY, CHECK_DISK, CHECK_PARENT, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] leaf-coalesce: EXCEPTION <class 'XenAPI.Failure'>, ['INTERNAL_ERROR']",
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] _doCoalesceLeaf: EXCEPTION <class 'XenAPI.Failure'>, ['INTERNAL_ERROR']",
        ],
    },
    Pattern {
        id: "smgc.coalesce",
        severity: Severity::Error,
        title: "A coalesce failed",
        sign: Sign::Words(&[&["coalesce: EXCEPTION"]]),
        number: None,
        happened: "A disk could not be merged into its parent. The garbage collector skips it until its next run.",
        why: "The exception says it; mostly a disk of the chain is damaged.",
        check: "Check the disk and its parent.",
        remedy: "Repair what the check names, then scan the repository.",
        commands: &[FOLLOW, IDENTIFY, CHECK_DISK, CHECK_PARENT, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] coalesce: EXCEPTION <class 'util.CommandException'>, Invalid argument",
        ],
    },
    Pattern {
        id: "smgc.exception",
        severity: Severity::Error,
        title: "The garbage collector stopped",
        sign: Sign::Words(&[&["gc: EXCEPTION <"], &["scan: EXCEPTION <"]]),
        number: None,
        happened: "An exception ended its run.",
        why: "The exception says it.",
        check: "Look at the lines around it.",
        remedy: "Repair what it names, then scan the repository.",
        commands: &[FOLLOW, TREE, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] gc: EXCEPTION <class 'XenAPI.Failure'>, ['INTERNAL_ERROR']",
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] scan: EXCEPTION <class 'XenAPI.Failure'>, ['INTERNAL_ERROR']",
        ],
    },
];
