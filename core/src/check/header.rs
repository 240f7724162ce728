//! The dynamic header.

use super::faults::Faults;
use crate::finding::header::HeaderFault;
use crate::finding::{Fault, Finding};
use crate::image::Found;
use crate::image::Image;
use crate::layout::SECTOR;
use crate::layout::bat::padded_length;
use crate::layout::footer::Footer;
use crate::layout::header::DynamicHeader;
use core::mem::offset_of;

/// Checks a dynamic header that lies at `offset`, for a virtual disk of `current_size` bytes in a file where
/// metadata must end at `limit`, and hands each fault to `report`. Needs no allocator.
///
/// A header whose cookie is wrong, and its checksum even with the cookie put back, is something else: nothing
/// more is said of its fields.
pub fn check(header: &DynamicHeader, offset: u64, current_size: u64, limit: u64, report: &mut dyn FnMut(Finding)) {
    let mut faults = Faults::new(report, offset, &Fault::Header);
    if header.cookie != DynamicHeader::COOKIE {
        faults.add(0, 8, HeaderFault::Cookie(header.cookie));
        if !header.with_cookie().checksum_is_right() {
            return;
        }
    } else {
        faults.add_if(
            !header.checksum_is_right(),
            offset_of!(DynamicHeader, checksum),
            4,
            HeaderFault::Checksum { stored: header.checksum.get(), computed: header.computed_checksum() },
        );
    }
    let version = header.header_version.get();
    faults.add_if(
        version != DynamicHeader::VERSION,
        offset_of!(DynamicHeader, header_version),
        4,
        HeaderFault::Version(version),
    );
    let data_offset = header.data_offset.get();
    faults.add_if(
        data_offset != u64::MAX,
        offset_of!(DynamicHeader, data_offset),
        8,
        HeaderFault::DataOffset(data_offset),
    );
    check_table(header, current_size, limit, &mut faults);
    for (at, reserved) in [
        (offset_of!(DynamicHeader, reserved_1), zerocopy::IntoBytes::as_bytes(&header.reserved_1)),
        (offset_of!(DynamicHeader, reserved_2), &header.reserved_2[..]),
    ] {
        if let Some(first) = reserved.iter().position(|byte| *byte != 0) {
            faults.add(at + first, 1, HeaderFault::Reserved(reserved[first]));
        }
    }
}

fn check_table(header: &DynamicHeader, current_size: u64, limit: u64, faults: &mut Faults<'_, HeaderFault>) {
    let table = header.table_offset.get();
    let entries = header.max_table_entries.get();
    let at = offset_of!(DynamicHeader, table_offset);
    let end = table.checked_add(padded_length(entries));
    if table < Footer::LENGTH || !table.is_multiple_of(SECTOR) {
        faults.add(at, 8, HeaderFault::TableOffset(table));
    } else if end.is_none_or(|end| end > limit) {
        faults.add(at, 8, HeaderFault::TableOutOfFile { end, limit });
    }
    let block_size = header.block_size.get();
    let at = offset_of!(DynamicHeader, block_size);
    if !block_size.is_power_of_two() || u64::from(block_size) < SECTOR {
        faults.add(at, 4, HeaderFault::BlockSize(block_size));
        return;
    }
    faults.add_if(block_size > DynamicHeader::USUAL_BLOCK_SIZE, at, 4, HeaderFault::LargeBlocks(block_size));
    if let Some(needed) = header.blocks_for(current_size) {
        faults.add_if(
            needed > u64::from(entries),
            offset_of!(DynamicHeader, max_table_entries),
            4,
            HeaderFault::TooFewEntries { entries, needed },
        );
    }
}

/// The dynamic header of an image, if the disk should have one.
pub(crate) fn check_image(image: &Image, report: &mut dyn FnMut(Finding)) {
    let current_size = image.footer().map_or(0, |footer| footer.current_size.get());
    let limit = image.limit();
    match &image.header {
        Found::Read { offset, value } => check(value, *offset, current_size, limit, report),
        Found::OutOfFile { offset, .. } => header_missing(image, *offset, report),
        Found::Absent if image.kind().is_some_and(|kind| kind.is_sparse()) => {
            header_missing(image, Footer::NO_DATA_OFFSET, report);
        }
        Found::Absent => {}
    }
}

fn header_missing(image: &Image, data_offset: u64, report: &mut dyn FnMut(Finding)) {
    let fault = HeaderFault::OutOfFile { data_offset, file: image.length };
    Faults::new(report, image.length, &Fault::Header).add(0, 0, fault);
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use zerocopy::FromZeros;
    use zerocopy::big_endian::{U32, U64};

    use super::*;

    /// A change to a header, and the fault that it makes.
    type Damage = (&'static str, fn(&mut DynamicHeader));

    fn sound() -> DynamicHeader {
        DynamicHeader {
            cookie: DynamicHeader::COOKIE,
            data_offset: U64::new(u64::MAX),
            table_offset: U64::new(1536),
            header_version: U32::new(DynamicHeader::VERSION),
            max_table_entries: U32::new(32),
            block_size: U32::new(DynamicHeader::USUAL_BLOCK_SIZE),
            ..DynamicHeader::new_zeroed()
        }
        .sealed()
    }

    fn ids(header: &DynamicHeader) -> Vec<&'static str> {
        let mut ids = Vec::new();
        check(header, 512, 64 << 20, 2048, &mut |finding| ids.push(finding.id()));
        ids
    }

    #[test]
    fn a_sound_header_has_no_fault() {
        assert_eq!(ids(&sound()), Vec::<&str>::new());
    }

    #[test]
    fn every_field_is_checked() {
        let cases: &[Damage] = &[
            ("header.version", |h| h.header_version = U32::new(0x0002_0000)),
            ("header.data-offset", |h| h.data_offset = U64::new(0)),
            ("header.table-offset", |h| h.table_offset = U64::new(0)),
            ("header.table-offset", |h| h.table_offset = U64::new(1537)),
            ("header.table-outside-file", |h| h.table_offset = U64::new(2048)),
            ("header.table-outside-file", |h| h.table_offset = U64::new(u64::MAX - 511)),
            ("header.table-outside-file", |h| h.max_table_entries = U32::new(129)),
            ("header.too-few-entries", |h| h.max_table_entries = U32::new(31)),
            ("header.block-size", |h| h.block_size = U32::new(0)),
            ("header.block-size", |h| h.block_size = U32::new(3 << 20)),
            ("header.block-size", |h| h.block_size = U32::new(256)),
            ("header.large-blocks", |h| h.block_size = U32::new(4 << 20)),
            ("header.reserved", |h| h.reserved_1 = U32::new(1)),
            ("header.reserved", |h| h.reserved_2[0] = 1),
            ("header.reserved", |h| h.reserved_2[255] = 1),
        ];
        for (id, damage) in cases {
            let mut header = sound();
            damage(&mut header);
            assert_eq!(ids(&header.sealed()), [*id]);
            assert!(ids(&header).contains(&"header.checksum"), "{id}");
        }
    }

    #[test]
    fn what_is_no_header_at_all_has_one_fault() {
        assert_eq!(ids(&DynamicHeader::new_zeroed()), ["header.cookie"]);
        let lost = DynamicHeader { cookie: [0; 8], ..sound() };
        assert_eq!(ids(&lost), ["header.cookie"]);
    }
}
