//! What can go wrong with a file, a device or the system.

use std::io;
use std::path::PathBuf;

use vhd_analyser_core::progress::AnalysisError;
use vhd_analyser_core::text::quoted;

/// What went wrong with a file, where, and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// A signal asked to stop; everything unfinished has been removed.
    #[error("interrupted")]
    Interrupted,
    /// Signals cannot be listened to.
    #[error("Ctrl-C cannot be listened to, and without that nothing is begun: {0}")]
    Signals(io::Error),
    /// The operating system has no random bytes.
    #[error("there are no random bytes for a new unique id: {0}")]
    Random(getrandom::Error),
    /// A file cannot be opened.
    #[error("{} cannot be opened: {error}", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A folder, a pipe or the like.
    #[error("{} is neither a file nor a block device", path.display())]
    NotADisk {
        /// Which.
        path: PathBuf,
    },
    /// A disk that is not one file.
    #[error(
        "{} is a VHD directory of Xen Orchestra, or an alias that leads to one. It can be checked: vhd-analyser scan {}",
        path.display(), quoted(&path.to_string_lossy())
    )]
    OfRemote {
        /// Which.
        path: PathBuf,
    },
    /// A file cannot be read.
    #[error("{} cannot be read: {error}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },

    /// A name that cannot be a file's.
    #[error("{} is not a name for a file", path.display())]
    NoName {
        /// Which.
        path: PathBuf,
    },
    /// A new file would take another's place.
    #[error("{} exists already; name another file, or add --force to replace it", path.display())]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// A new file would take the place of something that is no plain file.
    #[error("{} is not a plain file, and is not replaced; name another file", path.display())]
    NotReplaceable {
        /// Which.
        path: PathBuf,
    },
    /// A new file cannot be written. It is gone again.
    #[error("{} cannot be written: {error}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

impl FileError {
    /// Of an analysis of the file at `path`.
    pub fn of_analysis(path: PathBuf, error: AnalysisError<io::Error>) -> Self {
        match error {
            AnalysisError::Read(error) => Self::Read { path, error },
            AnalysisError::Cancelled => Self::Interrupted,
        }
    }
}
