//! `vhd-util check`: whether it finds a disk valid, and the first line that it prints.
//!
//! It stops at the first fault. Its order, its words, the widths of its integers and what comes of reading in whole
//! sectors are those of blktap as of 2026, which XenServer and XCP-ng share.

mod blocks;
mod names;
mod open;

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use zerocopy::IntoBytes;

use crate::compat::answer::{ParentUse, ToolAnswer};
use crate::compat::parent_lookup::{Disk, Lookup};
use crate::finding::Tool;
use crate::image::{Block, Found, Image};
use crate::layout::SECTOR;
use crate::layout::bat::ENTRY_LENGTH;
use crate::layout::batmap::BatmapHeader;
use crate::layout::footer::{ChecksumState, DiskType, Footer};
use crate::layout::geometry::Geometry;
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform};
use crate::layout::time::TimeStamp;
use blocks::Bounds;
pub(crate) use names::{header_name, locator_name};
pub(crate) use open::{Errno, Opened, open, open_bat, open_footer, open_header};

/// How far in the future vhd-util lets a creation time be, in seconds.
const CLOCK_SLACK: u32 = 1800;

/// What `vhd-util check -n` answers, with `now` as the present.
pub fn check(disk: &Disk<'_>, now: TimeStamp) -> ToolAnswer {
    let mut parent = ParentUse::None;
    let answer = first_line(disk, now, &mut parent);
    ToolAnswer {
        tool: Tool::VhdUtil,
        accepts: answer.is_ok(),
        says: answer.unwrap_or_else(|complaint| complaint),
        virtual_size: None,
        parent,
        refuses_ancestor: false,
    }
}

/// Whether vhd-util can read from a disk: it goes by whichever footer is sound, and by the header and the BAT.
pub(crate) fn opens(image: &Image) -> bool {
    let Ok(Opened { footer, header }) = open(image) else {
        return false;
    };
    !open::is_sparse(&footer) || open_bat(image, &footer, &header).is_ok()
}

/// What `vhd-util check -p -n` answers, which goes on to every ancestor: the first line stays that of the disk itself.
pub fn check_parents(disk: &Disk<'_>, now: TimeStamp) -> ToolAnswer {
    let mut answer = check(disk, now);
    let accepts_disk = answer.accepts;
    let mut seen: Vec<&str> = Vec::new();
    let mut current = *disk;
    while answer.accepts {
        // A disk that is its own ancestor is checked without end.
        if seen.contains(&current.name) {
            answer.accepts = false;
            break;
        }
        seen.push(current.name);
        current = match parent(&current) {
            Ok(Some(Lookup::Found(parent))) => parent,
            Ok(Some(Lookup::Unknown)) => {
                answer.parent = ParentUse::Assumed;
                break;
            }
            Ok(None) => break,
            Ok(Some(Lookup::Missing)) | Err(_) => {
                answer.accepts = false;
                break;
            }
        };
        let of_parent = check(&current, now);
        answer.accepts = of_parent.accepts;
        if of_parent.parent != ParentUse::None {
            answer.parent = of_parent.parent;
        }
    }
    answer.refuses_ancestor = accepts_disk && !answer.accepts;
    answer
}

/// The parent that the first locator leads to which leads anywhere; `None` for a disk without one, or whose parent is
/// a raw image.
fn parent<'a>(disk: &Disk<'a>) -> Result<Option<Lookup<'a>>, Errno> {
    let Opened { footer, header } = open(disk.image)?;
    if footer.kind() != Some(DiskType::Differencing) || header.parent_unique_id == [0; 16] {
        return Ok(None);
    }
    let names = disk.image.locators().filter_map(|(_, locator, name)| locator_name(disk.image, locator, name).ok());
    let found = names.map(|path| disk.parent_lookup.parent(&path)).find(|found| !matches!(found, Lookup::Missing));
    Ok(Some(found.unwrap_or(Lookup::Missing)))
}

/// The first line that it prints, as the error where it does not find the disk valid.
fn first_line(disk: &Disk<'_>, now: TimeStamp, parent_use: &mut ParentUse) -> Result<String, String> {
    let Disk { name, image, .. } = *disk;
    let Some(footer) = check_footers(image, now)? else {
        return Ok(String::new());
    };
    check_header(image, &footer)?;
    let opened = open(image).map_err(|_| format!("{name} appears invalid; dumping metadata"))?;
    check_parent_fields(&opened, now).map_err(|fault| format!("differencing header is invalid: {fault}"))?;
    let blocks = check_blocks(image, &opened)?;
    check_batmap(image, &opened, &blocks)?;
    if opened.footer.kind() == Some(DiskType::Differencing) {
        check_locators(disk, &opened, parent_use)?;
    }
    Ok(format!("{name} is valid"))
}

/// The footer by which checking goes on; `None` on a fixed disk, where it ends.
fn check_footers(image: &Image, now: TimeStamp) -> Result<Option<Footer>, String> {
    let length = if image.length.is_multiple_of(SECTOR) { Footer::LENGTH } else { Footer::SHORT_LENGTH };
    let offset =
        image.length.checked_sub(length).ok_or_else(|| failed("error calculating end of file", Errno::Invalid))?;
    if !offset.is_multiple_of(SECTOR) {
        return Err(failed("error reading primary footer", Errno::Invalid));
    }
    let primary = if length == Footer::LENGTH { &image.primary } else { &image.short };
    let primary = primary.value().ok_or_else(|| failed("error reading primary footer", Errno::Io))?;
    check_footer(primary, now).map_err(|fault| format!("primary footer invalid: {fault}"))?;
    if primary.kind() == Some(DiskType::Fixed) {
        return Ok(None);
    }
    let backup = image.backup.value().ok_or_else(|| failed("error reading backup footer", Errno::Io))?;
    check_footer(backup, now).map_err(|fault| format!("backup footer invalid: {fault}"))?;
    // Early tapdisk hid a disk in the backup only.
    let shown = Footer { hidden: 0, ..*backup };
    if primary != backup && !(backup.hidden != 0 && backup.is_early_tapdisk() && *primary == shown) {
        return Err("primary and backup footers do not match".into());
    }
    Ok(Some(*primary))
}

fn check_footer(footer: &Footer, now: TimeStamp) -> Result<(), &'static str> {
    let features = footer.features.get();
    let sparse = open::is_sparse(footer);
    let latest = now.0.wrapping_add(CLOCK_SLACK);
    if footer.cookie != Footer::COOKIE {
        Err("invalid cookie")
    } else if footer.checksum_state() == ChecksumState::Wrong {
        Err("invalid checksum")
    } else if features & Footer::RESERVED == 0 {
        Err("invalid 'reserved' feature")
    } else if features & !(Footer::RESERVED | Footer::TEMPORARY) != 0 {
        Err("invalid extra features")
    } else if footer.file_format_version.get() != Footer::VERSION {
        Err("invalid file format version")
    } else if !sparse && footer.data_offset.get() != Footer::NO_DATA_OFFSET {
        Err("invalid data offset")
    } else if footer.time_stamp.get() > latest {
        Err("creation time in future")
    } else if footer.is_tapdisk() && footer.creator_version.get() > Footer::NEWEST_TAPDISK {
        Err("unsupported tap creator version")
    } else if largest_geometry(footer.current_size.get()) < footer.geometry.as_number() {
        Err("geometry too large")
    } else if footer.kind().is_none() {
        Err("invalid type")
    } else if footer.saved_state > 1 {
        Err("invalid 'saved' state")
    } else if footer.hidden > 1 {
        Err("invalid 'hidden' state")
    } else if is_seen(&footer.reserved) {
        Err("invalid 'reserved' bits")
    } else if footer.unique_id == [0; 16] {
        Err("invalid (NULL) uuid")
    } else {
        Ok(())
    }
}

/// The geometry for a size, with the sectors cut to 32 bits.
fn largest_geometry(bytes: u64) -> u32 {
    let sectors = (bytes.wrapping_add(SECTOR - 1) / SECTOR) as u32;
    Geometry::for_size(u64::from(sectors) * SECTOR).as_number()
}

/// vhd-util's test for zeros, which answers where the first other byte is: nothing is seen if that is the first of all.
fn is_seen(bytes: &[u8]) -> bool {
    bytes.iter().position(|byte| *byte != 0).is_some_and(|first| first > 0)
}

fn check_header(image: &Image, footer: &Footer) -> Result<(), String> {
    let offset = footer.data_offset.get();
    if i64::try_from(offset).is_err() {
        return Err(failed("error seeking to header", Errno::Invalid));
    }
    // Here the end of the file is no error of its own.
    open::readable(image, offset, DynamicHeader::LENGTH).map_err(|errno| match errno {
        Errno::Pipe => failed("error reading header", Errno::Io),
        errno => failed("error reading header", errno),
    })?;
    let Found::Read { value, .. } = &image.header else {
        return Err(failed("error reading header", Errno::Io));
    };
    check_header_fields(value, image.length).map_err(|fault| format!("header is invalid: {fault}"))
}

fn check_header_fields(header: &DynamicHeader, length: u64) -> Result<(), &'static str> {
    let table = header.table_offset.get();
    let table_end = table.wrapping_add(u64::from(header.max_table_entries.get()) * ENTRY_LENGTH);
    if header.cookie != DynamicHeader::COOKIE {
        Err("invalid cookie")
    } else if !header.checksum_is_right() {
        Err("invalid checksum")
    } else if header.header_version.get() != DynamicHeader::VERSION {
        Err("invalid header version")
    } else if header.data_offset.get() != u64::MAX {
        Err("invalid data offset")
    } else if table == 0 || !table.is_multiple_of(SECTOR) || table_end > length.wrapping_sub(Footer::LENGTH) {
        Err("invalid table offset")
    } else if !header.block_size.get().is_power_of_two() {
        Err("invalid block size")
    } else if header.reserved_1.get() != 0 || is_seen(&header.reserved_2) {
        Err("invalid reserved bits")
    } else {
        Ok(())
    }
}

fn check_parent_fields(Opened { footer, header }: &Opened, now: TimeStamp) -> Result<(), &'static str> {
    if footer.kind() == Some(DiskType::Differencing) {
        if header.parent_time_stamp.get() > now.0.wrapping_add(CLOCK_SLACK) {
            return Err("parent creation time in future");
        }
        return header_name(header, footer).map(|_| ()).ok_or("invalid parent name");
    }
    if is_seen(&header.parent_unicode_name) {
        Err("invalid non-null parent name")
    } else if are_locators_seen(&header.parent_locators) {
        Err("invalid non-null parent locators")
    } else if header.parent_unique_id != [0; 16] {
        Err("invalid non-null parent uuid")
    } else if header.parent_time_stamp.get() != 0 {
        Err("invalid non-zero parent timestamp")
    } else {
        Ok(())
    }
}

/// As [`is_seen`]; the codes are little-endian when vhd-util looks, so that the first byte is the code's last.
fn are_locators_seen(locators: &[ParentLocator; 8]) -> bool {
    locators.as_bytes().iter().any(|byte| *byte != 0) && locators[0].platform_code[3] == 0
}

/// Every block that vhd-util looks at, in the order of the file.
fn check_blocks<'a>(image: &'a Image, Opened { footer, header }: &Opened) -> Result<Cow<'a, [Block]>, String> {
    open_bat(image, footer, header).map_err(|errno| failed("error reading bat", errno))?;
    let metadata = end_of_metadata(image, footer, header)?;
    let count = open::whole_blocks(footer);
    let entries = header.max_table_entries.get();
    if count > u64::from(entries) {
        return Err(format!("VHD size ({count} blocks) exceeds BAT size ({entries})"));
    }
    let all = image.bat.value().map_or(&[][..], |bat| &bat.blocks);
    let counts = |block: &Block| u64::from(block.number) < count;
    let blocks = match all.iter().all(counts) {
        true => Cow::Borrowed(all),
        false => all.iter().copied().filter(counts).collect(),
    };
    let data = header.block_size.get() / SECTOR as u32;
    let bounds = Bounds {
        metadata: metadata >> 9,
        // A short footer counts as a whole one. No file is longer than a signed number.
        footer: (image.length.div_ceil(SECTOR) as i64) - 1,
        block: data + (data / 8).div_ceil(SECTOR as u32).max(1),
    };
    match blocks::complaint(&blocks, bounds) {
        Some(complaint) => Err(complaint),
        None => Ok(blocks),
    }
}

/// Where the metadata ends, in bytes, by sums that may wrap and are compared with their signs.
fn end_of_metadata(image: &Image, footer: &Footer, header: &DynamicHeader) -> Result<i64, String> {
    let end = |offset: u64, length: u64| offset.wrapping_add(length).cast_signed();
    let table_length = open::padded(u64::from(header.max_table_entries.get()) * ENTRY_LENGTH);
    let table = header.table_offset.get();
    // The length of the BAT is a number of 32 bits here.
    let mut last = end(footer.data_offset.get(), DynamicHeader::LENGTH).max(end(table, u64::from(table_length as u32)));
    if open::has_batmap(image, footer) {
        let batmap = open::open_batmap(image, footer, header)
            .map_err(|errno| failed("error calculating end of metadata", errno))?
            .ok_or_else(String::new)?;
        let map_length = u64::from(batmap.header.batmap_size.get()) * SECTOR;
        last = last.max(end(table.wrapping_add(table_length), BatmapHeader::LENGTH));
        last = last.max(end(batmap.header.batmap_offset.get(), map_length));
    }
    let used = header.parent_locators.iter().filter(|locator| locator.is_used());
    let names = used.map(|locator| end(locator.data_offset.get(), locator.space_in_bytes().unwrap_or(0)));
    Ok(names.fold(last, i64::max))
}

fn check_batmap(image: &Image, Opened { footer, header }: &Opened, blocks: &[Block]) -> Result<(), String> {
    let Some(batmap) = image.batmap.value().filter(|_| open::has_batmap(image, footer)) else {
        return Ok(());
    };
    let invalid = |fault| Err(format!("batmap is invalid: {fault}"));
    let sectors = batmap.header.batmap_size.get();
    let offset = batmap.header.batmap_offset.get();
    let reach = sectors << 12;
    if reach < header.max_table_entries.get() {
        return invalid("batmap-BAT size mismatch");
    }
    if offset == 0 {
        return invalid("invalid batmap offset");
    }
    if offset.wrapping_add(u64::from(sectors) * SECTOR) > image.length.wrapping_sub(Footer::LENGTH) {
        return invalid("invalid batmap size");
    }
    let count = open::whole_blocks(footer).min(u64::from(reach));
    match blocks::first_full_unallocated(&batmap.map, blocks, count) {
        Some(number) => Err(format!("batmap shows unallocated block {number} full")),
        None => Ok(()),
    }
}

fn check_locators(disk: &Disk<'_>, opened: &Opened, parent_use: &mut ParentUse) -> Result<(), String> {
    let Opened { footer, header } = opened;
    let header_name =
        header_name(header, footer).ok_or_else(|| failed("error decoding parent name", Errno::Invalid))?;
    let mut codes: Vec<Platform> = Vec::new();
    let mut found = false;
    for (number, (locator, name)) in header.parent_locators.iter().zip(&disk.image.parent_names).enumerate() {
        check_locator(locator, disk.image.length)
            .map_err(|fault| format!("invalid parent locator {number}: {fault}"))?;
        let Some(platform) = locator.platform().filter(|platform| *platform != Platform::None) else {
            continue;
        };
        if codes.contains(&platform) {
            let code = u32::from_be_bytes(locator.platform_code);
            return Err(format!("duplicate platform code in locator {number}: 0x{code:x}"));
        }
        codes.push(platform);
        if !matches!(platform, Platform::MacX | Platform::W2ku | Platform::W2ru) {
            continue;
        }
        let path = locator_name(disk.image, locator, name)
            .map_err(|errno| failed(&format!("error reading parent locator {number}"), errno))?;
        let (path, file) = names::split_name(&path);
        if header_name != file {
            return Err(format!("parent locator {number} name ({file}) does not match header name ({header_name})"));
        }
        match disk.parent_lookup.parent(path) {
            Lookup::Unknown => *parent_use = ParentUse::Assumed,
            Lookup::Missing => return Err(failed(&format!("error resolving {path}"), Errno::NoEntry)),
            Lookup::Found(parent) => {
                *parent_use = ParentUse::Seen;
                check_parent(header, &parent).map_err(|fault| format!("invalid parent {}: {fault}", parent.name))?
            }
        }
        found = true;
    }
    if found { Ok(()) } else { Err(format!("could not find parent {header_name}")) }
}

fn check_locator(locator: &ParentLocator, length: u64) -> Result<(), &'static str> {
    let offset = locator.data_offset.get();
    if !locator.is_used() {
        let zeros = locator.as_bytes().iter().all(|byte| *byte == 0);
        return if zeros { Ok(()) } else { Err("non-zero locator") };
    }
    let end = offset.wrapping_add(locator.space_in_bytes().unwrap_or(0));
    if offset == 0 {
        Err("invalid data offset")
    } else if locator.data_space.get() == 0 {
        Err("invalid data space")
    } else if locator.data_length.get() == 0 {
        Err("invalid data length")
    } else if end > length.wrapping_sub(Footer::LENGTH) {
        Err("invalid size")
    } else if locator.reserved.get() != 0 {
        Err("invalid reserved bits")
    } else {
        Ok(())
    }
}

fn check_parent(header: &DynamicHeader, parent: &Disk<'_>) -> Result<(), &'static str> {
    if header.parent_unique_id == [0; 16] {
        return Ok(());
    }
    let parent = open(parent.image).map_err(|_| "error opening parent")?;
    if parent.footer.unique_id == header.parent_unique_id { Ok(()) } else { Err("invalid parent uuid") }
}

fn failed(what: &str, errno: Errno) -> String {
    format!("{what}: {}", errno as i32)
}
