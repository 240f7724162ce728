//! The page built a second time, somewhere else: from the same sources the same bytes must come.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use super::build::trunk_in;
use crate::process::{self, ProcessError};
use crate::workspace;

/// Why the second build is not the first.
#[derive(Debug, thiserror::Error)]
pub enum ReproducibleError {
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("{} could not be copied, read or removed: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{0} is other bytes when it is built in another folder: look for paths and times in it")]
    Differs(String),
}

/// Builds the page from a copy of the sources in another folder, with nothing left from an earlier build, and compares
/// every file with the page in `dist/`.
pub fn build_again() -> Result<(), ReproducibleError> {
    let folder = workspace::root().join("target/built-again/somewhere else");
    let failed = |source| ReproducibleError::File { path: folder.clone(), source };
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed)?;
    }
    copy_sources(&folder)?;
    process::run(trunk_in(&folder).args(["build", "--release"]))?;
    let (first, second) = (names(&workspace::dist())?, names(&folder.join("dist"))?);
    if let Some(name) =
        first.iter().find(|name| !second.contains(name)).or(second.iter().find(|name| !first.contains(name)))
    {
        return Err(ReproducibleError::Differs(name.clone()));
    }
    for name in first {
        if read(&workspace::dist().join(&name))? != read(&folder.join("dist").join(&name))? {
            return Err(ReproducibleError::Differs(name));
        }
    }
    fs::remove_dir_all(&folder).map_err(failed)
}

/// Copies what git knows or would take.
fn copy_sources(folder: &Path) -> Result<(), ReproducibleError> {
    let mut git = Command::new("git");
    git.current_dir(workspace::root()).args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"]);
    for name in process::read(&mut git)?.split_terminator('\0') {
        let (from, to) = (workspace::root().join(name), folder.join(name));
        let failed = |source| ReproducibleError::File { path: from.clone(), source };
        // One that was removed and not yet committed.
        if !from.exists() {
            continue;
        }
        fs::create_dir_all(to.parent().unwrap_or(folder)).map_err(failed)?;
        fs::copy(&from, &to).map_err(failed)?;
    }
    Ok(())
}

fn names(folder: &Path) -> Result<Vec<String>, ReproducibleError> {
    let failed = |source| ReproducibleError::File { path: folder.to_owned(), source };
    let entries = fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(failed)?;
    Ok(entries.into_iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
}

fn read(path: &Path) -> Result<Vec<u8>, ReproducibleError> {
    fs::read(path).map_err(|source| ReproducibleError::File { path: path.to_owned(), source })
}
