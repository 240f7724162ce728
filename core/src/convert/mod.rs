//! A chain of sound disks, read as one, and written as one image.
//!
//! ```text
//! Analysis ──> Layer ──> Merged ──> Flat ──> pieces of one image
//! ```

mod chain_source;
mod layer;
mod writer;

pub use chain_source::{Merged, Place, ReadError, Run};
pub use layer::{ChainError, Layer};
pub use writer::{Flat, FlatError, Format, Identity, Piece};
