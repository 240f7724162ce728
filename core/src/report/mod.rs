//! What leaves the core: reports of single disks and of the chains that they make, and the forms that they are handed on in.

mod build;
mod chain;
#[cfg(feature = "fingerprint")]
pub mod fingerprint;
pub mod json;
pub mod markdown;
mod model;
mod prose;
mod structures;
pub mod vhd_util_read;

pub use crate::finding::Severity;
pub use crate::repair::Segment;
pub use crate::verdict::Verdict;
pub use build::{build, damaged_parent, finding, repair, tell_link};
pub use chain::{BlockerReport, ChainReport, CoalesceReport, DiskReport, ForestReport, ResizeReport, forest, in_words};
pub use model::{
    FieldReport, FindingReport, PatchReport, RegionReport, RepairReport, Report, ReportExport, StructureReport,
    ToolReport,
};
pub use prose::{BY_ITSELF, CHAIN_IS_NOT_SOUND, PUT_BACK, Size};
