//! What is said of storage that XCP-ng has besides files and volumes: ZFS, Ceph, QCOW2, plugins.

use super::pattern::{Pattern, Sign};
use super::steps::{MOUNT, reads};
use vhd_analyser_core::finding::Severity;

/// Trouble of those kinds of storage.
pub const PATTERNS: &[Pattern] = &[
    Pattern {
        id: "zfs.failed",
        severity: Severity::Error,
        title: "The ZFS pool below the repository is missing, full or suspended",
        sign: Sign::Words(&[
            &["pool I/O is currently suspended"],
            &["cannot open", "dataset does not exist"],
            &["cannot import", "no such pool"],
            &["ZFS SR creation error"],
            &["ZFS SR deletion error"],
        ]),
        codes: &[5000, 5001],
        unless: &[],
        number: None,
        happened: "ZFS could not do what the storage manager asked for.",
        why: "A disk of the pool failed or is not there, the pool was not imported after a start of the host, or it is full.",
        check: "Look at the pools and their disks.",
        remedy: "Bring the disks back and import the pool (zpool import, zpool clear), then plug the repository again. Check its disks.",
        commands: &[
            &[reads("The pools and their errors", "zpool status -v"), reads("How full they are", "zfs list")],
            MOUNT,
        ],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Mar 29 10:44:13 xcp kernel: [88112.1] WARNING: Pool 'tank' has encountered an uncorrectable I/O failure; pool I/O is currently suspended",
            "Mar 29 10:44:13 xcp SM: [13279] cannot open 'tank/sr': dataset does not exist",
            "Mar 29 10:44:13 xcp SM: [13279] cannot import 'tank': no such pool available",
            "Mar 29 10:44:13 xcp SM: [13279] Raising exception [5000, ZFS SR creation error]",
            "Mar 29 10:44:13 xcp SM: [13279] Raising exception [5001, ZFS SR deletion error]",
        ],
    },
    Pattern {
        id: "cephfs.failed",
        severity: Severity::Error,
        title: "The CephFS or RBD storage does not answer",
        sign: Sign::Words(&[
            &["libceph: ", "socket closed"],
            &["libceph: ", "connect error"],
            &["libceph: ", "session lost"],
            &["ceph: mds", "hung"],
            &["mount error 110 = "],
            &["mount error: no mds server is up"],
        ]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "The host lost the Ceph cluster, or could not mount its file system.",
        why: "Monitors or metadata servers are down, the network broke, or the client’s key is wrong.",
        check: "Look at the cluster’s health, and whether the host reaches the monitors.",
        remedy: "Repair the cluster or the network, then plug the repository again. Check the disks that were in use then.",
        commands: &[MOUNT],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Mar 29 10:44:13 xcp kernel: [88112.1] libceph: mon0 192.0.2.7:6789 socket closed (con state OPEN)",
            "Mar 29 10:44:13 xcp kernel: [88112.1] libceph: mon0 192.0.2.7:6789 connect error",
            "Mar 29 10:44:13 xcp kernel: [88112.1] libceph: mon0 192.0.2.7:6789 session lost, hunting for new mon",
            "Mar 29 10:44:13 xcp kernel: [88112.1] ceph: mds0 hung",
            "Mar 29 10:44:13 xcp SM: [13279] mount error 110 = Connection timed out",
            "Mar 29 10:44:13 xcp SM: [13279] mount error: no mds server is up or the cluster is laggy",
        ],
    },
    Pattern {
        id: "qcow.failed",
        severity: Severity::Error,
        title: "A QCOW2 image is damaged",
        sign: Sign::Words(&[
            &["qcow2: Marking image as corrupt"],
            &["qcow2: Image is corrupt"],
            &["Image is corrupt; cannot be opened"],
            &["qcow2: Preventing invalid"],
            &["ERROR cluster", "refcount="],
        ]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "QEMU found structures of a QCOW2 image that contradict each other, and stopped writing to it. XCP-ng 8.3 keeps such images beside VHDs.",
        why: "The storage failed or was full while the image was written, or two programs wrote to it.",
        check: "Let qemu-img check the image while nothing uses it.",
        remedy: "Copy the image first. Then qemu-img check -r leaks, and -r all only if the copy is safe. VHD Analyser reads VHDs only.",
        commands: &[],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "qcow2: Marking image as corrupt: Overlaps with active L2 table; further corruption events will be suppressed",
            "qcow2: Image is corrupt: L2 table offset unaligned",
            "qemu-img: Could not open 'a.qcow2': Image is corrupt; cannot be opened read/write",
            "qcow2: Preventing invalid write on metadata (overlaps with active L1 table)",
            "ERROR cluster 7 refcount=1 reference=2",
        ],
    },
    Pattern {
        id: "smapi.failed",
        severity: Severity::Error,
        title: "A storage plugin (SMAPIv3) failed",
        sign: Sign::Words(&[
            &["xapi.storage.api.", "Traceback"],
            &["xapi.storage.api.", "exception"],
            &["xapi-storage-script", "Script", "failed"],
            &["Storage_interface.Storage_error", "Backend_error"],
        ]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "The plugin that serves the repository ended with an exception; its last line says which.",
        why: "The storage below does not answer, or the plugin met something that it does not expect.",
        check: "Look at the traceback in xensource.log or daemon.log of that host.",
        remedy: "Repair what it names, then plug the repository again.",
        commands: &[MOUNT],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Mar 29 10:44:13 xcp xapi-storage-script: xapi.storage.api.v5.volume.Sr_not_attached Traceback",
            "Mar 29 10:44:13 xcp xapi-storage-script: xapi.storage.api.v5.volume.Volume_does_not_exist exception",
            "Mar 29 10:44:13 xcp xapi-storage-script: Script SR.attach failed",
            "Mar 29 10:44:13 xcp xapi: Storage_interface.Storage_error ([Backend_error;[x]])",
        ],
    },
];
