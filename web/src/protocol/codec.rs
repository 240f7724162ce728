//! How messages between page and worker are written: as bytes, which take a fraction of the room, of the time
//! and of the program that JavaScript objects take.

use js_sys::Uint8Array;
use js_sys::wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes a message.
pub fn encode(message: &impl Serialize) -> JsValue {
    let bytes = postcard::to_allocvec(message).expect_throw("messages are plain data");
    Uint8Array::from(bytes.as_slice()).into()
}

/// Reads a message.
pub fn decode<T: DeserializeOwned>(message: JsValue) -> T {
    let bytes = message.unchecked_into::<Uint8Array>().to_vec();
    postcard::from_bytes(&bytes).expect_throw("page and worker are of one version")
}
