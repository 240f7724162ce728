//! What the tools that read VHDs would say of a disk, each in its own words and in its own order.
//!
//! The checks in [`crate::check`] say what is wrong with a disk. Here is foretold, a file for each tool, whether
//! it takes the disk, and the line that it prints if it does not, so that a search for that line leads here. The
//! tools' faults are part of their answers.

mod answer;
mod ask;
mod azure;
mod hyper_v;
#[cfg(feature = "std")]
mod parent_dirs;
mod parent_lookup;
mod qemu;
mod rejected_by;
pub mod vhd_util;
mod xen_orchestra;

pub use crate::finding::Tool;
pub use answer::{ParentUse, ToolAnswer};
pub use ask::answers;
pub(crate) use ask::ask;
#[cfg(feature = "std")]
pub use parent_dirs::{Folder, ParentResolver, Resolved};
pub use parent_lookup::{Disk, Lookup, ParentLookup, Unknown};
pub use rejected_by::rejected_by;
