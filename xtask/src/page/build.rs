//! Building the page, for serving it, for its tests, and for taking it elsewhere.

use std::io::{self, Write};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::built::SINGLE_FILE;
use super::hashed_names::WORKER;
use super::service_worker::SERVICE_WORKER;
use crate::process::{self, ProcessError};
use crate::{setup, workspace};

/// Trunk in the workspace, with the project's tools and the compiler that can make WASM.
pub fn trunk() -> Command {
    trunk_in(workspace::root())
}

/// The same in a copy of the workspace.
pub fn trunk_in(folder: &Path) -> Command {
    let mut trunk = Command::new("trunk");
    trunk
        .current_dir(folder)
        .env("PATH", setup::path())
        .envs(setup::wasm_environment(folder))
        // The page says what it was built from.
        .envs(commit().map(|commit| ("VHD_ANALYSER_COMMIT", commit)))
        // What Trunk starts when it is done is this program.
        .envs(env::current_exe().map(|program| ("VHD_ANALYSER_XTASK", program)))
        // Trunk takes only the words true and false here, everybody else takes anything.
        .env_remove("NO_COLOR")
        // Where in its code an error arose helps nobody here …
        .env("RUST_BACKTRACE", "0")
        // … and neither does the news of another version: this one is the one that fits.
        .env("TRUNK_SKIP_VERSION_CHECK", "true");
    trunk
}

/// The commit that is checked out, with a plus sign where something was changed since; none outside of a repository.
fn commit() -> Option<String> {
    let git = |arguments: &[&str]| process::read(Command::new("git").current_dir(workspace::root()).args(arguments));
    let commit = git(&["rev-parse", "--short=10", "HEAD"]).ok()?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).ok()?;
    Some(format!("{}{}", commit.trim(), if changed.is_empty() { "" } else { "+" }))
}

/// Builds the release page into `dist/`.
pub fn build() -> Result<(), ProcessError> {
    process::run(trunk().args(["build", "--release"]))
}

/// The bytes of the page that a browser loads, gzipped file by file as a web server sends them.
pub struct Weight {
    /// Before the page works.
    pub first_load: u64,
    /// Of what reads files, with the first of them.
    pub worker: u64,
}

impl Weight {
    /// Of the page in this folder.
    pub fn of(dist: &Path) -> io::Result<Self> {
        let mut weight = Self { first_load: 0, worker: 0 };
        for entry in fs::read_dir(dist)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // These are fetched when the page works, if at all.
            if [SINGLE_FILE, SERVICE_WORKER].contains(&&*name) {
                continue;
            }
            let is_loaded = [".html", ".css", ".js", ".wasm"].iter().any(|kind| name.ends_with(kind));
            let part = if name.starts_with(WORKER) { &mut weight.worker } else { &mut weight.first_load };
            if is_loaded {
                *part += gzipped(&fs::read(&path)?)?;
            }
        }
        Ok(weight)
    }
}

fn gzipped(bytes: &[u8]) -> io::Result<u64> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len() as u64)
}
