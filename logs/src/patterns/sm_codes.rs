//! Trouble that the storage manager names by the number of an error alone.

use super::pattern::{Command, Pattern, Sign};
use super::steps::{CHECK_DISK, CHECK_PARENT, FOLLOW, IDENTIFY, MOUNT, RESCAN, SPACE, TREE, reads};
use vhd_analyser_core::finding::Severity;

/// What stands in the log around it, for the errors that say little themselves.
const BEFORE_IT: &[Command] = &[reads(
    "What the storage manager said just before",
    "grep -n -B 30 \"Raising exception\" /var/log/SMlog | tail -n 80",
)];

/// What is attached where.
const TAPDISKS: &[Command] = &[reads("What the host’s tapdisks have open", "tap-ctl list")];

/// The errors that people meet, each with its cause. What the numbers mean is in the storage manager’s own table.
pub const PATTERNS: &[Pattern] = &[
    Pattern {
        id: "storage.vdi-gone",
        severity: Severity::Error,
        title: "XenServer knows a disk that the storage does not have any more",
        sign: Sign::Words(&[&["Vdi_does_not_exist"], &["VDI could not be found"]]),
        codes: &[144],
        unless: &[],
        number: None,
        happened: "The database names a disk that does not exist in the repository: an operation or a scan failed at it.",
        why: "The disk was deleted or merged on the storage while its record stayed, or the repository was brought back from an older state.",
        check: "See what the database says of the disk, and whether its file or volume is really gone.",
        remedy: "If it is gone, forget the stale record (xe vdi-forget), then scan the repository. If it is only hidden or elsewhere, bring it back first.",
        commands: &[IDENTIFY, TREE, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Mar 20 08:31:12 xen01 xapi: [error||88 ||xapi] Storage_interface.Vdi_does_not_exist(\"91499ab6-63e9-47cf-b73a-b7fc2b09dcc7\")",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [144, VDI could not be found]",
        ],
    },
    Pattern {
        id: "storage.sr-in-use",
        severity: Severity::Warning,
        title: "The repository’s device is in use",
        sign: Sign::Words(&[&["The SR device is currently in use"]]),
        codes: &[16, 39, 42],
        unless: &[],
        number: None,
        happened: "A repository could not be made or removed, since its device or folder holds one already.",
        why: "The device belongs to a repository that is plugged, or still has the data of an old one.",
        check: "See which repositories exist and what lies on the device.",
        remedy: "If a repository is there, introduce it (xe sr-introduce) instead of making a new one: making one wipes it.",
        commands: &[&[reads("The repositories that are known", "xe sr-list params=uuid,name-label,type,host")]],
        #[cfg(feature = "excerpts")]
        excerpts: &["Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [16, The SR device is currently in use]"],
    },
    Pattern {
        id: "storage.volume-not-closed",
        severity: Severity::Error,
        title: "A logical volume could not be hidden again",
        sign: Sign::Words(&[&["Logical Volume unmount/deactivate error"]]),
        codes: &[53],
        unless: &[],
        number: None,
        happened: "LVM could not deactivate the disk’s volume.",
        why: "Something still has it open: a tapdisk that hangs, a partition mapping, a scan of the control domain.",
        check: "See who has the volume open.",
        remedy: "Let go of what holds it; if it is a tapdisk, shut the virtual machine down properly first.",
        commands: &[
            IDENTIFY,
            TAPDISKS,
            &[reads("Which volumes are visible (a) and open (o)", "lvs -o lv_name,lv_attr,lv_size VG_XenStorage-{sr}")],
        ],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [53, Logical Volume unmount/deactivate error]",
        ],
    },
    Pattern {
        id: "storage.volume-failed",
        severity: Severity::Error,
        title: "LVM could not read, make, change or remove a volume",
        sign: Sign::Words(&[&["Logical Volume creation error"], &["Logical Volume deletion error"]]),
        codes: &[50, 51, 54, 55, 56, 57, 59, 60, 77, 92, 93, 100, 104, 117, 455],
        unless: &[],
        number: None,
        happened: "The storage manager asked LVM for something, and LVM refused or failed.",
        why: "The volume group is full, its metadata area is full or damaged, a path to the LUN fails, or two hosts changed it at once.",
        check: "Look at what LVM said just before in SMlog, and at the volume group.",
        remedy: "Repair the path to the storage, free space, or restore the group’s metadata from /etc/lvm/backup with the help of somebody who knows it.",
        commands: &[
            BEFORE_IT,
            SPACE,
            &[reads("The volumes", "lvs VG_XenStorage-{sr}"), reads("The physical volumes", "pvs")],
        ],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [50, Logical Volume creation error [opterr=x]]",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [51, Logical Volume deletion error [opterr=x]]",
        ],
    },
    Pattern {
        id: "storage.not-master",
        severity: Severity::Warning,
        title: "Only the pool’s master may do that",
        sign: Sign::Words(&[&["Logical Volume request must come from master"]]),
        codes: &[58, 5002],
        unless: &[],
        number: None,
        happened: "A change of the repository’s volumes was asked for on a host that is not the master.",
        why: "A command was run on the wrong host, or the pool changed its master meanwhile.",
        check: "See which host is the master.",
        remedy: "Run it on the master.",
        commands: &[&[reads("Which host is the master", "xe pool-list params=master")]],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [58, Logical Volume request must come from master]",
        ],
    },
    Pattern {
        id: "storage.vdi-remove",
        severity: Severity::Error,
        title: "A disk could not be removed",
        sign: Sign::Words(&[&["Failed to remove VDI"]]),
        codes: &[64, 80, 62, 63],
        unless: &[],
        number: None,
        happened: "The storage manager could not delete the disk, or could not hide it.",
        why: "Its file or volume is in use, read-only or gone already, or the storage does not answer.",
        check: "See where the disk is attached, and whether its file or volume is still there.",
        remedy: "Detach it where it is attached, then delete it again; if only the record is left, scan the repository.",
        commands: &[IDENTIFY, TAPDISKS, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [64, Failed to remove VDI [opterr=could not unlink]]",
        ],
    },
    Pattern {
        id: "storage.vdi-create",
        severity: Severity::Error,
        title: "A disk could not be made",
        sign: Sign::Words(&[&["VDI Creation failed"]]),
        codes: &[78, 79, 43, 66],
        unless: &[],
        number: None,
        happened: "The storage manager could not create a disk of the size or kind that was asked for.",
        why: "The size is zero or more than the 2,040 GiB that a VHD may have here, the repository is full or read-only, or the name is taken.",
        check: "Compare the size with the free space and the limit; look at what SMlog says just before.",
        remedy: "Choose a size within the limit, free space, or bring the storage back to taking writes.",
        commands: &[SPACE, BEFORE_IT],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [78, VDI Creation failed [opterr=VDI size must be between 1 MB and 2088960 MB]]",
        ],
    },
    Pattern {
        id: "storage.vdi-resize",
        severity: Severity::Error,
        title: "A disk could not be resized",
        sign: Sign::Words(&[&["VDI resize failed"]]),
        codes: &[110],
        unless: &[],
        number: None,
        happened: "The storage manager could not change the disk’s size.",
        why: "The disk is in use, has children, would become larger than 2,040 GiB, or an earlier resize was cut off and left its journal.",
        check: "See where the disk is attached, and check it with its journal.",
        remedy: "Detach the disk, repair what the check names, then resize it again.",
        commands: &[IDENTIFY, CHECK_DISK],
        #[cfg(feature = "excerpts")]
        excerpts: &["Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [110, VDI resize failed]"],
    },
    Pattern {
        id: "storage.probe",
        severity: Severity::Info,
        title: "A probe answered without a SCSI id",
        sign: Sign::Words(&[&["The SCSIid parameter is missing or incorrect"]]),
        codes: &[107],
        unless: &[],
        number: None,
        happened: "The storage manager was asked for a LUN without being told which, and listed those that it sees.",
        why: "That is how sr-probe works: the number is its usual answer, and the list of LUNs follows it.",
        check: "See whether the list has the LUN that is wanted. An empty list means that the target offers this host none.",
        remedy: "Ask again with SCSIid from the list. If it is empty, let the storage map a LUN to the host’s initiator name.",
        commands: &[],
        #[cfg(feature = "excerpts")]
        excerpts: &["Error parameters: , The SCSIid parameter is missing or incorrect, <?xml version=\"1.0\" ?>"],
    },
    Pattern {
        id: "storage.parameters",
        severity: Severity::Warning,
        title: "A parameter is missing or wrong",
        sign: Sign::Words(&[
            &["Not all required parameters specified"],
            &["A bad character was detected in the dconf string"],
        ]),
        codes: &[
            1, 2, 19, 20, 38, 48, 49, 87, 89, 90, 91, 94, 95, 96, 97, 98, 99, 101, 102, 103, 105, 115, 118, 143, 413,
            434, 447, 5003, 5004, 5005,
        ],
        unless: &[],
        number: None,
        happened: "The storage manager refused a request, because what it was told of the storage is incomplete or not valid.",
        why: "The error’s words name the parameter: it was left out, misspelt, or holds a character that is not allowed.",
        check: "Compare the device configuration of the PBD with what the storage has.",
        remedy: "Correct the parameter and repeat the request.",
        commands: &[&[reads(
            "What each host was told of the storage",
            "xe pbd-list sr-uuid={sr} params=uuid,host-uuid,device-config",
        )]],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [115, Not all required parameters specified.]",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [2, A bad character was detected in the dconf string]",
        ],
    },
    Pattern {
        id: "storage.no-dns",
        severity: Severity::Error,
        title: "The storage server’s host name cannot be resolved",
        sign: Sign::Words(&[&["Incorrect DNS name, unable to resolve"]]),
        codes: &[140],
        unless: &[],
        number: None,
        happened: "The host found no address for the name of the storage server.",
        why: "The name is misspelt, or the host’s DNS servers are not there or do not know it.",
        check: "Ask for the name on the host itself, and see which DNS servers it uses.",
        remedy: "Correct the name or the DNS, or give the server’s address instead of its name.",
        commands: &[&[
            reads("Which name servers the host asks", "cat /etc/resolv.conf"),
            reads(
                "What each host was told of the storage",
                "xe pbd-list sr-uuid={sr} params=uuid,host-uuid,device-config",
            ),
        ]],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [140, Incorrect DNS name, unable to resolve.]",
        ],
    },
    Pattern {
        id: "storage.no-api",
        severity: Severity::Error,
        title: "The storage manager could not reach XenServer’s toolstack",
        sign: Sign::Words(&[
            &["Failed to initialize XMLRPC connection"],
            &["A Failure occurred accessing an API object"],
        ]),
        codes: &[150, 151, 152, 153, 154],
        unless: &[],
        number: None,
        happened: "The storage manager asked xapi for something and got no answer, or an error.",
        why: "xapi is restarting, hangs, or its disk is full; or the master of the pool cannot be reached.",
        check: "See whether xapi answers, and whether the control domain’s disk has room.",
        remedy: "Wait until xapi runs again, or restart the toolstack; then repeat what failed. No disk is damaged by it.",
        commands: &[&[
            reads("Whether the control domain has room", "df -h /"),
            reads("Whether xapi answers", "xe host-list params=uuid,name-label,enabled"),
        ]],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [150, Failed to initialize XMLRPC connection]",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [153, A Failure occurred accessing an API object]",
        ],
    },
    Pattern {
        id: "storage.over-provisioned",
        severity: Severity::Error,
        title: "The volume group is full: the repository is over-provisioned",
        sign: Sign::Words(&[&["The SR is over-provisioned, and out of space"]]),
        codes: &[180, 167],
        unless: &[],
        number: None,
        happened: "A disk could not be attached for writing, since its volume cannot grow to the disk’s full size.",
        why: "Snapshots take little room until they are attached; then each needs the whole size, and there is not enough space left.",
        check: "Compare the free space of the volume group with the disk’s size; look for disks that wait to be merged.",
        remedy: "Free space: delete snapshots that are not needed and let the garbage collector merge them, or make the LUN larger.",
        commands: &[SPACE, TREE, FOLLOW],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [180, Volume Group out of space. The SR is over-provisioned, and out of space. Unable to grow the underlying volume to accommodate the virtual size of the disk.]",
        ],
    },
    Pattern {
        id: "storage.sr-metadata",
        severity: Severity::Error,
        title: "The repository’s own metadata volume failed",
        sign: Sign::Words(&[&["Error in Metadata volume operation for SR"]]),
        codes: &[181],
        unless: &[],
        number: None,
        happened: "The volume MGT, in which the storage manager keeps the names of the disks, could not be read or written.",
        why: "It is damaged, full, in use by another host, or the LUN does not take writes. It was made anew on a restored or copied LUN with stale contents.",
        check: "Look at what SMlog says just before, and whether the volume MGT is there.",
        remedy: "With the repository unplugged on all hosts, the volume MGT may be renamed away; the next plug makes it anew. The disks themselves are not in it: names of snapshots can be lost.",
        commands: &[BEFORE_IT, &[reads("Whether the volume MGT is there", "lvs VG_XenStorage-{sr}")]],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [181, Error in Metadata volume operation for SR. [opterr=VDI delete operation failed]]",
        ],
    },
    Pattern {
        id: "storage.tapdisk",
        severity: Severity::Error,
        title: "tapdisk failed or ran already",
        sign: Sign::Words(&[&["tapdisk experienced an error"], &["The tapdisk is already running"]]),
        codes: &[445, 453],
        unless: &[],
        number: None,
        happened: "The process that serves the disk could not be started, opened or asked.",
        why: "A tapdisk of the disk is left over from before, hangs on the storage, or cannot open the VHD or one of its ancestors.",
        check: "See what the host’s tapdisks have open, and look for what tapdisk says just before.",
        remedy: "If a tapdisk is left over, shut the virtual machine down and close it; if the disk cannot be opened, check it and its parent.",
        commands: &[TAPDISKS, IDENTIFY, CHECK_DISK, CHECK_PARENT],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [453, tapdisk experienced an error [opterr=Operation not permitted]]",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [445, The tapdisk is already running]",
        ],
    },
    Pattern {
        id: "storage.no-disc",
        severity: Severity::Info,
        title: "An optical drive is empty",
        sign: Sign::Words(&[&["Unable to attach empty optical drive to VM"]]),
        codes: &[456],
        unless: &[],
        number: None,
        happened: "A virtual machine’s drive has no disc.",
        why: "None was put in.",
        check: "See whether one is wanted.",
        remedy: "Insert one, or leave it.",
        commands: &[],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [456, Unable to attach empty optical drive to VM.]",
        ],
    },
    Pattern {
        id: "storage.changed-blocks",
        severity: Severity::Warning,
        title: "Changed block tracking (CBT) is inconsistent or failed",
        sign: Sign::Words(&[
            &["Changed block tracking log is in an inconsistent state"],
            &["Unable to activate changed block tracking"],
            &["Unable to deactivate changed block tracking"],
            &["Failed to calculate changed blocks for given VDIs"],
        ]),
        codes: &[457, 458, 459, 460],
        unless: &[],
        number: None,
        happened: "The list of blocks that changed since the last backup cannot be used. The disk itself is not concerned.",
        why: "The host or the storage stopped while the disk was in use, so that the log was not closed.",
        check: "See whether the backup program notices and makes a full backup.",
        remedy: "Make the next backup a full one; disable changed block tracking for the disk and enable it again.",
        commands: &[IDENTIFY],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [459, Changed block tracking log is in an inconsistent state.]",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [457, Unable to activate changed block tracking.]",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [458, Unable to deactivate changed block tracking.]",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [460, Failed to calculate changed blocks for given VDIs.]",
        ],
    },
    Pattern {
        id: "storage.not-writable",
        severity: Severity::Error,
        title: "The repository’s file system cannot be written to",
        sign: Sign::Words(&[&["The file system for SR cannot be written to"]]),
        codes: &[461],
        unless: &[],
        number: None,
        happened: "A test file could not be written when the repository was plugged.",
        why: "The export is read-only for this host, belongs to another user (root_squash), or the file system is full or read-only.",
        check: "See how it is mounted and whether root may write there; look at the server’s export options.",
        remedy: "Give the host write access on the server (no_root_squash for NFS), or free space, then plug the repository again.",
        commands: &[MOUNT, SPACE],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [461, The file system for SR cannot be written to.]",
        ],
    },
    Pattern {
        id: "storage.multipath",
        severity: Severity::Error,
        title: "The multipath device is missing",
        sign: Sign::Words(&[&["Device Mapper path not appeared yet"], &["Device Mapper path missing"]]),
        codes: &[430, 431, 432, 433],
        unless: &[],
        number: None,
        happened: "The device that joins the paths to the LUN did not appear, or its daemon does not answer.",
        why: "multipathd does not run, the LUN is not mapped to this host, or its vendor needs an entry in multipath.conf.",
        check: "See which paths there are.",
        remedy: "Start multipathd or map the LUN, then plug the repository again.",
        commands: &[&[reads("Which paths there are", "multipath -ll")], MOUNT],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [433, Device Mapper path not appeared yet [opterr=mpath]]",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [432, Device Mapper path missing]",
        ],
    },
    Pattern {
        id: "storage.exclusive",
        severity: Severity::Error,
        title: "Another host holds the LUN or the disk",
        sign: Sign::Words(&[&["Failed to acquire an exclusive lock on the LUN"]]),
        codes: &[135, 201, 205],
        unless: &[],
        number: None,
        happened: "Something could not be taken, because somebody else has it.",
        why: "Another host uses the LUN or the disk, or did when it crashed.",
        check: "See which hosts have the repository plugged and where the disk is attached.",
        remedy: "Let the other host go of it, then try again.",
        commands: &[MOUNT, IDENTIFY],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [135, Failed to acquire an exclusive lock on the LUN.]",
        ],
    },
    Pattern {
        id: "storage.iso",
        severity: Severity::Warning,
        title: "A library of ISO images could not be mounted",
        sign: Sign::Words(&[&["Could not mount the directory specified in Device Configuration"]]),
        codes: &[220, 221, 222, 223, 224, 225, 226, 227, 228],
        unless: &[],
        number: None,
        happened: "The folder of ISO images is not reachable. Virtual disks are not concerned.",
        why: "The server, the path, the name of the share or the password is wrong, or its protocol version is not offered.",
        check: "Compare the location with what the server exports.",
        remedy: "Correct the location or the access rights, then plug it again.",
        commands: &[MOUNT],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [222, Could not mount the directory specified in Device Configuration]",
        ],
    },
];

/// Errors that say nothing of their cause: it stands in what was said before.
pub const GENERAL: &[Pattern] = &[Pattern {
    id: "storage.general",
    severity: Severity::Error,
    title: "The storage manager failed",
    sign: Sign::Words(&[&["General backend error"], &["SM has thrown a generic python exception"]]),
    codes: &[41, 200, 202, 203, 1200],
    unless: &[],
    number: None,
    happened: "An operation ended with an exception that the storage manager has no number of its own for.",
    why: "The words behind “opterr” or the traceback before it say what failed: mostly a command, a file or a lock.",
    check: "Look at the traceback in SMlog, of the same process and the same second.",
    remedy: "Repair what it names, then repeat the operation.",
    commands: &[BEFORE_IT, FOLLOW],
    #[cfg(feature = "excerpts")]
    excerpts: &[
        "Sep 14 16:36:26 fatxs-1 SM: [19805] Raising exception [202, General backend error [opterr=rc: 5]]",
        "Mar 20 08:31:12 xen01 xapi: [error||88 ||xapi] Server_error(SR_BACKEND_FAILURE_1200, [ ; SM has thrown a generic python exception;  ])",
    ],
}];
