//! Lenient opening: each structure as it was found, whatever the state of the others.

use core::ops::ControlFlow;

use alloc::vec;
use alloc::vec::Vec;

use super::found::Found;
use super::reader::Reader;
use super::structures::Image;
use super::trailing::Tail;
use super::unreferenced::Unreferenced;
use super::{bat_survey, batmap, contested, footers, trailing, unreferenced_scan};
use crate::layout::batmap::{BatmapHeader, map_length};
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::layout::{SECTOR, padded_to_sector};
use crate::progress::{AnalysisError, Progress, Stage, Watch};
use crate::source::{Read, Source};

/// The longest parent name that is read, in bytes. Paths of Windows end at 64 KiB.
const NAME_LIMIT: u64 = 64 << 10;

/// Opens a disk without checking it: a few ranges, the BAT and the batmap.
///
/// # Errors
/// Where the source fails, or `progress` asks to stop. A damaged or foreign file is not an error.
pub fn open<S: Source>(
    source: &S,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Image, AnalysisError<S::Error>> {
    Image::open(source, &mut Watch::new(progress))
}

impl Image {
    /// Reads the metadata of `source`: a few ranges, the BAT and the batmap.
    ///
    /// # Errors
    /// Where the source fails, or `watch` asks to stop. A damaged image is not an error.
    pub(crate) fn open<E>(source: &dyn Source<Error = E>, watch: &mut Watch<'_>) -> Result<Self, AnalysisError<E>> {
        let reader = Reader::new(source);
        watch.at(Stage::Footers, 0, 2 * Footer::LENGTH)?;
        let ends = footers::Ends::read(&reader)?;
        watch.at(Stage::Footers, 2 * Footer::LENGTH, 2 * Footer::LENGTH)?;

        let mut image = Self {
            length: reader.length,
            primary: ends.primary,
            short: ends.short,
            backup: ends.backup,
            stray: Found::Absent,
            header: Found::Absent,
            bat: Found::Absent,
            batmap: Found::Absent,
            parent_names: [const { Found::Absent }; 8],
            end_of_metadata: 0,
            tail: Tail::NONE,
            unreferenced: Unreferenced::default(),
        };
        if image.footer().is_none() {
            image.stray = footers::stray_footer(&reader, watch)?;
        }
        watch.at(Stage::Header, 0, DynamicHeader::LENGTH)?;
        image.header = match image.header_place() {
            None => Found::Absent,
            Some(SECTOR) => ends.header,
            Some(offset) => reader.structure(offset)?,
        };
        watch.at(Stage::Header, DynamicHeader::LENGTH, DynamicHeader::LENGTH)?;
        // Of what is no header at all, the fields lead nowhere.
        if let Some(header) = image.header.value().copied()
            && (header.cookie == DynamicHeader::COOKIE || header.with_cookie().checksum_is_right())
        {
            image.parent_names = parent_names(&reader, &header)?;
            image.batmap = batmap::read(&reader, &header, image.footer(), watch)?;
            image.end_of_metadata = image.measure_metadata(&header);
            image.bat = bat_survey::survey(&reader, &image, &header, watch)?;
            let (refuted, beside) = contested::weigh(&reader, &image, watch)?;
            if let Found::Read { value, .. } = &mut image.bat {
                (value.refuted, value.beside) = (refuted, beside);
            }
        }
        image.tail = trailing::read(&reader, image.end_of_data(), image.limit(), watch)?;
        image.unreferenced = unreferenced_scan::look(&reader, &image, watch)?;
        Ok(image)
    }

    /// Where the dynamic header should be. Without a footer the usual place is worth a look.
    fn header_place(&self) -> Option<u64> {
        match self.footer() {
            None => Some(SECTOR),
            Some(footer) => match footer.data_offset.get() {
                Footer::NO_DATA_OFFSET => None,
                offset => (footer.kind() != Some(DiskType::Fixed)).then_some(offset),
            },
        }
    }

    /// Where the last structure ends that is not a block. What lies outside of the file does not count.
    fn measure_metadata(&self, header: &DynamicHeader) -> u64 {
        let after = |offset: u64, length: u64| offset.checked_add(length);
        let header_end = self.header.offset().and_then(|offset| after(offset, DynamicHeader::LENGTH));
        let bat_end = BatmapHeader::place(header);
        let batmap = self.batmap.value().filter(|batmap| batmap.header.is_known());
        let batmap_header_end = batmap.and(self.batmap.offset()).and_then(|offset| after(offset, BatmapHeader::LENGTH));
        // tapdisk puts the map right behind its header, with a bit for each entry. What the batmap's header says of
        // that, no checksum covers.
        let map_end = batmap_header_end.and_then(|end| after(end, map_length(header)));
        let locators = header.parent_locators.iter().filter(|locator| locator.is_used());
        let names = locators.map(|locator| after(locator.data_offset.get(), locator.space_in_bytes()?));
        [Some(Footer::LENGTH), header_end, bat_end, batmap_header_end, map_end]
            .into_iter()
            .chain(names)
            .flatten()
            .filter_map(padded_to_sector)
            .filter(|end| *end <= self.length)
            .max()
            .unwrap_or(0)
    }

    /// Where the data ends, in bytes: with the last block or the metadata; on a fixed disk with its last sector.
    fn end_of_data(&self) -> u64 {
        match self.kind() {
            Some(DiskType::Fixed) => self.footer().map_or(self.limit(), |footer| footer.current_size.get()),
            _ => {
                let blocks = self.bat.value().map_or(0, |bat| bat.end_of_blocks);
                self.end_of_metadata.max(blocks)
            }
        }
    }
}

/// The bytes that the locators point at, in one go, each bounded by the file and by [`NAME_LIMIT`].
fn parent_names<E>(reader: &Reader<'_, E>, header: &DynamicHeader) -> Result<[Found<Vec<u8>>; 8], AnalysisError<E>> {
    let mut names = header.parent_locators.each_ref().map(|locator| {
        if !locator.is_used() {
            return Found::Absent;
        }
        let offset = locator.data_offset.get();
        let length = u64::from(locator.data_length.get());
        if length > NAME_LIMIT || !reader.holds(offset, length) {
            return Found::OutOfFile { offset, length };
        }
        Found::Read { offset, value: vec![0; length as usize] }
    });
    let mut reads: Vec<_> = names
        .iter_mut()
        .filter_map(|name| match name {
            Found::Read { offset, value } => Some(Read { offset: *offset, buffer: value }),
            _ => None,
        })
        .collect();
    reader.read(&mut reads)?;
    Ok(names)
}
