//! Disks that are based on each other: the forest that they make, and what coalescing them would do.
//!
//! ```text
//! Analysis ──> Member ──> Forest ──> Disk
//!  of a file    small      linked     told, as a tree, with what a coalesce would do
//!
//! Sound:   Analysis ──> Layer ──> Merged ──> Flat ──> pieces of one image
//! ```
//!
//! A [`Member`] is what is kept of a file, so that thousands fit into memory.

mod blocks;
mod coalesce;
mod flat;
mod forest;
mod layer;
mod member;
mod merged;
mod tell;

pub use blocks::Blocks;
pub use coalesce::{Coalesce, Growth, Obstacle, Occasion, Plan, Step};
pub use flat::{Flat, FlatError, Format, Identity, Piece};
pub use forest::{Forest, JournalFile, Node, Parent, tidy};
pub use layer::{ChainError, Layer};
pub use member::{Member, Sparse};
pub use merged::{Merged, Place, ReadError, Run};
pub use tell::{ChainReport, CoalesceReport, DiskReport, ForestReport, GrowthReport, ObstacleReport};
