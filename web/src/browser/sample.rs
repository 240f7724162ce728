//! The sample: the child disk of a coalesce that broke off, 2 MiB once unpacked.

use js_sys::wasm_bindgen::JsValue;
use js_sys::{Array, Uint8Array};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, File, Response};

use crate::protocol::gunzip::gunzip;

/// Its name on the page.
pub const NAME: &str = "failed-coalesce.vhd";

const PACKED: &[u8] = include_bytes!("../../../tests/images/corpus/chain-child-footer/child.vhd.gz");

/// Unpacks the sample with the browser's own means.
///
/// # Errors
/// The browser's exception, where it has no `DecompressionStream`.
pub async fn unpack() -> Result<File, JsValue> {
    let packed = Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(PACKED)))?;
    let response = Response::new_with_opt_readable_stream(Some(&gunzip(&packed)?))?;
    let blob = JsFuture::from(response.blob()?).await?;
    File::new_with_blob_sequence(&Array::of1(&blob), NAME)
}
