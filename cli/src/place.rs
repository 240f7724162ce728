//! The folder of a disk: where its parent locators lead.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use vhd_analyser_core::compat::{self, Resolved};
use vhd_analyser_core::image::{self, Image};
use vhd_analyser_core::layout::footer::DiskType;
use vhd_analyser_core::layout::locator::{file_name, leads};
use vhd_analyser_core::source::FileSource;

use crate::disk::is_disk;

/// A folder of the operating system.
pub struct Folder(PathBuf);

/// The folder that a disk is in.
pub fn of(disk: &Path) -> compat::Place<Folder> {
    compat::Place::of(Folder::of(disk))
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

/// Where a differencing disk's parent is: the first of the places that its locators name which is there. Of a path of
/// another computer, the file name in the disk's own folder counts, where none of the paths leads anywhere.
pub fn parent_of(disk: &Path, image: &Image) -> Result<PathBuf, String> {
    let folder = folder_of(disk);
    let paths: Vec<String> = image.parent_paths().collect();
    let names = paths.iter().map(|path| file_name(path));
    // Steps that lead nowhere are not told.
    let mut places = paths
        .iter()
        .flat_map(|path| leads(path))
        .chain(names)
        .map(|path| folder.join(path).components().collect::<PathBuf>());
    let missing = || paths.first().cloned().or_else(|| image.parent_name()).unwrap_or_default();
    let is_there = |path: &PathBuf| fs::metadata(path).is_ok_and(|metadata| is_disk(&metadata));
    places.find(is_there).ok_or_else(missing)
}

/// The unique id of a disk's parent, as the disk has it: null for a raw image; none for a disk without a parent.
pub fn named_parent(image: &Image) -> Option<[u8; 16]> {
    let header = image.header.value().filter(|_| image.kind() == Some(DiskType::Differencing))?;
    Some(header.parent_unique_id)
}
