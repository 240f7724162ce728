//! Packed files, unpacked with the browser's own means.

use js_sys::wasm_bindgen::{JsCast, JsValue};
use js_sys::{Array, Function, Reflect};
use web_sys::{Blob, ReadableStream, ReadableWritablePair};

/// What is in a gzipped file, piece by piece.
///
/// # Errors
/// The browser's exception, where it has no `DecompressionStream`.
pub fn gunzip(packed: &Blob) -> Result<ReadableStream, JsValue> {
    // web-sys still counts it as unstable.
    let constructor: Function = Reflect::get(&js_sys::global(), &"DecompressionStream".into())?.dyn_into()?;
    let unpacking: ReadableWritablePair =
        Reflect::construct(&constructor, &Array::of1(&"gzip".into()))?.unchecked_into();
    Ok(packed.stream().pipe_through(&unpacking))
}
