//! What `vhd-util` says, in SMlog or pasted from a terminal.

use super::pattern::{CODE, ERRNO, Pattern, Sign};
use super::steps::{CHECK_DISK, CHECK_PARENT, IDENTIFY, REPAIR, RESCAN, SPACE, TAPDISKS, TREE};
use vhd_analyser_core::finding::Severity;

/// What an exit code means: `vhd-util` ends with the number of the system’s error.
pub fn exit_code(code: u64) -> &'static str {
    match code {
        1 => "EPERM: not permitted",
        2 => "ENOENT: no such file; the disk or its parent is not there, or its volume is not active",
        4 => "EINTR: interrupted",
        5 => "EIO: input or output error; the storage below failed, or the file ends too early",
        12 => "ENOMEM: out of memory",
        13 => "EACCES: access denied",
        16 => "EBUSY: the disk is in use",
        17 => "EEXIST: it exists already",
        19 => "ENODEV: no such device",
        22 => "EINVAL: the VHD is not valid, its metadata is damaged, or the arguments do not fit it",
        28 => "ENOSPC: no space left",
        30 => "EROFS: read-only; the volume is not writable",
        36 => "ENAMETOOLONG: the parent’s name is too long",
        61 => "ENODATA: no data",
        75 => "EOVERFLOW: a number is too large",
        95 => "EOPNOTSUPP: not possible with this kind of disk",
        110 => "ETIMEDOUT: the storage did not answer in time",
        116 => "ESTALE: stale file handle; the NFS server has replaced the file",
        117 => "EUCLEAN: the structure needs cleaning",
        _ => "",
    }
}

/// A disk that `vhd-util check` refuses.
const INVALID: Pattern = Pattern {
    id: "vhd-util.invalid",
    severity: Severity::Error,
    title: "vhd-util found a damaged disk",
    sign: Sign::Words(&[&["appears invalid; dumping"]]),
    codes: &[],
    unless: &[],
    number: None,
    happened: "vhd-util checked the disk and refuses it. So do tapdisk and the garbage collector.",
    why: "A write to the disk’s metadata was lost or cut short: a host that crashed, a full or failing storage, or a resize that was interrupted.",
    check: "Open the disk in VHD Analyser: it names the damaged structure, and says whether it can be rebuilt without loss.",
    remedy: "Repair a copy of it or the disk itself while its virtual machine is shut down, check again, and let the garbage collector try again.",
    commands: &[IDENTIFY, CHECK_DISK, REPAIR, RESCAN],
    #[cfg(feature = "excerpts")]
    excerpts: &[
        "primary footer invalid: invalid cookie\n/var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd appears invalid; dumping metadata",
    ],
};

/// What vhd-util, and who calls it, says of a disk.
pub const PATTERNS: &[Pattern] = &[
    Pattern {
        id: "vhd-util.scan-error",
        severity: Severity::Error,
        title: "A disk could not be read by a scan",
        sign: Sign::Words(&[&["scan-error="], &["VHD scan error: "]]),
        codes: &[],
        unless: &[],
        number: Some(("scan-error=-", ERRNO)),
        happened: "vhd-util scan could not open the disk or read its metadata, and tells so in the line of that disk. Disks that are based on it are incomplete without it.",
        why: "The number says which: 22 is a footer or a header that is not valid, 5 the storage below, which cannot be read there.",
        check: "Where the storage failed, look at the kernel’s messages first. Otherwise check the disk, or open it in VHD Analyser: it names the damaged structure.",
        remedy: "Repair the storage first if it fails; then the disk, with all virtual machines that need it shut down. Then scan again.",
        commands: &[IDENTIFY, CHECK_DISK, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "vhd=VHD-91499ab6-63e9-47cf-b73a-b7fc2b09dcc7 scan-error=-22 error-message='invalid footer'",
            "Sep 14 16:36:26 fatxs-1 SM: [19805] VHD scan error: vhd=VHD-91499ab6-63e9-47cf-b73a-b7fc2b09dcc7 scan-error=-22 error-message='invalid footer'",
        ],
    },
    INVALID,
    Pattern {
        id: "vhd-util.failed",
        severity: Severity::Error,
        title: "A vhd-util command failed",
        sign: Sign::WordsAfterVhdUtil(&[&["FAILED in util.pread"], &["FAILED: (rc "], &["FAILED in util.doexec"]]),
        codes: &[],
        unless: &["stdout: 'vhd="],
        number: Some(("(rc ", CODE)),
        happened: "The storage manager ran vhd-util, which ended with an error.",
        why: "The exit code says which: 22 mostly is damaged metadata, 5 the storage below, 28 no space, 2 a disk or a parent that is not there.",
        check: "Run the check yourself, and look at the lines around it.",
        remedy: "Repair the disk that it was run on, or the storage below.",
        commands: &[IDENTIFY, CHECK_DISK, CHECK_PARENT, REPAIR],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "Jun 22 10:50:13 r620-s3 SM: [23871] ['/usr/bin/vhd-util', 'query', '--debug', '-vsfpu', '-n', '/var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd']\nJun 22 10:50:13 r620-s3 SM: [23871] FAILED in util.pread: (rc 22) stdout: 'error opening /var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd: -22'",
            "Jun 22 10:50:13 r620-s3 SM: [23871] ['/usr/bin/vhd-util', 'query', '-n', '/var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd']\nJun 22 10:50:13 r620-s3 SM: [23871] FAILED: (rc 5) stdout: '', stderr: ''",
            "Jun 22 10:50:13 r620-s3 SM: [23871] ['/usr/bin/vhd-util', 'query', '-n', '/var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd']\nJun 22 10:50:13 r620-s3 SM: [23871] FAILED in util.doexec: (rc 28) stdout: '', stderr: ''",
        ],
    },
    Pattern {
        id: "vhd-util.no-space",
        severity: Severity::Error,
        title: "vhd-util ran out of space",
        sign: Sign::Words(&[&["vhd-util: ", "No space left"]]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "A VHD could not grow.",
        why: "The repository is full.",
        check: "Look at its free space.",
        remedy: "Free or add space before anything else is written.",
        commands: &[SPACE],
        #[cfg(feature = "excerpts")]
        excerpts: &["Sep 14 16:40:02 fatxs-1 vhd-util: error writing block: No space left on device"],
    },
    Pattern {
        id: "vhd-util.block-size",
        severity: Severity::Error,
        title: "Two disks of a chain have different block sizes",
        sign: Sign::Words(&[&["VHD block sizes are different"]]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "vhd-util does not merge a disk into a parent whose blocks have another size. It never will, however often it is tried.",
        why: "One of the two was made by another program, or its dynamic header is damaged.",
        check: "Look at the block size in the headers of both.",
        remedy: "Open both in VHD Analyser: it says whether a header is damaged, and writes the chain as one disk otherwise.",
        commands: &[IDENTIFY, CHECK_DISK, CHECK_PARENT, TREE],
        #[cfg(feature = "excerpts")]
        excerpts: &["source and destination VHD block sizes are different: 2097152 != 524288"],
    },
    Pattern {
        id: "vhd-util.open-failed",
        severity: Severity::Error,
        title: "vhd-util could not open a disk",
        sign: Sign::Words(&[&["error opening /", ".vhd: -"], &["error opening /", "/VHD-", ": -"]]),
        codes: &[],
        unless: &[],
        number: Some((": -", ERRNO)),
        happened: "vhd-util could not open the disk or read its metadata.",
        why: "The error says which: 22 mostly is damaged metadata, 2 a disk or a parent that is not there or a volume that is not visible, 5 the storage below.",
        check: "Check the disk.",
        remedy: "Repair the disk, or bring back what is missing.",
        commands: &[IDENTIFY, CHECK_DISK, CHECK_PARENT, REPAIR],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "error opening /var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd: -22",
            "error opening /dev/VG_XenStorage-25e96f21-b8d3-f880-3df5-f71897c52429/VHD-91499ab6-63e9-47cf-b73a-b7fc2b09dcc7: -2",
        ],
    },
];

/// What a disk that `vhd-util check` refuses turns out to be.
pub const REFINED: &[Pattern] = &[
    Pattern {
        id: "vhd-util.attached",
        severity: Severity::Warning,
        title: "A disk in use was checked, which fails by nature",
        sign: Sign::Attached,
        codes: &[],
        unless: &[],
        number: None,
        happened: "vhd-util check -n looks at the primary footer of a disk that a tapdisk has open. While it is attached, tapdisk keeps that footer overwritten, so that the check must fail. This is normal and no proof of damage.",
        why: "The disk is attached to a virtual machine or to the control domain; tapdisk writes the footer back when it closes the disk.",
        check: "Check it again while it is not attached, or without -n’s strictness now: vhd-util check -i passes over the primary footer.",
        remedy: "Nothing, as long as the check passes once the disk is detached. Never repair a disk that is attached.",
        commands: &[IDENTIFY, TAPDISKS],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "   20416    3    0        vhd /var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd\nprimary footer invalid: invalid cookie\n/var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd appears invalid; dumping metadata",
        ],
    },
    Pattern {
        id: "vhd-util.overlap",
        severity: Severity::Error,
        title: "Two blocks of a disk lie over each other",
        sign: Sign::Said(&["clobbers block", "clobbers headers", "clobbers footer"]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "vhd-util checked the disk’s BAT: one entry leads into another block, the headers or the footer. One of the two has lost data, or an entry is wrong.",
        why: "An entry of the BAT was damaged, or the file was written by two programs at once.",
        check: "Open the disk in VHD Analyser: it names the entries and says which of them its block speaks for. vhd-util repair cannot help here: it renews footers only.",
        remedy: "Copy the file before anything else. Repair the entry where the evidence is certain; otherwise export the blocks and restore the rest from a backup.",
        commands: &[IDENTIFY, CHECK_DISK],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "block 3 (offset 0x1203) clobbers block 4 (offset 0x1300)\n/var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd appears invalid; dumping metadata",
        ],
    },
];

/// What a kind of trouble turns out to be, by what was said of the disk before and whether a tapdisk has it open.
pub fn refined(pattern: &'static Pattern, said: &str, is_attached: bool) -> &'static Pattern {
    if *pattern != INVALID {
        return pattern;
    }
    // Nothing but the primary footer is overwritten while a disk is attached.
    let is_open = is_attached && said.starts_with("primary footer invalid: invalid cookie");
    let fits = |refined: &&Pattern| match refined.sign {
        Sign::Attached => is_open,
        Sign::Said(words) => words.iter().any(|word| said.contains(word)),
        _ => false,
    };
    REFINED.iter().find(fits).unwrap_or(pattern)
}
