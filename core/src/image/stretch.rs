//! A stretch of the file in which blocks may begin, read once.

use alloc::vec;
use alloc::vec::Vec;

use super::reader::Reader;
use super::weighed::Weighed;
use crate::layout::SECTOR;
use crate::layout::bat::BlockShape;
use crate::layout::footer::Footer;
use crate::progress::{AnalysisError, Stage, Watch};

/// What the boot sector of a disk ends with.
const BOOT_MARK: [u8; 2] = [0x55, 0xAA];

/// So many places where a block may begin, sector by sector, with the block behind the last of them. Of the data only
/// whether there is any is kept, a byte a sector, and which sectors may be boot sectors.
pub(super) struct Stretch<'a> {
    start: u64,
    /// The first place where a block may begin.
    first: u64,
    /// The bytes in which bitmaps may stand, and a sector more.
    head: Vec<u8>,
    /// Whether a sector has data.
    has_data: Vec<bool>,
    /// Where the sectors are that end as a boot sector does, in bytes from the start of the file.
    boot_sectors: Vec<u64>,
    shape: BlockShape,
    footer: Option<&'a Footer>,
}

impl<'a> Stretch<'a> {
    /// From `start` on, a multiple of a sector, up to `last`, the last place where a block may begin.
    pub fn read<E>(
        reader: &Reader<'_, E>,
        (start, last): (u64, u64),
        shape: BlockShape,
        footer: Option<&'a Footer>,
        watch: &mut Watch<'_>,
    ) -> Result<Self, AnalysisError<E>> {
        // The sector before tells a bitmap from the padding that it may follow.
        let (first, start) = (start, start.saturating_sub(SECTOR));
        let length = last - start + shape.length();
        let head = (last - start + shape.bitmap + SECTOR).min(length) as usize;
        let mut stretch =
            Self { start, first, head: vec![0; head], has_data: Vec::new(), boot_sectors: Vec::new(), shape, footer };
        let Self { head, has_data, boot_sectors, .. } = &mut stretch;
        reader.windows(start, length, Stage::Tail, watch, &mut |offset, bytes| {
            let at = (offset - start) as usize;
            if let Some(rest) = head.get_mut(at..) {
                let both = rest.len().min(bytes.len());
                rest[..both].copy_from_slice(&bytes[..both]);
            }
            has_data.extend(bytes.chunks(SECTOR as usize).map(|sector| sector.iter().any(|byte| *byte != 0)));
            let sectors = (offset..).step_by(SECTOR as usize).zip(bytes.chunks(SECTOR as usize));
            boot_sectors.extend(sectors.filter(|(_, sector)| sector.ends_with(&BOOT_MARK)).map(|(at, _)| at));
            true
        })?;
        Ok(stretch)
    }

    /// Weighs what stands at a place of the stretch.
    pub fn weigh(&self, place: u64) -> Weighed {
        let at = place.saturating_sub(self.start) as usize;
        let bitmap = self.shape.bitmap as usize;
        let bytes = self.head.get(at..).unwrap_or_default();
        let (bytes, behind) = bytes.split_at(bitmap.min(bytes.len()));
        let first = (at + bitmap) / SECTOR as usize;
        let has_data = |sector: u32| self.has_data.get(first + sector as usize).copied().unwrap_or(false);
        let before = at.checked_sub(SECTOR as usize).and_then(|before| self.head.get(before..at));
        let around = (before.unwrap_or_default(), &behind[..behind.len().min(SECTOR as usize)]);
        Weighed::of(bytes, self.footer, self.shape, has_data, around)
    }

    /// Whether the data of a block that begins at a place would begin with a boot sector.
    pub fn boots(&self, place: u64) -> bool {
        self.boot_sectors.binary_search(&place.saturating_add(self.shape.bitmap)).is_ok()
    }

    /// Whether anything but zeros stands where a block may begin or lie.
    pub fn has_data(&self) -> bool {
        let skipped = (self.first - self.start) / SECTOR;
        self.has_data.iter().skip(skipped as usize).any(|has_data| *has_data)
    }
}
