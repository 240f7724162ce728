//! tapdisk's batmap, with the map itself where it is of a usual size.

use alloc::vec::Vec;

use super::found::Found;
use super::reader::Reader;
use crate::layout::SECTOR;
use crate::layout::batmap::{self, BatmapExpected, BatmapHeader, MapSum};
use crate::layout::footer::Footer;
use crate::layout::header::DynamicHeader;
use crate::progress::{AnalysisError, Stage, Watch};

/// The longest map that is kept, in bytes: that of a virtual disk of 16 TiB.
const MAP_LIMIT: u64 = 1 << 20;

/// tapdisk's batmap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batmap {
    /// Its header.
    pub header: BatmapHeader,
    /// The checksum that the map's bytes ask for; `None` where the map is not wholly in the file.
    pub computed_checksum: Option<u32>,
    /// The map, as far as the checksum covers it; empty where it is not in the file, or too long to be kept.
    pub map: Vec<u8>,
}

impl Batmap {
    /// Whether cookie, version and checksum are right.
    pub fn is_intact(&self) -> bool {
        self.header.is_known() && self.computed_checksum == Some(self.header.checksum.get())
    }

    /// Whether a block is marked as written throughout; `None` where the map does not reach.
    pub fn is_full(&self, block: u32) -> Option<bool> {
        let byte = self.map.get(usize::try_from(block / 8).ok()?)?;
        Some(byte & (0x80 >> (block % 8)) != 0)
    }
}

/// The batmap, if the footer or its own cookie says that there is one.
pub(super) fn read<E>(
    reader: &Reader<'_, E>,
    header: &DynamicHeader,
    footer: Option<&Footer>,
    watch: &mut Watch<'_>,
) -> Result<Found<Batmap>, AnalysisError<E>> {
    let (Some(footer), Some(place)) = (footer, BatmapHeader::place(header)) else {
        return Ok(Found::Absent);
    };
    let expected = BatmapExpected::of(footer);
    // Where not even the BAT fits into the file, nothing is known of what should follow it.
    if expected == BatmapExpected::No || place > reader.length || !header.has_usable_table() {
        return Ok(Found::Absent);
    }
    let (offset, header) = match reader.structure::<BatmapHeader>(place)? {
        Found::Read { offset, value } => (offset, value),
        Found::OutOfFile { offset, length } => return Ok(Found::OutOfFile { offset, length }),
        Found::Absent => return Ok(Found::Absent),
    };
    if expected == BatmapExpected::Perhaps && !header.is_known() {
        return Ok(Found::Absent);
    }
    let mut batmap = Batmap { header, computed_checksum: None, map: Vec::new() };
    let start = header.batmap_offset.get();
    let length = batmap::checked_length(footer.current_size.get());
    let room = u64::from(header.batmap_size.get()) * SECTOR;
    if header.is_known() && length <= room && reader.holds(start, length) {
        let mut sum = MapSum::new(header.batmap_version.get());
        reader.windows(start, length, Stage::Batmap, watch, &mut |_, bytes| {
            sum.add(bytes);
            if length <= MAP_LIMIT {
                batmap.map.extend_from_slice(bytes);
            }
            true
        })?;
        batmap.computed_checksum = Some(sum.checksum());
    }
    Ok(Found::Read { offset, value: batmap })
}
