//! Pieces of files as the browser's `Blob`s: descriptions, of which nothing is read.

use js_sys::wasm_bindgen::JsValue;
use js_sys::{Array, Uint8Array};
use web_sys::Blob;

/// So many zeros are kept in memory, in bytes, however many a copy has.
const ZEROS: u64 = 1 << 20;

/// `length` bytes of a file from `offset` on. Nothing is read.
///
/// # Errors
/// The browser's exception, where it cannot make the `Blob`.
pub fn slice(blob: &Blob, offset: u64, length: u64) -> Result<Blob, JsValue> {
    blob.slice_with_f64_and_f64(offset as f64, (offset + length) as f64)
}

/// Zeros, of which a few are kept once and the rest are references to them.
///
/// # Errors
/// The browser's exception, where it cannot make the `Blob`.
pub fn zeros(length: u64) -> Result<Blob, JsValue> {
    let some = Uint8Array::new_with_length(ZEROS.min(length) as u32);
    let some = Blob::new_with_u8_array_sequence(&Array::of1(&some))?;
    let pieces: Array = (0..length / ZEROS).map(|_| some.clone()).collect();
    let rest = some.slice_with_f64_and_f64(0.0, (length % ZEROS) as f64)?;
    pieces.push(&rest);
    Blob::new_with_blob_sequence(&pieces)
}
