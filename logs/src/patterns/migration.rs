//! What XenServer’s toolstack says of copies, transfers and migrations.

use super::pattern::{Pattern, Sign};
use super::steps::{IDENTIFY, MOUNT};
use vhd_analyser_core::finding::Severity;

/// Trouble of xapi with disks on their way.
pub const PATTERNS: &[Pattern] = &[
    Pattern {
        id: "xapi.copy-failed",
        severity: Severity::Error,
        title: "Copying a disk to another repository broke off",
        sign: Sign::Words(&[
            &["VDI_COPY_FAILED"],
            &["vdi_copy failed"],
            &["End_of_file", "sparse_dd"],
            &["sparse_dd", "Failure"],
        ]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "The copy did not finish: the process or the connection that carried the data ended too early. The source is not changed.",
        why: "The receiving side stopped: its storage is full or fails, its control domain is out of memory, or the network broke.",
        check: "Look at xensource.log and SMlog of both hosts at that time, and at the free space of the target.",
        remedy: "Repair that, delete the half-made copy, and copy again.",
        commands: &[],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] VDI_COPY_FAILED",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] vdi_copy failed",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] End_of_file … sparse_dd",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] sparse_dd … Failure",
        ],
    },
    Pattern {
        id: "xapi.stream-ended",
        severity: Severity::Error,
        title: "A transfer of a disk was cut off",
        sign: Sign::Words(&[
            &["vhd-tool", "End_of_file"],
            &["vhd_tool_wrapper", "End_of_file"],
            &["vhd-tool failed"],
            &["Unix.Unix_error", "EPIPE"],
            &["ECONNRESET", "vhd-tool"],
        ]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "The program that imports or exports disks (vhd-tool) came to the end of the stream before the end of the disk.",
        why: "The other side closed the connection: a client was stopped, a proxy timed out, or the upload was incomplete. The storage need not be at fault.",
        check: "Look at what the other side says at that time.",
        remedy: "Repeat the transfer over a stable connection; check the file that is imported.",
        commands: &[],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] vhd-tool … End_of_file",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] vhd_tool_wrapper … End_of_file",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] vhd-tool failed … exit",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] Unix.Unix_error … EPIPE",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] ECONNRESET … vhd-tool",
        ],
    },
    Pattern {
        id: "xapi.mirror",
        severity: Severity::Error,
        title: "A storage migration failed: the mirror of a disk is gone",
        sign: Sign::Words(&[
            &["Does_not_exist", "mirror"],
            &["MIRROR_FAILED"],
            &["mirror has failed"],
            &["Mirror_failed"],
            &["VDI mirroring failed"],
            &["tapdisk_experienced_error", "mirror"],
        ]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "A disk was being migrated while its machine runs, and the copying of new writes to the target stopped.",
        why: "tapdisk on one of the hosts failed, the network between them broke, or the target is full.",
        check: "Look at SMlog and xensource.log of both hosts for what tapdisk says.",
        remedy: "Repair that, delete the snapshots and copies that the migration left, wait for the coalesce, then migrate again, or with the machine shut down.",
        commands: &[],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] Does_not_exist … mirror",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] MIRROR_FAILED",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] mirror has failed",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] Mirror_failed",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] VDI mirroring failed",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] tapdisk_experienced_error … mirror",
        ],
    },
    Pattern {
        id: "xapi.not-supported",
        severity: Severity::Warning,
        title: "The repository does not allow that operation now",
        sign: Sign::Words(&[
            &["VDI_INCOMPATIBLE_TYPE"],
            &["SR_OPERATION_NOT_SUPPORTED"],
            &["SR_HAS_NO_PBDS"],
            &["SR_NOT_ATTACHED"],
            &["SR_REQUIRES_UPGRADE"],
        ]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "XenServer refused the operation before it touched a disk.",
        why: "The repository is not plugged, or is of a kind that cannot do it.",
        check: "See whether the repository is plugged on every host.",
        remedy: "Plug it, or choose another repository.",
        commands: &[MOUNT],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] VDI_INCOMPATIBLE_TYPE",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] SR_OPERATION_NOT_SUPPORTED",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] SR_HAS_NO_PBDS",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] SR_NOT_ATTACHED",
            "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] SR_REQUIRES_UPGRADE",
        ],
    },
    Pattern {
        id: "xapi.sm-mark",
        severity: Severity::Error,
        title: "A disk is still marked as being attached",
        sign: Sign::Words(&[&["MAP_DUPLICATE_KEY"]]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "The disk’s sm-config has a key such as “activating” or “host_…” already, so that it cannot be attached.",
        why: "An attach or a merge was cut off and left its mark.",
        check: "See whether anything really uses the disk, on every host; look at its sm-config.",
        remedy: "If nothing uses it, remove the key that the error names (xe vdi-param-remove param-name=sm-config param-key=…), or run resetvdis.py.",
        commands: &[IDENTIFY],
        #[cfg(feature = "excerpts")]
        excerpts: &["Aug 19 20:02:58 x SM: [23584] MAP_DUPLICATE_KEY"],
    },
];

/// An error that has no name: what else its line, or another, says tells more.
pub const LAST: &[Pattern] = &[Pattern {
    id: "xapi.internal",
    severity: Severity::Error,
    title: "XenServer’s toolstack failed in an operation on storage",
    sign: Sign::Words(&[&["INTERNAL_ERROR", "Storage_"], &["INTERNAL_ERROR", "VDI"], &["INTERNAL_ERROR", "Unix"]]),
    codes: &[],
    unless: &[],
    number: None,
    happened: "An operation ended with an error that the toolstack has no name for; its words say what failed.",
    why: "A connection between hosts or to the storage manager broke, or a record of the database is stale.",
    check: "Look at the words of the error, and at SMlog of the same second.",
    remedy: "Repair what they name, then repeat the operation.",
    commands: &[],
    #[cfg(feature = "excerpts")]
    excerpts: &[
        "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] INTERNAL_ERROR … Storage_",
        "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] INTERNAL_ERROR … VDI",
        "Jun  3 10:12:44 xen01 xapi: [error||1371 ||xapi] INTERNAL_ERROR … Unix",
    ],
}];
