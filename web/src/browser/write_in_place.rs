//! The repair in the file itself.
//!
//! ```text
//! the file as it was read? ── the way back saved ── a copy of the file, changed ── still as it was read? ── swapped in
//! ```

use js_sys::wasm_bindgen::{JsCast, JsValue};
use js_sys::{Array, Uint8Array};
use vhd_analyser_core::repair::undo;
use vhd_analyser_core::report::{PatchReport, RepairReport};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File, FileSystemFileHandle};

use crate::browser::file_access::{AccessError, Writing, file_of, save};
use crate::browser::watch::Watch;
use crate::protocol::blob::{slice, zeros};

/// A repair and the file that it is for.
pub struct InPlace<'a> {
    /// The file, as it was read.
    pub shown: &'a File,
    /// What to do.
    pub repair: &'a RepairReport,
    /// The file, for writing.
    pub disk: &'a FileSystemFileHandle,
}

impl InPlace<'_> {
    /// Carries it out, and answers with the file as it is then.
    ///
    /// # Errors
    /// Where anything fails or the user stops it. Then the file is what it was.
    pub async fn run(&self, watch: &Watch) -> Result<File, AccessError> {
        self.expect_unchanged().await?;
        watch.report("Copying the file beside itself", 0, 0)?;
        let writing = Writing::begin(self.disk, true).await?;
        match self.change(&writing, watch).await {
            Ok(()) => writing.finish().await?,
            Err(error) => {
                writing.abandon().await;
                return Err(error);
            }
        }
        file_of(self.disk).await
    }

    /// Makes sure that the file is the one that was read, with the bytes that are to be replaced.
    async fn expect_unchanged(&self) -> Result<(), AccessError> {
        let now = file_of(self.disk).await?;
        let traits = |file: &File| (file.name(), file.size() as u64, file.last_modified() as u64);
        if traits(&now) != traits(self.shown) {
            return Err(AccessError::OtherFile);
        }
        for patch in &self.repair.patches {
            let there = bytes(&now, patch.offset, patch.before.len() as u64).await?;
            if there != patch.before {
                return Err(AccessError::OtherFile);
            }
        }
        Ok(())
    }

    /// Saves the way back.
    ///
    /// # Errors
    /// Where the file is no longer what was read, or the undo file cannot be written. Then there is none.
    pub async fn save_undo(&self, undo: &FileSystemFileHandle, watch: &Watch) -> Result<(), AccessError> {
        self.expect_unchanged().await?;
        watch.report("Saving the undo file", 0, 0)?;
        let pieces = Array::of1(&undo_head(self.shown, self.repair).into());
        for (offset, length) in &self.repair.replaced {
            pieces.push(&slice(self.shown, *offset, *length)?.into());
        }
        save(undo, &Blob::new_with_str_sequence(&pieces)?, watch).await
    }

    async fn change(&self, writing: &Writing, watch: &Watch) -> Result<(), AccessError> {
        let total = self.repair.patches.iter().map(|patch| patch.length).sum();
        let mut done = 0;
        for patch in &self.repair.patches {
            watch.report("Changing the copy", done, total)?;
            writing.seek(patch.offset).await?;
            writing.write(&self.written(patch)?).await?;
            done += patch.length;
        }
        if self.repair.new_size != self.shown.size() as u64 {
            writing.set_length(self.repair.new_size).await?;
        }
        watch.report("Putting the copy in the file’s place", done, total)?;
        // Whoever wrote to it meanwhile would lose what was written.
        self.expect_unchanged().await
    }

    fn written(&self, patch: &PatchReport) -> Result<Blob, JsValue> {
        match patch.copied_from {
            Some(from) => slice(self.shown, from, patch.length),
            None if patch.after.is_empty() => zeros(patch.length),
            None => Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(patch.after.as_slice()))),
        }
    }
}

fn undo_head(shown: &File, repair: &RepairReport) -> String {
    undo::head(&shown.name(), shown.size() as u64, repair.new_size, &repair.replaced)
}

async fn bytes(blob: &Blob, offset: u64, length: u64) -> Result<Vec<u8>, AccessError> {
    let buffer = JsFuture::from(slice(blob, offset, length)?.array_buffer()).await?;
    Ok(Uint8Array::new(buffer.unchecked_ref()).to_vec())
}
