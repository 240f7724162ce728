//! The disk's metadata as `vhd-util read -p` prints it, byte for byte, its failures included.
//!
//! vhd-util reads in whole sectors (`O_DIRECT`) and stops where a structure cannot be read or is not valid to
//! it; what it prints then is part of what people paste into tickets and search for.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use uuid::Uuid;
use zerocopy::FromZeros;

use crate::image::{Found, Image};
use crate::layout::SECTOR;
use crate::layout::bat::ENTRY_LENGTH;
use crate::layout::batmap::BatmapExpected;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform};
use crate::layout::padded_to_sector;
use crate::layout::time::TimeStamp;

/// Why vhd-util could not do something: the negative error numbers that it prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Errno {
    /// The read stopped before its end.
    Io = -5,
    /// Something is not valid, or not on a whole sector.
    Invalid = -22,
    /// The read began at the end of the file or behind it.
    Pipe = -32,
}

/// What `vhd-util read -p -n name` prints, with times `minutes` east of UTC.
pub(crate) fn render(image: &Image, name: &str, minutes: i32) -> Vec<u8> {
    let mut out = Printer { out: Vec::new(), minutes };
    let (footer, opened) = open_footer(image);
    let sparse = footer.kind().is_some_and(DiskType::is_sparse);
    let (header, opened) = match opened {
        Ok(()) if sparse => {
            let (header, read) = open_header(image, &footer);
            (header, read.and_then(|()| usable_header(&header)))
        }
        // Even after a failure vhd-util looks for a header, if the footer speaks of one.
        Err(errno) if sparse => (open_header(image, &footer).0, Err(errno)),
        opened => (DynamicHeader::new_zeroed(), opened),
    };
    if let Err(errno) = opened {
        out.line(&format!("Failed to open {name}: {}", errno as i32));
        out.line(&format!("\n{name} appears invalid; dumping headers\n"));
        out.footer(&footer);
        out.header(&header, &footer);
        return out.out;
    }
    if let Err(errno) = open_bat(image, &footer, &header, sparse) {
        out.line(&format!("Failed to get bat for {name}: {}", errno as i32));
        return out.out;
    }
    out.footer(&footer);
    out.header(&header, &footer);
    if footer.kind() == Some(DiskType::Differencing) {
        out.locators(image);
    }
    out.batmap(image, &footer);
    out.out
}

/// The footer that vhd-util opens: the primary, a short one, the backup, whichever is valid first; failing
/// that, the last that it read.
fn open_footer(image: &Image) -> (Footer, Result<(), Errno>) {
    let valid = |footer: &Footer| footer.is_intact() || footer.is_poisoned();
    // A read that is not on a sector fails, as if nothing were there.
    let primary = match &image.primary {
        Found::Read { offset, value } if offset.is_multiple_of(SECTOR) => Some(value),
        _ => None,
    };
    let candidates = [primary, image.short.value(), image.backup.value()];
    if let Some(footer) = candidates.into_iter().flatten().find(|footer| valid(footer)) {
        return (*footer, Ok(()));
    }
    match image.backup.value() {
        Some(footer) => (*footer, Err(Errno::Invalid)),
        None if image.length == 0 => (Footer::new_zeroed(), Err(Errno::Pipe)),
        // Of 511 bytes it has read a short footer, of fewer nothing.
        None => {
            let short = image.short.value().copied();
            (short.unwrap_or_else(Footer::new_zeroed), Err(Errno::Io))
        }
    }
}

/// The header at the footer's data offset; zeros where it cannot be read.
fn open_header(image: &Image, footer: &Footer) -> (DynamicHeader, Result<(), Errno>) {
    let readable = readable(image, footer.data_offset.get(), DynamicHeader::LENGTH);
    match (&image.header, readable) {
        (Found::Read { value, .. }, Ok(())) => (*value, Ok(())),
        (_, Err(errno)) => (DynamicHeader::new_zeroed(), Err(errno)),
        _ => (DynamicHeader::new_zeroed(), Err(Errno::Invalid)),
    }
}

/// Whether vhd-util goes on with this header.
fn usable_header(header: &DynamicHeader) -> Result<(), Errno> {
    let block_size = header.block_size.get();
    let usable = header.cookie == DynamicHeader::COOKIE
        && header.header_version.get() == DynamicHeader::VERSION
        && header.data_offset.get() == u64::MAX
        && header.parent_locators.iter().all(|locator| locator.platform().is_some())
        && header.checksum_is_right()
        && block_size.is_power_of_two()
        && block_size <= DynamicHeader::USUAL_BLOCK_SIZE;
    if usable { Ok(()) } else { Err(Errno::Invalid) }
}

/// The BAT, as far as the current size needs it, with blocks counted as 2 MiB.
fn open_bat(image: &Image, footer: &Footer, header: &DynamicHeader, sparse: bool) -> Result<(), Errno> {
    // The count is cut to 32 bits, as vhd-util's variable is.
    let blocks = (footer.current_size.get() >> 21) as u32;
    if !sparse || header.max_table_entries.get() < blocks {
        return Err(Errno::Invalid);
    }
    let length = padded_to_sector(u64::from(blocks) * ENTRY_LENGTH).unwrap_or(u64::MAX);
    readable(image, header.table_offset.get(), length)
}

/// What comes of reading `length` bytes at `offset` in whole sectors.
fn readable(image: &Image, offset: u64, length: u64) -> Result<(), Errno> {
    if i64::try_from(offset).is_err() || !offset.is_multiple_of(SECTOR) {
        return Err(Errno::Invalid);
    }
    match image.length.saturating_sub(offset) {
        _ if length == 0 => Ok(()),
        0 => Err(Errno::Pipe),
        left if left < length => Err(Errno::Io),
        _ => Ok(()),
    }
}

struct Printer {
    out: Vec<u8>,
    minutes: i32,
}

impl Printer {
    fn line(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'\n');
    }

    fn title(&mut self, text: &str) {
        self.line(text);
        self.line(&"-".repeat(text.len()));
    }

    fn field(&mut self, name: &str, value: &str) {
        self.line(&format!("{name:<20}: {value}"));
    }

    /// A line with bytes from the disk in it, printed up to the first zero as C does.
    fn bytes_field(&mut self, name: &str, before: &str, bytes: &[u8], after: &str) {
        self.out.extend_from_slice(format!("{name:<20}: {before}").as_bytes());
        self.out.extend(bytes.iter().take_while(|byte| **byte != 0));
        self.line(after);
    }

    fn footer(&mut self, footer: &Footer) {
        let megabytes = |bytes: u64| format!("{} MB ({bytes} Bytes)", bytes >> 20);
        let version = |version: u32| format!("Major: {}, Minor: {}", version >> 16, version & 0xFFFF);
        self.title("VHD Footer Summary:");
        self.bytes_field("Cookie", "", &footer.cookie, "");
        let features = footer.features.get();
        let flag = |bit, name| if features & bit != 0 { name } else { "" };
        self.field(
            "Features",
            &format!("(0x{features:08x}) {}{}", flag(Footer::TEMPORARY, "<TEMP>"), flag(Footer::RESERVED, "<RESV>")),
        );
        self.field("File format version", &version(footer.file_format_version.get()));
        self.field("Data offset", &format!("{}", footer.data_offset));
        self.time("Timestamp", footer.time_stamp.get());
        self.bytes_field("Creator Application", "'", &footer.creator_application, "'");
        self.field("Creator version", &version(footer.creator_version.get()));
        self.field(
            "Creator OS",
            match &footer.creator_host_os {
                b"Wi2k" => "Windows",
                b"Mac " => "Macintosh",
                _ => "Unknown!",
            },
        );
        self.field("Original disk size", &megabytes(footer.original_size.get()));
        self.field("Current disk size", &megabytes(footer.current_size.get()));
        let geometry = footer.geometry;
        self.field(
            "Geometry",
            &format!("Cyl: {}, Hds: {}, Sctrs: {}", geometry.cylinders, geometry.heads, geometry.sectors_per_track),
        );
        self.field("", &format!("= {}", megabytes(geometry.sectors() * SECTOR)));
        self.field(
            "Disk type",
            match footer.disk_type.get() {
                0 => "None",
                2 => "Fixed hard disk",
                3 => "Dynamic hard disk",
                4 => "Differencing hard disk",
                1 | 5 | 6 => "Reserved (deprecated)",
                _ => "Unknown type!\n",
            },
        );
        self.checksum(footer.checksum.get(), footer.computed_checksum());
        self.field("UUID", &format!("{}", Uuid::from_bytes(footer.unique_id)));
        self.field("Saved state", if footer.saved_state == 0 { "No" } else { "Yes" });
        // vhd-util prints the byte as a signed character.
        self.field("Hidden", &format!("{}", footer.hidden.cast_signed()));
        self.line("");
    }

    fn header(&mut self, header: &DynamicHeader, footer: &Footer) {
        self.title("VHD Header Summary:");
        self.bytes_field("Cookie", "", &header.cookie, "");
        self.field("Data offset (unusd)", &format!("{}", header.data_offset));
        self.field("Table offset", &format!("{}", header.table_offset));
        self.field("Header version", &format!("0x{:08x}", header.header_version));
        self.field("Max BAT size", &format!("{}", header.max_table_entries));
        let block_size = header.block_size.get();
        self.field("Block size", &format!("{block_size} ({} MB)", block_size >> 20));
        let name = parent_name(header, footer);
        self.field("Parent name", name.as_deref().unwrap_or("failed to read name"));
        self.field("Parent UUID", &format!("{}", Uuid::from_bytes(header.parent_unique_id)));
        self.time("Parent timestamp", header.parent_time_stamp.get());
        self.checksum(header.checksum.get(), header.computed_checksum());
        self.line("");
    }

    fn locators(&mut self, image: &Image) {
        self.title("VHD Parent Locators:");
        for (number, locator, name) in image.locators() {
            self.field("locator:", &format!("{number}"));
            self.field("       code", code_name(locator));
            self.field("       data_space", &format!("{}", locator.data_space));
            self.field("       data_length", &format!("{}", locator.data_length));
            self.field("       data_offset", &format!("{}", locator.data_offset));
            match locator_name(image, locator, name) {
                Some(name) => self.field("       decoded name", &name),
                None => self.line("failed to read parent name"),
            }
            self.line("");
        }
    }

    fn batmap(&mut self, image: &Image, footer: &Footer) {
        let batmap = match &image.batmap {
            Found::Absent if BatmapExpected::of(footer) != BatmapExpected::Yes => return,
            Found::Read { value, .. } if value.is_intact() => value,
            _ => return self.line("failed to get batmap header"),
        };
        let header = &batmap.header;
        self.title("VHD Batmap Summary:");
        self.field("Batmap offset", &format!("{}", header.batmap_offset));
        self.field("Batmap size (secs)", &format!("{}", header.batmap_size));
        self.field("Batmap version", &format!("0x{:08x}", header.batmap_version));
        let stored = header.checksum.get();
        self.checksum(stored, batmap.computed_checksum.unwrap_or(stored));
        self.line("");
    }

    fn time(&mut self, name: &str, seconds: u32) {
        let text = format!("{}", TimeStamp(seconds).ctime(self.minutes));
        self.field(name, &text);
    }

    fn checksum(&mut self, stored: u32, computed: u32) {
        let word = if stored == computed { "Good!" } else { "Bad!" };
        self.field("Checksum", &format!("0x{stored:x}|0x{computed:x} ({word})"));
    }
}

fn code_name(locator: &ParentLocator) -> &'static str {
    match locator.platform() {
        Some(Platform::None) => "PLAT_CODE_NONE",
        Some(Platform::Wi2r) => "PLAT_CODE_WI2R",
        Some(Platform::Wi2k) => "PLAT_CODE_WI2K",
        Some(Platform::W2ru) => "PLAT_CODE_W2RU",
        Some(Platform::W2ku) => "PLAT_CODE_W2KU",
        Some(Platform::Mac) => "PLAT_CODE_MAC",
        Some(Platform::MacX) => "PLAT_CODE_MACX",
        None => "UNKOWN",
    }
}

/// The header's parent name as vhd-util decodes it; `None` where it cannot, with anything beyond ASCII.
fn parent_name(header: &DynamicHeader, footer: &Footer) -> Option<String> {
    let name = &header.parent_unicode_name;
    // tapdisk 0.1 wrote either byte order, with a mark in front, and little-endian without one.
    let little_endian = footer.is_tapdisk() && footer.creator_version.get() == 1;
    match name {
        [0xFF, 0xFE, rest @ ..] if little_endian => windows_name(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] if little_endian => windows_name(rest, u16::from_be_bytes),
        _ if little_endian => windows_name(name, u16::from_le_bytes),
        _ => windows_name(name, u16::from_be_bytes),
    }
}

/// A locator's name as vhd-util decodes it; `None` where it cannot.
fn locator_name(image: &Image, locator: &ParentLocator, name: &Found<Vec<u8>>) -> Option<String> {
    let space = locator.space_in_bytes().filter(|space| *space > 0)?;
    readable(image, locator.data_offset.get(), space).ok()?;
    let bytes = name.value()?;
    match locator.platform()? {
        Platform::MacX => {
            let path = bytes.strip_prefix(b"file://")?;
            ascii(path.iter().map(|byte| u16::from(*byte)))
        }
        Platform::W2ku | Platform::W2ru => windows_name(bytes, u16::from_le_bytes),
        _ => None,
    }
}

/// A Windows path in UTF-16, with `/` for `\` and without a leading `C:`.
fn windows_name(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let name = ascii(units.iter().map(|bytes| unit(*bytes)))?.replace('\\', "/");
    let name = name.strip_prefix("C:").or_else(|| name.strip_prefix("c:")).unwrap_or(&name);
    rest.is_empty().then(|| name.into())
}

/// Characters up to the first zero, all of which, behind it too, must be ASCII.
fn ascii(characters: impl Iterator<Item = u16>) -> Option<String> {
    let bytes =
        characters.map(|character| u8::try_from(character).ok().filter(u8::is_ascii)).collect::<Option<Vec<u8>>>()?;
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    Some(text.iter().copied().map(char::from).collect())
}
