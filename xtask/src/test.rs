//! `cargo xtask test`: every test there is, in steps that can be run one by one.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fmt, fs, io};

use clap::ValueEnum;

use crate::dependencies::{self, DependencyError};
use crate::fuzz::{self, FuzzError, Length};
use crate::page::{self, ReproducibleError};
use crate::process::{self, ProcessError, cargo};
use crate::setup::{self, Piece, SetupError};
use crate::tidy::{self, TidyError};
use crate::workspace;

/// The most that the page may weigh before it works, in gzipped bytes: some seconds on a slow line. What comes out
/// differs by a thousand from one compiler to the next.
const FIRST_LOAD_LIMIT: u64 = 250_000;
/// The most that what reads files may weigh, in gzipped bytes: it is loaded with the first of them.
const WORKER_LIMIT: u64 = 500_000;
/// The most that the page in one file may weigh, in bytes.
const SINGLE_FILE_LIMIT: u64 = 1_500_000;

/// How many inputs each fuzz target is given.
const SHORT_RUN: u32 = 5_000;

/// A kind of tests; the order is that of running, quick ones first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Step {
    /// The code is formatted as rustfmt does it
    Format,
    /// Imports go one way, and no files import each other in a circle
    Tidy,
    /// Clippy finds nothing
    Lint,
    /// The documentation builds and its links lead somewhere
    Docs,
    /// Licences, sources and known faults of what others wrote, and the list of it
    Dependencies,
    /// Unit tests, doc tests and the tests over the images
    Native,
    /// Some thousand broken files for each fuzz target, where the nightly toolchain is there
    Fuzz,
    /// The core builds for a machine without an operating system
    NoStd,
    /// The page's components and worker, in the browser
    Wasm,
    /// The page builds and is small enough
    Page,
    /// The page comes out the same, byte for byte, when it is built again in another folder
    Reproducible,
    /// The whole page, driven in the browsers
    Browser,
}

impl fmt::Display for Step {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        formatter.pad(value.as_ref().map_or("", |value| value.get_name()))
    }
}

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error(transparent)]
    Fuzz(#[from] FuzzError),
    #[error(transparent)]
    Tidy(#[from] TidyError),
    #[error(transparent)]
    Dependencies(#[from] DependencyError),
    #[error(transparent)]
    Reproducible(#[from] ReproducibleError),
    #[error("the built page could not be measured: {0}")]
    Measure(#[from] io::Error),
    #[error("the page's first load is {found} bytes gzipped, {} more than allowed. Find what made it grow, for example with `twiggy`", found - FIRST_LOAD_LIMIT)]
    TooLarge { found: u64 },
    #[error("what the page loads with the first file is {found} bytes gzipped, {} more than allowed", found - WORKER_LIMIT)]
    WorkerTooLarge { found: u64 },
    #[error("the page in one file is {found} bytes, {} more than allowed", found - SINGLE_FILE_LIMIT)]
    SingleFileTooLarge { found: u64 },
}

/// Why the tests as a whole failed.
#[derive(Debug, thiserror::Error)]
pub enum TestError {
    #[error("{} failed. To run only that again: `cargo xtask test {}`", .0.join(" and "), .0.join(" "))]
    Failed(Vec<String>),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("the steps that run beside the others could not be started, or their messages not be read: {0}")]
    Beside(io::Error),
}

/// When a step runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// One after the other, in `target/debug`.
    Main,
    /// Beside those, in folders of their own.
    Beside,
    /// After all of them: it takes what they built, and a browser that has the computer for itself.
    Alone,
}

impl Step {
    fn needs(self) -> Vec<&'static dyn Piece> {
        match self {
            Step::Format => setup::FOR_FORMAT.to_vec(),
            Step::Lint => setup::FOR_LINT.to_vec(),
            Step::Tidy | Step::Docs | Step::Fuzz => Vec::new(),
            Step::Dependencies => setup::FOR_DEPENDENCIES.to_vec(),
            Step::Native => setup::FOR_NATIVE.to_vec(),
            Step::NoStd => setup::FOR_NO_STD.to_vec(),
            Step::Wasm => setup::FOR_WASM_TESTS.to_vec(),
            Step::Page | Step::Reproducible => setup::FOR_PAGE.to_vec(),
            Step::Browser => [setup::FOR_PAGE, setup::FOR_BROWSER].concat(),
        }
    }

    fn phase(self) -> Phase {
        match self {
            Self::Format
            | Self::Tidy
            | Self::Lint
            | Self::Docs
            | Self::Dependencies
            | Self::Native
            | Self::NoStd
            | Self::Wasm => Phase::Main,
            Self::Fuzz | Self::Page | Self::Reproducible => Phase::Beside,
            Self::Browser => Phase::Alone,
        }
    }

    fn run(self) -> Result<(), StepError> {
        match self {
            Step::Format => process::run(cargo().args(["fmt", "--all", "--check"]))?,
            Step::Tidy => tidy::check()?,
            Step::Lint => process::run(cargo().args([
                "clippy",
                "--workspace",
                "--all-targets",
                "--all-features",
                "--",
                "-D",
                "warnings",
            ]))?,
            Step::Docs => {
                process::run(cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-Dwarnings"))?;
            }
            Step::Dependencies => dependencies::check()?,
            Step::Native => process::run(cargo().args(["test", "--workspace"]))?,
            Step::Fuzz => fuzz_shortly()?,
            Step::NoStd => no_std()?,
            Step::Wasm => wasm()?,
            Step::Page => page()?,
            Step::Reproducible => reproducible()?,
            Step::Browser => browser()?,
        }
        Ok(())
    }
}

/// Runs the steps, all of them when none is named. A step that fails does not keep the others from running.
///
/// Steps that build in folders of their own run beside the others, in a process of their own: a compiler leaves one of two
/// processors idle for much of its time. What they print is shown once the others are done.
pub fn test(chosen: &[Step]) -> Result<(), TestError> {
    let steps = if chosen.is_empty() { Step::value_variants() } else { chosen };
    for step in steps {
        setup::ensure(&step.needs())?;
    }
    let mut summary = Vec::new();
    let mut run = |steps: &[Step]| summary.extend(steps.iter().map(|&step| announced(step)));
    let of = |phase: Phase| steps.iter().copied().filter(|step| step.phase() == phase).collect::<Vec<_>>();
    let (beside, alone) = (of(Phase::Beside), of(Phase::Alone));
    let mut beside_failed = false;
    match (of(Phase::Main), &beside[..]) {
        // There is nothing that they could run beside.
        (main, beside) if main.is_empty() || beside.is_empty() => run(&[&main, beside].concat()),
        (main, beside) => {
            let other = Beside::start(beside)?;
            run(&main);
            beside_failed = !other.finish()?;
        }
    }
    run(&alone);
    println!("\n── summary");
    for (step, took, result) in &summary {
        let word = if result.is_ok() { "ok" } else { "FAILED" };
        println!("{step:<12} {word:<6} {:6.1} s", took.as_secs_f64());
    }
    let mut failed: Vec<_> =
        summary.iter().filter(|(_, _, result)| result.is_err()).map(|(step, ..)| step.to_string()).collect();
    if beside_failed {
        println!("FAILED, too: {}; see the summary of these above", named(&beside).join(" or "));
        failed.extend(named(&beside));
    }
    if failed.is_empty() { Ok(()) } else { Err(TestError::Failed(failed)) }
}

fn named(steps: &[Step]) -> Vec<String> {
    steps.iter().map(ToString::to_string).collect()
}

/// Steps that run beside the others.
struct Beside {
    process: Child,
    output: PathBuf,
}

impl Beside {
    fn start(steps: &[Step]) -> Result<Self, TestError> {
        let output = workspace::root().join("target/beside.log");
        let start = || {
            let log = fs::File::create(&output)?;
            let mut command = Command::new(env::current_exe()?);
            command.arg("test").args(named(steps)).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
            command.spawn()
        };
        println!("\n── beside the others: {}", named(steps).join(", "));
        Ok(Self { process: start().map_err(TestError::Beside)?, output })
    }

    /// Waits for them and prints what they did; answers whether all went well.
    fn finish(mut self) -> Result<bool, TestError> {
        let status = self.process.wait().map_err(TestError::Beside)?;
        println!("\n── what was run beside the others:");
        io::stdout().write_all(&fs::read(&self.output).map_err(TestError::Beside)?).map_err(TestError::Beside)?;
        Ok(status.success())
    }
}

fn announced(step: Step) -> (Step, Duration, Result<(), StepError>) {
    let value = step.to_possible_value();
    let help = value.as_ref().and_then(|value| value.get_help()).map(ToString::to_string).unwrap_or_default();
    println!("\n── {step}: {help}");
    let started = Instant::now();
    let result = step.run();
    let took = started.elapsed();
    match &result {
        Ok(()) => println!("── {step} ok in {:.1} s", took.as_secs_f64()),
        Err(error) => println!("── {step} FAILED after {:.1} s: {error}", took.as_secs_f64()),
    }
    (step, took, result)
}

fn fuzz_shortly() -> Result<(), FuzzError> {
    if !fuzz::is_possible() {
        println!("skipped: fuzzing takes the nightly toolchain, `rustup toolchain install nightly`");
        return Ok(());
    }
    fuzz::fuzz(&[], Length::Inputs(SHORT_RUN))
}

fn no_std() -> Result<(), ProcessError> {
    process::run(cargo().args(["build", "--package", "vhd-analyser-core", "--target", setup::NO_STD.target]))
}

fn wasm() -> Result<(), ProcessError> {
    process::run(
        cargo()
            .args(["test", "--package", "vhd-analyser-web", "--target", setup::WASM.target])
            .envs(setup::wasm_environment(workspace::root()))
            .env("PATH", setup::path())
            // Not Firefox, whose driver may be there, too: it says less of a worker that fails.
            .env("CHROMEDRIVER", process::find("chromedriver").unwrap_or_default())
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", "wasm-bindgen-test-runner")
            // A computer that is busy with something else may take its time to start the browser.
            .env("WASM_BINDGEN_TEST_TIMEOUT", "120"),
    )
}

fn page() -> Result<(), StepError> {
    page::build()?;
    let page::Weight { first_load, worker } = page::Weight::of(&workspace::dist())?;
    println!("first load: {first_load} bytes gzipped, of {FIRST_LOAD_LIMIT} allowed");
    println!("with the first file: {worker} bytes gzipped, of {WORKER_LIMIT} allowed");
    if first_load > FIRST_LOAD_LIMIT {
        return Err(StepError::TooLarge { found: first_load });
    }
    if worker > WORKER_LIMIT {
        return Err(StepError::WorkerTooLarge { found: worker });
    }
    let found = fs::metadata(workspace::dist().join(page::SINGLE_FILE))?.len();
    println!("the page in one file: {found} bytes, of {SINGLE_FILE_LIMIT} allowed");
    if found > SINGLE_FILE_LIMIT { Err(StepError::SingleFileTooLarge { found }) } else { Ok(()) }
}

fn reproducible() -> Result<(), StepError> {
    page::build()?;
    Ok(page::build_again()?)
}

fn browser() -> Result<(), ProcessError> {
    page::build()?;
    process::run(
        cargo()
            .args(["test", "--package", "vhd-analyser-tests", "--features", "browser", "--test", "page"])
            // A failed check says what it saw; where it stands in the runtime helps nobody.
            .env("RUST_BACKTRACE", "0")
            .env("PATH", setup::path())
            .env("VHD_ANALYSER_DIST", workspace::dist())
            .env("VHD_ANALYSER_AXE", setup::AXE.folder().join("axe.min.js")),
    )
}
