//! The dynamic disk header, 1,024 bytes: where the BAT is, how large a block is, who the parent is.

use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::SECTOR;
use super::checksum;
use super::footer::Footer;
use super::locator::ParentLocator;

/// The dynamic header as it lies on the disk.
///
/// Specification: "Dynamic Disk Header Format".
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct DynamicHeader {
    /// [`DynamicHeader::COOKIE`].
    pub cookie: [u8; 8],
    /// Not used: all ones.
    pub data_offset: U64,
    /// Where the BAT is, in bytes from the start of the file.
    pub table_offset: U64,
    /// [`DynamicHeader::VERSION`].
    pub header_version: U32,
    /// Entries in the BAT: at least as many as the current size needs blocks.
    pub max_table_entries: U32,
    /// Size of a block's data in bytes, without its sector bitmap: a power of two.
    pub block_size: U32,
    /// Ones' complement of the byte sum of the header without this field.
    pub checksum: U32,
    /// The parent's unique id; null without a parent, and where the parent is a raw image.
    pub parent_unique_id: [u8; 16],
    /// The parent's modification time, in seconds since 2000-01-01 00:00:00 UTC.
    pub parent_time_stamp: U32,
    /// Zero.
    pub reserved_1: U32,
    /// The parent's name in UTF-16, big-endian.
    pub parent_unicode_name: [u8; 512],
    /// Where the parent may be found.
    pub parent_locators: [ParentLocator; 8],
    /// Zeros.
    pub reserved_2: [u8; 256],
}

impl DynamicHeader {
    /// What a dynamic header begins with.
    pub const COOKIE: [u8; 8] = *b"cxsparse";
    /// The only header version there is: 1.0.
    pub const VERSION: u32 = 0x0001_0000;
    /// Length in bytes.
    pub const LENGTH: u64 = size_of::<Self>() as u64;
    /// The block size that nearly every writer uses, in bytes, and the largest that vhd-util opens.
    pub const USUAL_BLOCK_SIZE: u32 = 2 << 20;

    /// The checksum that the other fields ask for.
    pub fn computed_checksum(&self) -> u32 {
        checksum::ones_complement(self.as_bytes(), self.checksum.to_bytes())
    }

    /// Whether the stored checksum fits the bytes.
    pub fn checksum_is_right(&self) -> bool {
        self.checksum.get() == self.computed_checksum()
    }

    /// The same header with its checksum renewed.
    #[must_use]
    pub fn sealed(&self) -> Self {
        Self { checksum: U32::new(self.computed_checksum()), ..*self }
    }

    /// The same header with its cookie put back and nothing else changed.
    #[must_use]
    pub fn with_cookie(&self) -> Self {
        Self { cookie: Self::COOKIE, ..*self }
    }

    /// Blocks that a virtual disk of `current_size` bytes needs; `None` where the block size is 0.
    pub fn blocks_for(&self, current_size: u64) -> Option<u64> {
        match u64::from(self.block_size.get()) {
            0 => None,
            block_size => Some(current_size.div_ceil(block_size)),
        }
    }

    /// Whether the table offset can be one: a whole sector behind the backup footer.
    pub fn has_usable_table(&self) -> bool {
        let offset = self.table_offset.get();
        offset >= Footer::LENGTH && offset.is_multiple_of(SECTOR)
    }

    /// Whether the header names a parent in any of its fields.
    pub fn names_a_parent(&self) -> bool {
        self.parent_unique_id != [0; 16]
            || self.parent_time_stamp.get() != 0
            || self.parent_unicode_name.iter().any(|byte| *byte != 0)
            || self.parent_locators.iter().any(|locator| locator.as_bytes().iter().any(|byte| *byte != 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_as_long_as_the_specification_says() {
        assert_eq!(DynamicHeader::LENGTH, 1024);
        assert_eq!(ParentLocator::LENGTH, 24);
    }
}
