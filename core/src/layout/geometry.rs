//! The disk geometry of the footer: cylinders, heads, sectors per track.

use core::fmt;

use zerocopy::big_endian::U16;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::SECTOR;

/// The footer's geometry field, 4 bytes.
///
/// Specification: "Hard Disk Footer Format", Disk Geometry; the arithmetic in the appendix "CHS Calculation".
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Geometry {
    /// Number of cylinders.
    pub cylinders: U16,
    /// Number of heads.
    pub heads: u8,
    /// Number of sectors in a track.
    pub sectors_per_track: u8,
}

impl Geometry {
    /// The largest geometry that the field is used for. QEMU writes it to say "go by the current size"
    /// (its `force_size`), whatever the size of the disk.
    pub const LARGEST: Self = Self { cylinders: U16::new(65535), heads: 16, sectors_per_track: 255 };

    /// The geometry that the appendix of the specification computes for a disk of `bytes` bytes.
    pub fn for_size(bytes: u64) -> Self {
        const MOST: u64 = 65535 * 16 * 255;
        const LARGE: u64 = 65535 * 16 * 63;
        let sectors = bytes.div_ceil(SECTOR).clamp(1, MOST);
        let (per_track, heads) = if sectors >= LARGE {
            (255, 16)
        } else {
            let tracks = sectors / 17;
            let heads = tracks.div_ceil(1024).max(4);
            if heads <= 16 && tracks < heads * 1024 {
                (17, heads)
            } else if sectors / 31 < 16 * 1024 {
                (31, 16)
            } else {
                (63, 16)
            }
        };
        // The clamp and the branches keep every value within its field: 65535 cylinders at the most.
        Self {
            cylinders: U16::new((sectors / per_track / heads) as u16),
            heads: heads as u8,
            sectors_per_track: per_track as u8,
        }
    }

    /// The field as the 32-bit number by which vhd-util compares geometries.
    pub fn as_number(self) -> u32 {
        u32::from_be_bytes([
            self.cylinders.to_bytes()[0],
            self.cylinders.to_bytes()[1],
            self.heads,
            self.sectors_per_track,
        ])
    }

    /// Sectors that this geometry addresses.
    pub fn sectors(self) -> u64 {
        u64::from(self.cylinders.get()) * u64::from(self.heads) * u64::from(self.sectors_per_track)
    }
}

impl fmt::Display for Geometry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cylinders, {} heads, {} sectors per track", self.cylinders, self.heads, self.sectors_per_track)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chs(bytes: u64) -> (u16, u8, u8) {
        let geometry = Geometry::for_size(bytes);
        (geometry.cylinders.get(), geometry.heads, geometry.sectors_per_track)
    }

    /// The values are those that vhd-util and QEMU wrote into images of these sizes.
    #[test]
    fn follows_the_appendix() {
        assert_eq!(chs(34 << 20), (140, 16, 31));
        assert_eq!(chs(64 << 20), (963, 8, 17));
        assert_eq!(chs(200 << 20), (825, 16, 31));
        assert_eq!(chs(10 << 30), (20805, 16, 63));
        assert_eq!(chs(20_971_520_000), (40634, 16, 63));
        assert_eq!(chs(2040 << 30), (65535, 16, 255));
        assert_eq!(chs(0), (0, 4, 17));
        assert_eq!(chs(u64::MAX), (65535, 16, 255));
    }

    #[test]
    fn compares_as_the_stored_number() {
        assert_eq!(Geometry::for_size(64 << 20).as_number(), 0x03C3_0811);
        assert_eq!(Geometry::LARGEST.as_number(), 0xFFFF_10FF);
    }
}
