//! The footers: one good one written to the end of the file and, unless the disk is fixed, to its start.

use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use uuid::Uuid;
use zerocopy::IntoBytes;

use super::case::{Case, Proposal};
use super::evidence::Evidence;
use super::plan::{Cut, Patch, Step};
use crate::check::footer::agree;
use crate::image::{Bat, Found, Image, TailContent};
use crate::layout::SECTOR;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::geometry::Geometry;
use crate::layout::header::DynamicHeader;
use crate::units::exact_size;

/// A footer that could be the disk's, and how it was come by.
struct Candidate {
    footer: Footer,
    title: &'static str,
    reason: &'static str,
    evidence: Vec<Evidence>,
}

/// Where the primary footer goes.
struct FooterPlace {
    offset: u64,
    cut: Option<Cut>,
}

/// The steps that leave the file with one footer at its end and the same one at its start.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    // Only the journal can say what belongs there.
    if image.footers().filter_map(Found::value).any(Footer::is_poisoned) || are_in_order(image) {
        return Ok(Vec::new());
    }
    Ok(candidates(image).into_iter().filter_map(|candidate| step(case, candidate)).collect())
}

/// A patch that writes a footer.
pub(super) fn patch(offset: u64, footer: &Footer, reason: &str) -> Patch {
    Patch::bytes(offset, footer.as_bytes(), reason)
}

/// Patches that write a footer wherever the disk has one: to the end of the file, and to its start unless the disk is
/// fixed. None where no intact footer closes the file.
pub(super) fn everywhere(image: &Image, footer: &Footer, reason: &str) -> Vec<Patch> {
    let Some((offset, _)) = image.closing_footer() else {
        return Vec::new();
    };
    let mut patches = vec![patch(offset, footer, reason)];
    if footer.kind().is_none_or(DiskType::is_sparse) {
        patches.push(patch(0, footer, reason));
    }
    patches
}

fn are_in_order(image: &Image) -> bool {
    let Some((end, primary)) = image.closing_footer() else {
        return false;
    };
    let backup = image.backup.value();
    let backup_in_order = match primary.kind() {
        Some(DiskType::Fixed) => primary.current_size.get() == end || !backup.is_some_and(Footer::is_intact),
        _ => backup.is_some_and(|backup| backup.is_intact() && agree(primary, backup)),
    };
    backup_in_order && image.intact_short_footer().is_none()
}

/// Every footer that may be the right one, the best first: intact ones as they stand; where there is none,
/// those that one change of a known field makes whole.
fn candidates(image: &Image) -> Vec<Candidate> {
    let closing = image.closing_footer().map(|(_, footer)| footer);
    let backup = image.backup.value();
    let mut candidates = Vec::new();
    let mut add = |footer: Option<&Footer>, title, reason| {
        if let Some(footer) = footer.filter(|footer| footer.is_intact()) {
            candidates.push(Candidate { footer: *footer, title, reason, evidence: vec![Evidence::IntactCopy] });
        }
    };
    if image.intact_short_footer().is_some() {
        add(closing, "Complete the primary footer", "the primary footer with the byte that it lacks");
    }
    add(image.primary.value(), "Renew the backup footer from the primary", "a copy of the primary footer");
    add(backup, "Renew the primary footer from the backup", "a copy of the backup footer");
    add(
        image.stray.value(),
        "Put the footer back at the end of the file",
        "the disk’s footer, found before the end of the file",
    );
    if candidates.is_empty() {
        return repaired(image, image.primary.value(), backup);
    }
    weighed(image, candidates)
}

/// Two intact footers that say different things, the one first that the rest of the file speaks for. Where what is read
/// depends on it, it is an assumption, and names what the other says.
fn weighed(image: &Image, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    let [one, other, ..] = candidates.as_slice() else {
        return candidates;
    };
    let (first, second) = (one.footer, other.footer);
    if agree(&first, &second) {
        return candidates;
    }
    let differences = differences(&first, &second);
    candidates.sort_by_key(|candidate| core::cmp::Reverse(plausibility(image, &candidate.footer)));
    // What calls a disk fixed whose file has another length is wrong; and a fixed disk does not begin with a copy of its
    // footer.
    let not_fixed = |footer: &Footer| {
        let is_fixed = footer.kind() == Some(DiskType::Fixed);
        is_fixed && image.closing_footer().is_none_or(|(end, _)| end != footer.current_size.get())
    };
    let is_of_type_alone = differences.iter().all(|(name, ..)| matches!(*name, TYPE | OFFSET));
    if let Some(best) = candidates.first_mut()
        && is_of_type_alone
        && not_fixed(if best.footer == first { &second } else { &first })
        && !not_fixed(&best.footer)
    {
        best.evidence = vec![Evidence::NotFixed];
        candidates.truncate(1);
        return candidates;
    }
    for candidate in &mut candidates {
        candidate.evidence = match &differences[..] {
            [] => vec![Evidence::Unread],
            [..] => {
                let is_first = candidate.footer == first;
                let said = differences.iter().map(|(name, one, other)| {
                    let (kept, dropped) = if is_first { (one, other) } else { (other, one) };
                    format!("the {name} is {kept}, and not {dropped}")
                });
                let said: Vec<String> = said.collect();
                vec![Evidence::Assumed(format!(
                    "Of two intact footers that differ, this is the right one: {}.",
                    said.join("; ")
                ))]
            }
        };
    }
    candidates
}

const TYPE: &str = "disk type";
const OFFSET: &str = "data offset";

/// In what two footers differ that changes what is read: the field, and what each says.
fn differences(one: &Footer, other: &Footer) -> Vec<(&'static str, String, String)> {
    let size = |footer: &Footer| exact_size(footer.current_size.get());
    let kind = |footer: &Footer| format!("{}", footer.disk_type);
    let offset = |footer: &Footer| format!("0x{:x}", footer.data_offset);
    let id = |footer: &Footer| format!("{}", Uuid::from_bytes(footer.unique_id));
    type Field<'a> = (&'static str, fn(&Footer) -> &[u8], &'a dyn Fn(&Footer) -> String);
    let fields: [Field<'_>; 4] = [
        ("current size", |footer| footer.current_size.as_bytes(), &size),
        (TYPE, |footer| footer.disk_type.as_bytes(), &kind),
        (OFFSET, |footer| footer.data_offset.as_bytes(), &offset),
        ("unique id", |footer| &footer.unique_id, &id),
    ];
    let different = fields.into_iter().filter(|(_, field, _)| field(one) != field(other));
    different.map(|(name, _, show)| (name, show(one), show(other))).collect()
}

/// How well a footer fits the dynamic header, the BAT, the length of the file and itself.
fn plausibility(image: &Image, footer: &Footer) -> i32 {
    let mut points = 0;
    let size = footer.current_size.get();
    points += i32::from(footer.geometry == Geometry::for_size(size));
    points += i32::from(size >= footer.original_size.get());
    let Some(header) = image.header.value().filter(|header| header.cookie == DynamicHeader::COOKIE) else {
        let fits = image.closing_footer().is_some_and(|(end, _)| end == size);
        return points + if fits == (footer.kind() == Some(DiskType::Fixed)) { 4 } else { -4 };
    };
    let entries = u64::from(header.max_table_entries.get());
    match header.blocks_for(size) {
        Some(needed) if needed == entries => points += 3,
        Some(needed) if needed > entries => points -= 6,
        _ => {}
    }
    if let (Some(bat), Some(needed)) = (image.bat.value(), header.blocks_for(size)) {
        let numbers = bat.blocks.iter().chain(&bat.beyond_size.first).map(|block| u64::from(block.number));
        // A block behind the end of the disk was written when the disk was larger.
        if numbers.max().is_some_and(|last| last >= needed) {
            points -= 8;
        }
    }
    points
        + match footer.kind() {
            Some(DiskType::Differencing) => {
                if header.names_a_parent() {
                    3
                } else {
                    -3
                }
            }
            Some(DiskType::Dynamic) => {
                if header.names_a_parent() {
                    -3
                } else {
                    3
                }
            }
            Some(DiskType::Fixed) | None => -3,
        }
}

/// Footers that are not intact, but become so with the cookie put back or the checksum renewed.
fn repaired(image: &Image, primary: Option<&Footer>, backup: Option<&Footer>) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for footer in [primary, backup].into_iter().flatten() {
        let original = Footer { current_size: footer.original_size, ..*footer };
        // The BAT is a record of the size, too.
        let header = image.header.value();
        let has_room = |header: &DynamicHeader| {
            let needed = header.blocks_for(original.current_size.get());
            needed.is_some_and(|needed| needed > 0 && needed <= u64::from(header.max_table_entries.get()))
        };
        if original.is_intact() && header.is_none_or(has_room) {
            candidates.push(Candidate {
                footer: original,
                title: "Set the current size back to the original size",
                reason: "the footer with its original size as the current size, by which its checksum fits again",
                evidence: vec![Evidence::OriginalSize],
            });
            return candidates;
        }
    }
    for footer in [primary, backup].into_iter().flatten() {
        if footer.with_cookie().is_intact() {
            candidates.push(Candidate {
                footer: footer.with_cookie(),
                title: "Put the footer’s cookie back",
                reason: "the footer with its cookie; the checksum shows that nothing else was changed",
                evidence: vec![Evidence::Checksum],
            });
        }
    }
    let damaged = |footer: &&Footer| footer.cookie == Footer::COOKIE;
    let (primary, backup) = (primary.filter(damaged), backup.filter(damaged));
    // Two copies that agree were written like that; a single one can be wrong in any field.
    let confirmed = primary.is_some() && primary == backup;
    for footer in [primary, backup].into_iter().flatten() {
        candidates.push(Candidate {
            footer: footer.sealed(),
            title: "Renew the footer’s checksum",
            reason: "the footer with its checksum renewed",
            evidence: vec![if confirmed {
                Evidence::IntactCopy
            } else {
                Evidence::Assumed(
                    "Every field of the footer is as it was written. Its checksum denies that, and there is no intact \
                     copy that would show which one is not."
                        .into(),
                )
            }],
        });
    }
    candidates
}

fn step(case: &Case<'_>, candidate: Candidate) -> Option<Step> {
    let image = case.image;
    let kind = candidate.footer.kind()?;
    let place = match case.keeps_length {
        true => last_sector(image)?,
        false => place(image, &candidate.footer, kind)?,
    };
    let footer = &candidate.footer;
    let end = place.offset.checked_add(Footer::LENGTH)?;
    let mut patches = Vec::new();
    let unchanged = |found: &Found<Footer>, at: u64| match found {
        Found::Read { offset, value } => *offset == at && value == footer,
        _ => false,
    };
    let stands_there = unchanged(&image.primary, place.offset)
        || (place.offset == image.tail.end_of_data && image.tail.footer.as_ref() == Some(footer));
    if !stands_there {
        patches.push(patch(place.offset, footer, candidate.reason));
    }
    if kind.is_sparse() && !unchanged(&image.backup, 0) {
        patches.push(patch(0, footer, candidate.reason));
    }
    let mut evidence = candidate.evidence;
    if place.offset > image.length && place.offset != image.tail.end_of_data {
        evidence.push(Evidence::Assumed(
            "Nothing of the disk’s data is lost at the end of the file, although it does not end with a whole sector."
                .into(),
        ));
    }
    let title = if patches.is_empty() { "Cut the file behind its footer" } else { candidate.title };
    Some(Step { title: title.into(), patches, new_length: end, cut: place.cut, evidence, loses: Vec::new() })
}

/// The last sector of a device: where tools look for the footer, however long the disk is. `None` where data of the disk
/// may be there.
fn last_sector(image: &Image) -> Option<FooterPlace> {
    let offset = image.length.checked_sub(Footer::LENGTH)?;
    let ends_before = image.knows_end_of_data() && image.tail.end_of_data <= offset;
    ends_before.then_some(FooterPlace { offset, cut: None })
}

/// Where the primary footer belongs, so that no byte is lost that could belong to the disk; `None` where it
/// is not known where the data ends, or not all of it is there.
fn place(image: &Image, footer: &Footer, kind: DiskType) -> Option<FooterPlace> {
    let at = |offset| FooterPlace { offset, cut: None };
    if let Some((offset, _)) = image.closing_footer() {
        return Some(at(offset));
    }
    let tail = &image.tail;
    let data_end = match kind {
        DiskType::Fixed => footer.current_size.get(),
        _ if image.knows_end_of_data() => tail.end_of_data,
        // What a wrong entry leads to is somewhere in the file: the footer follows all of it.
        _ if leads_nowhere(image) => image.length.checked_next_multiple_of(SECTOR)?,
        _ => return None,
    };
    let behind = data_end.checked_add(Footer::LENGTH)?;
    if data_end > image.length {
        return None;
    }
    if image.length <= behind {
        return Some(at(data_end));
    }
    // What stands in the footer's usual place and looks like this footer is this footer, damaged.
    if let Found::Read { offset, value } = &image.primary
        && is_remains(value, footer)
    {
        return Some(at(*offset));
    }
    let cut = |zeros| FooterPlace {
        offset: data_end,
        cut: Some(Cut { offset: behind, length: image.length - behind, zeros }),
    };
    // A whole block, whose BAT entry is lost, would be longer than its bitmap and its data.
    let shorter_than_a_block = image.block_shape().is_none_or(|shape| tail.length < shape.length());
    match (tail.content, tail.footer) {
        (TailContent::Zeros, _) => Some(cut(true)),
        (TailContent::Data, Some(_)) if shorter_than_a_block => Some(cut(false)),
        // Nobody knows what it is: keep it, and let the footer follow it.
        _ => Some(at(image.length.checked_next_multiple_of(SECTOR)?)),
    }
}

/// Whether every block that is not within the file begins behind its end: then it is the entries that are wrong, or
/// nothing of their blocks is left. A block that is there in part speaks for a file that lost its end.
fn leads_nowhere(image: &Image) -> bool {
    let outside = |bat: &Bat| {
        let outside = &bat.outside_file;
        outside.count as usize == outside.first.len()
            && outside.first.iter().all(|block| block.offset() >= image.length)
    };
    image.bat.value().is_some_and(outside) && !image.unreferenced.orphans.is_empty()
}

/// Whether `found` is `footer` with some of its bytes changed, rather than something else.
fn is_remains(found: &Footer, footer: &Footer) -> bool {
    if found.is_zeroed() {
        return false;
    }
    // The 426 reserved bytes are zero in both and prove nothing.
    let fields = size_of::<Footer>() - footer.reserved.len();
    let pairs = found.as_bytes().iter().zip(footer.as_bytes());
    let same = pairs.take(fields).filter(|(a, b)| a == b).count();
    same * 4 >= fields * 3
}

#[cfg(test)]
mod tests {
    use zerocopy::FromZeros;

    use super::*;

    #[test]
    fn remains_of_a_footer_are_told_from_data() {
        let mut footer = Footer::new_zeroed();
        footer.cookie = Footer::COOKIE;
        footer.unique_id = [7; 16];
        footer.creator_application = *b"tap\0";
        let mut damaged = footer;
        damaged.cookie = [0; 8];
        assert!(is_remains(&damaged, &footer));
        assert!(!is_remains(&Footer::new_zeroed(), &footer));
        let mut data = Footer::new_zeroed();
        data.as_mut_bytes().fill(0x5A);
        assert!(!is_remains(&data, &footer));
    }
}
