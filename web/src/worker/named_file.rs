//! A file with the path under which it was picked.

use web_sys::Blob;

/// A file with the path under which it was chosen.
#[derive(Clone, Debug)]
pub struct NamedFile {
    /// The path, with slashes: of a file in a chosen folder from that folder on, otherwise the file's name.
    pub path: String,
    /// The file.
    pub file: Blob,
}

/// Files with their paths, which come apart.
pub fn named(paths: Vec<String>, files: impl Iterator<Item = Blob>) -> Vec<NamedFile> {
    paths.into_iter().zip(files).map(|(path, file)| NamedFile { path, file }).collect()
}
