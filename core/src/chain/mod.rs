//! Disks that are based on each other: the forest that they make, and what coalescing them would do.
//!
//! ```text
//! Analysis ──> DiskSummary ──> Forest
//!  of a file    small      linked, with what a coalesce would do
//! ```
//!
//! A [`DiskSummary`] is what is kept of a file, so that thousands fit into memory.

mod coalesce;
mod forest;
mod summary;

pub use coalesce::{Blocker, Coalesce, CoalesceKind, ParentResize, Plan, Step};
pub use forest::{Forest, JournalFile, Node, Parent};
pub use summary::{BlockSummary, DiskSummary};
