#![doc = include_str!("lib.md")]
#![no_std]

extern crate alloc;

pub mod analysis;
pub mod chain;
pub mod check;
pub mod compat;
pub mod convert;
pub mod file_type;
pub mod finding;
pub mod image;
pub mod journal;
pub mod layout;
pub mod path;
pub mod progress;
pub mod repair;
pub mod report;
pub mod script;
pub mod source;
pub mod text;
pub mod units;
mod verdict;

pub use analysis::{Analysis, AnalysisContext, Options, VerifiedRepair, analyse};
pub use finding::{Fault, Finding, Severity};
pub use report::Report;
pub use verdict::Verdict;
