//! Lenient opening: each structure as it was found, whatever the state of the others.

mod bat;
mod batmap;
pub mod deep;
mod ends;
mod orphans;
mod reader;
mod tail;

use core::ops::ControlFlow;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

pub use bat::{Bat, Block, Grid, NAMED_ENTRIES, Named};
pub use batmap::Batmap;
pub use orphans::{Orphan, Region, Unreferenced};
pub(crate) use reader::Reader;
pub use tail::{Tail, TailContent};

use crate::layout::bat::BlockShape;
use crate::layout::batmap::{BatmapHeader, map_length};
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform, decode, file_name, unescaped, utf16};
use crate::layout::{SECTOR, padded_to_sector};
use crate::progress::{AnalysisError, Progress, Stage, Watch};
use crate::source::{Read, Source};

/// The longest parent name that is read, in bytes. Paths of Windows end at 64 KiB.
const NAME_LIMIT: u64 = 64 << 10;
/// tapdisk puts the data of a block, not its bitmap, on a multiple of this.
pub(crate) const PAGE: u64 = 4096;

/// What became of a structure that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// Nothing says that it should be there.
    Absent,
    /// It would lie at least partly behind the end of the file.
    OutOfFile {
        /// First byte, from the start of the file.
        offset: u64,
        /// Bytes that it would take.
        length: u64,
    },
    /// The bytes are there, whatever they say.
    Read {
        /// First byte, from the start of the file.
        offset: u64,
        /// The bytes, as a structure.
        value: T,
    },
}

impl<T> Found<T> {
    /// The structure, if its bytes are there.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Read { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Where it is or would be.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Absent => None,
            Self::OutOfFile { offset, .. } | Self::Read { offset, .. } => Some(*offset),
        }
    }
}

/// A VHD as it was found.
#[derive(Clone, Debug)]
pub struct Image {
    /// Length of the file in bytes.
    pub length: u64,
    /// The last 512 bytes of the file.
    pub primary: Found<Footer>,
    /// The last 511 bytes, where the length of the file speaks for a footer of old Virtual PC.
    pub short: Found<Footer>,
    /// The first 512 bytes.
    pub backup: Found<Footer>,
    /// A fixed disk's footer some way before the end of the file.
    pub stray: Found<Footer>,
    /// The dynamic header, where the footer says; 512 bytes into the file where no footer says anything.
    pub header: Found<DynamicHeader>,
    /// The BAT, where the dynamic header says.
    pub bat: Found<Bat>,
    /// tapdisk's batmap.
    pub batmap: Found<Batmap>,
    /// The parent names that the dynamic header's locators point at, in the locators' order.
    pub parent_names: [Found<Vec<u8>>; 8],
    /// Where the last structure ends that is not a block, in bytes.
    pub end_of_metadata: u64,
    /// What follows the data.
    pub tail: Tail,
    /// What no structure refers to.
    pub unreferenced: Unreferenced,
}

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
        let ends = ends::Ends::read(&reader)?;
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
            image.stray = ends::stray_footer(&reader, watch)?;
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
            image.bat = bat::survey(&reader, &image, &header, watch)?;
        }
        image.tail = tail::read(&reader, &image, watch)?;
        image.unreferenced = orphans::look(&reader, &image, watch)?;
        Ok(image)
    }

    /// The footer that says what the disk is: the first intact one of primary, short, backup and stray;
    /// failing that, the first that can still be recognised as one.
    pub fn footer(&self) -> Option<&Footer> {
        let all = || self.footers().filter_map(Found::value);
        all()
            .find(|footer| footer.is_intact())
            .or_else(|| all().find(|footer| footer.is_poisoned()))
            .or_else(|| all().find(|footer| footer.cookie == Footer::COOKIE))
            .or_else(|| all().find(|footer| footer.with_cookie().is_intact()))
    }

    /// The places where a footer may be, in the order in which they are trusted.
    pub fn footers(&self) -> impl Iterator<Item = &Found<Footer>> {
        [&self.primary, &self.short, &self.backup, &self.stray].into_iter()
    }

    /// The kind of the disk by its footer; by the presence of a dynamic header where the footer has a type
    /// that no disk has.
    pub fn kind(&self) -> Option<DiskType> {
        let footer = self.footer()?;
        footer.kind().or_else(|| {
            let header = self.header.value()?;
            Some(if header.names_a_parent() { DiskType::Differencing } else { DiskType::Dynamic })
        })
    }

    /// Whether it is known where the data ends: not where the BAT could not be read, or names blocks that are
    /// not in the file.
    pub fn knows_end_of_data(&self) -> bool {
        match self.kind() {
            Some(DiskType::Fixed) => true,
            _ => self.bat.value().is_some_and(|bat| bat.outside_file.count == 0),
        }
    }

    /// Whether the file is a VHD at all, sound or not.
    pub fn is_vhd(&self) -> bool {
        self.length >= Footer::LENGTH && (self.footer().is_some() || self.has_header_cookie())
    }

    /// Whether an intact footer closes the file, in its full or its short form.
    pub fn closing_footer(&self) -> Option<(u64, &Footer)> {
        [&self.primary, &self.short].into_iter().find_map(|found| match found {
            Found::Read { offset, value } if value.is_intact() => Some((*offset, value)),
            _ => None,
        })
    }

    /// The footer that lacks its last byte, where one closes the file.
    pub fn intact_short_footer(&self) -> Option<&Footer> {
        self.short.value().filter(|footer| footer.is_intact())
    }

    /// Where blocks must end at the latest, in bytes: at the closing footer, or at the end of the file without one.
    pub fn limit(&self) -> u64 {
        self.closing_footer().map_or(self.length, |(offset, _)| offset)
    }

    /// The shape of the disk's blocks, if it has blocks.
    pub fn block_shape(&self) -> Option<BlockShape> {
        self.header.value().and_then(BlockShape::of)
    }

    /// The parent's name in the dynamic header; `None` where there is no header, or the name is no UTF-16.
    pub fn parent_name(&self) -> Option<String> {
        let name = &self.header.value()?.parent_unicode_name;
        // tapdisk 0.1 wrote either byte order, with a mark in front, and little-endian without one.
        let early = self.footer().is_some_and(Footer::puts_least_bit_first);
        match name {
            [0xFF, 0xFE, rest @ ..] if early => utf16(rest, u16::from_le_bytes),
            [0xFE, 0xFF, rest @ ..] if early => utf16(rest, u16::from_be_bytes),
            _ if early => utf16(name, u16::from_le_bytes),
            _ => utf16(name, u16::from_be_bytes),
        }
    }

    /// The locators in use, with their number and the bytes that they point at.
    pub fn locators(&self) -> impl Iterator<Item = (usize, &ParentLocator, &Found<Vec<u8>>)> {
        self.header
            .value()
            .into_iter()
            .flat_map(|header| header.parent_locators.iter().zip(&self.parent_names))
            .enumerate()
            .filter(|(_, (locator, _))| locator.is_used())
            .map(|(number, (locator, name))| (number, locator, name))
    }

    /// Where the parent may be: the paths that the locators give, with slashes.
    pub fn parent_paths(&self) -> impl Iterator<Item = String> {
        self.locators()
            .filter_map(|(_, locator, data)| Some(self.path_in(locator.platform()?, data.value()?)?.replace('\\', "/")))
    }

    /// The path that a locator's data spells. Where the header has the parent's name as it stands in a URL, nothing in
    /// that is an escape.
    pub(crate) fn path_in(&self, platform: Platform, data: &[u8]) -> Option<String> {
        let is_the_name = |path: &String| self.parent_name().is_some_and(|name| file_name(&name) == file_name(path));
        unescaped(platform, data).filter(is_the_name).or_else(|| decode(platform, data))
    }

    fn has_header_cookie(&self) -> bool {
        self.header.value().is_some_and(|header| header.cookie == DynamicHeader::COOKIE)
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
}

/// Whether the table offset can be one: a whole sector behind the backup footer.
fn has_usable_table(header: &DynamicHeader) -> bool {
    let offset = header.table_offset.get();
    offset >= Footer::LENGTH && offset.is_multiple_of(SECTOR)
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
