//! Disks that are based on each other: the forest that they make, and what coalescing them would do.
//!
//! ```text
//! Analysis ──> Member ──> Forest
//!  of a file    small      linked, with what a coalesce would do
//! ```
//!
//! A [`Member`] is what is kept of a file, so that thousands fit into memory.

mod coalesce;
mod forest;
mod summary;

pub use coalesce::{Coalesce, Growth, Obstacle, Occasion, Plan, Step};
pub use forest::{Forest, JournalFile, Node, Parent};
pub use summary::{Member, Sparse};
