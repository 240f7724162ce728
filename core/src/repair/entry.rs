//! An entry of the BAT.

use crate::image::Image;
use crate::layout::bat::ENTRY_LENGTH;

/// Where a block's entry is, in bytes from the start of the file.
pub(super) fn entry_offset(image: &Image, block: u32) -> u64 {
    // Only asked for entries that were read there.
    image.bat.offset().unwrap_or(0) + u64::from(block) * ENTRY_LENGTH
}
