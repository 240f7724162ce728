//! tapdisk's batmap: a bit for each block, set where every sector of the block has been written.
//!
//! It is not of the specification: blktap (XenServer, XCP-ng) puts its header right behind the padded BAT.

use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::SECTOR;
use super::bat::padded_length;
use super::footer::Footer;
use super::header::DynamicHeader;

/// The batmap's header as it lies on the disk, 512 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct BatmapHeader {
    /// [`BatmapHeader::COOKIE`].
    pub cookie: [u8; 8],
    /// Where the map is, in bytes from the start of the file.
    pub batmap_offset: U64,
    /// Size of the map in sectors.
    pub batmap_size: U32,
    /// [`BatmapHeader::VERSION`], or an older one.
    pub batmap_version: U32,
    /// Ones' complement of the map's byte sum.
    pub checksum: U32,
    /// tapdisk's marker.
    pub marker: u8,
    /// Whether a key hash follows.
    pub key_hash_cookie: u8,
    /// Nonce of the key hash.
    pub key_hash_nonce: [u8; 32],
    /// The key hash of an encrypted disk.
    pub key_hash: [u8; 32],
    /// Zeros.
    pub reserved: [u8; 418],
}

impl BatmapHeader {
    /// What a batmap begins with.
    pub const COOKIE: [u8; 8] = *b"tdbatmap";
    /// The newest version: 1.2.
    pub const VERSION: u32 = 0x0001_0002;
    /// The version whose checksum sums signed bytes: 1.1.
    pub const SIGNED_VERSION: u32 = 0x0001_0001;
    /// Length in bytes.
    pub const LENGTH: u64 = size_of::<Self>() as u64;

    /// Where the batmap's header belongs in a disk with this dynamic header, in bytes; `None` on overflow.
    pub fn place(header: &DynamicHeader) -> Option<u64> {
        header.table_offset.get().checked_add(padded_length(header.max_table_entries.get()))
    }

    /// Whether cookie and version are those of a batmap.
    pub fn is_known(&self) -> bool {
        self.cookie == Self::COOKIE && self.batmap_version.get() <= Self::VERSION
    }
}

/// Whether a disk has a batmap, by the footer alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatmapExpected {
    /// The creator writes none.
    No,
    /// tapdisk 1.1: perhaps, see whether it is there.
    Perhaps,
    /// tapdisk from 1.2 on: always.
    Yes,
}

impl BatmapExpected {
    /// By the creator in the footer of a dynamic or differencing disk.
    pub fn of(footer: &Footer) -> Self {
        match footer.creator_version.get() {
            _ if !footer.is_tapdisk() => Self::No,
            0..=0x0000_0001 => Self::No,
            0x0001_0002.. => Self::Yes,
            _ => Self::Perhaps,
        }
    }
}

/// Bytes of the map that count for its checksum: whole sectors for the blocks of the current size, at
/// least one, with blocks always counted as 2 MiB as vhd-util does.
pub fn checked_length(current_size: u64) -> u64 {
    (current_size >> 24).div_ceil(SECTOR).max(1) * SECTOR
}

/// Bytes of the map of a disk with this dynamic header: a bit for each entry of the BAT, padded to whole sectors.
pub fn map_length(header: &DynamicHeader) -> u64 {
    u64::from(header.max_table_entries.get()).div_ceil(8).div_ceil(SECTOR).max(1) * SECTOR
}

/// The checksum of a batmap, fed piece by piece.
#[derive(Clone, Copy, Debug)]
pub struct MapSum {
    signed: bool,
    sum: u32,
}

impl MapSum {
    /// An empty sum in the manner of this version of the batmap.
    pub fn new(batmap_version: u32) -> Self {
        Self { signed: batmap_version == BatmapHeader::SIGNED_VERSION, sum: 0 }
    }

    /// Adds the next bytes of the map.
    pub fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let value = if self.signed { i32::from(byte.cast_signed()).cast_unsigned() } else { u32::from(*byte) };
            self.sum = self.sum.wrapping_add(value);
        }
    }

    /// The checksum of all that was added.
    pub fn checksum(self) -> u32 {
        !self.sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_takes_a_sector() {
        assert_eq!(BatmapHeader::LENGTH, 512);
    }

    #[test]
    fn the_checksum_covers_at_least_a_sector() {
        assert_eq!(checked_length(0), 512);
        assert_eq!(checked_length(10 << 30), 1024);
        assert_eq!(checked_length(20_971_520_000), 1536);
    }

    #[test]
    fn version_1_1_sums_signed_bytes() {
        let checksum = |version| {
            let mut sum = MapSum::new(version);
            sum.add(&[0xFF, 0x01]);
            sum.checksum()
        };
        assert_eq!(checksum(BatmapHeader::VERSION), !0x100);
        assert_eq!(checksum(BatmapHeader::SIGNED_VERSION), !0);
    }
}
