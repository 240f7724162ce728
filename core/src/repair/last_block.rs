//! A last block that ends with the virtual disk and not with a whole block, as some builders write it.

use alloc::vec;
use alloc::vec::Vec;

use super::case::{Case, Proposal};
use super::evidence::Evidence;
use super::footers;
use super::plan::{Content, Patch, Step};
use crate::layout::footer::Footer;

/// The block filled up with zeros, and the footer behind it.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    let (Some(shape), Some(bat), Some((end, footer))) =
        (image.block_shape(), image.bat.value(), image.closing_footer())
    else {
        return Ok(Vec::new());
    };
    let ([block], Some(last)) = (bat.outside_file.first.as_slice(), bat.blocks.last()) else {
        return Ok(Vec::new());
    };
    // What of the block belongs to the virtual disk.
    let start = u64::from(block.number).saturating_mul(shape.data);
    let needed = footer.current_size.get().saturating_sub(start).min(shape.data);
    let holds_all = block.offset().saturating_add(shape.bitmap).saturating_add(needed) <= end;
    let is_last = block == last && u64::from(block.number) + 1 == u64::from(bat.entries) && needed < shape.data;
    if !is_last || !holds_all || block.offset() < image.end_of_metadata || bat.overlapping.count > 0 {
        return Ok(Vec::new());
    }
    let whole = block.offset() + shape.length();
    let reason = "zeros that fill the last block up, behind the end of the virtual disk";
    let patches = vec![
        Patch { offset: end, content: Content::Zeros(whole - end), reason: reason.into() },
        footers::patch(whole, footer, "the footer, behind the whole block"),
    ];
    let length = whole + Footer::LENGTH;
    let step = Step { new_length: length, ..Step::lossless("Fill the last block up", length, patches) };
    Ok(vec![step.because(Evidence::EndsWithDisk { block: block.number })])
}
