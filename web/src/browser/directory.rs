//! Folders that are dropped: all files in them, however deep.

use js_sys::wasm_bindgen::{JsCast, JsValue};
use js_sys::{Array, Promise};
use vhd_analyser_core::text::printable;
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry};

use crate::browser::picked_file::PickedFile;
use crate::protocol::failure::Failure;
use crate::protocol::failure::ReadError;

/// What is in folders.
#[derive(Default)]
pub struct Found {
    /// The files, each with its path from the folder on, in order of the paths.
    pub files: Vec<PickedFile>,
    /// The paths of files and folders that cannot be read, with the reason.
    pub lost: Vec<(String, Failure)>,
}

/// Looks through these folders. What cannot be read does not keep the rest from it.
pub async fn files_in(mut folders: Vec<FileSystemDirectoryEntry>) -> Found {
    let mut found = Found::default();
    while let Some(folder) = folders.pop() {
        if let Err(exception) = found.add_entry(&folder, &mut folders).await {
            found.lose(&folder.full_path(), exception);
        }
    }
    found.files.sort_by(|a: &PickedFile, b| a.path.cmp(&b.path));
    found
}

impl Found {
    async fn add_entry(
        &mut self,
        folder: &FileSystemDirectoryEntry,
        folders: &mut Vec<FileSystemDirectoryEntry>,
    ) -> Result<(), JsValue> {
        let reader = folder.create_reader();
        loop {
            // A part of the folder at a time; none where it ends.
            let part = called(|resolve, reject| {
                // Of what cannot even be asked for, nobody else would hear.
                let asked = reader.read_entries_with_callback_and_callback(resolve, reject);
                if let Err(exception) = asked {
                    let _ = reject.call1(&JsValue::NULL, &exception);
                }
            })
            .await?;
            let part: Array = part.unchecked_into();
            if part.length() == 0 {
                return Ok(());
            }
            for entry in part.iter() {
                let entry: FileSystemEntry = entry.unchecked_into();
                if entry.is_directory() {
                    folders.push(entry.unchecked_into());
                    continue;
                }
                let entry: FileSystemFileEntry = entry.unchecked_into();
                match chosen(&entry).await {
                    Ok(file) => self.files.push(file),
                    Err(exception) => self.lose(&entry.full_path(), exception),
                }
            }
        }
    }

    fn lose(&mut self, path: &str, exception: JsValue) {
        self.lost.push((printable(path_of(path)).into_owned(), ReadError::from(exception).into()));
    }
}

/// From the folder on that was dropped.
fn path_of(full_path: &str) -> &str {
    full_path.trim_start_matches('/')
}

async fn chosen(entry: &FileSystemFileEntry) -> Result<PickedFile, JsValue> {
    let path = path_of(&entry.full_path()).to_owned();
    let file: File = called(|resolve, reject| entry.file_with_callback_and_callback(resolve, reject)).await?.into();
    Ok(PickedFile::at(path, file))
}

/// What a function answers that takes one function for the answer and one for the exception.
async fn called(function: impl Fn(&js_sys::Function, &js_sys::Function)) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::new(&mut |resolve, reject| function(&resolve, &reject))).await
}
