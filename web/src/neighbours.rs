//! The files that were chosen together, as folders in which a disk's parent is looked for.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::rc::Rc;

use vhd_analyser_core::compat::{self, Resolved};
use vhd_analyser_core::image;
use vhd_analyser_core::path::tidy;
use web_sys::Blob;

use crate::gather::Named;
use crate::source::BlobSource;

/// A folder of the files that were chosen.
#[derive(Clone)]
pub struct Folder {
    files: Rc<BTreeMap<String, Blob>>,
    /// Its path, with a slash at its end, or empty.
    path: String,
    /// Whether all that is in it was chosen.
    is_whole: bool,
}

impl Folder {
    /// The folder of the disk that has this path. Of single files that were chosen nobody knows what else lies beside
    /// them: then it is not whole.
    pub fn of(disk: &str, files: Vec<Named>, is_whole: bool) -> Self {
        let files = files.into_iter().map(|Named { path, file }| (path, file)).collect();
        Self { files: Rc::new(files), path: folder_of(disk), is_whole }
    }
}

impl Folder {
    /// The folder of another disk among the same files.
    pub fn beside(&self, disk: &str) -> Self {
        Self { path: folder_of(disk), ..self.clone() }
    }
}

impl compat::Folder for Folder {
    fn open(&self, path: &str) -> Resolved<Self> {
        let full = if path.starts_with('/') { path.to_owned() } else { tidy(&format!("{}{path}", self.path)) };
        let Some(file) = self.files.get(&full) else {
            return if self.is_whole { Resolved::Missing } else { Resolved::Unknown };
        };
        let Ok(source) = BlobSource::new(file.clone()) else { return Resolved::Missing };
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
