//! A chain of sound disks, read as one, and written as one image.
//!
//! ```text
//! Analysis ──> Layer ──> ChainSource ──> ImageWriter ──> pieces of one image
//! ```

mod chain_source;
mod layer;
mod writer;

pub use chain_source::{ChainSource, ReadError, Run, RunSource};
pub use layer::{ChainError, Layer};
pub use writer::{Format, Identity, ImageWriter, Piece, WriteError};
