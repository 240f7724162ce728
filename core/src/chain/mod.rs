//! Disks that are based on each other: the forest that they make, and what coalescing them would do.
//!
//! ```text
//! Analysis ──> DiskSummary ──> Forest ──> Lineage
//!  of a file    small           linked     a disk with all that it is based on, and the answer about them
//! ```
//!
//! A [`DiskSummary`] is what is kept of a file, so that thousands fit into memory.

mod coalesce;
mod forest;
mod lineage;
mod resolver;
mod summary;

pub use coalesce::{Blocker, Coalesce, CoalesceKind, ParentResize, Plan, Step};
pub use forest::{Forest, JournalFile, Node};
pub use lineage::{Lineage, Link, LinkFinding, Next};
pub use resolver::{Files, Followed, GivenFiles, Parent, Reach};
pub use summary::{BlockSummary, DiskSummary};
