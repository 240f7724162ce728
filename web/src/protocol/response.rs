//! What the worker answers.

use serde::{Deserialize, Serialize};
use vhd_analyser_core::report::Report;
use vhd_analyser_core::units;

use crate::protocol::failure::Failure;

/// What the worker answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Response {
    /// How far the reading is.
    Progress(Progress),
    /// The end of it.
    Analysed(Analysed),
    /// The end of reading many files. What they are comes with the message.
    FileSet,
    /// A repair as scripts.
    Scripts(Scripts),
    /// The report for others.
    Exported(Exports),
    /// The report as text.
    Printed(Printed),
    /// The SHA-256 of the whole file, in hex.
    Hashed(String),
    /// The image of a chain, which comes with the message.
    Flattened,
    /// There is no report.
    Failed(Failure),
}

/// How far the reading is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being read.
    pub stage: String,
    /// How much of it has been read.
    pub done: u64,
    /// How much of it there is; 0 where nobody knows.
    pub total: u64,
    /// What that counts.
    pub unit: Unit,
}

/// What progress is counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Bytes.
    #[default]
    Bytes,
    /// Files.
    Files,
}

/// A file's report, for the page and as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysed {
    /// What the page shows.
    pub report: Box<Report>,
    /// What `vhd-util` would print.
    pub printed: Printed,
    /// When it was read, in seconds since 2000.
    pub date: u32,
}

/// A repair as scripts for the host that has the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scripts {
    /// Which of the ways to repair the file they go, the best being 0.
    pub plan: usize,
    /// For `sh`.
    pub sh: String,
    /// For PowerShell.
    pub powershell: String,
}

/// A report as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    /// Minutes east of UTC of the times in it.
    pub utc_offset: i32,
    /// The text.
    pub text: String,
}

/// A report for others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exports {
    /// For a ticket.
    pub markdown: String,
    /// For scripts.
    pub json: String,
}

impl Progress {
    /// How much is left: "2.4 MiB of 6.5 MiB, 4.1 MiB left", "12 of 2,000 files".
    pub fn amount(&self) -> String {
        match self.unit {
            Unit::Bytes => {
                let left = self.total.saturating_sub(self.done);
                format!("{} of {}, {} left", units::size(self.done), units::size(self.total), units::size(left))
            }
            Unit::Files => format!("{} of {}", units::decimal(self.done), units::count(self.total, "file")),
        }
    }
}
