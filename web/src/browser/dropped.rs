//! Files and folders that were dropped on the page.

use js_sys::wasm_bindgen::JsCast;
use web_sys::{DataTransfer, FileSystemDirectoryEntry};

use crate::browser::file_access::handle_of_dropped;
use crate::browser::picked_file::{PickedFile, files_of};

/// What was dropped.
pub struct Dropped {
    /// The files, with their handles where the browser gives any.
    pub files: Vec<PickedFile>,
    /// The folders, which take some time to be looked through.
    pub folders: Vec<FileSystemDirectoryEntry>,
}

impl Dropped {
    /// What was dropped with an event. The browser gives handles and folders now or never.
    pub fn of(data: &DataTransfer) -> Self {
        let items = data.items();
        let items = (0..items.length()).filter_map(|i| items.get(i)).filter(|item| item.kind() == "file");
        let mut dropped = Self { files: Vec::new(), folders: Vec::new() };
        for item in items {
            let entry = item.webkit_get_as_entry().ok().flatten();
            match (entry, item.get_as_file()) {
                (Some(entry), _) if entry.is_directory() => dropped.folders.push(entry.unchecked_into()),
                (_, Ok(Some(file))) => {
                    dropped.files.push(PickedFile { handle: handle_of_dropped(&item), ..PickedFile::from(file) });
                }
                _ => {}
            }
        }
        if dropped.files.is_empty() && dropped.folders.is_empty() {
            dropped.files = files_of(data.files());
        }
        dropped
    }
}
