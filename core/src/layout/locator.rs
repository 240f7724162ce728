//! A parent locator: where a differencing disk says that its parent lies. Eight of them in the header.

use core::fmt;

use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::SECTOR;

/// An entry of the dynamic header's table of parent locators, 24 bytes.
///
/// Specification: "Dynamic Disk Header Format", Parent Locator Entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct ParentLocator {
    /// See [`Platform`].
    pub platform_code: [u8; 4],
    /// Room set aside for the name: in sectors by the specification, in bytes by most writers.
    pub data_space: U32,
    /// Length of the name in bytes.
    pub data_length: U32,
    /// Zero.
    pub reserved: U32,
    /// Where the name is, in bytes from the start of the file.
    pub data_offset: U64,
}

/// How a locator writes its name, by its platform code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Platform {
    /// 0: the entry is not in use.
    None,
    /// `Wi2r`: relative Windows path, deprecated.
    Wi2r,
    /// `Wi2k`: Windows path, deprecated.
    Wi2k,
    /// `W2ru`: relative Windows path in UTF-16, little-endian.
    W2ru,
    /// `W2ku`: absolute Windows path in UTF-16, little-endian.
    W2ku,
    /// `Mac `: an alias, a blob.
    Mac,
    /// `MacX`: a file URL in UTF-8.
    MacX,
}

impl ParentLocator {
    /// Length in bytes.
    pub const LENGTH: u64 = size_of::<Self>() as u64;

    /// The platform code's meaning; `None` for a code that the format does not know.
    pub fn platform(&self) -> Option<Platform> {
        match &self.platform_code {
            [0, 0, 0, 0] => Some(Platform::None),
            b"Wi2r" => Some(Platform::Wi2r),
            b"Wi2k" => Some(Platform::Wi2k),
            b"W2ru" => Some(Platform::W2ru),
            b"W2ku" => Some(Platform::W2ku),
            b"Mac " => Some(Platform::Mac),
            b"MacX" => Some(Platform::MacX),
            _ => None,
        }
    }

    /// Whether the entry is in use.
    pub fn is_used(&self) -> bool {
        self.platform_code != [0; 4]
    }

    /// The room set aside, in bytes, by whichever unit its writer counted in: below 512 it can only be
    /// sectors, a multiple of 512 is bytes. `None` for anything else.
    pub fn space_in_bytes(&self) -> Option<u64> {
        match u64::from(self.data_space.get()) {
            sectors if sectors < SECTOR => Some(sectors * SECTOR),
            bytes if bytes.is_multiple_of(SECTOR) => Some(bytes),
            _ => None,
        }
    }
}

/// The name that a locator's data spells, as a person reads it; `None` where it is none: another encoding, an alias
/// blob, a file URL without its scheme.
pub fn decode(platform: Platform, data: &[u8]) -> Option<alloc::string::String> {
    use alloc::string::String;
    match platform {
        Platform::MacX => String::from_utf8(percent_decoded(url_path(data)?)).ok(),
        Platform::W2ku | Platform::W2ru => utf16(data, u16::from_le_bytes),
        _ => None,
    }
}

/// The path of a file URL as it stands there: tapdisk writes `%41` for a name that has these three characters.
pub fn unescaped(platform: Platform, data: &[u8]) -> Option<alloc::string::String> {
    let path = url_path(data).filter(|_| platform == Platform::MacX)?;
    alloc::string::String::from_utf8(path.to_vec()).ok()
}

fn url_path(data: &[u8]) -> Option<&[u8]> {
    data.strip_prefix(b"file://")?.split(|byte| *byte == 0).next()
}

/// UTF-16 up to the first zero; `None` where it is none.
pub fn utf16(data: &[u8], unit: fn([u8; 2]) -> u16) -> Option<alloc::string::String> {
    let (units, rest) = data.as_chunks::<2>();
    let units = units.iter().map(|bytes| unit(*bytes)).take_while(|unit| *unit != 0);
    let text = char::decode_utf16(units).collect::<Result<_, _>>().ok()?;
    rest.is_empty().then_some(text)
}

/// What follows the last separator of a path, of Windows' or of others'.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// Where a path from a locator, with slashes, may lead from the disk's folder, in the order in which vhd-util looks: as
/// it is, without the drive `C:`, and with the folder taken for the root.
pub fn leads(path: &str) -> impl Iterator<Item = &str> {
    let without_drive = path.strip_prefix("C:").or_else(|| path.strip_prefix("c:"));
    let below = without_drive.unwrap_or(path).strip_prefix('/').map(|below| below.trim_start_matches('/'));
    [Some(path), without_drive, below].into_iter().flatten()
}

/// `%41` and the like as the bytes that they stand for.
fn percent_decoded(mut text: &[u8]) -> alloc::vec::Vec<u8> {
    let mut bytes = alloc::vec::Vec::with_capacity(text.len());
    while let [first, rest @ ..] = text {
        let hex = |byte: &u8| char::from(*byte).to_digit(16);
        match rest {
            [high, low, behind @ ..] if *first == b'%' && hex(high).is_some() && hex(low).is_some() => {
                bytes.push((hex(high).unwrap_or(0) * 16 + hex(low).unwrap_or(0)) as u8);
                text = behind;
            }
            _ => {
                bytes.push(*first);
                text = rest;
            }
        }
    }
    bytes
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "not in use",
            Self::Wi2r => "relative Windows path, deprecated",
            Self::Wi2k => "absolute Windows path, deprecated",
            Self::W2ru => "relative Windows path, UTF-16",
            Self::W2ku => "absolute Windows path, UTF-16",
            Self::Mac => "Mac OS alias",
            Self::MacX => "file URL, UTF-8",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_decoded_as_their_platforms_write_them() {
        let decoded = |platform, data: &[u8]| decode(platform, data);
        assert_eq!(decoded(Platform::MacX, b"file://./a%20b%zz.vhd").as_deref(), Some("./a b%zz.vhd"));
        assert_eq!(decoded(Platform::MacX, b"./a.vhd"), None);
        assert_eq!(decoded(Platform::W2ru, b".\0\\\0\xE4\0").as_deref(), Some(".\\ä"));
        assert_eq!(decoded(Platform::W2ku, b"a\0b"), None);
        assert_eq!(decoded(Platform::W2ku, b"\0\xD8"), None);
        assert_eq!(decoded(Platform::Mac, b"a"), None);
    }

    #[test]
    fn paths_lead_where_vhd_util_looks() {
        let all = |path| leads(path).collect::<alloc::vec::Vec<_>>();
        assert_eq!(all("./a.vhd"), ["./a.vhd"]);
        assert_eq!(all("/b/a.vhd"), ["/b/a.vhd", "b/a.vhd"]);
        assert_eq!(all("C:/b/a.vhd"), ["C:/b/a.vhd", "/b/a.vhd", "b/a.vhd"]);
        assert_eq!(all("//server/a.vhd"), ["//server/a.vhd", "server/a.vhd"]);
        assert_eq!(all("D:/a.vhd"), ["D:/a.vhd"]);
    }

    #[test]
    fn a_file_name_is_what_follows_the_last_separator() {
        assert_eq!(file_name(r"C:\disks\parent.vhd"), "parent.vhd");
        assert_eq!(file_name("./parent.vhd"), "parent.vhd");
        assert_eq!(file_name("parent.vhd"), "parent.vhd");
    }
}
