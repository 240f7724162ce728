//! A dynamic header of which one bit flipped: the checksum tells which bits it can have been, and what the header leads
//! to, which of them it was.

use alloc::vec::Vec;

use zerocopy::{FromBytes, IntoBytes};

use super::case::{Case, Unreadable};
use crate::image::Image;
use crate::layout::SECTOR;
use crate::layout::bat::BlockShape;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform, decode, file_name};

/// A name that is read to try a locator has at the most so many bytes.
const LONGEST_NAME: u64 = 4096;

/// The header as it was before one bit of it flipped; `None` where nothing that it leads to shows which bit that was, or
/// several would do.
///
/// A byte sum alone proves little: some forty flips fit each header. So the header must contradict the file as it is, and
/// with the flip taken back it must not, and with no other.
pub(super) fn restored(
    case: &Case<'_>,
    offset: u64,
    header: &DynamicHeader,
) -> Result<Option<DynamicHeader>, Unreadable> {
    if contradictions(case, offset, header)? == 0 {
        return Ok(None);
    }
    let mut found = None;
    for candidate in with_one_bit_less(header) {
        if contradictions(case, offset, &candidate)? > 0 {
            continue;
        }
        if found.is_some() {
            return Ok(None);
        }
        found = Some(candidate);
    }
    Ok(found)
}

/// Every header that differs in one bit outside of its checksum and that the stored checksum fits.
fn with_one_bit_less(header: &DynamicHeader) -> Vec<DynamicHeader> {
    let bytes = header.as_bytes();
    let bits = (0..bytes.len() * 8).map(|bit| (bit / 8, 1u8 << (bit % 8)));
    let flipped = bits.filter_map(|(at, mask)| {
        let mut flipped = *header;
        *flipped.as_mut_bytes().get_mut(at)? ^= mask;
        Some(flipped).filter(|flipped| flipped.checksum == header.checksum && flipped.checksum_is_right())
    });
    flipped.collect()
}

/// How often a header contradicts the file: a BAT that is not in its place, an entry too few, locators that lead
/// nowhere, into blocks or to another name.
fn contradictions(case: &Case<'_>, offset: u64, header: &DynamicHeader) -> Result<usize, Unreadable> {
    let image = case.image;
    let is_differencing = image.footer().and_then(Footer::kind) == Some(DiskType::Differencing);
    let behind = offset.checked_add(DynamicHeader::LENGTH);
    let needed = image.footer().and_then(|footer| header.blocks_for(footer.current_size.get()));
    let table_end = needed.and_then(|needed| header.table_offset.get().checked_add(needed.checked_mul(4)?));
    let name = name_of(header);
    let has_name = name.as_deref().is_some_and(|name| !name.is_empty());
    let mut count = 0;
    let mut add = |contradicts: bool| count += usize::from(contradicts);
    add(header.header_version.get() != DynamicHeader::VERSION);
    add(header.data_offset.get() != u64::MAX);
    add(header.reserved_1.get() != 0 || header.reserved_2.iter().any(|byte| *byte != 0));
    add(BlockShape::of(header).is_none());
    add(!header.table_offset.get().is_multiple_of(SECTOR)
        || behind.is_none_or(|behind| header.table_offset.get() < behind));
    add(needed.is_none_or(|needed| needed > u64::from(header.max_table_entries.get())));
    add(table_end.is_none_or(|end| end > image.limit()));
    add(name.is_none() || has_name != is_differencing);
    let mut used: Vec<(u64, u64)> = Vec::new();
    for locator in &header.parent_locators {
        if locator.platform() == Some(Platform::None) {
            add(locator.as_bytes().iter().any(|byte| *byte != 0));
            continue;
        }
        add(!is_differencing);
        match place_of(image, locator) {
            Some(place) if !used.iter().any(|other| overlap(*other, place)) => used.push(place),
            _ => {
                add(true);
                continue;
            }
        }
        add(!leads_to(case, locator, name.as_deref())?);
    }
    Ok(count)
}

/// The range of a locator's name, from its start to its end, where that can be.
fn place_of(image: &Image, locator: &ParentLocator) -> Option<(u64, u64)> {
    let space = locator.space_in_bytes().filter(|space| *space > 0)?;
    let start = locator.data_offset.get();
    let end = start.checked_add(space)?;
    let length = u64::from(locator.data_length.get());
    let is_right = start >= SECTOR + DynamicHeader::LENGTH
        && start.is_multiple_of(SECTOR)
        && end <= image.limit()
        && (1..=space).contains(&length)
        && locator.reserved.get() == 0;
    let shape = image.block_shape()?;
    let blocks = image.bat.value().map_or(&[][..], |bat| bat.blocks.as_slice());
    let is_free = blocks.iter().all(|block| !overlap((block.offset(), block.offset() + shape.length()), (start, end)));
    (is_right && is_free).then_some((start, end))
}

fn overlap(one: (u64, u64), other: (u64, u64)) -> bool {
    one.0 < other.1 && other.0 < one.1
}

/// Whether a locator's data is a name, and the header's where that has one.
fn leads_to(case: &Case<'_>, locator: &ParentLocator, name: Option<&str>) -> Result<bool, Unreadable> {
    let (Some(platform), length) = (locator.platform(), u64::from(locator.data_length.get())) else {
        return Ok(false);
    };
    // Of an alias and of other old kinds nobody reads the name.
    if !matches!(platform, Platform::MacX | Platform::W2ku | Platform::W2ru) {
        return Ok(true);
    }
    if length > LONGEST_NAME {
        return Ok(false);
    }
    let data = case.probe.bytes(locator.data_offset.get(), length as usize)?;
    let path = decode(platform, &data);
    Ok(path.is_some_and(|path| name.is_none_or(|name| file_name(&path) == file_name(name))))
}

/// The parent's name in a header; `None` where it is no text.
fn name_of(header: &DynamicHeader) -> Option<alloc::string::String> {
    let units = <[zerocopy::big_endian::U16]>::ref_from_bytes(&header.parent_unicode_name).ok()?;
    let text = units.iter().map(|unit| unit.get()).take_while(|unit| *unit != 0);
    char::decode_utf16(text).collect::<Result<_, _>>().ok()
}
