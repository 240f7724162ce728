//! The parent that a disk is to be linked to, and whether it can be.

use core::ops::Range;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::image::Image;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform, decode, file_name};
use crate::layout::time::TimeStamp;

/// The unique id of a raw image, which has none.
pub(super) const RAW: [u8; 16] = [0; 16];
/// The most bytes between the metadata and the first block that are looked at: names are not longer.
pub(super) const MOST_ROOM: u64 = 1 << 20;

/// The parent that a disk is to be linked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParentDisk {
    /// The parent's unique id; null for a raw image.
    pub unique_id: [u8; 16],
    /// When the parent was last changed.
    pub time_stamp: TimeStamp,
    /// How the disk shall find it: from the disk's folder, with slashes.
    pub path: String,
}

/// Why a disk is not linked to a parent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefusal {
    /// The parent is the disk, or a copy of it.
    #[error("it is the disk itself, or a copy of it: both have the same unique id; look for the disk below it")]
    Itself,
    /// Only differencing disks have parents.
    #[error("the disk is {0} and has no parent; it is read by itself")]
    HasNoParent(DiskType),
    /// Nobody knows what the parent is.
    #[error("it has no intact footer that says which disk it is; repair it first, then give it as the parent")]
    NoFooter,
    /// The parent cannot be told from others.
    #[error("its unique id is null, so that no disk can name it; repair it first, then give it as the parent")]
    NoUniqueId,
    /// A raw image for a disk that was made on a VHD.
    #[error(
        "it is no VHD, and the disk does not say that it was made on a raw image; look for the parent by its unique id"
    )]
    NotAVhd,
    /// A path that cannot be written into a disk.
    #[error("“{0}” cannot be written into the disk as the name of a file; give the parent a plain name")]
    Name(String),
    /// A name for which the header has no room.
    #[error(
        "“{0}” is longer than the 255 characters that the dynamic header has room for; give the parent a shorter name"
    )]
    TooLong(String),
}

impl ParentDisk {
    /// What a disk needs to know of its parent, out of the parent's own image. What is no VHD at all counts as raw.
    ///
    /// # Errors
    /// Where no footer says reliably which disk it is.
    pub fn of(image: &Image, path: String, time_stamp: TimeStamp) -> Result<Self, LinkRefusal> {
        if !image.is_vhd() {
            return Ok(Self { unique_id: RAW, time_stamp, path });
        }
        let trusted = |footer: &&Footer| footer.with_cookie().is_intact() || footer.is_poisoned();
        let footer = image.footer().filter(trusted).ok_or(LinkRefusal::NoFooter)?;
        let unique_id = footer.unique_id;
        if unique_id == RAW { Err(LinkRefusal::NoUniqueId) } else { Ok(Self { unique_id, time_stamp, path }) }
    }

    /// Whether a disk can be linked to it. A parent that is larger can be one: the disk's end hides what is behind.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, disk: &Image) -> Result<(), LinkRefusal> {
        match disk.kind() {
            Some(DiskType::Differencing) | None => {}
            Some(kind) => return Err(LinkRefusal::HasNoParent(kind)),
        }
        let is_raw = self.unique_id == RAW;
        if !is_raw && disk.footer().is_some_and(|footer| footer.unique_id == self.unique_id) {
            return Err(LinkRefusal::Itself);
        }
        let names_raw = |header: &DynamicHeader| header.parent_unique_id == RAW;
        if is_raw && !disk.header.value().is_some_and(names_raw) {
            return Err(LinkRefusal::NotAVhd);
        }
        let name = self.name();
        // A backslash would separate folders to Windows, and a name is not a folder.
        let is_name = !matches!(name, "" | "." | "..") && !self.path.contains(['\\', '\0']);
        if !is_name {
            return Err(LinkRefusal::Name(self.path.clone()));
        }
        if header_name(disk, name).is_none() {
            return Err(LinkRefusal::TooLong(name.into()));
        }
        Ok(())
    }

    /// Whether a disk names this parent, in every place and at this path, by locators that are sound.
    pub fn is_named_by(&self, disk: &Image) -> bool {
        let Some(header) = disk.header.value() else {
            return false;
        };
        let mut codes = Vec::new();
        let mut is_right = |locator: &ParentLocator, data: &[u8]| {
            let is_first = !codes.contains(&locator.platform_code);
            codes.push(locator.platform_code);
            let path = locator.platform().and_then(|platform| disk.path_in(platform, data));
            let has_room = range(locator).is_some_and(|range| {
                range.end <= disk.limit() && u64::from(locator.data_length.get()) <= range.end - range.start
            });
            is_first
                && has_room
                && locator.reserved.get() == 0
                && path.is_some_and(|path| plain(&path.replace('\\', "/")) == plain(&self.path))
        };
        let all = disk.locators().all(|(_, locator, data)| data.value().is_some_and(|data| is_right(locator, data)));
        let name = disk.parent_name();
        all && !codes.is_empty()
            && header.parent_unique_id == self.unique_id
            && name.is_some_and(|name| name == self.name())
    }

    /// The parent's name, without the way to it.
    pub(super) fn name(&self) -> &str {
        file_name(&self.path)
    }

    /// Its path as a locator has it.
    pub(super) fn encoded(&self, platform: Platform) -> Vec<u8> {
        let path = if self.path.starts_with('/') { self.path.clone() } else { format!("./{}", plain(&self.path)) };
        match platform {
            Platform::MacX => format!("file://{path}").into_bytes(),
            _ => path.replace('/', "\\").encode_utf16().flat_map(u16::to_le_bytes).collect(),
        }
    }

    /// Whether all read the same out of a locator of this kind: some take `%41` for a letter, and vhd-util does not.
    pub(super) fn fits(&self, platform: Platform) -> bool {
        let path = decode(platform, &self.encoded(platform));
        path.is_some_and(|path| plain(&path.replace('\\', "/")) == plain(&self.path))
    }
}

/// A path without the steps at its beginning that lead nowhere.
fn plain(mut path: &str) -> &str {
    while let Some(rest) = path.strip_prefix("./") {
        path = rest.trim_start_matches('/');
    }
    path
}

/// The space of a locator that leads somewhere, in bytes of the file.
pub(super) fn range(locator: &ParentLocator) -> Option<Range<u64>> {
    let space = locator.space_in_bytes().filter(|space| locator.is_used() && (1..=MOST_ROOM).contains(space))?;
    let start = locator.data_offset.get();
    Some(start..start.checked_add(space)?)
}

/// A name as the dynamic header of this disk holds it, with a zero behind it; `None` where it does not fit.
pub(super) fn header_name(image: &Image, name: &str) -> Option<[u8; 512]> {
    let mut bytes = [0; 512];
    let units = name.encode_utf16();
    let text: Vec<u8> = match image.footer() {
        // The other byte order, with a mark in front.
        Some(footer) if footer.puts_least_bit_first() => {
            [0xFEFF].into_iter().chain(units).flat_map(u16::to_le_bytes).collect()
        }
        _ => units.flat_map(u16::to_be_bytes).collect(),
    };
    bytes[..510].get_mut(..text.len())?.copy_from_slice(&text);
    Some(bytes)
}
