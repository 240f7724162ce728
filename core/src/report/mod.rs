//! What leaves the core: reports of single disks and of the chains that they make, and the forms that they are handed on in.

mod build;
mod caution;
mod chain;
#[cfg(feature = "fingerprint")]
pub mod fingerprint;
#[cfg(feature = "serde")]
pub mod json;
pub mod markdown;
mod model;
mod prose;
mod scope;
mod structures;
pub mod vhd_util_read;

pub use crate::chain::CoalesceKind;
pub use crate::finding::Severity;
pub use crate::layout::footer::DiskType;
pub use crate::repair::Segment;
pub use crate::verdict::Verdict;
pub use build::{RepairChoice, ReportOptions, build, build_for, finding, link_finding, repair};
pub use caution::Caution;
pub use chain::{
    BlockerReport, ChainReport, CoalesceReport, DiskReport, ForestReport, ParentState, ResizeReport, forest, in_words,
};
pub use model::{
    CandidateReport, FieldReport, FindingOnce, FindingReport, LinkReport, NextStep, OrphanReport, PartialReport,
    PatchReport, RegionReport, RepairReport, Report, ReportExport, StructureReport, ToolReport, VERSION,
};
pub use scope::{BlocksRead, Checked, NotChecked, Scope};
