//! What the page asks of the worker.

use serde::{Deserialize, Serialize};
use vhd_analyser_core::chain::Lineage;
use vhd_analyser_core::convert::Format;
use vhd_analyser_core::repair::Assignment;

/// What the page asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Read the file that comes with the message.
    Analyse(Task),
    /// Report on one of the files that were sorted, whose analysis was kept.
    Select(Task),
    /// Hash all of the file that comes with the message.
    Hash,
    /// Write one of the ways to repair the file that was read as scripts.
    Scripts {
        /// Which, the best being 0.
        plan: usize,
        /// The name of the file on its host.
        file: String,
    },
    /// Sort the files that come with the message, which have these paths, and read them all.
    FileSet(Vec<String>),
    /// Put the files of a chain, the last child first, which have these names, together to one image.
    Flatten(Vec<String>, Format),
    /// Write the report on the file that was read for others.
    Export(ExportOptions),
    /// Print the report of the file that was read, with its times shifted.
    Print {
        /// Minutes east of UTC.
        utc_offset: i32,
    },
    /// Forget the file that was read: nobody asks for it any more.
    Forget,
}

/// What is to be said in a report for others besides what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportOptions {
    /// Which of the ways to repair the file was chosen, the best being 0.
    pub plan: usize,
    /// The SHA-256 of the whole file in hex, where it is known.
    pub sha256: Option<String>,
    /// What was done about the file, a sentence each.
    pub done: Vec<String>,
    /// What coalescing it into its parent would do, a sentence each.
    pub forecast: Vec<String>,
}

/// How a file is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The file's name.
    pub name: String,
    /// The printed report's offset from UTC, in minutes east.
    pub utc_offset: i32,
    /// Whether every block is read, too.
    pub deep: bool,
    /// What is to be changed in it besides what is wrong.
    pub changes: DiskChanges,
    /// Whether the journal of a resize that was cut off comes with it, as the next file.
    pub journal: bool,
    /// What was chosen together with it, if anything was.
    pub siblings: Option<Siblings>,
}

/// What was chosen together with a disk. The files come last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Siblings {
    /// The disk's own path.
    pub path: String,
    /// The paths of all files.
    pub paths: Vec<String>,
    /// Whether its parent would be among them if it were anywhere.
    pub is_complete: bool,
    /// The disk's place among them.
    pub lineage: Option<Lineage>,
    /// The disks that it is based on, the parent first.
    pub ancestors: Vec<Ancestor>,
}

/// A disk that another is based on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ancestor {
    /// Its path.
    pub path: String,
    /// Whether its own parent would be among the files if it were anywhere.
    pub is_complete: bool,
    /// Its own place among them.
    pub lineage: Lineage,
    /// Whether every block of it is read, too.
    pub deep: bool,
}

/// What is to be changed in a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskChanges {
    /// tapdisk's hidden flag, to be set or taken away.
    pub hidden: Option<bool>,
    /// The path under which the disk shall find its parent, which comes with it as the second file.
    pub parent: Option<String>,
    /// Orphaned blocks, each assigned to its number.
    pub assign: Vec<Assignment>,
}
