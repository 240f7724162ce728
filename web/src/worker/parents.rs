//! The files that were chosen together, as folders in which a disk's parent is looked for.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::rc::Rc;

use vhd_analyser_core::chain::{DiskSummary, Files, Followed};
use vhd_analyser_core::compat::{self, Resolved};
use vhd_analyser_core::image;
use vhd_analyser_core::path::{from_folder_of, tidy};
use web_sys::Blob;

use crate::worker::blob_source::BlobSource;
use crate::worker::named_file::NamedFile;

/// A folder of the files that were chosen.
#[derive(Clone)]
pub struct Folder {
    files: Rc<BTreeMap<String, Blob>>,
    /// Its path, with a slash at its end, or empty.
    path: String,
    /// Whether all that is in it was chosen.
    is_complete: bool,
}

impl Folder {
    /// The folder of the disk that has this path. Of single files that were chosen nobody knows what else lies beside
    /// them: then it is not whole.
    pub fn of(disk: &str, files: Vec<NamedFile>, is_complete: bool) -> Self {
        let files = files.into_iter().map(|NamedFile { path, file }| (path, file)).collect();
        Self { files: Rc::new(files), path: folder_of(disk), is_complete }
    }
}

impl Folder {
    /// The folder of another disk among the same files.
    pub fn beside(&self, disk: &str) -> Self {
        Self { path: folder_of(disk), is_complete: is_in_folder(disk), files: self.files.clone() }
    }
}

impl compat::Folder for Folder {
    fn open(&self, path: &str) -> Resolved<Self> {
        let full = if path.starts_with('/') { path.to_owned() } else { tidy(&format!("{}{path}", self.path)) };
        let Some(file) = self.files.get(&full) else {
            return if self.is_complete { Resolved::Missing } else { Resolved::Unknown };
        };
        // Of many files, each may be the parent of the next.
        let Ok(source) = BlobSource::ahead(file.clone()) else { return Resolved::Missing };
        match image::open(&source, &mut |_| ControlFlow::Continue(())) {
            Ok(image) => Resolved::Found(image.into(), Self { path: folder_of(&full), ..self.clone() }),
            Err(_) => Resolved::Missing,
        }
    }
}

/// The folder that a file is in, with a slash at its end, or empty.
pub fn folder_of(path: &str) -> String {
    path.rfind('/').map_or("", |end| &path[..=end]).to_owned()
}

/// The files that were picked together, as a chain is followed through them.
pub struct PickedFiles<'a> {
    /// From each path to the file.
    files: BTreeMap<&'a str, &'a NamedFile>,
    /// The disks among them, by their paths.
    disks: BTreeSet<String>,
    /// Reads a file that is no disk by its name: it may be the raw image that a disk was made on.
    read: &'a mut dyn FnMut(&NamedFile) -> Option<DiskSummary>,
}

impl<'a> PickedFiles<'a> {
    /// Of all files, and of the disks among them.
    pub fn new(
        files: &'a [NamedFile],
        disks: &[DiskSummary],
        read: &'a mut dyn FnMut(&NamedFile) -> Option<DiskSummary>,
    ) -> Self {
        Self {
            files: files.iter().map(|named| (named.path.as_str(), named)).collect(),
            disks: disks.iter().map(|disk| disk.name.clone()).collect(),
            read,
        }
    }
}

impl Files for PickedFiles<'_> {
    type Error = Infallible;

    fn follow(&mut self, from: &str, path: &str) -> Result<Followed, Infallible> {
        let full = from_folder_of(from, path);
        if self.disks.contains(&full) {
            return Ok(Followed::Known(full));
        }
        Ok(match self.files.get(full.as_str()).map(|named| (self.read)(named)) {
            Some(Some(disk)) => Followed::Disk(disk.into()),
            Some(None) => Followed::Nothing,
            // Of single files that were picked nobody knows what else lies beside them.
            None if is_in_folder(from) => Followed::Nothing,
            None => Followed::Unknown,
        })
    }
}

/// Whether a file came with the whole folder that it is in.
pub fn is_in_folder(path: &str) -> bool {
    path.contains('/')
}
