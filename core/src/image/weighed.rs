//! Whether a block begins at a place: its bitmap weighed against its data.

use crate::layout::SECTOR;
use crate::layout::bat::BlockShape;
use crate::layout::bitmap::Bitmap;
use crate::layout::footer::Footer;
use crate::layout::header::DynamicHeader;

/// So few sectors with data agree with a bitmap anywhere.
pub(super) const FEWEST: u32 = 4;

/// What the bytes at a place say of whether they are a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weighed {
    /// Sectors that the bitmap calls written.
    pub written: u32,
    /// Of these, those with data other than zeros.
    pub with_data: u32,
    /// Sectors with data that the bitmap calls not written.
    pub denied: u32,
    /// Whether the bitmap calls every sector written.
    pub full: bool,
    /// Whether it is rather padding, or another structure.
    pub is_something_else: bool,
}

impl Weighed {
    /// Weighs what would be the bitmap against the sectors behind it, of which it is only asked whether they have data;
    /// with the sector before it and the first behind it.
    pub(super) fn of(
        bytes: &[u8],
        footer: Option<&Footer>,
        shape: BlockShape,
        has_data: impl Fn(u32) -> bool,
        (before, behind): (&[u8], &[u8]),
    ) -> Self {
        let bitmap = Bitmap::new(bytes, footer, shape);
        let sectors = (shape.data / SECTOR) as u32;
        let mut weighed = Self { written: bitmap.count(), ..Self::default() };
        weighed.full = weighed.written == sectors;
        for sector in (0..sectors).filter(|sector| has_data(*sector)) {
            match bitmap.is_set(sector) {
                true => weighed.with_data += 1,
                false => weighed.denied += 1,
            }
        }
        let is_ones = |bytes: &[u8]| bytes.iter().all(|byte| *byte == 0xFF);
        let used = (sectors as usize).div_ceil(8);
        // Behind the last sector's bit there is nothing, or as in the bits themselves where a whole sector was filled.
        let rest = bytes.get(used..).unwrap_or_default();
        let is_ragged = rest.iter().any(|byte| *byte != 0) && !(weighed.full && is_ones(rest));
        // Writers fill what lies before the first block with ones: the last sector of them may be a bitmap.
        // The BAT is padded with them, too.
        let ends_with_ones = before.last_chunk::<16>().is_some_and(|end| is_ones(end));
        let is_padding = ends_with_ones && is_ones(bytes) && is_ones(behind);
        let is_structure = bytes.starts_with(&Footer::COOKIE) || bytes.starts_with(&DynamicHeader::COOKIE);
        weighed.is_something_else = is_ragged || is_padding || is_structure;
        weighed
    }

    /// Whether nothing there contradicts a block, be it one that holds only zeros.
    pub fn is_possible(self) -> bool {
        self.written > 0 && self.denied == 0 && !self.is_something_else
    }

    /// Whether a block may begin there that holds something: no data where the bitmap says there is none.
    pub fn fits(self) -> bool {
        self.with_data > 0 && self.is_possible()
    }

    /// Whether that it fits is no chance: enough sectors have data, and the bitmap denies that others have.
    pub fn is_telling(self) -> bool {
        self.with_data >= FEWEST && !self.full
    }
}
