//! A file whose footer does not lie on a sector: bytes are too many or too few before it.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use zerocopy::big_endian::U64;

use super::case::{Case, MOST_OF_BLOCKS, Proposal, Unreadable};
use super::evidence::Evidence;
use super::footers;
use super::plan::{Content, Patch, Step};
use crate::finding::file as file_rules;
use crate::layout::SECTOR;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::geometry::Geometry;
use crate::units::count;

/// The footer put on the next sector. Nothing before it moves.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    let (true, Some((at, footer))) = (case.has(&file_rules::OFF_SECTOR), image.closing_footer()) else {
        return Ok(Vec::new());
    };
    // A file that ends at the last number there is has no room for a footer.
    let Some((place, length)) =
        at.checked_next_multiple_of(SECTOR).and_then(|place| Some((place, place.checked_add(Footer::LENGTH)?)))
    else {
        return Ok(Vec::new());
    };
    let zeros = Patch { offset: at, content: Content::Zeros(place - at), reason: "zeros up to the next sector".into() };
    let moved = |footer: &Footer| vec![zeros.clone(), footers::patch(place, footer, "the footer, on a sector")];
    let title = "Put the footer on a sector";
    let Some(DiskType::Fixed) = image.kind() else {
        if !image.knows_end_of_data() || image.tail.end_of_data > at {
            return Ok(Vec::new());
        }
        let step = Step { new_length: length, ..Step::lossless(title, length, moved(footer)) };
        // Bytes that are missing or too many further in front would have shifted what is behind them.
        return Ok(vec![match last_block(case)? {
            Some((block, agreeing)) => step.because(Evidence::InPlace { block, agreeing }),
            None => step.assuming("No bytes are missing or too many before the blocks, but only before the footer."),
        }]);
    };
    let size = footer.current_size.get();
    if size != at {
        return Ok(Vec::new());
    }
    let original = if footer.original_size == footer.current_size { U64::new(place) } else { footer.original_size };
    let longer = Footer {
        current_size: U64::new(place),
        original_size: original,
        geometry: Geometry::for_size(place),
        ..*footer
    };
    let step = Step { new_length: length, ..Step::lossless(title, length, moved(&longer.sealed())) };
    Ok(vec![step.assuming(format!(
        "The disk may become {} longer, which are zeros: a disk has whole sectors. All that is in it stays where it is.",
        count(place - at, "byte")
    ))])
}

/// The number of the last block in the file, where its bitmap and data agree, and the sectors in which they do; none where
/// it is too large to be read.
fn last_block(case: &Case<'_>) -> Result<Option<(u32, u32)>, Unreadable> {
    let (Some(bat), Some(shape)) = (case.image.bat.value(), case.image.block_shape()) else {
        return Ok(None);
    };
    let Some(block) = bat.blocks.last().filter(|_| shape.length() <= MOST_OF_BLOCKS) else { return Ok(None) };
    let fill = case.fill(*block, shape)?;
    if fill.is_full || !fill.hidden.is_empty() {
        return Ok(None);
    }
    let agreeing = fill.with_data;
    Ok((agreeing > 0).then_some((block.number, agreeing)))
}
