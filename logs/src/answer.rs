//! What logs say, as a page or a script is told it.

use alloc::string::String;
use alloc::vec::Vec;

use vhd_analyser_core::finding::Severity;

use crate::identifiers::Names;
use crate::patterns::On;

/// What logs say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Answer {
    /// How many lines were read.
    pub lines: u64,
    /// How many kinds of trouble were left out, because there were too many; the oldest and lightest go first.
    pub left_out: u64,
    /// The trouble, the newest first.
    pub troubles: Vec<Trouble>,
}

/// One kind of trouble with one disk, however often it came.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Trouble {
    /// The pattern’s name, such as `nova.coalesce-timeout`.
    pub id: String,
    /// How much it weighs.
    pub severity: Severity,
    /// A few words.
    pub title: String,
    /// A number that belongs to it, in words, such as `20 attempts`; may be empty.
    pub detail: String,
    /// What happened.
    pub happened: String,
    /// Why that usually is.
    pub why: String,
    /// How to make sure.
    pub check: String,
    /// What to do.
    pub remedy: String,
    /// Whom it concerns.
    pub names: Names,
    /// How often it came.
    pub count: u64,
    /// Where it came first.
    pub first: Moment,
    /// Where it came last.
    pub last: Moment,
    /// The last line that says it, without control characters.
    pub line: String,
    /// The functions of its traceback, the outermost first.
    pub traceback: Vec<String>,
    /// What to run, in this order.
    pub commands: Vec<Step>,
}

/// A place in a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Moment {
    /// The log, as it was named to the [`Explainer`](crate::Explainer).
    pub log: String,
    /// The line, from 1.
    pub line: u64,
    /// The time stamp as the log has it; empty where it has none.
    pub time: String,
}

/// A command with the names of the case.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Step {
    /// Where it applies; anywhere, too, where the log tells what the storage is and the command is for that.
    pub on: On,
    /// What it is for.
    pub says: String,
    /// The command. A name that the log does not tell stays as a placeholder in angle brackets.
    pub line: String,
    /// What to beware of; empty where the command only reads.
    pub warning: String,
    /// Whether all of its names are known.
    pub is_complete: bool,
}
