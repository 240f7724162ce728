//! The footers: one good one written to the end of the file and, unless the disk is fixed, to its start.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use zerocopy::IntoBytes;

use super::case::{Case, Proposal};
use super::evidence::Evidence;
use super::plan::{Cut, Patch, Step};
use crate::check::footer::agree;
use crate::image::{Bat, Found, Image, TailContent};
use crate::layout::SECTOR;
use crate::layout::footer::{DiskType, Footer};

/// A footer that could be the disk's, and how it was come by.
struct Candidate {
    footer: Footer,
    title: &'static str,
    reason: &'static str,
    assumes: Option<&'static str>,
}

/// Where the primary footer goes.
struct Place {
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
    Ok(candidates(image).into_iter().filter_map(|candidate| step(image, candidate)).collect())
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
            candidates.push(Candidate { footer: *footer, title, reason, assumes: None });
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
        candidates.extend(mended(image.primary.value(), backup));
    }
    candidates
}

/// Footers that are not intact, but become so with the cookie put back or the checksum renewed.
fn mended(primary: Option<&Footer>, backup: Option<&Footer>) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    for footer in [primary, backup].into_iter().flatten() {
        if footer.with_cookie().is_intact() {
            candidates.push(Candidate {
                footer: footer.with_cookie(),
                title: "Put the footer’s cookie back",
                reason: "the footer with its cookie; the checksum shows that nothing else was changed",
                assumes: None,
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
            assumes: (!confirmed).then_some(
                "Every field of the footer is as it was written. Its checksum denies that, and there is no \
                 intact copy that would show which one is not.",
            ),
        });
    }
    candidates
}

fn step(image: &Image, candidate: Candidate) -> Option<Step> {
    let kind = candidate.footer.kind()?;
    let place = place(image, &candidate.footer, kind)?;
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
    let mut assumes: Vec<String> = candidate.assumes.map(String::from).into_iter().collect();
    if place.offset > image.length && place.offset != image.tail.end_of_data {
        assumes.push(
            "Nothing of the disk’s data is lost at the end of the file, although it does not end with a whole sector."
                .into(),
        );
    }
    let title = if patches.is_empty() { "Cut the file behind its footer" } else { candidate.title };
    let evidence = assumes.into_iter().map(Evidence::Assumed).collect();
    Some(Step { title: title.into(), patches, new_length: end, cut: place.cut, evidence, loses: Vec::new() })
}

/// Where the primary footer belongs, so that no byte is lost that could belong to the disk; `None` where it
/// is not known where the data ends, or not all of it is there.
fn place(image: &Image, footer: &Footer, kind: DiskType) -> Option<Place> {
    let at = |offset| Place { offset, cut: None };
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
    let cut =
        |zeros| Place { offset: data_end, cut: Some(Cut { offset: behind, length: image.length - behind, zeros }) };
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
