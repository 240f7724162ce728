//! The sector bitmap in front of a block's data: which of its sectors have been written.

use super::SECTOR;
use super::bat::BlockShape;
use super::footer::Footer;

/// A block's sector bitmap, a bit a sector, the most significant first.
///
/// Specification: "Data Blocks", Sector Bitmap. tapdisk 0.1 put the least significant bit first.
#[derive(Clone, Copy, Debug)]
pub struct Bitmap<'a> {
    bytes: &'a [u8],
    sectors: u32,
    least_first: bool,
}

impl<'a> Bitmap<'a> {
    /// The bitmap of a block of this shape, in the bit order of the disk's creator.
    pub fn new(bytes: &'a [u8], footer: Option<&Footer>, shape: BlockShape) -> Self {
        Self {
            bytes,
            // A block has at most 2^31 bytes.
            sectors: (shape.data / SECTOR) as u32,
            least_first: footer.is_some_and(Footer::puts_least_bit_first),
        }
    }

    /// Whether a sector has been written.
    pub fn is_set(&self, sector: u32) -> bool {
        let bit = if self.least_first { 1 << (sector % 8) } else { 0x80 >> (sector % 8) };
        self.bytes.get(sector as usize / 8).is_some_and(|byte| byte & bit != 0)
    }

    /// The first sector behind `sector` that is not as that one is, or the number of sectors.
    pub fn run_end(&self, sector: u32) -> u32 {
        let is_set = self.is_set(sector);
        let uniform = if is_set { 0xFF } else { 0 };
        let mut at = sector;
        while at < self.sectors && self.is_set(at) == is_set {
            // Byte by byte where that is possible: most bitmaps are all ones or all zeros.
            let whole = at.is_multiple_of(8) && self.bytes.get(at as usize / 8) == Some(&uniform);
            at += if whole { 8 } else { 1 };
        }
        at.min(self.sectors)
    }

    /// How many sectors have been written.
    pub fn count(&self) -> u32 {
        (0..self.sectors).filter(|sector| self.is_set(*sector)).count() as u32
    }

    /// Whether every sector has been written.
    pub fn is_full(&self) -> bool {
        self.count() == self.sectors
    }
}

/// Sets a sector's bit in a bitmap.
pub fn set(bytes: &mut [u8], footer: Option<&Footer>, sector: u32) {
    let least_first = footer.is_some_and(Footer::puts_least_bit_first);
    if let Some(byte) = bytes.get_mut(sector as usize / 8) {
        *byte |= if least_first { 1 << (sector % 8) } else { 0x80 >> (sector % 8) };
    }
}

#[cfg(test)]
mod tests {
    use zerocopy::FromZeros;
    use zerocopy::big_endian::U32;

    use super::*;

    const SHAPE: BlockShape = BlockShape { bitmap: 512, data: 16 * SECTOR };

    #[test]
    fn the_most_significant_bit_is_the_first_sector() {
        let mut bytes = [0; 512];
        set(&mut bytes, None, 0);
        set(&mut bytes, None, 9);
        assert_eq!(bytes[..2], [0x80, 0x40]);
        let bitmap = Bitmap::new(&bytes, None, SHAPE);
        assert!(bitmap.is_set(0) && bitmap.is_set(9) && !bitmap.is_set(1));
        assert_eq!((bitmap.count(), bitmap.is_full()), (2, false));
        assert_eq!([0, 1, 9, 10].map(|sector| bitmap.run_end(sector)), [1, 9, 10, 16]);
    }

    #[test]
    fn early_tapdisk_begins_with_the_least_significant_bit() {
        let mut footer = Footer::new_zeroed();
        footer.creator_application = *b"tap\0";
        footer.creator_version = U32::new(1);
        let mut bytes = [0; 512];
        set(&mut bytes, Some(&footer), 9);
        assert_eq!(bytes[..2], [0, 0x02]);
        assert!(Bitmap::new(&bytes, Some(&footer), SHAPE).is_set(9));
    }

    #[test]
    fn bits_behind_the_last_sector_do_not_count() {
        let bitmap = Bitmap::new(&[0xFF; 512], None, SHAPE);
        assert_eq!((bitmap.count(), bitmap.is_full(), bitmap.run_end(3)), (16, true, 16));
    }
}
