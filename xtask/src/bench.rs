//! `cargo xtask bench`: what is slow if anything is.

use crate::process::{self, ProcessError, cargo};

/// Runs the measurements, optimised for speed rather than for size.
pub fn bench() -> Result<(), ProcessError> {
    process::run(cargo().args(["bench", "--package", "vhd-analyser-tests", "--bench", "engine"]))
}
