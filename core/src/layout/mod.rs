//! The on-disk structures, as the specification's tables read.
//!
//! Each struct is laid out byte for byte as on the disk, with named big-endian integers, so that it can be
//! read from and written to a sector without any copying of fields. Nothing here judges: see [`crate::check`].
//!
//! Source: Microsoft, "Virtual Hard Disk Image Format Specification", October 2006. The batmap is tapdisk's
//! own (blktap, used by XenServer and XCP-ng).

pub mod bat;
pub mod batmap;
pub mod bitmap;
mod checksum;
pub mod creator;
pub mod footer;
pub mod geometry;
pub mod header;
pub mod journal;
pub mod locator;
pub mod time;

/// Bytes in a sector, the unit of the BAT and of the sector bitmaps.
pub const SECTOR: u64 = 512;

/// `bytes` rounded up to whole sectors, in bytes; `None` on overflow.
pub fn padded_to_sector(bytes: u64) -> Option<u64> {
    bytes.checked_next_multiple_of(SECTOR)
}
