//! Files that appear under their names only when they are complete.

use std::fs::{self, File, Permissions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::file_error::FileError;

/// A file that is being written beside the place that it is for. Dropped before it is published, it vanishes.
pub struct AtomicFile {
    temporary: NamedTempFile,
    target: PathBuf,
}

/// What becomes of a file that has the name already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Existing {
    /// It stays, and nothing is published.
    Keep,
    /// It is replaced, in one go.
    Replace,
}

impl AtomicFile {
    /// Begins a file for the place `target`, which has to be free, or held by a plain file that may be replaced.
    ///
    /// # Errors
    /// Where the place is not free, or its folder cannot be written to.
    pub fn beside(target: &Path, permissions: Permissions, existing: Existing) -> Result<Self, FileError> {
        let path = || target.to_owned();
        if target.file_name().is_none() {
            return Err(FileError::NoName { path: path() });
        }
        match fs::symlink_metadata(target) {
            Ok(there) if !there.is_file() => return Err(FileError::NotReplaceable { path: path() }),
            Ok(_) if existing == Existing::Keep => return Err(FileError::Exists { path: path() }),
            _ => {}
        }
        let temporary = tempfile::Builder::new()
            .prefix(".vhd-analyser-")
            .suffix(".part")
            .permissions(permissions)
            .tempfile_in(folder(target))
            .map_err(|error| FileError::Write { path: path(), error })?;
        Ok(Self { temporary, target: path() })
    }

    /// The file, for writing.
    pub fn file(&self) -> &File {
        self.temporary.as_file()
    }

    /// Its name for the time being.
    pub fn path(&self) -> &Path {
        self.temporary.path()
    }

    /// Waits until the content is on the disk.
    ///
    /// # Errors
    /// Where the system could not write it.
    pub fn sync(&self) -> Result<(), FileError> {
        self.file().sync_all().map_err(|error| self.failed(error))
    }

    /// Gives the synced file its name, and waits until that is on the disk too.
    ///
    /// # Errors
    /// Where the name is taken meanwhile and the file there is to be kept, or the system fails.
    pub fn publish(self, existing: Existing) -> Result<(), FileError> {
        let Self { temporary, target } = self;
        let published = match existing {
            Existing::Keep => temporary.persist_noclobber(&target),
            Existing::Replace => temporary.persist(&target),
        };
        match published.map_err(|error| error.error).and_then(|_| sync_folder(&target)) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(FileError::Exists { path: target }),
            Err(error) => Err(FileError::Write { path: target, error }),
        }
    }

    /// A failure to write it.
    pub fn failed(&self, error: io::Error) -> FileError {
        FileError::Write { path: self.target.clone(), error }
    }
}

/// The folder that a file is in.
fn folder(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn sync_folder(file: &Path) -> io::Result<()> {
    match File::open(folder(file))?.sync_all() {
        // Some file systems, of networks for one, have no such thing for folders.
        Err(error) if error.kind() == ErrorKind::InvalidInput => Ok(()),
        synced => synced,
    }
}
