//! The BAT against the file and itself.

use super::faults::Faults;
use crate::finding::Fault;
use crate::finding::Finding;
use crate::finding::bat::{BatFault, Entry, Kind};
use crate::image::Image;
use crate::image::{Bat, Block, Found, Named};
use crate::layout::bat::ENTRY_LENGTH;

/// The BAT of an image, if it could be found.
pub(crate) fn check_image(image: &Image, report: &mut dyn FnMut(Finding)) {
    let (table, bat) = match &image.bat {
        Found::Read { offset, value } => (*offset, value),
        Found::OutOfFile { offset, length } => {
            let entries = length / ENTRY_LENGTH;
            let mut faults = Faults::new(report, *offset, &Fault::Bat);
            return faults.add(0, 0, BatFault::OutOfFile { entries });
        }
        Found::Absent => return,
    };
    let mut faults = Faults::new(report, table, &Fault::Bat);
    let entry = |block: &Block, limit| Entry { block: block.number, sector: block.sector, limit };
    let at = |block: &Block| block.number as usize * ENTRY_LENGTH as usize;
    let width = ENTRY_LENGTH as usize;
    let mut list = |named: &Named<Block>, limit, one: fn(Entry) -> BatFault, kind| {
        faults.list(named, |block| (at(block), width, one(entry(block, limit))), |more| BatFault::More(kind, more));
    };
    list(&bat.on_metadata, image.end_of_metadata, BatFault::OnMetadata, Kind::OnMetadata);
    list(&bat.outside_file, image.limit(), BatFault::OutsideFile, Kind::OutsideFile);
    list(&bat.beyond_size, u64::from(bat.entries), BatFault::BeyondSize, Kind::BeyondSize);
    let length = image.block_shape().map_or(0, |shape| shape.length());
    for block in bat.beyond_size.first.iter().filter(|block| block.offset().saturating_add(length) > image.length) {
        faults.add(at(block), width, BatFault::SpareOutsideFile(entry(block, image.length)));
    }
    faults.list(
        &bat.overlapping,
        |(first, second)| {
            let end = first.offset() + length;
            let (a, b) = (entry(first, end), entry(second, end));
            let fault = if first.sector == second.sector { BatFault::Duplicate } else { BatFault::Overlap };
            (at(second), width, fault(a, b))
        },
        |more| BatFault::More(Kind::Overlap, more),
    );
    for beside in &bat.beside {
        let entry = Entry { limit: beside.place, ..entry(&beside.block, 0) };
        faults.add(at(&beside.block), width, BatFault::Beside(entry));
    }
    if let Some(first) = off_page(bat).next() {
        let blocks = off_page(bat).count() as u32;
        faults.add(at(first), width, BatFault::OffGrid { blocks, first: entry(first, 0) });
    }
}

/// Blocks that do not lie on pages, where the disk's writer puts them there.
fn off_page(bat: &Bat) -> impl Iterator<Item = &Block> {
    let is_beside = |block: &Block| bat.beside.iter().any(|beside| beside.block == *block);
    let on_pages = bat.placement.is_on_pages();
    bat.blocks.iter().filter(move |block| on_pages && !bat.placement.holds(block.offset()) && !is_beside(block))
}
