//! The built page, in the folder where Trunk gathers it, and why it could not be finished.

use std::path::PathBuf;
use std::{fs, io};

use lol_html::errors::RewritingError;

use crate::process::ProcessError;

/// The page in one file, beside the page in many.
pub const SINGLE_FILE: &str = "vhd-analyser.html";

/// Why the page was not finished.
#[derive(Debug, thiserror::Error)]
pub enum PostprocessError {
    #[error(
        "`cargo xtask finish-page` is started by Trunk, which says where the page is; build it with `cargo xtask dist`"
    )]
    NotByTrunk,
    #[error("{} could not be read or written: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the page's HTML could not be rewritten: {0}")]
    Html(#[from] RewritingError),
    #[error("there is no file that begins with {0} and ends in {1} beside the page")]
    NoFile(&'static str, &'static str),
    #[error("index.html does not name {0}, which the page is to load")]
    NotNamed(String),
    #[error("index.html names {0}, which is not among what the page in one file has in it")]
    NotPacked(String),
    #[error("the program's text has “{0}” in it, which would end its element: the page cannot be one file")]
    EndsElement(&'static str),
    #[error(transparent)]
    Process(#[from] ProcessError),
    #[error("the programs could not be packed: {0}")]
    Pack(io::Error),
    #[error("the service worker's text has no place for {0}")]
    NoPlace(&'static str),
}

/// The built page, in the folder where Trunk gathers it.
pub struct Built(pub PathBuf);

impl Built {
    /// The text of a file.
    pub fn text(&self, name: &str) -> Result<String, PostprocessError> {
        let path = self.path(name);
        fs::read_to_string(&path).map_err(|source| PostprocessError::File { path, source })
    }

    /// The bytes of a file.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, PostprocessError> {
        let path = self.path(name);
        fs::read(&path).map_err(|source| PostprocessError::File { path, source })
    }

    /// Where a file is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file.
    pub fn write(&self, name: &str, content: &str) -> Result<(), PostprocessError> {
        let path = self.path(name);
        fs::write(&path, content).map_err(|source| PostprocessError::File { path, source })
    }

    /// The names of all files, in order.
    pub fn names(&self) -> Result<Vec<String>, PostprocessError> {
        let failed = |source| PostprocessError::File { path: self.0.clone(), source };
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(failed)? {
            names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Gives a file another name.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), PostprocessError> {
        let path = self.path(from);
        fs::rename(&path, self.path(to)).map_err(|source| PostprocessError::File { path, source })
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) -> Result<(), PostprocessError> {
        let path = self.path(name);
        fs::remove_file(&path).map_err(|source| PostprocessError::File { path, source })
    }

    /// The name of the file that is called like this at its start and at its end.
    pub fn name_of(&self, start: &'static str, end: &'static str) -> Result<String, PostprocessError> {
        let is_it = |name: &String| name.starts_with(start) && name.ends_with(end);
        self.names()?.into_iter().find(is_it).ok_or(PostprocessError::NoFile(start, end))
    }
}
