//! Orphaned blocks: each linked to the BAT entry that lost it, as far as the evidence tells which that is.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::case::{Case, Proposal};
use super::cleared_entries::{is_unreachable, unused, was_unused};
use super::entry::entry_offset;
use super::evidence::Evidence;
use super::plan::{Patch, Step};
use crate::image::{Bat, Image, Orphan};

/// More blocks in doubt than are weighed against each other; beyond that, entries are only cleared.
pub(super) const MOST_CLAIMS: usize = 8;

/// Each lost block linked to the one orphan that it can be; several ways where nobody can tell; none where there is no
/// place for them.
pub(super) fn relinked(case: &Case<'_>, bat: &Bat, lost: &[u32]) -> Proposal {
    let image = case.image;
    let orphans = image.unreferenced.orphans.as_slice();
    if orphans.is_empty() || image.unreferenced.unfinished || lost.len() > MOST_CLAIMS {
        return Ok(Vec::new());
    }
    // One bit that flipped leads from the entry to the place: no chance does that.
    let by_bit: Vec<(u32, Orphan)> =
        lost.iter().filter_map(|block| Some((*block, one_bit_off(bat, *block, orphans)?))).collect();
    if by_bit.len() == lost.len() && are_distinct(&by_bit) {
        let step = relink(image, &by_bit);
        return Ok(step
            .map(|step| lost.iter().fold(step, |step, block| step.because(Evidence::OneBit { block: *block })))
            .into_iter()
            .collect());
    }
    if let ([block], [orphan]) = (lost, orphans) {
        return Ok(one_place(image, bat, *block, *orphan));
    }
    if let [block] = lost {
        return Ok(one_of(image, bat, *block, orphans));
    }
    if lost.len() != orphans.len() {
        return Ok(Vec::new());
    }
    let mut by_evidence = Vec::new();
    for &block in lost {
        let mut fitting = orphans.iter().filter(|orphan| fits(image, block, **orphan));
        match (fitting.next(), fitting.next()) {
            (Some(orphan), None) => by_evidence.push((block, *orphan)),
            _ => by_evidence.clear(),
        }
    }
    if by_evidence.len() == lost.len() && are_distinct(&by_evidence) {
        let step = relink(image, &by_evidence).map(|step| {
            let is_alone = |(_, orphan): &(u32, Orphan)| orphan.rivals.iter().all(Option::is_none);
            match by_evidence.iter().all(is_alone) && is_beyond_doubt(image, bat, lost) {
                true => by_evidence.iter().fold(step, |step, (block, orphan)| {
                    step.because(Evidence::OnlyPlace { block: *block, agreeing: orphan.with_data })
                }),
                false => step.assuming(NO_OTHER),
            }
        });
        return Ok(step.into_iter().collect());
    }
    // As many blocks as places, and all other blocks lie in their order: so may these, both lists being in order.
    let in_order: Vec<(u32, Orphan)> = lost.iter().copied().zip(orphans.iter().copied()).collect();
    if in_order.iter().all(|(block, orphan)| fits(image, *block, *orphan) && stays_in_order(bat, *block, *orphan)) {
        let step = relink(image, &in_order);
        let step = step.map(|step| step.assuming("The blocks lie in the file in their order, as all others do."));
        return Ok(step.into_iter().collect());
    }
    Ok(Vec::new())
}

/// Assumed where an entry that can be right may be wrong nevertheless.
const NO_OTHER: &str =
    "No other BAT entry is wrong than those that cannot be right, and no block was cut off the file.";

/// The block without an entry to which one flipped bit leads from a block's entry, if it is the only one.
fn one_bit_off(bat: &Bat, block: u32, orphans: &[Orphan]) -> Option<Orphan> {
    // Of a zeroed entry nothing is left that a bit could have flipped in.
    let stored = bat.find(block)?.sector;
    let is_near = |orphan: &&Orphan| orphan.sector().is_some_and(|sector| (sector ^ stored).count_ones() == 1);
    let mut near = orphans.iter().filter(is_near);
    let only = near.next().copied().filter(|_| near.next().is_none())?;
    (stored != 0 && only.rivals.iter().all(Option::is_none)).then_some(only)
}

fn are_distinct(links: &[(u32, Orphan)]) -> bool {
    let mut places: Vec<u64> = links.iter().map(|(_, orphan)| orphan.offset).collect();
    places.sort_unstable();
    places.windows(2).all(|pair| pair[0] != pair[1])
}

/// Whether no entry is wrong but those that cannot be right: one on the writer's way behind the end of the file may be
/// where it says, and be cut off; one that is not on it may be the one that is wrong, although nothing is in its way.
fn is_beyond_doubt(image: &Image, bat: &Bat, lost: &[u32]) -> bool {
    let way = bat.placement;
    !bat.blocks.iter().any(|block| {
        let on_way = way.is_known() && way.holds(block.offset());
        if lost.contains(&block.number) {
            on_way && block.offset() >= image.limit() && !is_unreachable(image, bat, *block)
        } else {
            way.is_known() && !on_way
        }
    })
}

/// One block without a place, and one place without a block.
fn one_place(image: &Image, bat: &Bat, block: u32, orphan: Orphan) -> Vec<Step> {
    if !fits(image, block, orphan) {
        return Vec::new();
    }
    let at = |place: u64| relink(image, &[(block, Orphan { offset: place, ..orphan })]);
    let rivals: Vec<u64> = orphan.rivals.iter().copied().flatten().collect();
    if was_unused(image, bat, block) {
        let linked = at(orphan.offset).map(|step| {
            step.assuming(format!("The block at 0x{:x} is block {block}, whose BAT entry is wrong.", orphan.offset))
        });
        let unused = unused(image, block).assuming(format!(
            "Block {block} was never written: its BAT entry differs in one bit from an unused one, and the block at \
             0x{:x} was left over before.",
            orphan.offset
        ));
        return linked.into_iter().chain([unused]).collect();
    }
    if rivals.is_empty() {
        let step = at(orphan.offset).map(|step| match is_beyond_doubt(image, bat, &[block]) {
            true => step.because(Evidence::OnlyPlace { block, agreeing: orphan.with_data }),
            false => step.assuming(NO_OTHER),
        });
        return step.into_iter().collect();
    }
    let places = core::iter::once(orphan.offset).chain(rivals.iter().copied());
    let steps = places.filter_map(|place| {
        let others: Vec<String> = core::iter::once(orphan.offset)
            .chain(rivals.iter().copied())
            .filter(|other| *other != place)
            .map(|other| format!("0x{other:x}"))
            .collect();
        let way = bat.placement.is_known() && bat.placement.holds(place);
        Some(at(place)?.assuming(format!(
            "Block {block} begins at 0x{place:x}{}: bitmap and data agree there in all {} sectors with data, and also at {}.",
            if way { ", where its writer puts blocks" } else { "" },
            orphan.with_data,
            others.join(", ")
        )))
    });
    steps.collect()
}

/// One block without a place, and several places: the one that keeps the order of the others first.
fn one_of(image: &Image, bat: &Bat, block: u32, orphans: &[Orphan]) -> Vec<Step> {
    let mut fitting: Vec<(bool, bool, Orphan)> = Vec::new();
    for &orphan in orphans.iter().filter(|orphan| fits(image, block, **orphan)) {
        let begins = block == 0 && orphan.boot_sector;
        fitting.push((begins, stays_in_order(bat, block, orphan), orphan));
    }
    fitting.sort_by_key(|(begins, in_order, _)| core::cmp::Reverse((*begins, *in_order)));
    let steps = fitting.iter().take(MOST_WAYS).filter_map(|(begins, in_order, orphan)| {
        let why = match (begins, in_order) {
            (true, _) => ", which begins with a boot sector",
            (false, true) => ": so all blocks lie in their order",
            (false, false) => "",
        };
        let assumption = format!(
            "Of {} blocks without a BAT entry, block {block} is the one at 0x{:x}{why}.",
            orphans.len(),
            orphan.offset
        );
        Some(relink(image, &[(block, *orphan)])?.assuming(assumption))
    });
    steps.collect()
}

/// Ways to give a block a place that are offered at the most.
const MOST_WAYS: usize = 3;

/// Whether the batmap lets a block be this one: a full block stays full.
pub(super) fn fits(image: &Image, block: u32, orphan: Orphan) -> bool {
    let marked = image.batmap.value().filter(|batmap| batmap.is_intact()).and_then(|batmap| batmap.is_full(block));
    marked.is_none_or(|marked| marked == orphan.full)
}

/// Whether the blocks on both sides of a place let `block` lie there in ascending order, and are themselves in it.
pub(super) fn stays_in_order(bat: &Bat, block: u32, orphan: Orphan) -> bool {
    let place = orphan.offset;
    let others = bat.blocks.iter().filter(|other| other.number != block);
    let before = others.clone().filter(|other| other.offset() < place).map(|other| other.number);
    let behind = others.filter(|other| other.offset() > place).map(|other| other.number);
    bat.blocks.len() >= 4
        && before.clone().is_sorted()
        && behind.clone().is_sorted()
        && before.max().is_none_or(|max| max < block)
        && behind.min().is_none_or(|min| min > block)
}

pub(super) fn relink(image: &Image, links: &[(u32, Orphan)]) -> Option<Step> {
    let patches = links
        .iter()
        .map(|(block, orphan)| {
            let reason = format!("the BAT entry of block {block}, which lies at 0x{:x}", orphan.offset);
            Some(Patch::bytes(entry_offset(image, *block), &orphan.sector()?.to_be_bytes(), reason))
        })
        .collect::<Option<Vec<Patch>>>()?;
    Some(Step::lossless("Link blocks again that had lost their BAT entry", image.length, patches))
}
