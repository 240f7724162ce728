//! How vhd-util's library opens a disk: `vhd_open` and what it is made of, with the errors that come of it.
//!
//! It reads in whole sectors (`O_DIRECT`) and stops where a structure cannot be read or is not valid to it.

use zerocopy::FromZeros;

use crate::image::{Batmap, Found, Image};
use crate::layout::SECTOR;
use crate::layout::bat::ENTRY_LENGTH;
use crate::layout::batmap::{BatmapExpected, BatmapHeader, checked_length};
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;

/// vhd-util counts blocks as if all were of 2 MiB.
const BLOCK_SHIFT: u32 = 21;

/// Why vhd-util could not do something: the negative error numbers that it prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errno {
    /// There is no such file.
    NoEntry = -2,
    /// The read stopped before its end.
    Io = -5,
    /// Something is not valid, or not on a whole sector.
    Invalid = -22,
    /// The read began at the end of the file or behind it.
    Pipe = -32,
}

/// A disk with the header and the footer that vhd-util goes by.
pub(crate) struct Opened {
    pub(crate) footer: Footer,
    /// Zeros on a fixed disk.
    pub(crate) header: DynamicHeader,
}

/// Opens a disk, one that is not poisoned or one that is.
pub(crate) fn open(image: &Image) -> Result<Opened, Errno> {
    let (footer, opened) = open_footer(image);
    opened?;
    if !is_sparse(&footer) {
        return Ok(Opened { footer, header: DynamicHeader::new_zeroed() });
    }
    // The bitmaps of the first tapdisk are no longer understood.
    if footer.puts_least_bit_first() {
        return Err(Errno::Invalid);
    }
    let (header, opened) = open_header(image, &footer);
    opened?;
    Ok(Opened { footer, header })
}

pub(crate) fn is_sparse(footer: &Footer) -> bool {
    footer.kind().is_some_and(DiskType::is_sparse)
}

/// The footer that vhd-util opens: the primary, a short one, the backup, whichever is valid first; failing
/// that, the last that it read.
pub(crate) fn open_footer(image: &Image) -> (Footer, Result<(), Errno>) {
    let valid = |footer: &Footer| footer.is_intact() || footer.is_poisoned();
    // A read that is not on a sector fails, as if nothing were there.
    let primary = match &image.primary {
        Found::Read { offset, value } if offset.is_multiple_of(SECTOR) => Some(value),
        _ => None,
    };
    let candidates = [primary, image.short.value(), image.backup.value()];
    if let Some(footer) = candidates.into_iter().flatten().find(|footer| valid(footer)) {
        return (*footer, Ok(()));
    }
    match image.backup.value() {
        Some(footer) => (*footer, Err(Errno::Invalid)),
        None if image.length == 0 => (Footer::new_zeroed(), Err(Errno::Pipe)),
        // Of 511 bytes it has read a short footer, of fewer nothing.
        None => {
            let short = image.short.value().copied();
            (short.unwrap_or_else(Footer::new_zeroed), Err(Errno::Io))
        }
    }
}

/// The header at the footer's data offset, zeros where it cannot be read; and whether vhd-util goes on with it.
pub(crate) fn open_header(image: &Image, footer: &Footer) -> (DynamicHeader, Result<(), Errno>) {
    let readable = readable(image, footer.data_offset.get(), DynamicHeader::LENGTH);
    match (&image.header, readable) {
        (Found::Read { value, .. }, Ok(())) => (*value, usable_header(value)),
        (_, Err(errno)) => (DynamicHeader::new_zeroed(), Err(errno)),
        _ => (DynamicHeader::new_zeroed(), Err(Errno::Invalid)),
    }
}

fn usable_header(header: &DynamicHeader) -> Result<(), Errno> {
    let block_size = header.block_size.get();
    let usable = header.cookie == DynamicHeader::COOKIE
        && header.header_version.get() == DynamicHeader::VERSION
        && header.data_offset.get() == u64::MAX
        && header.parent_locators.iter().all(|locator| locator.platform().is_some())
        && header.checksum_is_right()
        && block_size.is_power_of_two()
        && block_size <= DynamicHeader::USUAL_BLOCK_SIZE;
    if usable { Ok(()) } else { Err(Errno::Invalid) }
}

/// The blocks that vhd-util looks at, the last one only if it is whole.
pub(crate) fn whole_blocks(footer: &Footer) -> u64 {
    footer.current_size.get() >> BLOCK_SHIFT
}

/// Whether the BAT can be read as far as the current size needs it.
pub(crate) fn open_bat(image: &Image, footer: &Footer, header: &DynamicHeader) -> Result<(), Errno> {
    // The count is cut to 32 bits, as vhd-util's variable is.
    let blocks = (footer.current_size.get().wrapping_add((1 << BLOCK_SHIFT) - 1) >> BLOCK_SHIFT) as u32;
    if !is_sparse(footer) || header.max_table_entries.get() < blocks {
        return Err(Errno::Invalid);
    }
    readable(image, header.table_offset.get(), padded(u64::from(blocks) * ENTRY_LENGTH))
}

/// tapdisk's batmap, where vhd-util asks for one; `None` where vhd-util is cut off by an assertion of its own.
pub(crate) fn open_batmap<'a>(
    image: &'a Image,
    footer: &Footer,
    header: &DynamicHeader,
) -> Result<Option<&'a Batmap>, Errno> {
    // Both sums may wrap, and then fail as an offset.
    let table_length = padded(u64::from(header.max_table_entries.get()) * ENTRY_LENGTH);
    let place = header.table_offset.get().wrapping_add(table_length);
    readable(image, place, BatmapHeader::LENGTH)?;
    let batmap = image.batmap.value().filter(|batmap| batmap.header.is_known()).ok_or(Errno::Invalid)?;
    let length = checked_length(footer.current_size.get());
    if u64::from(batmap.header.batmap_size.get()) * SECTOR < length {
        return Ok(None);
    }
    readable(image, batmap.header.batmap_offset.get(), length)?;
    if batmap.is_intact() { Ok(Some(batmap)) } else { Err(Errno::Invalid) }
}

/// Whether vhd-util asks for a batmap.
pub(crate) fn has_batmap(image: &Image, footer: &Footer) -> bool {
    is_sparse(footer)
        && match BatmapExpected::of(footer) {
            BatmapExpected::No => false,
            BatmapExpected::Yes => true,
            BatmapExpected::Perhaps => image.batmap.value().is_some_and(|batmap| batmap.header.is_known()),
        }
}

/// Bytes in whole sectors, one at least.
pub(crate) fn padded(bytes: u64) -> u64 {
    bytes.max(1).next_multiple_of(SECTOR)
}

/// What comes of reading `length` bytes at `offset` in whole sectors.
pub(crate) fn readable(image: &Image, offset: u64, length: u64) -> Result<(), Errno> {
    if i64::try_from(offset).is_err() || !offset.is_multiple_of(SECTOR) {
        return Err(Errno::Invalid);
    }
    match image.length.saturating_sub(offset) {
        0 => Err(Errno::Pipe),
        left if left < length => Err(Errno::Io),
        _ => Ok(()),
    }
}
