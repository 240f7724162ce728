//! `cargo xtask dist`: the page to take elsewhere.

use std::{fs, io};

use crate::page;
use crate::process::ProcessError;
use crate::setup::{self, SetupError};
use crate::workspace;

/// Why there is no page to take elsewhere.
#[derive(Debug, thiserror::Error)]
pub enum DistError {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("the page was not built: {0}")]
    Build(#[from] ProcessError),
    #[error("the built page could not be measured: {0}")]
    Measure(#[from] io::Error),
}

/// Builds `dist/`, which any web server can serve from any path, and in it the page in one file.
pub fn dist() -> Result<(), DistError> {
    setup::ensure(setup::FOR_PAGE)?;
    page::build()?;
    let folder = workspace::dist();
    let one_file = folder.join(page::SINGLE_FILE);
    let weight = page::Weight::of(&folder)?;
    println!(
        "\n{}: for any web server, {} bytes gzipped until it works, and {} with the first file",
        folder.display(),
        weight.first_load,
        weight.worker
    );
    println!("{}: the page in one file, {} bytes", one_file.display(), fs::metadata(&one_file)?.len());
    Ok(())
}
