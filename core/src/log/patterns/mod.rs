//! Everything that is known of logs, as data: one table a family. A new kind of trouble is a new entry there.

mod journals;
mod nova;
mod smgc;
mod storage;
mod switches;
mod vhd_util;

use core::fmt;

use crate::finding::Severity;

pub use vhd_util::exit_code;

/// What a pattern’s number counts if it is a program’s exit code …
pub const CODE: &str = "exit code";
/// … or a number of the system’s errors …
pub const ERRNO: &str = "errno";
/// … or of the storage manager’s own.
pub const ERROR: &str = "error";

/// A kind of trouble that logs tell of.
#[derive(Debug, PartialEq, Eq)]
pub struct Pattern {
    /// Stable name for scripts, such as `nova.coalesce-timeout`.
    pub id: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// A few words.
    pub title: &'static str,
    /// What makes it known.
    pub sign: Sign,
    /// The words before a number that belongs to it, and what that number counts.
    pub number: Option<(&'static str, &'static str)>,
    /// What happened, in plain sentences.
    pub happened: &'static str,
    /// Why that usually is.
    pub why: &'static str,
    /// How to make sure.
    pub check: &'static str,
    /// What to do.
    pub remedy: &'static str,
    /// The commands for it, in the order in which to run them.
    pub commands: &'static [&'static [Command]],
    /// What a log says then, as a test: one for each row of words. Not for the page, which is to be small.
    #[cfg(feature = "excerpts")]
    pub excerpts: &'static [&'static str],
}

/// What makes a kind of trouble known.
#[derive(Debug, PartialEq, Eq)]
pub enum Sign {
    /// A line with all the words of one of these rows, in that order. The first word of a row has eight bytes or more.
    Words(&'static [&'static [&'static str]]),
    /// The same, if the last command of that process was `vhd-util`.
    WordsAfterVhdUtil(&'static [&'static [&'static str]]),
    /// An exception of the garbage collector with one of these functions in its traceback.
    Frames(&'static [&'static str]),
}

/// A command with places for the names of the case: `{sr}`, `{vdi}`, `{parent}`, `{instance}`, `{vm}`, and for the
/// disks’ paths `{disk}`, `{parent-disk}`.
#[derive(Debug, PartialEq, Eq)]
pub struct Command {
    /// What it is for.
    pub says: &'static str,
    /// The command.
    pub line: &'static str,
    /// Where it applies.
    pub on: On,
    /// What to beware of, if it writes.
    pub warning: &'static str,
}

/// Where a command applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum On {
    /// Everywhere.
    Any,
    /// Storage repositories of files.
    Files,
    /// Storage repositories of logical volumes.
    Lvm,
}

impl fmt::Display for On {
    /// As a beginning of a sentence: `With files: `; nothing for everywhere.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "",
            Self::Files => "With files: ",
            Self::Lvm => "With logical volumes: ",
        })
    }
}

/// All kinds of trouble. Of two that fit a line, the earlier one counts.
pub fn all() -> impl Iterator<Item = &'static Pattern> {
    [
        nova::PATTERNS,
        smgc::PATTERNS,
        journals::PATTERNS,
        switches::PATTERNS,
        vhd_util::PATTERNS,
        storage::PATTERNS,
        smgc::GENERAL,
        storage::LAST,
    ]
    .into_iter()
    .flatten()
}

/// Whether a kind of trouble says too little where its exception’s traceback says more.
pub fn is_general(pattern: &Pattern) -> bool {
    smgc::GENERAL.contains(pattern)
}

/// Whether what an exception says tells more than the kind of trouble.
pub fn is_vague(pattern: &Pattern) -> bool {
    is_general(pattern) || storage::LAST.contains(pattern)
}

const fn reads(says: &'static str, line: &'static str) -> Command {
    Command { says, line, on: On::Any, warning: "" }
}

const fn writes(says: &'static str, line: &'static str, warning: &'static str) -> Command {
    Command { says, line, on: On::Any, warning }
}

const ACTIVATION: &str = "Changes the volume’s state: run it on the pool’s master only, where the disk’s virtual machine \
                          is shut down, and hide the volume again afterwards.";
const DEACTIVATION: &str = "Changes the volume’s state: only if the step before made it visible.";

const fn show(says: &'static str, line: &'static str) -> Command {
    Command { says, line, on: On::Lvm, warning: ACTIVATION }
}

const fn hide(line: &'static str) -> Command {
    Command { says: "Hide the volume again", line, on: On::Lvm, warning: DEACTIVATION }
}

/// Which disk it is, and who uses it.
const IDENTIFY: &[Command] = &[
    reads(
        "Which disk it is",
        "xe vdi-list uuid={vdi} params=uuid,name-label,sr-uuid,virtual-size,physical-utilisation,sm-config",
    ),
    reads(
        "Which virtual machine uses it",
        "xe vbd-list vdi-uuid={vdi} params=uuid,vm-uuid,vm-name-label,currently-attached",
    ),
];

/// Whether the disk is sound.
const CHECK_DISK: &[Command] = &[
    show("Make the volume visible", "lvchange -ay {disk}"),
    reads("Whether the disk is sound", "vhd-util check -n {disk}"),
    reads("What its metadata says", "vhd-util read -p -n {disk}"),
    reads("The parent, as the disk names it", "vhd-util query -p -n {disk}"),
    hide("lvchange -an {disk}"),
];

/// Whether the disk’s parent is sound.
const CHECK_PARENT: &[Command] = &[
    show("Make the parent’s volume visible", "lvchange -ay {parent-disk}"),
    reads("Whether the parent is sound", "vhd-util check -n {parent-disk}"),
    hide("lvchange -an {parent-disk}"),
];

/// How the chains look.
const TREE: &[Command] = &[
    Command {
        says: "The chains of the repository",
        line: "vhd-util scan -f -c -m \"/var/run/sr-mount/{sr}/*.vhd\" -p",
        on: On::Files,
        warning: "",
    },
    Command {
        says: "The chains of the repository",
        line: "vhd-util scan -f -c -m \"VHD-*\" -l VG_XenStorage-{sr} -p",
        on: On::Lvm,
        warning: "",
    },
    reads("The disks of the repository", "xe vdi-list sr-uuid={sr} params=uuid,name-label,managed,sm-config"),
];

/// How full the repository is.
const SPACE: &[Command] = &[
    reads(
        "How full the repository is",
        "xe sr-list uuid={sr} params=name-label,type,physical-size,physical-utilisation",
    ),
    Command { says: "The free space of the volume group", line: "vgs VG_XenStorage-{sr}", on: On::Lvm, warning: "" },
];

/// Starts the garbage collector anew.
const RESCAN: &[Command] = &[writes(
    "Then let the garbage collector try again",
    "xe sr-scan uuid={sr}",
    "Writes: the scan starts the garbage collector, which merges and deletes disks. Run it when the disks are sound.",
)];

/// Mends a disk.
const REPAIR: &[Command] = &[
    show("To mend it, make the volume visible", "lvchange -ay {disk}"),
    writes(
        "Mend it, if the check failed",
        "vhd-util repair -n {disk}",
        "Writes to the disk: shut its virtual machine down first and copy the file, since this cannot be undone. Opening \
         the disk in VHD Analyser first shows what would change.",
    ),
    hide("lvchange -an {disk}"),
];

/// Mends its parent.
const REPAIR_PARENT: &[Command] = &[
    show("To mend the parent, make its volume visible", "lvchange -ay {parent-disk}"),
    writes(
        "Mend the parent, if its check failed",
        "vhd-util repair -n {parent-disk}",
        "Writes to a disk that others are based on: shut all their virtual machines down first and copy the file, since \
         this cannot be undone. Opening the disk in VHD Analyser first shows what would change.",
    ),
    hide("lvchange -an {parent-disk}"),
];

/// Whether the repository is mounted and answers.
const MOUNT: &[Command] = &[
    reads(
        "Whether the repository is plugged on every host",
        "xe pbd-list sr-uuid={sr} params=uuid,host-uuid,currently-attached",
    ),
    reads("What the kernel says of it", "dmesg -T | tail -n 50"),
];

/// The log around it.
const FOLLOW: &[Command] = &[reads("What the garbage collector does", "grep SMGC /var/log/SMlog | tail -n 200")];
