//! Everything that changes the page.

use std::rc::Rc;

use vhd_analyser_core::convert::Format;
use web_sys::Blob;

use crate::browser::picked_file::PickedFile;
use crate::protocol::failure::Failure;
use crate::protocol::file_set::FileSet;
use crate::protocol::{Analysed, DiskChanges, Exports, Printed, Progress, Scripts};
use crate::state::reading::Reading;

/// What a file is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// To show its report.
    Report,
    /// To see what it is, and how it belongs to others.
    FileSet,
    /// To show its report again, with what its blocks hold.
    DeepCheck,
    /// To see whether the fixed copy is sound.
    CopyCheck,
    /// To hash all of it.
    Hash,
    /// To put its whole chain together to one image.
    Flatten,
}

/// A file after its repair in place.
#[derive(Clone, Debug, PartialEq)]
pub struct Repaired {
    /// The file as it is now.
    pub file: PickedFile,
    /// The name of the undo file.
    pub undo: String,
}

/// Everything that changes the page.
#[derive(Clone, Debug)]
pub enum Action {
    /// A file was chosen, by itself or out of several.
    Picked {
        /// Its name.
        name: String,
        /// Which of the disks it is that were chosen together, by its number in the forest.
        disk: Option<usize>,
        /// What is to be changed in it besides what is wrong.
        changes: DiskChanges,
    },
    /// Several files were chosen, which this describes.
    ManyChosen(String),
    /// A folder of this name was chosen, in which there is no file.
    Empty(String),
    /// They have been read, and one of the disks, if any, is read next.
    FileSet(Rc<FileSet>, Option<Reading>),
    /// More is known of them now.
    Corrected(Rc<FileSet>),
    /// The file that is shown is read once more, deeply, or its fixed copy is.
    Again(JobKind),
    /// The reading takes longer than a blink.
    Slow(JobKind),
    /// The worker told how far it is.
    Progress(JobKind, Progress),
    /// It has been read.
    Analysed(JobKind, Analysed),
    /// The report came in its forms for others.
    Exported(Exports),
    /// All of it has been hashed, to this SHA-256 in hex.
    Hashed(String),
    /// It could not be read.
    Failed {
        /// What it was read for.
        kind: JobKind,
        /// The file's name.
        name: String,
        /// Why.
        failure: Failure,
    },
    /// The user stopped the reading.
    Cancelled(JobKind),
    /// The image of its chain is there.
    Flattened(Format, Blob),
    /// The text of the report came with other times.
    Printed(Printed),
    /// The text of the report did not come.
    NotPrinted(Failure),
    /// The change that was asked for cannot be made.
    NotChanged(Failure),
    /// The repair came as scripts.
    Scripts(Scripts),
    /// Something was done about the file: a sentence.
    Done(String),
    /// Another way to repair the file was chosen.
    PlanChosen(usize),
    /// The file was repaired in place, and will be read again.
    RepairedInPlace {
        /// The name of the undo file.
        undo: String,
    },
}
