//! The disks that lie in folders, as the core follows a chain through them.

use std::collections::HashMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use vhd_analyser_core::chain::{DiskSummary, Files, Followed};

use super::disk::Disk;
use super::file_error::FileError;
use super::metadata::is_disk;
use super::parent_dir::folder_of;

/// How a disk that was found is read; `None` passes it over.
pub type ReadDisk<'a> = dyn FnMut(&Path) -> Result<Option<DiskSummary>, FileError> + 'a;

/// The disks that were given, and all that their locators lead to.
pub struct ChainFiles<'a> {
    /// What was met, by device and number: links may lead to one disk by several names.
    met: HashMap<(u64, u64), Met>,
    /// From the disks' names to their paths: a name is text, and a path need not be.
    paths: HashMap<String, PathBuf>,
    read: &'a mut ReadDisk<'a>,
}

/// A file that was met.
enum Met {
    /// A disk that was given, by its name.
    Given(String),
    /// One that was found; none where it is passed over.
    Found(Option<Box<DiskSummary>>),
}

impl<'a> ChainFiles<'a> {
    /// Of the disks at these paths, which go by their paths as names.
    pub fn new<'p>(given: impl IntoIterator<Item = &'p Path>, read: &'a mut ReadDisk<'a>) -> Self {
        let mut files = Self { met: HashMap::new(), paths: HashMap::new(), read };
        for path in given {
            let name = path.to_string_lossy().into_owned();
            files.paths.insert(name.clone(), path.to_owned());
            if let Ok(metadata) = fs::metadata(path) {
                files.met.entry((metadata.dev(), metadata.ino())).or_insert(Met::Given(name));
            }
        }
        files
    }

    /// Where the disk of this name lies.
    pub fn path(&self, name: &str) -> PathBuf {
        self.paths.get(name).cloned().unwrap_or_else(|| name.into())
    }
}

impl Files for ChainFiles<'_> {
    type Error = FileError;

    fn follow(&mut self, from: &str, path: &str) -> Result<Followed, FileError> {
        // Steps that lead nowhere are not told.
        let full: PathBuf = folder_of(&self.path(from)).join(path).components().collect();
        // Looked at first: to open a pipe would be to wait for somebody at its other end.
        let Some(metadata) = fs::metadata(&full).ok().filter(is_disk) else {
            return Ok(Followed::Nothing);
        };
        let key = (metadata.dev(), metadata.ino());
        if !self.met.contains_key(&key) {
            let found = (self.read)(&full)?;
            if let Some(found) = &found {
                self.paths.insert(found.name.clone(), full);
            }
            self.met.insert(key, Met::Found(found.map(Box::new)));
        }
        Ok(match self.met.get(&key) {
            Some(Met::Given(name)) => Followed::Known(name.clone()),
            Some(Met::Found(Some(disk))) => Followed::Disk(disk.clone()),
            Some(Met::Found(None)) | None => Followed::Nothing,
        })
    }
}

/// A disk that was opened and not checked, for those who only ask whose parent it is.
///
/// # Errors
/// Where it cannot be read.
pub fn opened_only(path: &Path) -> Result<Option<DiskSummary>, FileError> {
    let disk = Disk::open(path)?;
    let image = disk.image(&mut |_| std::ops::ControlFlow::Continue(()))?;
    Ok(Some(DiskSummary::opened_only(&image, &path.to_string_lossy(), disk.changed())))
}
