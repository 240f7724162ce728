//! Why there is no report, in sentences that say what to do next.

use js_sys::wasm_bindgen::{JsCast, JsValue};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use vhd_analyser_core::convert::{self, ChainError, WriteError};
use vhd_analyser_core::progress::AnalysisError;
use vhd_analyser_core::repair::{AssignRefusal, LinkRefusal};
use web_sys::DomException;

/// Why bytes of a file are not there.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ReadError {
    /// The browser refused, with the name of its exception: `NotReadableError`, `NotFoundError`, …
    #[error("the browser refused to read the file: {0}")]
    Refused(String),
    /// Fewer bytes came than lay there when the file was chosen.
    #[error("{wanted} bytes were asked for and {got} came")]
    Short {
        /// Bytes asked for.
        wanted: u64,
        /// Bytes that came.
        got: u64,
    },
    /// The range does not lie within the file.
    #[error("{length} bytes at {offset} are not within the file")]
    OutOfRange {
        /// First byte, from the start of the file.
        offset: u64,
        /// How many bytes.
        length: u64,
    },
}

impl From<JsValue> for ReadError {
    fn from(exception: JsValue) -> Self {
        Self::Refused(exception.dyn_ref::<DomException>().map_or_else(|| format!("{exception:?}"), DomException::name))
    }
}

/// Why a file was not analysed to the end.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
pub enum Failure {
    /// The browser no longer gives the file's bytes.
    #[error(
        "The file was changed, moved or removed after it was chosen, or this browser may not read it ({0}). \
         Choose it once more; if that does not help, copy it to a local disk first."
    )]
    Unreadable(String),
    /// The worker's program did not come from where the page came from.
    #[error(
        "The part of the page that reads files could not be loaded ({0}). Check the network and choose the file once \
         more; if that does not help, reload the page: a new version of it may have taken its place."
    )]
    NotLoaded(String),
    /// The worker did not start.
    #[error(
        "The part of the page that reads files could not be started. Reload the page; if that does not help, this \
         browser may not allow workers here: try another browser, or another place for the page."
    )]
    NoWorker,
    /// The worker came to a stop.
    #[error(
        "Reading stopped at a fault of this page, not of your file ({0}). Other files can still be read. \
         Please report it, with the kind of disk if you can say it."
    )]
    Crashed(String),
    /// The disk cannot be linked to the parent that was chosen.
    #[error("The disk cannot be linked to this parent: {0}.")]
    NotLinked(String),
    /// An orphaned block cannot have the number that was entered.
    #[error("The orphaned block cannot be assigned: {0}.")]
    NotAssigned(String),
    /// There is no single image of a chain.
    #[error("No image was made: {0}.")]
    NotFlattened(String),
    /// A packed file could not be unpacked, with the browser's exception.
    #[error(
        "It could not be unpacked to its end ({0}): what was read of it counts. If it is cut off or in several parts, \
         unpack it and choose what is inside."
    )]
    NotUnpacked(String),
    /// A packed file holds no text.
    #[error("It is packed, and what is inside is no log. Unpack it first, then choose what is inside.")]
    NotALog,
    /// The sample could not be unpacked.
    #[error("This browser cannot unpack the sample ({0}). Choose a file of your own instead.")]
    NoSample(String),
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Refused(name) => Self::Unreadable(name),
            ReadError::Short { .. } => Self::Unreadable("its length changed".into()),
            // The core bounds everything by the file's length: asking for more is its own mistake.
            ReadError::OutOfRange { .. } => Self::Crashed(error.to_string()),
        }
    }
}

impl From<LinkRefusal> for Failure {
    fn from(refusal: LinkRefusal) -> Self {
        Self::NotLinked(refusal.to_string())
    }
}

impl From<AssignRefusal> for Failure {
    fn from(refusal: AssignRefusal) -> Self {
        Self::NotAssigned(refusal.to_string())
    }
}

impl From<ChainError> for Failure {
    fn from(error: ChainError) -> Self {
        Self::NotFlattened(error.to_string())
    }
}

impl From<WriteError<ReadError>> for Failure {
    fn from(error: WriteError<ReadError>) -> Self {
        match error {
            WriteError::Read(convert::ReadError::Source { error, .. }) => error.into(),
            error => Self::NotFlattened(error.to_string()),
        }
    }
}

impl From<AnalysisError<ReadError>> for Failure {
    fn from(error: AnalysisError<ReadError>) -> Self {
        match error {
            AnalysisError::Read(error) => error.into(),
            // The page ends a worker that it no longer wants; nobody asks it to stop.
            AnalysisError::Cancelled => Self::Crashed(error.to_string()),
        }
    }
}
