//! Folders that are dropped: all files in them, however deep.

use js_sys::wasm_bindgen::{JsCast, JsValue};
use js_sys::{Array, Promise};
use wasm_bindgen_futures::JsFuture;
use web_sys::{File, FileSystemDirectoryEntry, FileSystemEntry, FileSystemFileEntry};

use crate::file_access::Chosen;

/// The files in these folders, each with its path from there on, in order of the paths.
///
/// # Errors
/// The browser's exception, where a folder or a file in it cannot be read.
pub async fn files_in(mut folders: Vec<FileSystemDirectoryEntry>) -> Result<Vec<Chosen>, JsValue> {
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
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
                break;
            }
            for entry in part.iter() {
                let entry: FileSystemEntry = entry.unchecked_into();
                if entry.is_directory() {
                    folders.push(entry.unchecked_into());
                } else {
                    files.push(chosen(entry.unchecked_into()).await?);
                }
            }
        }
    }
    files.sort_unstable_by(|a: &Chosen, b| a.path.cmp(&b.path));
    Ok(files)
}

async fn chosen(entry: FileSystemFileEntry) -> Result<Chosen, JsValue> {
    let path = entry.full_path().trim_start_matches('/').to_owned();
    let file: File = called(|resolve, reject| entry.file_with_callback_and_callback(resolve, reject)).await?.into();
    Ok(Chosen { path, ..Chosen::from(file) })
}

/// What a function answers that takes one function for the answer and one for the exception.
async fn called(function: impl Fn(&js_sys::Function, &js_sys::Function)) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::new(&mut |resolve, reject| function(&resolve, &reject))).await
}
