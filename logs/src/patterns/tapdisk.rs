//! What tapdisk says, and tap-ctl, which tells it what to do.

use super::pattern::{CODE, ERRNO, Pattern, Sign};
use super::steps::{CHECK_DISK, CHECK_PARENT, FOLLOW, IDENTIFY, MOUNT, TAPDISKS};
use vhd_analyser_core::finding::Severity;

/// Trouble of the processes that serve disks.
pub const PATTERNS: &[Pattern] = &[
    Pattern {
        id: "tapdisk.failed",
        severity: Severity::Error,
        title: "tapdisk could not open a disk",
        sign: Sign::Words(&[&["/usr/sbin/tap-ctl", "'open'", "failed: status="]]),
        codes: &[],
        unless: &[],
        number: Some(("status=", CODE)),
        happened: "The disk could not be attached: tap-ctl ended with an error.",
        why: "The VHD or one of its ancestors is damaged or missing, or another process has it open.",
        check: "Check the disk with all its ancestors.",
        remedy: "Repair or bring back the disk that the check names.",
        commands: &[IDENTIFY, CHECK_DISK, CHECK_PARENT],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Nov 30 10:35:57 SB01SR SM: [15413] ***** ['/usr/sbin/tap-ctl', 'open', '-p', '15788', '-m', '0', '-a', 'vhd:/run/sr-mount/de8b4afd-2032-4b6b-b53b-39947dd107a8/11abdbed-9e49-4a4a-b02a-bd4e3b703d09.vhd', '-t', '40'] failed: status=2, pid=15800, errmsg=No such file or directory: EXCEPTION <class 'blktap2.CommandFailure'>",
        ],
    },
    Pattern {
        id: "tapdisk.control",
        severity: Severity::Error,
        title: "A tapdisk did not do what it was told",
        sign: Sign::Words(&[
            &["/usr/sbin/tap-ctl", "failed: status="],
            &["failed to connect to ", "blktap/control/ctl"],
        ]),
        codes: &[],
        unless: &[],
        number: Some(("status=", CODE)),
        happened: "tap-ctl told the process that serves a disk to close, pause, resume or answer, and got an error or no answer on its control socket. That says nothing of the disk’s own state.",
        why: "The tapdisk has ended already, hangs on its storage, or still has requests under way.",
        check: "See what the host’s tapdisks have open, and whether the storage below answers.",
        remedy: "If the tapdisk is gone, detach the disk properly (shut its virtual machine down). If it hangs, repair the storage that it waits for.",
        commands: &[TAPDISKS, IDENTIFY],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Nov 30 10:35:57 SB01SR SM: [15413] ***** ['/usr/sbin/tap-ctl', 'close', '-p', '15788', '-m', '0', '-t', '120'] failed: status=110, pid=15800, errmsg=Connection timed out: EXCEPTION <class 'blktap2.CommandFailure'>",
            "Nov 30 10:35:57 SB01SR tap-ctl: failed to connect to /var/run/blktap-control/blktap/control/ctl15788: status=2",
        ],
    },
    Pattern {
        id: "tapdisk.io-error",
        severity: Severity::Error,
        title: "tapdisk could not read or write",
        sign: Sign::Words(&[&["ERROR: errno -"]]),
        codes: &[],
        unless: &[],
        number: Some(("ERROR: errno -", ERRNO)),
        happened: "A request of a virtual machine failed in tapdisk. The machine sees a disk that fails.",
        why: "The storage below failed or is full, or the VHD points beyond its end.",
        check: "Look at the kernel’s messages and at the free space; then check the disk, which the lines around it name.",
        remedy: "Repair the storage first, then the disk.",
        commands: &[MOUNT, IDENTIFY, CHECK_DISK, FOLLOW],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jul 29 13:11:16 hypervisor tapdisk[5923]: ERROR: errno -5 at vhd_complete: req 12: read 0x0008 secs @ 0x0012d1a8",
        ],
    },
];
