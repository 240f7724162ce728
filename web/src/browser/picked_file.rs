//! Files that the user picked.

use js_sys::wasm_bindgen::JsValue;
use js_sys::{Array, Promise, Reflect};
use vhd_analyser_core::text::printable;
use web_sys::{File, FileList, FileSystemFileHandle};

/// A file that was chosen, with the way to write to it if the browser gave one.
#[derive(Clone, Debug)]
pub struct PickedFile {
    /// Where it is, with slashes: of a file in a chosen folder from that folder on, otherwise the file's name. As it is
    /// shown: what would turn the direction of writing is marked.
    pub path: String,
    /// The same as the file system has it.
    pub place: String,
    /// The file, as it was then.
    pub file: File,
    /// A promise of its handle.
    pub handle: Option<Promise<FileSystemFileHandle>>,
}

impl PartialEq for PickedFile {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file
    }
}

impl From<File> for PickedFile {
    fn from(file: File) -> Self {
        // Empty but for files of a folder that was chosen.
        let path = Reflect::get(&file, &"webkitRelativePath".into()).ok().and_then(|path| path.as_string());
        let path = path.filter(|path| !path.is_empty()).unwrap_or_else(|| file.name().replace('/', "_"));
        Self::at(path, file)
    }
}

impl PickedFile {
    /// A file with the path under which it was chosen.
    pub fn at(place: String, file: File) -> Self {
        Self { path: marked(&place), place, file, handle: None }
    }

    /// The file's name, as it is shown.
    pub fn name(&self) -> String {
        marked(&self.file.name())
    }

    /// A text as a file.
    ///
    /// # Errors
    /// The browser's exception, where it cannot make one.
    pub fn text(text: &str, name: &str) -> Result<Self, JsValue> {
        Ok(File::new_with_str_sequence(&Array::of1(&text.into()), name)?.into())
    }
}

/// A name in which letters are marked that would show it as another: of a page that says what to delete, that matters.
pub fn marked(name: &str) -> String {
    printable(name).into_owned()
}

/// A browser's list of files as one of ours.
pub fn files_of(list: Option<FileList>) -> Vec<PickedFile> {
    list.map(|list| (0..list.length()).filter_map(|i| list.get(i)).map(PickedFile::from).collect()).unwrap_or_default()
}
