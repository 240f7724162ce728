//! A kind of trouble that logs tell of, as data.

use core::fmt;

use vhd_analyser_core::finding::Severity;

/// What a pattern’s number counts if it is a program’s exit code …
pub const CODE: &str = "exit code";
/// … or a number of the system’s errors …
pub const ERRNO: &str = "errno";

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
    /// The numbers of the storage manager’s errors that mean it: `SR_BACKEND_FAILURE_46`, `Raising exception [46, …]`.
    pub codes: &'static [u16],
    /// What makes a line harmless that has the words: where one of these stands in it, too, it tells of nothing.
    pub unless: &'static [&'static str],
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
    /// An error of the storage manager whose number is in the codes of no other kind.
    AnyCode,
    /// What `vhd-util check` refuses, where it said one of these before.
    Said(&'static [&'static str]),
    /// What `vhd-util check` refuses, where a tapdisk has the disk open, which overwrites the primary footer.
    Attached,
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
