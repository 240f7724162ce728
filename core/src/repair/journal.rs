//! A cut-off resize taken back with its journal, as `vhd-util revert` does.

use alloc::vec::Vec;

use super::plan::{Cut, Patch, Step};
use crate::finding::journal::JournalFault;
use crate::image::{Found, Image};
use crate::journal::Journal;
use crate::layout::footer::Footer;
use crate::layout::journal::EntryKind;

/// Everything that the journal keeps, written back, and the file cut behind its footer.
///
/// # Errors
/// Where the journal does not belong to this disk, there is nothing to take back, or the disk's end is in neither file.
pub(crate) fn revert(image: &Image, journal: &Journal) -> Result<Step, JournalFault> {
    let footers = || image.footers().filter_map(Found::value);
    let known = footers().find(|footer| footer.is_intact() || footer.is_poisoned());
    if known.is_some_and(|footer| footer.unique_id != journal.header.unique_id) {
        return Err(JournalFault::OtherDisk(journal.header.unique_id));
    }
    if !footers().any(Footer::is_poisoned) && image.closing_footer().is_some() {
        return Err(JournalFault::NotNeeded);
    }
    let footer_offset = journal.header.footer_offset.get();
    // No checksum covers this number, and the file is to be made as long as it says: what is there must reach to it.
    let end = footer_offset.saturating_add(Footer::LENGTH);
    let patches: Vec<Patch> = journal
        .entries
        .iter()
        .map(|kept| {
            let (offset, reason) = match kept.kind {
                EntryKind::PrimaryFooter => (footer_offset, "the primary footer, from the journal"),
                EntryKind::BackupFooter => (kept.offset, "the backup footer, from the journal"),
                EntryKind::Header => (kept.offset, "the dynamic header, from the journal"),
                EntryKind::Locator => (kept.offset, "a parent’s name, from the journal"),
                EntryKind::Bat => (kept.offset, "the BAT, from the journal"),
                EntryKind::BatmapHeader => (kept.offset, "the batmap’s header, from the journal"),
                EntryKind::Batmap => (kept.offset, "the batmap, from the journal"),
                EntryKind::Data => (kept.offset, "data, from the journal"),
            };
            Patch::bytes(offset, &kept.bytes, reason)
        })
        // What would lie behind the footer is no part of the disk as it was.
        .filter(|patch| patch.end() <= end)
        .collect();
    let offset = first_gap(&patches, image.length);
    if offset < end {
        return Err(JournalFault::EndMissing { offset, end });
    }
    let cut = (image.length > end).then(|| Cut { offset: end, length: image.length - end, zeros: false });
    Ok(Step { cut, ..Step::lossless("Take the resize back with its journal", end, patches) })
}

/// The first byte from `length` on that no patch writes.
fn first_gap(patches: &[Patch], length: u64) -> u64 {
    let mut ranges: Vec<(u64, u64)> = patches.iter().map(|patch| (patch.offset, patch.end())).collect();
    ranges.sort_unstable();
    let covered = ranges
        .into_iter()
        .try_fold(length, |covered, (start, end)| if start > covered { Err(covered) } else { Ok(covered.max(end)) });
    covered.unwrap_or_else(|gap| gap)
}
