//! A repair that is wanted.

use vhd_analyser_core::analysis::{Options, VerifiedRepair};

use crate::os::disk::Disk;

/// A repair that is wanted.
pub struct Job<'a> {
    /// The disk.
    pub disk: &'a Disk,
    /// What is to be done to it, and what that replaces.
    pub proven: &'a VerifiedRepair,
    /// How many errors it leaves in the disk.
    pub leaves: usize,
    /// The options of the analysis, and of the check of the result.
    pub options: &'a Options,
}
