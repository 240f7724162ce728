//! Lenient opening: each structure as it was found, whatever the state of the others.

use alloc::vec;
use alloc::vec::Vec;

use zerocopy::{FromBytes, IntoBytes};

use crate::layout::bat::{self, BlockShape, block_offset};
use crate::layout::batmap::{self, BatmapExpected, BatmapHeader, MapSum};
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::layout::locator::ParentLocator;
use crate::layout::{SECTOR, padded_to_sector};
use crate::progress::{AnalysisError, Stage, Watch};
use crate::source::{Read, Source};

/// Tables are read in windows of this many bytes, so that memory does not grow with the disk.
const WINDOW: usize = 1 << 20;
/// How far behind the data bytes are looked at, to tell zeros from anything else.
const TAIL_LIMIT: u64 = 16 << 20;
/// How far before the end of a file a fixed disk's footer is looked for.
const STRAY_LIMIT: u64 = 4 << 20;
/// The longest parent name that is read, in bytes. Paths of Windows end at 64 KiB.
const NAME_LIMIT: u64 = 64 << 10;
/// How many BAT entries of one kind of fault are remembered one by one.
pub const NAMED_ENTRIES: usize = 64;

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
}

/// The BAT, surveyed in one pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bat {
    /// Entries that the current size needs, and that were looked at.
    pub entries: u32,
    /// Those that point at a block.
    pub allocated: u32,
    /// Where the last block ends that lies within the file, in bytes; 0 without any.
    pub end_of_blocks: u64,
    /// Blocks that begin before the end of the metadata.
    pub on_metadata: Entries,
    /// Blocks that end behind the end of the file, or behind the start of the primary footer.
    pub outside_file: Entries,
}

/// BAT entries that share a property: all of them counted, the first ones named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entries {
    /// How many there are.
    pub count: u32,
    /// The first [`NAMED_ENTRIES`], as block number and entry.
    pub named: Vec<(u32, u32)>,
}

impl Entries {
    fn add(&mut self, block: u32, entry: u32) {
        self.count = self.count.saturating_add(1);
        if self.named.len() < NAMED_ENTRIES {
            self.named.push((block, entry));
        }
    }
}

/// tapdisk's batmap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batmap {
    /// Its header.
    pub header: BatmapHeader,
    /// The checksum that the map's bytes ask for; `None` where the map is not wholly in the file.
    pub computed_checksum: Option<u32>,
}

impl Batmap {
    /// Whether cookie, version and checksum are right.
    pub fn is_intact(&self) -> bool {
        self.header.is_known() && self.computed_checksum == Some(self.header.checksum.get())
    }
}

/// What follows the data: the last block, the metadata, or a fixed disk's sectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Where the data ends, in bytes; not behind the end of the file.
    pub end_of_data: u64,
    /// Whether an intact footer stands right there.
    pub footer: Option<Footer>,
    /// Bytes between the data, with the footer that may stand there, and the end of the file or the
    /// primary footer.
    pub length: u64,
    /// What those bytes are.
    pub content: TailContent,
}

/// What bytes behind the data are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TailContent {
    /// There are none, or they are all zero.
    Zeros,
    /// There is something else among them.
    Data,
    /// More than is looked at without being asked.
    Unread,
}

impl Image {
    /// Reads the metadata of `source`: a few ranges, the BAT and the batmap.
    ///
    /// # Errors
    /// Where the source fails, or `watch` asks to stop. A damaged image is not an error.
    pub(crate) fn open<S: Source>(source: &S, watch: &mut Watch<'_>) -> Result<Self, AnalysisError<S::Error>> {
        let reader = Reader { source, length: source.length() };
        watch.at(Stage::Footers, 0, 2 * Footer::LENGTH)?;
        let (primary, short, backup, header_at_512) = reader.ends()?;
        watch.at(Stage::Footers, 2 * Footer::LENGTH, 2 * Footer::LENGTH)?;

        let mut image = Self {
            length: reader.length,
            primary,
            short,
            backup,
            stray: Found::Absent,
            header: Found::Absent,
            bat: Found::Absent,
            batmap: Found::Absent,
            parent_names: [const { Found::Absent }; 8],
            end_of_metadata: 0,
            tail: Tail { end_of_data: 0, footer: None, length: 0, content: TailContent::Zeros },
        };
        if image.footer().is_none() {
            image.stray = reader.stray_footer(watch)?;
        }
        watch.at(Stage::Header, 0, DynamicHeader::LENGTH)?;
        image.header = match image.header_place() {
            None => Found::Absent,
            Some(SECTOR) => header_at_512,
            Some(offset) => reader.structure(offset)?,
        };
        watch.at(Stage::Header, DynamicHeader::LENGTH, DynamicHeader::LENGTH)?;
        // Of what is no header at all, the fields lead nowhere.
        if let Some(header) = image.header.value().copied()
            && (header.cookie == DynamicHeader::COOKIE || header.with_cookie().checksum_is_right())
        {
            image.parent_names = reader.parent_names(&header)?;
            image.batmap = reader.batmap(&header, image.footer(), watch)?;
            image.end_of_metadata = image.measure_metadata(&header);
            image.bat = reader.bat(&image, &header, watch)?;
        }
        image.tail = reader.tail(&image, watch)?;
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

    /// Where the bytes begin that [`Tail::length`] counts: behind the data and the footer that may stand there.
    pub fn tail_start(&self) -> u64 {
        match self.tail.footer {
            Some(_) => self.tail.end_of_data + Footer::LENGTH,
            None => self.tail.end_of_data,
        }
    }

    /// The shape of the disk's blocks, if it has blocks.
    pub fn block_shape(&self) -> Option<BlockShape> {
        self.header.value().and_then(BlockShape::of)
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
        let batmap = self.batmap.value().filter(|batmap| batmap.is_intact());
        let batmap_header_end = batmap.and(self.batmap.offset()).and_then(|offset| after(offset, BatmapHeader::LENGTH));
        let map_end = batmap.and_then(|batmap| {
            after(batmap.header.batmap_offset.get(), u64::from(batmap.header.batmap_size.get()) * SECTOR)
        });
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

/// Reads structures out of a source, each bounded by the length of the file.
struct Reader<'a, S> {
    source: &'a S,
    length: u64,
}

type Ends = (Found<Footer>, Found<Footer>, Found<Footer>, Found<DynamicHeader>);

impl<S: Source> Reader<'_, S> {
    fn read(&self, reads: &mut [Read<'_>]) -> Result<(), AnalysisError<S::Error>> {
        self.source.read(reads).map_err(AnalysisError::Read)
    }

    /// Whether a range lies within the file.
    fn holds(&self, offset: u64, length: u64) -> bool {
        offset.checked_add(length).is_some_and(|end| end <= self.length)
    }

    /// The structure at `offset`, if the file is long enough.
    fn structure<T: FromBytes + IntoBytes>(&self, offset: u64) -> Result<Found<T>, AnalysisError<S::Error>> {
        let length = size_of::<T>() as u64;
        if !self.holds(offset, length) {
            return Ok(Found::OutOfFile { offset, length });
        }
        let mut value = T::new_zeroed();
        let buffer = value.as_mut_bytes();
        self.read(&mut [Read { offset, buffer }])?;
        Ok(Found::Read { offset, value })
    }

    /// Both ends of the file, in one go: the last 512 bytes, and the first 512 with the 1,024 after them.
    fn ends(&self) -> Result<Ends, AnalysisError<S::Error>> {
        let mut start = [0; (Footer::LENGTH + DynamicHeader::LENGTH) as usize];
        let mut end = [0; Footer::LENGTH as usize];
        let at_start = self.length.min(start.len() as u64);
        let at_end = self.length.min(end.len() as u64);
        self.read(&mut [
            Read { offset: 0, buffer: &mut start[..at_start as usize] },
            Read { offset: self.length - at_end, buffer: &mut end[..at_end as usize] },
        ])?;
        let footer = |offset, bytes: &[u8]| match Footer::read_from_bytes(bytes) {
            Ok(value) => Found::Read { offset, value },
            Err(_) => Found::OutOfFile { offset, length: Footer::LENGTH },
        };
        let primary = footer(self.length - at_end, &end[..at_end as usize]);
        let backup = footer(0, &start[..at_end as usize]);
        // The length tells: the file ends a byte short of whole sectors.
        let short = if self.length % SECTOR == Footer::SHORT_LENGTH {
            let last = at_end as usize;
            end.copy_within(last - Footer::SHORT_LENGTH as usize..last, 0);
            end[Footer::SHORT_LENGTH as usize] = 0;
            footer(self.length - Footer::SHORT_LENGTH, &end)
        } else {
            Found::Absent
        };
        let header = match DynamicHeader::read_from_suffix(&start) {
            Ok((_, value)) if at_start == start.len() as u64 => Found::Read { offset: Footer::LENGTH, value },
            _ => Found::OutOfFile { offset: Footer::LENGTH, length: DynamicHeader::LENGTH },
        };
        Ok((primary, short, backup, header))
    }

    /// A fixed disk whose footer is not at the end: the footer's own size says where it belongs.
    fn stray_footer(&self, watch: &mut Watch<'_>) -> Result<Found<Footer>, AnalysisError<S::Error>> {
        // A whole number of sectors, counted from the start, since that is where a footer would be.
        let start = padded_to_sector(self.length.saturating_sub(STRAY_LIMIT)).unwrap_or(0);
        let length = self.length.saturating_sub(start);
        watch.at(Stage::Tail, 0, length)?;
        let mut bytes = vec![0; length as usize];
        self.read(&mut [Read { offset: start, buffer: &mut bytes }])?;
        let places = (start..).step_by(SECTOR as usize);
        let found = places
            .zip(bytes.chunks_exact(SECTOR as usize))
            .filter_map(|(offset, sector)| Some((offset, Footer::read_from_bytes(sector).ok()?)))
            .find(|(offset, footer)| {
                footer.is_intact() && footer.kind() == Some(DiskType::Fixed) && footer.current_size.get() == *offset
            });
        Ok(match found {
            Some((offset, value)) => Found::Read { offset, value },
            None => Found::Absent,
        })
    }

    /// The bytes that the locators point at, in one go, each bounded by the file and by [`NAME_LIMIT`].
    fn parent_names(&self, header: &DynamicHeader) -> Result<[Found<Vec<u8>>; 8], AnalysisError<S::Error>> {
        let mut names = header.parent_locators.each_ref().map(|locator| {
            if !locator.is_used() {
                return Found::Absent;
            }
            let offset = locator.data_offset.get();
            let length = u64::from(locator.data_length.get());
            if length > NAME_LIMIT || !self.holds(offset, length) {
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
        if !reads.is_empty() {
            self.read(&mut reads)?;
        }
        Ok(names)
    }

    /// tapdisk's batmap, if the footer or its own cookie says that there is one.
    fn batmap(
        &self,
        header: &DynamicHeader,
        footer: Option<&Footer>,
        watch: &mut Watch<'_>,
    ) -> Result<Found<Batmap>, AnalysisError<S::Error>> {
        let (Some(footer), Some(place)) = (footer, BatmapHeader::place(header)) else {
            return Ok(Found::Absent);
        };
        let expected = BatmapExpected::of(footer);
        // Where not even the BAT fits into the file, nothing is known of what should follow it.
        if expected == BatmapExpected::No || place > self.length || !has_usable_table(header) {
            return Ok(Found::Absent);
        }
        let (offset, header) = match self.structure::<BatmapHeader>(place)? {
            Found::Read { offset, value } => (offset, value),
            Found::OutOfFile { offset, length } => return Ok(Found::OutOfFile { offset, length }),
            Found::Absent => return Ok(Found::Absent),
        };
        if expected == BatmapExpected::Perhaps && !header.is_known() {
            return Ok(Found::Absent);
        }
        let computed_checksum = self.map_checksum(&header, footer.current_size.get(), watch)?;
        Ok(Found::Read { offset, value: Batmap { header, computed_checksum } })
    }

    fn map_checksum(
        &self,
        header: &BatmapHeader,
        current_size: u64,
        watch: &mut Watch<'_>,
    ) -> Result<Option<u32>, AnalysisError<S::Error>> {
        let offset = header.batmap_offset.get();
        let length = batmap::checked_length(current_size);
        let room = u64::from(header.batmap_size.get()) * SECTOR;
        if !header.is_known() || length > room || !self.holds(offset, length) {
            return Ok(None);
        }
        let mut sum = MapSum::new(header.batmap_version.get());
        self.windows(offset, length, Stage::Batmap, watch, |_, bytes| {
            sum.add(bytes);
            true
        })?;
        Ok(Some(sum.checksum()))
    }

    /// The BAT: all entries that the current size needs, looked at in one pass.
    fn bat(
        &self,
        image: &Image,
        header: &DynamicHeader,
        watch: &mut Watch<'_>,
    ) -> Result<Found<Bat>, AnalysisError<S::Error>> {
        let (Some(footer), Some(shape)) = (image.footer(), BlockShape::of(header)) else {
            return Ok(Found::Absent);
        };
        if !has_usable_table(header) {
            return Ok(Found::Absent);
        }
        let needed = footer.current_size.get().div_ceil(shape.data);
        let entries = u32::try_from(needed).unwrap_or(u32::MAX).min(header.max_table_entries.get());
        let offset = header.table_offset.get();
        let length = u64::from(entries) * bat::ENTRY_LENGTH;
        if !self.holds(offset, length) {
            return Ok(Found::OutOfFile { offset, length });
        }
        let limit = match image.closing_footer() {
            Some((footer, _)) => footer,
            None => self.length,
        };
        let mut bat = Bat { entries, ..Bat::default() };
        let mut block = 0u32;
        self.windows(offset, length, Stage::Bat, watch, |_, bytes| {
            for entry in bytes.as_chunks::<{ bat::ENTRY_LENGTH as usize }>().0 {
                let entry = u32::from_be_bytes(*entry);
                if let Some(start) = block_offset(entry) {
                    bat.allocated += 1;
                    if start < image.end_of_metadata {
                        bat.on_metadata.add(block, entry);
                    }
                    // At most 2^32 sectors and a block: far from an overflow.
                    let end = start + shape.length();
                    if end > limit {
                        bat.outside_file.add(block, entry);
                    }
                    if end <= self.length {
                        bat.end_of_blocks = bat.end_of_blocks.max(end);
                    }
                }
                block = block.wrapping_add(1);
            }
            true
        })?;
        Ok(Found::Read { offset, value: bat })
    }

    /// What stands between the data and the end of the file.
    fn tail(&self, image: &Image, watch: &mut Watch<'_>) -> Result<Tail, AnalysisError<S::Error>> {
        let limit = match image.closing_footer() {
            Some((footer, _)) => footer,
            None => self.length,
        };
        let end_of_data = match image.kind() {
            Some(DiskType::Fixed) => image.footer().map_or(limit, |footer| footer.current_size.get()),
            _ => {
                let blocks = image.bat.value().map_or(0, |bat| bat.end_of_blocks);
                image.end_of_metadata.max(blocks)
            }
        }
        .min(limit);
        let footer = match self.structure::<Footer>(end_of_data)? {
            Found::Read { value, .. } if value.is_intact() && end_of_data < limit => Some(value),
            _ => None,
        };
        let start = match footer {
            Some(_) => end_of_data + Footer::LENGTH,
            None => end_of_data,
        };
        let length = limit.saturating_sub(start);
        let content = if length > TAIL_LIMIT {
            TailContent::Unread
        } else {
            let mut content = TailContent::Zeros;
            self.windows(start, length, Stage::Tail, watch, |_, bytes| {
                if bytes.iter().any(|byte| *byte != 0) {
                    content = TailContent::Data;
                }
                content == TailContent::Zeros
            })?;
            content
        };
        Ok(Tail { end_of_data, footer, length, content })
    }

    /// Hands a range of the file to `look` in windows, with the offset of each, until `look` has seen enough
    /// and answers `false`.
    fn windows(
        &self,
        offset: u64,
        length: u64,
        stage: Stage,
        watch: &mut Watch<'_>,
        mut look: impl FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), AnalysisError<S::Error>> {
        let mut window = vec![0; WINDOW.min(usize::try_from(length).unwrap_or(WINDOW))];
        let mut done = 0;
        while done < length {
            watch.at(stage, done, length)?;
            let take = usize::try_from(length - done).map_or(WINDOW, |left| left.min(WINDOW));
            let buffer = &mut window[..take];
            self.read(&mut [Read { offset: offset + done, buffer }])?;
            if !look(offset + done, &window[..take]) {
                break;
            }
            done += take as u64;
        }
        watch.at(stage, length, length)
    }
}
