//! Disks that are based on each other: the forest that they make, and what coalescing them would do.
//!
//! ```text
//! Analysis ──> Member ──> Forest ──> Disk
//!  of a file    small      linked     told, as a tree, with what a coalesce would do
//! ```
//!
//! A [`Member`] is what is kept of a file, so that thousands fit into memory.

mod blocks;
mod coalesce;
mod forest;
mod member;
mod tell;

pub use blocks::Blocks;
pub use coalesce::{Coalesce, Growth, Obstacle, Occasion, Plan, Step};
pub use forest::{Forest, JournalFile, Node, Parent};
pub use member::{Member, Sparse};
pub use tell::{ChainReport, CoalesceReport, DiskReport, ForestReport, GrowthReport, ObstacleReport};
