//! The fixed copy: a `Blob` that is a description, not bytes, so that a disk of any size needs no memory.

use js_sys::wasm_bindgen::JsValue;
use js_sys::{Array, Uint8Array};
use vhd_analyser_core::report::{RepairReport, Segment};
use web_sys::Blob;

use crate::protocol::blob::{slice, zeros};

/// Puts pieces of the original and new bytes together. Nothing is read.
///
/// # Errors
/// The browser's exception, where it cannot make the `Blob`.
pub fn compose(original: &Blob, repair: &RepairReport) -> Result<Blob, JsValue> {
    let pieces = Array::new();
    for segment in &repair.segments {
        let piece = match segment {
            Segment::Source { offset, length } => slice(original, *offset, *length)?,
            Segment::Bytes(bytes) => {
                Blob::new_with_u8_array_sequence(&Array::of1(&Uint8Array::from(bytes.as_slice())))?
            }
            Segment::Zeros(length) => zeros(*length)?,
        };
        pieces.push(&piece);
    }
    Blob::new_with_blob_sequence(&pieces)
}

/// `disk.vhd` becomes `disk.fixed.vhd`.
pub fn fixed_name(name: &str) -> String {
    with_word(name, "fixed")
}

/// `disk.vhd` becomes `disk.partial.vhd`: it is still damaged.
pub fn partial_name(name: &str) -> String {
    with_word(name, "partial")
}

fn with_word(name: &str, word: &str) -> String {
    let stem = match name.len().checked_sub(4).and_then(|at| name.split_at_checked(at)) {
        Some((stem, extension)) if extension.eq_ignore_ascii_case(".vhd") => stem,
        _ => name,
    };
    format!("{stem}.{word}.vhd")
}

#[cfg(test)]
mod tests {
    use super::fixed_name;

    #[test]
    fn the_name_of_the_fixed_copy_keeps_the_stem() {
        assert_eq!(fixed_name("disk.vhd"), "disk.fixed.vhd");
        assert_eq!(fixed_name("a.b.VHD"), "a.b.fixed.vhd");
        assert_eq!(fixed_name("disk"), "disk.fixed.vhd");
        assert_eq!(fixed_name("vhd"), "vhd.fixed.vhd");
        assert_eq!(fixed_name("ä€.x"), "ä€.x.fixed.vhd");
    }
}
