//! The folder of a disk: where its parent locators lead.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use vhd_analyser_core::compat::{self, Resolved};
use vhd_analyser_core::image;
use vhd_analyser_core::source::FileSource;

use super::metadata::is_disk;

/// A folder of the operating system.
pub struct Folder(PathBuf);

/// The folder that a disk is in.
pub fn of(disk: &Path) -> compat::ParentResolver<Folder> {
    compat::ParentResolver::of(Folder::of(disk))
}

impl Folder {
    fn of(disk: &Path) -> Self {
        Self(folder_of(disk))
    }
}

impl compat::Folder for Folder {
    fn open(&self, path: &str) -> Resolved<Self> {
        let full = self.0.join(path);
        // Looked at first: to open a pipe would be to wait for somebody at its other end.
        if !fs::metadata(&full).is_ok_and(|metadata| is_disk(&metadata)) {
            return Resolved::Missing;
        }
        let source = File::open(&full).and_then(FileSource::new);
        match source.map(|source| image::open(&source, &mut |_| ControlFlow::Continue(()))) {
            Ok(Ok(image)) => Resolved::Found(image.into(), Self::of(&full)),
            _ => Resolved::Missing,
        }
    }
}

/// The folder from which a disk's locators lead: that of the file itself, where the disk was named by a link to it.
pub fn folder_of(disk: &Path) -> PathBuf {
    let is_link = fs::symlink_metadata(disk).is_ok_and(|metadata| metadata.is_symlink());
    let file = is_link.then(|| fs::canonicalize(disk).ok()).flatten();
    file.as_deref().unwrap_or(disk).parent().unwrap_or(Path::new("")).to_owned()
}
