//! What is said above everything else.

use crate::protocol::failure::Failure;

/// Something to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The user stopped the reading of a file.
    Cancelled {
        /// The file's name.
        name: String,
    },
    /// A file could not be read to the end.
    Failed {
        /// The file's name.
        name: String,
        /// Why.
        failure: Failure,
    },
    /// The report could not be printed with other times.
    NotPrinted(Failure),
    /// The change that was asked for cannot be made.
    NotChanged(Failure),
    /// There is no file in a folder.
    Empty {
        /// The folder's name.
        name: String,
    },
    /// The file was repaired in place, and is what is shown now.
    RepairedInPlace {
        /// The name of the undo file.
        undo: String,
    },
}

impl Notice {
    /// What happened, in a word, as scripts and tests know it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Cancelled { .. } => "cancelled",
            Self::Failed { .. } => "failed",
            Self::NotPrinted(_) => "not-printed",
            Self::NotChanged(_) => "not-changed",
            Self::Empty { .. } => "empty",
            Self::RepairedInPlace { .. } => "repaired-in-place",
        }
    }

    /// What happened, in a sentence.
    pub fn title(&self) -> String {
        match self {
            Self::Cancelled { name } => format!("Reading of “{name}” was cancelled."),
            Self::Failed { name, .. } => format!("“{name}” could not be read to the end."),
            Self::RepairedInPlace { undo } => {
                format!(
                    "Repaired in place, and read again. “{undo}” takes the repair back; keep it until the disk has proved itself."
                )
            }
            Self::NotChanged(_) => "The change cannot be made.".into(),
            Self::Empty { name } => format!("There is no file in “{name}”."),
            Self::NotPrinted(_) => "The report could not be printed with other times.".into(),
        }
    }
}
