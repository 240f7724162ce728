//! The block allocation table (BAT), and the blocks that it points at.

use super::header::DynamicHeader;
use super::{SECTOR, padded_to_sector};

/// A BAT entry of a block that has never been written.
pub const UNALLOCATED: u32 = u32::MAX;

/// Bytes of a BAT entry: the sector number of the block, big-endian.
pub const ENTRY_LENGTH: u64 = 4;

/// Bytes of the BAT with the padding to a whole sector, for so many entries.
pub fn padded_length(entries: u32) -> u64 {
    (u64::from(entries) * ENTRY_LENGTH).next_multiple_of(SECTOR)
}

/// The size of a block in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockShape {
    /// Bytes of the sector bitmap in front of the data, padded to whole sectors.
    pub bitmap: u64,
    /// Bytes of the data: the header's block size.
    pub data: u64,
}

impl BlockShape {
    /// The shape of the blocks of a disk with this header; `None` where the block size is none.
    ///
    /// Specification: "Block Allocation Table and Data Blocks".
    pub fn of(header: &DynamicHeader) -> Option<Self> {
        let data = u64::from(header.block_size.get());
        if !data.is_power_of_two() || data < SECTOR {
            return None;
        }
        let bitmap = padded_to_sector((data / SECTOR).div_ceil(8))?;
        Some(Self { bitmap, data })
    }

    /// Bytes of the whole block.
    pub fn length(self) -> u64 {
        self.bitmap + self.data
    }
}

#[cfg(test)]
mod tests {
    use zerocopy::FromZeros;
    use zerocopy::big_endian::U32;

    use super::*;

    fn shape(block_size: u32) -> Option<BlockShape> {
        BlockShape::of(&DynamicHeader { block_size: U32::new(block_size), ..DynamicHeader::new_zeroed() })
    }

    #[test]
    fn a_bitmap_takes_whole_sectors() {
        assert_eq!(shape(2 << 20).map(|shape| shape.bitmap), Some(512));
        assert_eq!(shape(512 << 10).map(|shape| shape.bitmap), Some(512));
        assert_eq!(shape(4 << 20).map(|shape| shape.bitmap), Some(1024));
        assert_eq!(shape(0), None);
        assert_eq!(shape(256), None);
        assert_eq!(shape(3 << 20), None);
    }

    #[test]
    fn the_table_is_padded_to_a_sector() {
        assert_eq!(padded_length(1), 512);
        assert_eq!(padded_length(128), 512);
        assert_eq!(padded_length(129), 1024);
        assert_eq!(padded_length(u32::MAX), 4 * (1 << 32));
    }
}
