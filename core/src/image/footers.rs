//! Both ends of the file, where the footers are.

use zerocopy::FromBytes;

use super::found::Found;
use super::reader::Reader;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::layout::{SECTOR, padded_to_sector};
use crate::progress::{AnalysisError, Stage, Watch};
use crate::source::Read;

/// How far before the end of a file a fixed disk's footer is looked for: uploads are padded to a MiB.
const STRAY_LIMIT: u64 = 4 << 20;

/// What stands at the ends of the file.
pub(super) struct Ends {
    pub primary: Found<Footer>,
    pub short: Found<Footer>,
    pub backup: Found<Footer>,
    /// The 1,024 bytes behind the backup, where the dynamic header is as a rule.
    pub header: Found<DynamicHeader>,
}

impl Ends {
    /// The last 512 bytes, and the first 512 with the 1,024 after them, in one go.
    pub(super) fn read<E>(reader: &Reader<'_, E>) -> Result<Self, AnalysisError<E>> {
        let mut start = [0; (Footer::LENGTH + DynamicHeader::LENGTH) as usize];
        let mut end = [0; Footer::LENGTH as usize];
        let at_start = reader.length.min(start.len() as u64);
        let at_end = reader.length.min(end.len() as u64);
        reader.read(&mut [
            Read { offset: 0, buffer: &mut start[..at_start as usize] },
            Read { offset: reader.length - at_end, buffer: &mut end[..at_end as usize] },
        ])?;
        let footer = |offset, bytes: &[u8]| match Footer::read_from_bytes(bytes) {
            Ok(value) => Found::Read { offset, value },
            Err(_) => Found::OutOfFile { offset, length: Footer::LENGTH },
        };
        let primary = footer(reader.length - at_end, &end[..at_end as usize]);
        let backup = footer(0, &start[..at_end as usize]);
        // The length tells: the file ends a byte short of whole sectors.
        let short = if reader.length % SECTOR == Footer::SHORT_LENGTH {
            let last = at_end as usize;
            end.copy_within(last - Footer::SHORT_LENGTH as usize..last, 0);
            end[Footer::SHORT_LENGTH as usize] = 0;
            footer(reader.length - Footer::SHORT_LENGTH, &end)
        } else {
            Found::Absent
        };
        let header = match DynamicHeader::read_from_suffix(&start) {
            Ok((_, value)) if at_start == start.len() as u64 => Found::Read { offset: Footer::LENGTH, value },
            _ => Found::OutOfFile { offset: Footer::LENGTH, length: DynamicHeader::LENGTH },
        };
        Ok(Self { primary, short, backup, header })
    }
}

/// A fixed disk whose footer is not at the end: the footer's own size says where it belongs.
pub(super) fn stray_footer<E>(
    reader: &Reader<'_, E>,
    watch: &mut Watch<'_>,
) -> Result<Found<Footer>, AnalysisError<E>> {
    // A whole number of sectors, counted from the start, since that is where a footer would be.
    let start = padded_to_sector(reader.length.saturating_sub(STRAY_LIMIT)).unwrap_or(0);
    let mut found = Found::Absent;
    reader.windows(start, reader.length.saturating_sub(start), Stage::Tail, watch, &mut |offset, bytes| {
        for (offset, sector) in (offset..).step_by(SECTOR as usize).zip(bytes.chunks_exact(SECTOR as usize)) {
            if let Ok(value) = Footer::read_from_bytes(sector)
                && value.is_intact()
                && value.kind() == Some(DiskType::Fixed)
                && value.current_size.get() == offset
            {
                found = Found::Read { offset, value };
                return false;
            }
        }
        true
    })?;
    Ok(found)
}
