//! Entries of the BAT that point at a wrong place: linked again to the block that lost its entry, where the evidence
//! allows one answer; otherwise cleared, and what goes is named.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::batmap::marks_cleared;
use super::case::{Case, Proposal, Unreadable};
use super::entry::entry_offset;
use super::evidence::Evidence;
use super::footers;
use super::plan::{Content, Patch, Step};
use crate::image::{Bat, Block, Image, Orphan};
use crate::layout::SECTOR;
use crate::layout::bat::{BlockShape, UNALLOCATED};
use crate::layout::bitmap::Bitmap;
use crate::layout::footer::{DiskType, Footer};

/// More wrong entries than a person reads the names of: then it is the table that is wrong, not its entries.
const MOST_CLEARED: usize = 1024;
/// More blocks in doubt than are weighed against each other; beyond that, entries are only cleared.
const MOST_CLAIMS: usize = 8;

/// Which blocks lost their place, and every way to give each its own.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    let (Some(shape), Some(bat), Some(_)) = (image.block_shape(), image.bat.value(), image.closing_footer()) else {
        return Ok(Vec::new());
    };
    let lost = lost_blocks(image, bat, shape);
    // Where most entries are wrong, it is no BAT: to mend it would be to write into somebody's data.
    let wrong = bat.blocks.iter().filter(|block| image.is_doubtful(bat, **block, shape)).count();
    if lost.len() > MOST_CLEARED || (wrong > 1 && 2 * wrong > bat.blocks.len()) {
        return Ok(Vec::new());
    }
    if let Some(step) = moved_beside(image, bat) {
        return Ok(vec![step]);
    }
    Ok(match shared_block(bat) {
        Some((first, second)) => twins(case, bat, &lost, first, second)?,
        None if lost.is_empty() => Vec::new(),
        None => {
            let mut steps = relinked(case, bat, &lost)?;
            // What the batmap alone claims is the batmap's to mend.
            if steps.is_empty() && has_wrong_entries(bat) {
                steps.push(cleared(image, &lost));
            }
            steps
        }
    })
}

/// Entries that lead beside their block, pointed at it.
fn moved_beside(image: &Image, bat: &Bat) -> Option<Step> {
    let patches = bat.beside.iter().map(|beside| {
        let sector = u32::try_from(beside.place / SECTOR).ok()?;
        let reason = format!("the BAT entry of block {}, which begins at 0x{:x}", beside.block.number, beside.place);
        Some(Patch::bytes(entry_offset(image, beside.block.number), &sector.to_be_bytes(), reason))
    });
    let patches = patches.collect::<Option<Vec<_>>>().filter(|patches| !patches.is_empty())?;
    let step = Step::lossless("Point BAT entries at their blocks", image.length, patches);
    Some(bat.beside.iter().fold(step, |step, beside| match beside.is_refuted {
        true => step.because(Evidence::BesideBlock { block: beside.block.number }),
        false => step.assuming(format!(
            "Block {} begins at 0x{:x}, where the writer of the other blocks would have put it; where the entry leads, \
             a block could begin as well.",
            beside.block.number, beside.place
        )),
    }))
}

/// Whether the BAT itself is wrong, and not only at odds with the batmap.
fn has_wrong_entries(bat: &Bat) -> bool {
    bat.on_metadata.count > 0 || bat.outside_file.count > 0 || bat.overlapping.count > 0
}

/// Blocks whose entries are in doubt, and those without an entry that the batmap calls full.
fn lost_blocks(image: &Image, bat: &Bat, shape: BlockShape) -> Vec<u32> {
    let doubtful = bat.blocks.iter().filter(|block| image.is_doubtful(bat, **block, shape));
    let mut lost: Vec<u32> = doubtful.map(|block| block.number).collect();
    if let Some(batmap) = image.batmap.value().filter(|batmap| batmap.is_intact()) {
        let mut allocated: Vec<u32> = bat.blocks.iter().map(|block| block.number).collect();
        allocated.sort_unstable();
        let full = (0..bat.entries).filter(|block| batmap.is_full(*block) == Some(true));
        lost.extend(full.filter(|block| allocated.binary_search(block).is_err()).take(MOST_CLAIMS + 1));
    }
    lost.sort_unstable();
    lost
}

/// The first two entries that point at one block.
fn shared_block(bat: &Bat) -> Option<(Block, Block)> {
    bat.overlapping.first.iter().copied().find(|(first, second)| first.sector == second.sector)
}

/// Two blocks at one place. Where a block lost its entry, it belongs to one of the two: to which, the batmap may say,
/// or the order in which all other blocks lie.
fn twins(case: &Case<'_>, bat: &Bat, lost: &[u32], first: Block, second: Block) -> Proposal {
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
    let shared =
        Orphan { offset: first.offset(), sectors: 0, full: is_full_at(case, first)?, with_data: 0, rivals: [None; 3] };
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

/// Each lost block linked to the one orphan that it can be; several ways where nobody can tell; none where there is no
/// place for them.
fn relinked(case: &Case<'_>, bat: &Bat, lost: &[u32]) -> Proposal {
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
        return one_of(case, bat, *block, orphans);
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

/// Whether a block would lie behind where the disk's blocks end if every one of them were there.
fn is_unreachable(image: &Image, bat: &Bat, block: Block) -> bool {
    let all = u64::from(bat.entries).saturating_mul(2).saturating_mul(bat.placement.stride);
    block.offset() > image.end_of_metadata.max(image.length).saturating_add(all)
}

/// Whether an entry is rather an unused one of which a bit flipped.
fn was_unused(image: &Image, bat: &Bat, block: u32) -> bool {
    let marked = image.batmap.value().filter(|batmap| batmap.is_intact()).and_then(|batmap| batmap.is_full(block));
    let stored = bat.find(block).filter(|block| is_unreachable(image, bat, *block));
    marked != Some(true) && stored.is_some_and(|stored| (stored.sector ^ UNALLOCATED).count_ones() == 1)
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
fn one_of(case: &Case<'_>, bat: &Bat, block: u32, orphans: &[Orphan]) -> Proposal {
    let image = case.image;
    let mut fitting: Vec<(bool, bool, Orphan)> = Vec::new();
    for &orphan in orphans.iter().filter(|orphan| fits(image, block, **orphan)) {
        let begins = block == 0 && has_boot_sector(case, orphan)?;
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
    Ok(steps.collect())
}

/// Ways to give a block a place that are offered at the most.
const MOST_WAYS: usize = 3;

/// Whether the data of a block begins with a boot sector.
fn has_boot_sector(case: &Case<'_>, orphan: Orphan) -> Result<bool, Unreadable> {
    let bitmap = case.image.block_shape().map_or(SECTOR, |shape| shape.bitmap);
    let sector = case.probe.bytes(orphan.offset + bitmap, SECTOR as usize)?;
    Ok(sector.ends_with(&[0x55, 0xAA]))
}

/// Whether the batmap lets a block be this one: a full block stays full.
fn fits(image: &Image, block: u32, orphan: Orphan) -> bool {
    let marked = image.batmap.value().filter(|batmap| batmap.is_intact()).and_then(|batmap| batmap.is_full(block));
    marked.is_none_or(|marked| marked == orphan.full)
}

/// Whether the blocks on both sides of a place let `block` lie there in ascending order, and are themselves in it.
fn stays_in_order(bat: &Bat, block: u32, orphan: Orphan) -> bool {
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

fn relink(image: &Image, links: &[(u32, Orphan)]) -> Option<Step> {
    let patches = links
        .iter()
        .map(|(block, orphan)| {
            let reason = format!("the BAT entry of block {block}, which lies at 0x{:x}", orphan.offset);
            Some(Patch::bytes(entry_offset(image, *block), &orphan.sector()?.to_be_bytes(), reason))
        })
        .collect::<Option<Vec<Patch>>>()?;
    Some(Step::lossless("Link blocks again that had lost their BAT entry", image.length, patches))
}

/// Entries cleared: their blocks become blocks that were never written. Those that never were lose nothing.
fn cleared(image: &Image, blocks: &[u32]) -> Step {
    let mut patches: Vec<Patch> = blocks.iter().map(|block| clear_entry(image, *block)).collect();
    patches.extend(marks_cleared(image, blocks));
    let left = &image.unreferenced;
    let none_left = left.orphans.is_empty() && !left.unfinished && !left.unexplained;
    let bat = image.bat.value();
    let never_was = |block: &u32| none_left && bat.is_some_and(|bat| was_unused(image, bat, *block));
    let loses = blocks.iter().filter(|block| !never_was(block)).map(|block| lost_place(image, *block)).collect();
    let step = Step::lossless("Clear BAT entries that point at a wrong place", image.length, patches);
    let unused = blocks.iter().filter(|block| never_was(block));
    unused.fold(Step { loses, ..step }, |step, block| step.because(Evidence::UnusedEntry { block: *block }))
}

/// An entry cleared that was never used.
fn unused(image: &Image, block: u32) -> Step {
    Step::lossless("Clear a BAT entry that was unused", image.length, vec![clear_entry(image, block)])
}

/// A patch that makes a block one that was never written.
pub(super) fn clear_entry(image: &Image, block: u32) -> Patch {
    let reason = format!("no BAT entry for block {block}");
    Patch::bytes(entry_offset(image, block), &UNALLOCATED.to_be_bytes(), reason)
}

/// What is lost where nothing says where a block is.
pub(super) fn lost_place(image: &Image, block: u32) -> String {
    let data = image.block_shape().map_or(0, |shape| shape.data);
    format!("Block {block}: nobody knows where it is, {}.", virtual_range(image, block, 0, data))
}

/// Which bytes of the virtual disk a part of a block is, and what is read there once it is gone.
pub(super) fn virtual_range(image: &Image, block: u32, start: u64, end: u64) -> String {
    let data = image.block_shape().map_or(0, |shape| shape.data);
    let size = image.footer().map_or(u64::MAX, |footer| footer.current_size.get());
    let first = u64::from(block) * data;
    let (start, end) = (first + start, (first + end).min(size));
    let instead = match image.kind() {
        Some(DiskType::Differencing) => "the parent’s data is",
        _ => "zeros are",
    };
    format!("bytes 0x{start:x} to 0x{:x} of the virtual disk: {instead} read there", end.saturating_sub(1))
}
