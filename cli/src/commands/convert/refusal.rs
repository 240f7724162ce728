//! Why there is no image.

use crate::error::Failure;
use crate::os::file_error::FileError;

/// Why there is no image.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A disk of the chain is damaged, or not where or what it should be.
    #[error("{0}")]
    Damaged(String),
    /// Anything else.
    #[error(transparent)]
    Failure(#[from] Failure),
}

impl From<FileError> for Refusal {
    fn from(error: FileError) -> Self {
        Self::Failure(error.into())
    }
}
