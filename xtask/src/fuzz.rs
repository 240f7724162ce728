//! `cargo xtask fuzz`: broken files without end, held against the limits that the core keeps. A short run of it is a
//! step of `cargo xtask test`. What has been tried so far is in `docs/reliability.md`.

use std::fmt;

use clap::ValueEnum;

use crate::process::{self, ProcessError};
use crate::{setup, workspace};

/// Limits for the fuzzer itself; those for the core are in the targets.
const LIMITS: [&str; 3] = ["-max_len=40000", "-timeout=10", "-rss_limit_mb=1024"];

/// A fuzz target, see `fuzz/fuzz_targets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Target {
    /// Opens and checks files of any length
    OpenCheck,
    /// Carries out every plan of repair, and takes it back
    PlanApplyCheck,
    /// The same with every block read
    Deep,
    /// A disk with a journal
    Journal,
    /// What a disk says of its parent
    Locators,
    /// Disks that are based on each other: the forest, the flattened image, the link to another parent
    Chain,
    /// Logs, fed in pieces of any length
    Explain,
}

impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        formatter.pad(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// How long a target is run.
#[derive(Clone, Copy, Debug)]
pub enum Length {
    /// So many inputs.
    Inputs(u32),
    /// So many minutes.
    Minutes(u32),
}

/// Why fuzzing ended early.
#[derive(Debug, thiserror::Error)]
pub enum FuzzError {
    #[error(transparent)]
    Setup(#[from] setup::SetupError),
    #[error(
        "{source}. If the fuzzer found something, the input that shows it is in `fuzz/artifacts/{target}`; `cargo +nightly fuzz run -s none {target} FILE` repeats it"
    )]
    Found { target: Target, source: ProcessError },
    #[error("the seeds could not be written: {0}")]
    Seeds(ProcessError),
}

/// Whether this computer has the toolchain that fuzzing takes.
pub fn is_possible() -> bool {
    process::read(process::cargo().args(["+nightly", "--version"])).is_ok()
}

/// Runs the targets, all of them when none is named.
pub fn fuzz(targets: &[Target], length: Length) -> Result<(), FuzzError> {
    setup::ensure(setup::FOR_FUZZING)?;
    let mut seeds = process::cargo();
    seeds.args(["+nightly", "run", "--quiet", "--manifest-path", "fuzz/Cargo.toml", "--example", "seeds"]);
    process::run(&mut seeds).map_err(FuzzError::Seeds)?;
    let targets = if targets.is_empty() { Target::value_variants() } else { targets };
    for &target in targets {
        println!("── {target}");
        run(target, length).map_err(|source| FuzzError::Found { target, source })?;
    }
    Ok(())
}

fn run(target: Target, length: Length) -> Result<(), ProcessError> {
    let length = match length {
        // The same every time: a test that fails by chance says nothing of the change that it was run for.
        Length::Inputs(inputs) => [format!("-runs={inputs}"), "-seed=2006".into()],
        Length::Minutes(minutes) => [format!("-max_total_time={}", u64::from(minutes) * 60), "-seed=0".into()],
    };
    let mut fuzz = process::cargo();
    fuzz.env("PATH", setup::path()).current_dir(workspace::root());
    // There is no unsafe code to be looked into, and it goes some times as fast without a sanitizer.
    fuzz.args(["+nightly", "fuzz", "run", "--sanitizer", "none", &target.to_string(), "--"]);
    process::run(fuzz.args(LIMITS).args(length).args(["-print_final_stats=1", "-print_funcs=0", "-verbosity=0"]))
}
