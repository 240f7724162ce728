//! What XenServer’s storage manager and its log say: `SMlog`, `xensource.log`, the kernel’s messages.

use super::{CHECK_DISK, CHECK_PARENT, FOLLOW, IDENTIFY, MOUNT, Pattern, RESCAN, SPACE, Sign, TREE};
use crate::finding::Severity;

pub const PATTERNS: &[Pattern] = &[
    Pattern {
        id: "storage.chain-too-long",
        severity: Severity::Error,
        title: "The chain of snapshots is too long",
        sign: Sign::Words(&[
            &["SR_BACKEND_FAILURE_109"],
            &["snapshot chain is too long"],
            &["SnapshotChainTooLong"],
            &["to protect the VDI chain"],
        ]),
        number: None,
        happened: "A snapshot or a clone was refused, since the disk has as many ancestors as tapdisk allows, which is 30.",
        why: "Snapshots were taken faster than the garbage collector merges them, or it fails at each attempt.",
        check: "Look at the depth of the chain, and in SMlog for what the garbage collector says.",
        remedy: "Mend what stops the merging, delete snapshots that are not needed, and wait until the chain is short again.",
        commands: &[TREE, FOLLOW, IDENTIFY, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jun  3 10:12:44 xen01 xapi: [error||1371 HTTPS 10.0.1.45->:::80|VM.snapshot R:03a940e24a95|backtrace] VDI.snapshot failed with exception SR_BACKEND_FAILURE_109(, The snapshot chain is too long, )",
            "Jun  3 10:12:44 xen01 SM: [1371] Raising exception [109, The snapshot chain is too long]",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] ***** vdi_snapshot: EXCEPTION <class 'xs_errors.XenError'>, SnapshotChainTooLong",
            "2018-04-01T10:00:00.000Z xo:xo-server job: Job canceled to protect the VDI chain",
        ],
    },
    Pattern {
        id: "storage.no-space",
        severity: Severity::Error,
        title: "The storage is full",
        sign: Sign::Words(&[
            &["SR_BACKEND_FAILURE_44"],
            &["There is insufficient space"],
            &["repository has insufficient space"],
            &["No space left on device"],
            &["Not enough space"],
            &["not enough free space"],
            &["insufficient free space"],
            &["SR_SOURCE_SPACE_INSUFFICIENT"],
        ]),
        number: None,
        happened: "Something could not be written, because the repository has no room for it.",
        why: "Disks that wait to be merged take their room twice, and on volumes each snapshot takes the whole disk’s size.",
        check: "Compare the free space with what the operation needs; look for disks that are not merged.",
        remedy: "Free space or add some. A merge needs room itself: delete what is not needed from elsewhere first.",
        commands: &[SPACE, TREE, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] VDI.create: SR_BACKEND_FAILURE_44(, There is insufficient space, )",
            "Mar 24 03:41:07 xen01 SM: [21170] Raising exception [44, There is insufficient space]",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] vm-copy: The storage repository has insufficient space",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] FAILED in util.pread: (rc 28) stdout: '', stderr: 'write failed: No space left on device'",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] Not enough space to create the new disk images",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] lvcreate: not enough free space in the volume group",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Volume group has insufficient free space (12 extents): 25 required.",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] Storage_error SR_SOURCE_SPACE_INSUFFICIENT",
        ],
    },
    Pattern {
        id: "storage.nfs-stale",
        severity: Severity::Error,
        title: "A file on NFS is stale",
        sign: Sign::Words(&[&["Stale file handle"], &["Stale NFS file handle"], &["Errno 116"]]),
        number: None,
        happened: "The NFS server no longer knows a file or folder that the host has open.",
        why: "The export was moved, restored, or exported anew, or another host deleted the file.",
        check: "See whether the repository can be listed on every host, and what the server exports.",
        remedy: "Bring the export back as it was, then unplug and plug the repository’s PBD while no virtual machine runs from it. Check its disks before they are used.",
        commands: &[MOUNT, CHECK_DISK],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Feb 11 07:20:31 xen02 SM: [9931] ***** sr_scan: EXCEPTION <type 'exceptions.OSError'>, [Errno 116] Stale file handle: '/var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46'",
            "Feb 11 07:20:31 xen02 SM: [9931] ls: cannot access /var/run/sr-mount: Stale NFS file handle",
            "Feb 11 07:20:31 xen02 SM: [9931] ***** sr_scan: EXCEPTION <type 'exceptions.OSError'>, [Errno 116] ESTALE",
        ],
    },
    Pattern {
        id: "storage.nfs-silent",
        severity: Severity::Warning,
        title: "The NFS server does not answer",
        sign: Sign::Words(&[&["not responding, timed out"], &["not responding, still trying"]]),
        number: None,
        happened: "The host waited for the NFS server in vain.",
        why: "The network or the server failed; writes of that time may be lost on soft mounts.",
        check: "See whether the server is there, and check the disks that were in use then.",
        remedy: "Mend the network or the server.",
        commands: &[MOUNT],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Mar 12 14:02:51 xen02 kernel: [88112.1] nfs: server 10.0.0.9 not responding, timed out",
            "Mar 12 14:02:51 xen02 kernel: [88112.1] nfs: server 10.0.0.9 not responding, still trying",
        ],
    },
    Pattern {
        id: "storage.vdi-unavailable",
        severity: Severity::Error,
        title: "A disk is not available",
        sign: Sign::Words(&[
            &["SR_BACKEND_FAILURE_46"],
            &["The VDI is not available"],
            &["VDI_NOT_AVAILABLE"],
            &["failed to get VHD depth"],
        ]),
        number: None,
        happened: "The storage manager could not use the disk.",
        why: "The VHD or an ancestor is damaged or missing, its volume is not active, or it is still marked as in use by a host that crashed.",
        check: "Check the disk and its ancestors, and see where it is attached.",
        remedy: "Mend or bring back what the check names. If all are sound, clear the mark with resetvdis.py, once the disk surely is not in use.",
        commands: &[IDENTIFY, CHECK_DISK, CHECK_PARENT],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] VM.start: SR_BACKEND_FAILURE_46(, The VDI is not available, )",
            "Dec  8 09:11:20 xen01 SM: [7712] ***** vdi_attach: EXCEPTION <class 'SR.SROSError'>, The VDI is not available",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] VM.start: VDI_NOT_AVAILABLE: [ OpaqueRef:28d03111 ]",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] opterr=failed to get VHD depth",
        ],
    },
    Pattern {
        id: "storage.vdi-not-valid",
        severity: Severity::Error,
        title: "A disk is not valid",
        sign: Sign::Words(&[
            &["VDI is not valid"],
            &["VDI not valid"],
            &["VHD is not valid"],
            &["HANDLE_INVALID", "VDI"],
        ]),
        number: None,
        happened: "An operation named a disk that XenServer does not know, or does not accept.",
        why: "The disk was deleted or merged meanwhile, or its VHD is damaged and the scan passed over it.",
        check: "See whether XenServer lists the disk, and whether its file is there and sound.",
        remedy: "Mend the file if it is damaged, then scan the repository.",
        commands: &[IDENTIFY, CHECK_DISK, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Dec  8 09:12:03 xen01 SM: [7802] vdi_snapshot: VDI 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7: the VDI is not valid",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] vdi_attach: VDI not valid",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] The VHD is not valid",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] Server_error(HANDLE_INVALID, [ VDI; OpaqueRef:614def7a-9926-aac7-1b65-5976a574678b ])",
        ],
    },
    Pattern {
        id: "storage.vdi-in-use",
        severity: Severity::Warning,
        title: "A disk is in use",
        sign: Sign::Words(&[&["SR_BACKEND_FAILURE_24"], &["VDI_IN_USE"], &["The VDI is currently in use"]]),
        number: None,
        happened: "An operation was refused, because something else has the disk.",
        why: "A virtual machine, the control domain, a backup or the garbage collector uses it.",
        check: "See where it is attached.",
        remedy: "Wait for that, or detach the disk.",
        commands: &[IDENTIFY],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Dec  8 09:15:44 xen01 xapi: [error||22 ||xapi] VDI.destroy: SR_BACKEND_FAILURE_24(, The VDI is currently in use, )",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] VDI.destroy: VDI_IN_USE: [ OpaqueRef:28d03111; destroy ]",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [24, The VDI is currently in use]",
        ],
    },
    Pattern {
        id: "storage.read-only",
        severity: Severity::Error,
        title: "The storage is read-only",
        sign: Sign::Words(&[&["Read-only file system"], &["Remounting filesystem read-only"]]),
        number: None,
        happened: "The file system of the repository does not take writes any more.",
        why: "The kernel found damage in it, or lost the disk below.",
        check: "Look at the kernel’s messages.",
        remedy: "Mend the disk or the file system below, plug the repository again, then check its disks.",
        commands: &[MOUNT],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] ***** vdi_create: EXCEPTION <type 'exceptions.OSError'>, [Errno 30] Read-only file system",
            "Aug  1 01:10:09 xen03 kernel: [991.2] EXT4-fs (dm-3): Remounting filesystem read-only",
        ],
    },
    Pattern {
        id: "storage.lock",
        severity: Severity::Warning,
        title: "A lock could not be taken",
        sign: Sign::Words(&[
            &["Unable to acquire the SR lock"],
            &["Failed to acquire lock"],
            &["Timeout waiting for lock"],
        ]),
        number: None,
        happened: "An operation waited for the repository’s lock and gave up.",
        why: "Another operation holds it for long: a scan or a merge on slow storage, or a process that hangs on it.",
        check: "See which process holds the lock, and whether it moves.",
        remedy: "Wait for it; if it hangs on the storage, mend that. Do not delete the lock files.",
        commands: &[&[super::reads("Who holds the lock", "fuser -v /var/lock/sm/{sr}/sr")], FOLLOW],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SMGC: [19805] leaf-coalesce: EXCEPTION <class 'util.SMException'>, Unable to acquire the SR lock",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Failed to acquire lock /var/lock/sm/0995f66a-6188-ad63-4d00-117498b7fd46/sr",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Timeout waiting for lock /var/lock/sm/0995f66a-6188-ad63-4d00-117498b7fd46/sr",
        ],
    },
    Pattern {
        id: "storage.volume-missing",
        severity: Severity::Error,
        title: "A logical volume is missing",
        sign: Sign::Words(&[&["Failed to find logical volume"]]),
        number: None,
        happened: "LVM does not know a volume that the storage manager wanted.",
        why: "The disk was merged or deleted meanwhile, or the volume group’s metadata was restored from an older state.",
        check: "Compare the volumes with the disks that XenServer lists.",
        remedy: "If the disk should be there, look for it in /etc/lvm/archive before anything else is written; otherwise scan the repository.",
        commands: &[&[super::reads("The volumes", "lvs VG_XenStorage-{sr}")], IDENTIFY, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 18 11:20:10 xen04 SM: [4711] FAILED in util.pread: (rc 5) stdout: '', stderr: '  Failed to find logical volume \"VG_XenStorage-25e96f21-b8d3-f880-3df5-f71897c52429/VHD-ad1f957a-9f60-48d0-8833-e7b7fd19dde5\"'",
        ],
    },
    Pattern {
        id: "storage.scan-failed",
        severity: Severity::Error,
        title: "The repository could not be scanned",
        sign: Sign::Words(&[&["SR_BACKEND_FAILURE_40"], &["The SR scan failed"]]),
        number: None,
        happened: "The scan stopped, and with it every merge in the repository.",
        why: "One VHD cannot be read, or the storage below fails.",
        check: "Look for the vhd-util command that failed before it, and check that disk.",
        remedy: "Mend that disk, then scan again.",
        commands: &[TREE, MOUNT, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Mar 20 08:31:12 xen01 xapi: [error||88 ||xapi] SR.scan: SR_BACKEND_FAILURE_40(, The SR scan failed, )",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [40, The SR scan failed]",
        ],
    },
];

/// What counts only where nothing else does: an exception of the garbage collector may say it, and its traceback more.
pub const LAST: &[Pattern] = &[Pattern {
    id: "storage.io-error",
    severity: Severity::Error,
    title: "The storage failed",
    sign: Sign::Words(&[
        &["VDI_IO_ERROR"],
        &["Input/output error"],
        &["Buffer I/O error"],
        &["blk_update_request: I/O error"],
    ]),
    number: None,
    happened: "A read or a write failed below the disk.",
    why: "A disk, a path or the network of the storage failed; a VHD that was written then may be damaged.",
    check: "Look at the kernel’s messages and the storage’s own, then check the disks that were in use.",
    remedy: "Mend the storage first: a repair on failing storage makes it worse.",
    commands: &[MOUNT, IDENTIFY, CHECK_DISK],
    #[cfg(feature = "excerpts")]
    excerpts: &[
        "Jul 29 16:37:07 ng02 xapi: [error||4882 HTTPS 10.0.1.45->:::80|[XO] Importing content into VDI root_0 R:03a940e24a95|vhd_tool_wrapper] vhd-tool failed, returning VDI_IO_ERROR",
        "Sep 14 16:36:26 fatxs-1 SM: [19805] FAILED in util.pread: (rc 5) stdout: '', stderr: 'read failed: Input/output error'",
        "Jul 29 16:37:07 ng02 kernel: [1.2] Buffer I/O error on device dm-3, logical block 12",
        "Jul 29 16:37:07 ng02 kernel: [1.2] blk_update_request: I/O error, dev sda, sector 12",
    ],
}];
