//! What the project is made of besides its own code: whether that may be, and the list of it.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs, io};

use crate::process::{self, ProcessError, cargo};
use crate::{setup, workspace};

/// Where the list of what is in the page stands.
const LIST: &str = "docs/bundle.md";

/// Why the dependencies are not in order.
#[derive(Debug, thiserror::Error)]
pub enum DependencyError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("{LIST} could not be read or written: {0}")]
    List(#[from] io::Error),
    #[error(
        "{LIST} is not what the page is made of: run `UPDATE_DOCS=1 cargo xtask test dependencies`, and look at what is new"
    )]
    Outdated,
}

/// Checks licences, sources and duplicates, known faults where their list can be reached, and the list of what is in
/// the page.
pub fn check() -> Result<(), DependencyError> {
    process::run(deny().args(["licenses", "sources", "bans"]))?;
    advisories()?;
    let (path, list) = (workspace::root().join(LIST), list()?);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &list)?;
    }
    if fs::read_to_string(Path::new(&path))? == list { Ok(()) } else { Err(DependencyError::Outdated) }
}

fn deny() -> std::process::Command {
    let mut deny = cargo();
    deny.env("PATH", setup::path()).args(["deny", "--log-level", "error", "check", "--hide-inclusion-graph"]);
    deny
}

/// A computer without the internet says nothing of known faults, and should not be kept from the other tests.
fn advisories() -> Result<(), ProcessError> {
    match process::read(deny().arg("advisories")) {
        Err(ProcessError::FailedSaying { message, .. }) if message.contains("failed to fetch advisory database") => {
            println!("skipped: the list of known faults (github.com/RustSec/advisory-db) could not be reached");
            Ok(())
        }
        result => result.map(|_| ()),
    }
}

/// Every crate whose code may be in the page, with its licence.
fn list() -> Result<String, ProcessError> {
    let mut tree = cargo();
    tree.args(["tree", "--package", "vhd-analyser-web", "--target", setup::WASM.target, "--prefix", "none"]);
    tree.args(["--edges", "normal,no-proc-macro", "--format", "{p}|{l}"]);
    let lines = process::read(&mut tree)?;
    // A crate of the project is followed by its folder, one that was there before by a star.
    let name = |package: &str| package.split(" (").next().unwrap_or(package).to_owned();
    let row = |line: &str| line.split_once('|').map(|(package, licence)| (name(package), licence.replace(" (*)", "")));
    let rows: BTreeSet<_> = lines.lines().filter_map(row).collect();
    let rows: String = rows.iter().map(|(package, licence)| format!("| {package} | {licence} |\n")).collect();
    Ok(format!(
        "# What is in the page\n\nEvery crate whose code may be in the page’s WebAssembly. `cargo xtask test dependencies` checks this \
         list, and `deny.toml` says\nwhat may be on it.\n\n| crate | licence |\n| --- | --- |\n{rows}"
    ))
}
