//! How messages between page and worker are written: as JavaScript values, because a `File` can only be
//! handed over as the object that it is.

use gloo_worker::Codec;
use js_sys::wasm_bindgen::{JsValue, UnwrapThrowExt};
use serde::{Deserialize, Serialize};

/// Messages as structured clones.
#[derive(Debug)]
pub struct JsCodec;

impl Codec for JsCodec {
    fn encode<I: Serialize>(input: I) -> JsValue {
        // Offsets in a broken file go up to 2^64 - 1, which a JavaScript number cannot hold.
        let serializer = serde_wasm_bindgen::Serializer::new().serialize_large_number_types_as_bigints(true);
        input.serialize(&serializer).expect_throw("messages of page and worker can be written")
    }

    fn decode<O: for<'de> Deserialize<'de>>(input: JsValue) -> O {
        serde_wasm_bindgen::from_value(input).expect_throw("page and worker are built from the same source")
    }
}
