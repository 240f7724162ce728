//! Where a disk's writer puts blocks, as the blocks show it whose entries are beyond doubt.

use crate::layout::SECTOR;
use crate::layout::bat::BlockShape;
use crate::layout::footer::Footer;

/// Some writers put the data of a block, others its bitmap, on a multiple of this.
pub(crate) const PAGE: u64 = 4096;

/// Where a disk's writer puts blocks.
///
/// tapdisk and Windows since version 8 put the data of a block on a page, MiniVHD its bitmap; others put block right
/// behind block. Where the first block lies is nobody's rule: a disk that was made larger keeps its blocks where they
/// were, or moves some of them to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Bytes from the start of a block to the start of one that is written right after it.
    pub stride: u64,
    /// Every block begins at a multiple of this …
    pub unit: u64,
    /// … and so many bytes.
    pub residue: u64,
    /// How many blocks show it; where there is none, it is the creator's known way.
    pub shown_by: u32,
}

impl Placement {
    /// Nothing is known but that a block begins on a sector.
    fn unknown(shape: BlockShape) -> Self {
        Self { stride: shape.length(), unit: SECTOR, residue: 0, shown_by: 0 }
    }

    /// The data of every block on a page.
    fn data_on_page(shape: BlockShape) -> Self {
        let residue = (PAGE - shape.bitmap % PAGE) % PAGE;
        Self { stride: shape.length().next_multiple_of(PAGE), unit: PAGE, residue, shown_by: 0 }
    }

    /// The bitmap of every block on a page.
    fn bitmap_on_page(shape: BlockShape) -> Self {
        Self { stride: shape.length().next_multiple_of(PAGE), unit: PAGE, residue: 0, shown_by: 0 }
    }

    /// Block right behind block, one of them at `offset`.
    fn end_to_end(shape: BlockShape, offset: u64) -> Self {
        let length = shape.length();
        Self { stride: length, unit: length, residue: offset % length, shown_by: 0 }
    }

    /// What blocks show, by where they begin, whose entries are beyond doubt for themselves, in the order of the file;
    /// one of them may be wrong nevertheless.
    pub(super) fn of(blocks: &[u64], footer: Option<&Footer>, shape: BlockShape) -> Self {
        let shown_by = |way: Self| blocks.iter().filter(|offset| way.holds(**offset)).count();
        // tapdisk's way is known. Who else wrote to its disks, put blocks elsewhere.
        if footer.is_some_and(Footer::is_tapdisk) {
            let way = Self::data_on_page(shape);
            return Self { shown_by: shown_by(way) as u32, ..way };
        }
        let mini_vhd = footer.is_some_and(|footer| footer.creator_application == *b"mVHD");
        if blocks.len() < 2 && mini_vhd {
            return Self { shown_by: blocks.len() as u32, ..Self::bitmap_on_page(shape) };
        }
        // Any of the first few blocks may be the wrong one.
        let rows = blocks.iter().take(3).map(|offset| Self::end_to_end(shape, *offset));
        let ways = rows.chain([Self::data_on_page(shape), Self::bitmap_on_page(shape)]);
        let most_wrong = if blocks.len() < 3 { 0 } else { (blocks.len() / 8).max(1) };
        let is_shown = |count: usize| count >= 2 && blocks.len() - count <= most_wrong;
        let shown = ways.map(|way| Self { shown_by: shown_by(way) as u32, ..way });
        shown.into_iter().find(|way| is_shown(way.shown_by as usize)).unwrap_or(Self::unknown(shape))
    }

    /// Whether anything is known of where blocks begin.
    pub fn is_known(self) -> bool {
        self.unit > SECTOR
    }

    /// Whether blocks lie on pages.
    pub fn is_on_pages(self) -> bool {
        self.unit == PAGE
    }

    /// Whether a block may begin at `offset`.
    pub fn holds(self, offset: u64) -> bool {
        offset % self.unit == self.residue
    }

    /// The first place at or behind `offset` where a block may begin.
    pub fn at_or_behind(self, offset: u64) -> u64 {
        let over = (offset % self.unit + self.unit - self.residue) % self.unit;
        if over == 0 { offset } else { offset.saturating_add(self.unit - over) }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use zerocopy::FromZeros;

    use super::*;

    const SHAPE: BlockShape = BlockShape { bitmap: 512, data: 2 << 20 };

    fn shown(sectors: &[u64]) -> Placement {
        let offsets: Vec<u64> = sectors.iter().map(|sector| sector * SECTOR).collect();
        Placement::of(&offsets, None, SHAPE)
    }

    #[test]
    fn blocks_show_how_they_are_placed() {
        // QEMU's, with a gap in which two were never written.
        let rows = shown(&[3, 4100, 12294]);
        assert_eq!((rows.unit, rows.shown_by), (4097 * 512, 3));
        assert!(rows.holds((4097 + 4100) * 512) && !rows.holds(4101 * 512));
        // Windows', one of them beside its place.
        let windows = shown(&[15, 4119, 8224, 12327]);
        assert_eq!((windows.unit, windows.residue, windows.stride, windows.shown_by), (4096, 7 * 512, 4104 * 512, 3));
        // MiniVHD's.
        let mini = shown(&[8, 4112, 8216]);
        assert_eq!((mini.unit, mini.residue), (4096, 0));
        assert_eq!(mini.at_or_behind(8 * 512 + 1), 16 * 512);
        // Of one block nobody knows.
        assert!(!shown(&[15]).is_known());
    }

    #[test]
    fn the_way_of_tapdisk_is_known_without_any_block() {
        let mut footer = Footer::new_zeroed();
        footer.creator_application = *b"tap\0";
        let way = Placement::of(&[], Some(&footer), SHAPE);
        assert_eq!((way.unit, way.residue), (4096, 7 * 512));
    }
}
