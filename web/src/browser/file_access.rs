//! Files of the user that the page may write to, where the browser has the File System Access API.

use js_sys::wasm_bindgen::prelude::wasm_bindgen;
use js_sys::wasm_bindgen::{JsCast, JsValue};
use js_sys::{Array, Function, Object, Promise, Reflect};
use thiserror::Error;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    Blob, DomException, File, FileSystemCreateWritableOptions, FileSystemDirectoryHandle, FileSystemFileHandle,
    FileSystemGetFileOptions, FileSystemWritableFileStream,
};

use crate::browser::watch::{Stopped, Watch};
use crate::protocol::blob::slice;

/// Why a file was not written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AccessError {
    /// The user wants no more of it.
    #[error("It was cancelled. Nothing was changed.")]
    Cancelled,
    /// The file is no longer the one that was read, or is another one.
    #[error(
        "This is not the file as it was read: another one was chosen, or it was changed since. Nothing was changed. \
         Drop the disk on the page once more and start again."
    )]
    OtherFile,
    /// The browser's exception.
    #[error(
        "The browser could not do it ({0}). Nothing was changed. Look whether there is room on the disk and whether you \
         may write there; otherwise download the fixed copy."
    )]
    Refused(String),
}

impl From<Stopped> for AccessError {
    fn from(Stopped: Stopped) -> Self {
        Self::Cancelled
    }
}

impl From<JsValue> for AccessError {
    fn from(exception: JsValue) -> Self {
        match exception.dyn_ref::<DomException>() {
            // A picker that was closed without a choice.
            Some(exception) if exception.name() == "AbortError" => Self::Cancelled,
            Some(exception) => Self::Refused(format!("{}: {}", exception.name(), exception.message())),
            None => Self::Refused(format!("{exception:?}")),
        }
    }
}

/// Whether this browser lets a page write to files.
pub fn is_available() -> bool {
    picker("showSaveFilePicker").is_some()
}

/// Whether this browser lets a page write into a folder.
pub fn has_folders() -> bool {
    picker("showDirectoryPicker").is_some()
}

/// Lets the user choose a folder that new files go into.
///
/// # Errors
/// Where the user chooses nothing.
pub async fn choose_folder() -> Result<FileSystemDirectoryHandle, AccessError> {
    let options = Object::new();
    Reflect::set(&options, &"mode".into(), &"readwrite".into())?;
    Ok(pick("showDirectoryPicker", &options).await?.unchecked_into())
}

/// A new file in a folder; none where there is one of that name.
async fn new_file(folder: &FileSystemDirectoryHandle, name: &str) -> Result<Option<FileSystemFileHandle>, AccessError> {
    if JsFuture::from(folder.get_file_handle(name)).await.is_ok() {
        return Ok(None);
    }
    let options = FileSystemGetFileOptions::new();
    options.set_create(true);
    Ok(Some(JsFuture::from(folder.get_file_handle_with_options(name, &options)).await?.unchecked_into()))
}

/// Saves a new file into a folder, telling how far it is, and answers whether it did: not where there is one of that name.
///
/// # Errors
/// Where the browser cannot, or the user stops it. Then there is no such file.
pub async fn save_new(
    folder: &FileSystemDirectoryHandle,
    name: &str,
    content: &Blob,
    watch: &Watch,
) -> Result<bool, AccessError> {
    let Some(place) = new_file(folder, name).await? else { return Ok(false) };
    let saved = save(&place, content, watch).await;
    if saved.is_err() {
        // It is empty. Where even that cannot be taken away, the first failure says enough.
        let _ = JsFuture::from(folder.remove_entry(name)).await;
    }
    saved.map(|()| true)
}

fn picker(name: &str) -> Option<Function> {
    Reflect::get(&js_sys::global(), &name.into()).ok()?.dyn_into().ok()
}

/// Lets the user choose where a new file goes.
///
/// # Errors
/// Where the user chooses nothing.
pub async fn choose_place(name: &str) -> Result<FileSystemFileHandle, AccessError> {
    let options = Object::new();
    Reflect::set(&options, &"suggestedName".into(), &name.into())?;
    Ok(pick("showSaveFilePicker", &options).await?.unchecked_into())
}

/// Lets the user choose a file that is there.
///
/// # Errors
/// Where the user chooses nothing.
pub async fn choose_file() -> Result<FileSystemFileHandle, AccessError> {
    let handles = pick("showOpenFilePicker", &Object::new()).await?;
    Ok(handles.unchecked_into::<Array>().get(0).unchecked_into())
}

async fn pick(name: &str, options: &Object) -> Result<JsValue, AccessError> {
    let picker = picker(name).ok_or_else(|| AccessError::Refused(format!("there is no {name}")))?;
    let picked: Promise = picker.call1(&js_sys::global(), options)?.unchecked_into();
    Ok(JsFuture::from(picked).await?)
}

/// The file as it is now.
///
/// # Errors
/// Where it is gone, or the user withdrew the page's permission.
pub async fn file_of(handle: &FileSystemFileHandle) -> Result<File, AccessError> {
    Ok(JsFuture::from(handle.get_file()).await?.unchecked_into())
}

/// A file being written. The browser writes to a copy beside it, and puts that in its place at the end.
pub struct Writing(FileSystemWritableFileStream);

impl Writing {
    /// Begins with an empty file, or with what is there.
    ///
    /// # Errors
    /// Where the user does not permit it, or there is no room for the copy.
    pub async fn begin(handle: &FileSystemFileHandle, keep: bool) -> Result<Self, AccessError> {
        let options = FileSystemCreateWritableOptions::new();
        options.set_keep_existing_data(keep);
        Ok(Self(JsFuture::from(handle.create_writable_with_options(&options)).await?.unchecked_into()))
    }

    /// Goes on behind the first `offset` bytes.
    ///
    /// # Errors
    /// The browser's exception.
    pub async fn seek(&self, offset: u64) -> Result<(), AccessError> {
        JsFuture::from(self.0.seek_with_f64(offset as f64)?).await?;
        Ok(())
    }

    /// Writes what comes next.
    ///
    /// # Errors
    /// Where the disk is full, or the bytes cannot be read.
    pub async fn write(&self, bytes: &Blob) -> Result<(), AccessError> {
        JsFuture::from(self.0.write_with_blob(bytes)?).await?;
        Ok(())
    }

    /// Cuts the file off or fills it up with zeros.
    ///
    /// # Errors
    /// Where the disk is full.
    pub async fn set_length(&self, length: u64) -> Result<(), AccessError> {
        JsFuture::from(self.0.truncate_with_f64(length as f64)?).await?;
        Ok(())
    }

    /// Puts what was written in the file's place.
    ///
    /// # Errors
    /// Where the browser cannot; the file is what it was then.
    pub async fn finish(self) -> Result<(), AccessError> {
        JsFuture::from(self.0.close()).await?;
        Ok(())
    }

    /// Throws away what was written.
    pub async fn abandon(self) {
        // There is nothing more to be done where even this fails: the browser throws it away with the page.
        let _ = JsFuture::from(self.0.abort()).await;
    }
}

/// Bytes that are written between two looks at whether the user still wants it.
const STRIDE: u64 = 8 << 20;

/// Writes a file, telling how far it is.
///
/// # Errors
/// Where the browser cannot, or the user stops it. Then there is no file, or the one that was there.
pub async fn save(handle: &FileSystemFileHandle, content: &Blob, watch: &Watch) -> Result<(), AccessError> {
    let writing = Writing::begin(handle, false).await?;
    match fill(&writing, content, watch).await {
        Ok(()) => writing.finish().await,
        Err(error) => {
            writing.abandon().await;
            Err(error)
        }
    }
}

async fn fill(writing: &Writing, content: &Blob, watch: &Watch) -> Result<(), AccessError> {
    let total = content.size() as u64;
    let mut done = 0;
    while done < total {
        watch.report("Writing the file", done, total)?;
        let length = STRIDE.min(total - done);
        writing.write(&slice(content, done, length)?).await?;
        done += length;
    }
    Ok(())
}

#[wasm_bindgen]
extern "C" {
    /// Files that the installed page was opened with, by the file manager.
    type LaunchQueue;
    #[wasm_bindgen(method, js_name = setConsumer)]
    fn set_consumer(this: &LaunchQueue, consumer: &Function);
    type LaunchParams;
    #[wasm_bindgen(method, getter)]
    fn files(this: &LaunchParams) -> Array;
}

/// Hears of the files that the installed page is opened with, now and later.
pub fn on_launch(consumer: &Function) {
    if let Ok(queue) = Reflect::get(&js_sys::global(), &"launchQueue".into())
        && queue.is_object()
    {
        queue.unchecked_into::<LaunchQueue>().set_consumer(consumer);
    }
}

/// The handles of a launch.
pub fn launched(params: JsValue) -> Vec<FileSystemFileHandle> {
    params.unchecked_into::<LaunchParams>().files().iter().map(JsCast::unchecked_into).collect()
}

#[wasm_bindgen]
extern "C" {
    /// A dragged thing, with what web-sys still counts as unstable.
    type DraggedItem;
    #[wasm_bindgen(method, getter, js_name = getAsFileSystemHandle)]
    fn handle_getter(this: &DraggedItem) -> Option<Function>;
    #[wasm_bindgen(method, js_name = getAsFileSystemHandle)]
    fn handle(this: &DraggedItem) -> Option<Promise<FileSystemFileHandle>>;
}

/// A promise of the handle of something that is being dropped; none where the browser gives none.
pub fn handle_of_dropped(item: &JsValue) -> Option<Promise<FileSystemFileHandle>> {
    let item: &DraggedItem = item.unchecked_ref();
    item.handle_getter()?;
    item.handle()
}
