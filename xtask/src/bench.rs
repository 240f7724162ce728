//! `cargo xtask bench`: what is slow if anything is.

use crate::process::{self, ProcessError, cargo};
use crate::workspace;

/// Runs the measurements, optimised for speed rather than for size.
pub fn bench() -> Result<(), ProcessError> {
    process::run(cargo().args(["build", "--release", "--package", "vhd-analyser-cli"]))?;
    process::run(
        cargo()
            .args(["bench", "--package", "vhd-analyser-tests", "--bench", "engine", "--bench", "logs"])
            .env("VHD_ANALYSER", workspace::root().join("target/release/vhd-analyser")),
    )
}
