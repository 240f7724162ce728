//! A current size that needs more blocks than the BAT has.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use zerocopy::big_endian::{U32, U64};

use super::case::{Case, Proposal, Unreadable};
use super::evidence::Evidence;
use super::plan::Step;
use super::{footers, header};
use crate::finding::header as header_rules;
use crate::image::Batmap;
use crate::layout::bat::{ENTRY_LENGTH, padded_length};
use crate::layout::batmap::BatmapExpected;
use crate::layout::footer::Footer;
use crate::layout::geometry::Geometry;
use crate::layout::header::DynamicHeader;
use crate::units::count;

/// The original size, where the BAT is made for it; otherwise as much as the BAT has room for. Behind the BAT's last
/// block nothing was ever stored.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    let (true, Some((_, footer)), Some(header)) =
        (case.has(&header_rules::TOO_FEW_ENTRIES), image.closing_footer(), image.header.value())
    else {
        return Ok(Vec::new());
    };
    let entries = u64::from(header.max_table_entries.get());
    let block_size = u64::from(header.block_size.get());
    let room = entries.saturating_mul(block_size);
    let original = footer.original_size.get();
    let fits = header.blocks_for(original) == Some(entries);
    // The geometry is a second record of the size, as long as nobody wrote it anew.
    let confirmed = fits && footer.geometry == Geometry::for_size(original);
    let mut steps = Vec::new();
    if let Some(step) = with_more_entries(case, footer, header)? {
        steps.push(step);
    }
    if fits {
        let step = resize(case, footer, original, "Set the current size back to the original size");
        steps.push(if confirmed {
            step
        } else {
            step.assuming(format!(
                "The disk was never resized: its size is the original one, {}.",
                count(original, "byte")
            ))
        });
    }
    // Where the batmap is not right behind the BAT, it is rather the number of entries that is wrong.
    let table_is_right = match BatmapExpected::of(footer) {
        BatmapExpected::Yes => image.batmap.value().is_some_and(Batmap::is_intact),
        _ => true,
    };
    if original != room && room > 0 && !confirmed && table_is_right {
        steps.push(resize(case, footer, room, "Set the current size to what the BAT has room for").assuming(format!(
            "The disk ends with the last block that the BAT has room for, at {}.",
            count(room, "byte")
        )));
    }
    Ok(steps)
}

/// The header with as many entries as the disk needs, where the BAT's last sector has room for them and they are unused:
/// some writers count the last block only if it is whole.
fn with_more_entries(case: &Case<'_>, footer: &Footer, header: &DynamicHeader) -> Result<Option<Step>, Unreadable> {
    let needed = header.blocks_for(footer.current_size.get()).and_then(|needed| u32::try_from(needed).ok());
    let (Some(needed), Some(at)) = (needed, case.image.header.offset()) else {
        return Ok(None);
    };
    let entries = header.max_table_entries.get();
    let start = header.table_offset.get().saturating_add(u64::from(entries) * ENTRY_LENGTH);
    let missing = needed.saturating_sub(entries);
    let end = start.saturating_add(u64::from(missing) * ENTRY_LENGTH);
    if padded_length(needed) != padded_length(entries) || end > case.image.limit() {
        return Ok(None);
    }
    let there = case.probe.bytes(start, missing as usize * ENTRY_LENGTH as usize)?;
    if there.iter().any(|byte| *byte != 0xFF) {
        return Ok(None);
    }
    let repaired = DynamicHeader { max_table_entries: U32::new(needed), ..*header }.sealed();
    let patches = vec![header::patch(at, &repaired, "the dynamic header with the entries that the disk needs")];
    let step = Step::lossless("Count the BAT’s last entries, too", case.image.length, patches);
    // A size that was set too large would ask for entries, too.
    Ok(Some(if footer.current_size == footer.original_size {
        step.because(Evidence::RoomForEntries)
    } else {
        step.assuming(format!(
            "The disk was made larger, to {}, and its BAT has room for that.",
            count(footer.current_size.get(), "byte")
        ))
    }))
}

fn resize(case: &Case<'_>, footer: &Footer, size: u64, title: &'static str) -> Step {
    let repaired = Footer { current_size: U64::new(size), geometry: Geometry::for_size(size), ..*footer }.sealed();
    let reason = "the footer with a current size that the BAT has room for, and the geometry of that size";
    Step::lossless(title, case.image.length, footers::everywhere(case.image, &repaired, reason))
}
