//! The last step of every build of the page, started by Trunk when its own work is done.
//!
//! ```text
//! what Trunk built ── wasm_opt, minify, hashed_names
//!                       ├─ csp ──────────────▶ index.html
//!                       ├─ single_file ── csp ▶ vhd-analyser.html
//!                       └─ service_worker ───▶ service-worker.js, which knows every file by its SHA-256
//! ```

use std::env;

use super::built::{Built, PostprocessError, SINGLE_FILE};
use super::hashed_names::{self, PAGE, Program, WORKER};
use super::wasm_opt::{Goal, optimise};
use super::{csp, minify, service_worker, single_file};

/// Makes of what Trunk has built what is served.
///
/// # Errors
/// Where it was not started by Trunk, a file cannot be read or written, or a tool fails.
pub fn postprocess() -> Result<(), PostprocessError> {
    let folder = env::var_os("TRUNK_STAGING_DIR").ok_or(PostprocessError::NotByTrunk)?;
    let built = Built(folder.into());
    optimise(&built, &Program::find(&built, PAGE)?.module, Goal::Size)?;
    optimise(&built, &Program::find(&built, WORKER)?.module, Goal::Speed)?;
    minify::minify(&built)?;
    let html = hashed_names::name_by_content(&built, built.text("index.html")?)?;
    built.write(SINGLE_FILE, &single_file::single_file(&built, &html)?)?;
    built.write("index.html", &csp::with_policy(&html, csp::FOLDER, None)?)?;
    built.write(service_worker::SERVICE_WORKER, &service_worker::service_worker(&built)?)
}
