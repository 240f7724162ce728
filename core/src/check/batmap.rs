//! tapdisk's batmap against the BAT.

use super::faults::Faults;
use crate::finding::Fault;
use crate::finding::Finding;
use crate::finding::batmap::BatmapFault;
use crate::image::Batmap;
use crate::image::Found;
use crate::image::Image;
use crate::image::NAMED_ENTRIES;
use crate::layout::SECTOR;
use crate::layout::batmap::BatmapHeader;
use core::mem::offset_of;

/// The batmap of an image, if it should have one.
pub(crate) fn check_image(image: &Image, report: &mut dyn FnMut(Finding)) {
    let (offset, batmap) = match &image.batmap {
        Found::Read { offset, value } => (*offset, value),
        Found::OutOfFile { offset, .. } => {
            return Faults::new(report, *offset, &Fault::Batmap).add(0, 0, BatmapFault::OutOfFile);
        }
        Found::Absent => return,
    };
    let header = &batmap.header;
    let mut faults = Faults::new(report, offset, &Fault::Batmap);
    if header.cookie != BatmapHeader::COOKIE {
        return match block_at(image, offset) {
            Some(block) => faults.add(0, 8, BatmapFault::Overwritten { block }),
            None => faults.add(0, 8, BatmapFault::Cookie(header.cookie)),
        };
    }
    if !header.is_known() {
        let version = header.batmap_version.get();
        let at = offset_of!(BatmapHeader, batmap_version);
        return faults.add(at, 4, BatmapFault::Version(version));
    }
    let map = header.batmap_offset.get();
    let at = offset_of!(BatmapHeader, batmap_offset);
    let room = u64::from(header.batmap_size.get()) * SECTOR;
    let end = map.checked_add(room);
    if map == 0 || !map.is_multiple_of(SECTOR) {
        faults.add(at, 8, BatmapFault::Offset(map));
    } else if batmap.computed_checksum.is_none() || end.is_none_or(|end| end > image.limit()) {
        faults.add(at, 12, BatmapFault::MapOutOfFile);
    }
    let placed =
        image.bat.value().and_then(|bat| bat.blocks.iter().find(|block| block.offset() >= image.end_of_metadata));
    if let (Some(end), Some(first)) = (end, placed.map(|block| block.offset())) {
        faults.add_if(end > first, at, 12, BatmapFault::IntoBlocks { end, first });
    }
    let entries = image.header.value().map_or(0, |header| header.max_table_entries.get());
    let at = offset_of!(BatmapHeader, batmap_size);
    let bits = room * 8;
    faults.add_if(bits < u64::from(entries), at, 4, BatmapFault::TooSmall { bits, entries });
    let stored = header.checksum.get();
    let at = offset_of!(BatmapHeader, checksum);
    match batmap.computed_checksum {
        Some(computed) if computed != stored => faults.add(at, 4, BatmapFault::Checksum { stored, computed }),
        // Of a map that is not what was written, no bit means anything.
        Some(_) => check_bits(image, batmap, &mut faults),
        None => {}
    }
}

/// The block that lies where the batmap belongs, at `place`: QEMU puts its first block right behind the BAT. An entry
/// that leads there by damage leads over something else as well.
fn block_at(image: &Image, place: u64) -> Option<u32> {
    let bat = image.bat.value().filter(|bat| bat.overlapping.count == 0 && bat.on_metadata.count == 0)?;
    let end = place + BatmapHeader::LENGTH;
    let block = bat.blocks.first().filter(|block| (place..end).contains(&block.offset()))?;
    Some(block.number)
}

/// No block may be marked full that is not allocated.
fn check_bits(image: &Image, batmap: &Batmap, faults: &mut Faults<'_, BatmapFault>) {
    let Some(bat) = image.bat.value() else {
        return;
    };
    let mut unallocated = batmap.map.clone();
    for block in &bat.blocks {
        if let Some(byte) = unallocated.get_mut(block.number as usize / 8) {
            *byte &= !(0x80 >> (block.number % 8));
        }
    }
    let marked =
        |block: &u32| unallocated.get(*block as usize / 8).is_some_and(|byte| byte & (0x80 >> (block % 8)) != 0);
    let mut blocks = (0..bat.entries).filter(marked);
    for block in blocks.by_ref().take(NAMED_ENTRIES) {
        let at = batmap.header.batmap_offset.get().saturating_add(u64::from(block / 8));
        faults.add_at(at, 1, BatmapFault::UnallocatedFull { block });
    }
    let more = blocks.count() as u32;
    faults.add_if(more > 0, 0, 0, BatmapFault::MoreUnallocatedFull(more));
}
