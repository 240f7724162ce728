//! Two blocks whose BAT entries lead to one place.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::case::{Case, Proposal, Unreadable};
use super::cleared_entries::cleared;
use super::entry::entry_offset;
use super::footers;
use super::orphans::{fits, relink, stays_in_order};
use super::plan::{Content, Patch, Step};
use crate::image::{Bat, Block, Image, Orphan};
use crate::layout::SECTOR;
use crate::layout::bat::UNALLOCATED;
use crate::layout::bitmap::Bitmap;
use crate::layout::footer::Footer;

/// Two blocks at one place. Where a block lost its entry, it belongs to one of the two: to which, the batmap may say,
/// or the order in which all other blocks lie.
pub(super) fn duplicate_entries(case: &Case<'_>, bat: &Bat, lost: &[u32], first: Block, second: Block) -> Proposal {
    let image = case.image;
    let there = image.unreferenced.orphans.as_slice();
    let [orphan] = there else {
        return one_owner(case, bat, first, second);
    };
    let moved: Vec<Block> = [first, second].into_iter().filter(|block| fits(image, block.number, *orphan)).collect();
    let step = |block: Block| relink(image, &[(block.number, *orphan)]);
    // What both lead to must be as full as the one is that stays.
    let shared = Orphan { offset: first.offset(), full: is_full_at(case, first)?, ..*orphan };
    let stays = [first, second].into_iter().find(|block| !moved.contains(block));
    let agrees = stays.is_some_and(|block| fits(image, block.number, shared));
    Ok(match moved.as_slice() {
        // Unless it may as well be another block that lost its entry.
        [one] if lost.is_empty() && agrees && bat.overlapping.count == 1 => step(*one).into_iter().collect(),
        _ => {
            let in_order: Vec<Block> =
                [first, second].into_iter().filter(|block| stays_in_order(bat, block.number, *orphan)).collect();
            let assumption = |block: Block| {
                format!(
                    "Of blocks {} and {}, it is block {} whose entry is wrong{}.",
                    first.number,
                    second.number,
                    block.number,
                    if in_order.as_slice() == [block] { ": so all blocks lie in their order" } else { "" }
                )
            };
            // The one that keeps the order first.
            let both = if in_order.as_slice() == [second] { [second, first] } else { [first, second] };
            both.into_iter().filter_map(|block| Some(step(block)?.assuming(assumption(block)))).collect()
        }
    })
}

/// Two blocks at one place, and none without an entry, or several: either may keep the block, or both what is read of it.
fn one_owner(case: &Case<'_>, bat: &Bat, first: Block, second: Block) -> Proposal {
    let image = case.image;
    let shared = Orphan {
        offset: first.offset(),
        sectors: 0,
        full: is_full_at(case, first)?,
        with_data: 0,
        boot_sector: false,
        rivals: [None; 3],
    };
    let kept = |block: Block, other: Block| cleared(image, &[other.number]).assuming(keeps(block, other));
    let either = [kept(first, second), kept(second, first)];
    // What the batmap denies one of them, or what keeps all blocks in their order, tells whose it is.
    let speaks_for = |block: Block| (fits(image, block.number, shared), stays_in_order(bat, block.number, shared));
    Ok(match (speaks_for(first), speaks_for(second)) {
        ((true, _), (false, _)) | ((true, true), (true, false)) => either.into(),
        ((false, _), (true, _)) | ((true, false), (true, true)) => {
            let [one, other] = either;
            vec![other, one]
        }
        _ => doubled(image, bat, first, second).into_iter().chain(either).collect(),
    })
}

/// The block copied, so that each of the two has one of its own: all that is read stays as it was.
fn doubled(image: &Image, bat: &Bat, first: Block, second: Block) -> Option<Step> {
    let (shape, (_, footer)) = (image.block_shape()?, image.closing_footer()?);
    let place = bat.placement.at_or_behind(image.tail.end_of_data.max(image.limit()));
    let sector = u32::try_from(place / SECTOR).ok().filter(|sector| *sector != UNALLOCATED)?;
    let end = place.checked_add(shape.length())?;
    let content = Content::Copy { offset: first.offset(), length: shape.length() };
    let reason = format!("a copy of the block at 0x{:x}, for block {}", first.offset(), second.number);
    let entry = format!("the BAT entry of block {}, which gets the copy", second.number);
    let patches = vec![
        Patch { offset: place, content, reason },
        Patch::bytes(entry_offset(image, second.number), &sector.to_be_bytes(), entry),
        footers::patch(end, footer, "the primary footer, behind the copy"),
    ];
    let length = end + Footer::LENGTH;
    let step =
        Step { new_length: length, ..Step::lossless("Give each of two blocks a place of its own", length, patches) };
    Some(step.assuming(format!(
        "Blocks {} and {} both hold what was read of the one place that their entries share. It belongs to one of them, \
         and nothing tells to which.",
        first.number, second.number
    )))
}

/// Whether the bitmap of an allocated block calls every sector written.
fn is_full_at(case: &Case<'_>, block: Block) -> Result<bool, Unreadable> {
    let Some(shape) = case.image.block_shape() else {
        return Ok(false);
    };
    let bitmap = case.probe.bytes(block.offset(), shape.bitmap as usize)?;
    Ok(Bitmap::new(&bitmap, case.image.footer(), shape).is_full())
}

fn keeps(kept: Block, other: Block) -> String {
    format!("The block at sector 0x{:x} is block {}, and not block {}.", kept.sector, kept.number, other.number)
}
