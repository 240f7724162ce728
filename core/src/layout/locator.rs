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
