//! The footer, 512 bytes: at the end of every VHD, and as a backup at its start unless the disk is fixed.

use core::fmt;

use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

use super::checksum;
use super::geometry::Geometry;

/// The footer as it lies on the disk.
///
/// Specification: "Hard Disk Footer Format". `hidden` is tapdisk's own, in what the specification reserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct Footer {
    /// [`Footer::COOKIE`], or [`Footer::POISON`] while tapdisk's journalled resize is under way.
    pub cookie: [u8; 8],
    /// Bit 0: temporary disk. Bit 1: reserved, always set.
    pub features: U32,
    /// [`Footer::VERSION`].
    pub file_format_version: U32,
    /// Offset of the dynamic header in bytes; all ones on a fixed disk.
    pub data_offset: U64,
    /// Creation, in seconds since 2000-01-01 00:00:00 UTC.
    pub time_stamp: U32,
    /// Who made the disk: `tap\0`, `vpc `, `win `, `qemu` and so on.
    pub creator_application: [u8; 4],
    /// The creator's version, major in the upper 16 bits.
    pub creator_version: U32,
    /// `Wi2k`, `Mac ` or zero.
    pub creator_host_os: [u8; 4],
    /// Size of the virtual disk when it was made, in bytes.
    pub original_size: U64,
    /// Size of the virtual disk, in bytes.
    pub current_size: U64,
    /// Geometry for the ATA controller.
    pub geometry: Geometry,
    /// See [`DiskType`].
    pub disk_type: U32,
    /// Ones' complement of the byte sum of the footer without this field.
    pub checksum: U32,
    /// Identifies the disk; a differencing disk names its parent by it.
    pub unique_id: [u8; 16],
    /// 1 where the virtual machine was saved, otherwise 0.
    pub saved_state: u8,
    /// tapdisk: 1 on the base copy of a snapshot, otherwise 0.
    pub hidden: u8,
    /// Zeros.
    pub reserved: [u8; 426],
}

/// The kind of a disk, by the footer's disk type field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum DiskType {
    /// 2: data, then the footer.
    Fixed,
    /// 3: blocks allocated when they are first written.
    Dynamic,
    /// 4: as dynamic, over a parent.
    Differencing,
}

impl DiskType {
    /// Whether the disk has a dynamic header, a BAT and blocks.
    pub fn is_sparse(self) -> bool {
        self != Self::Fixed
    }
}

impl fmt::Display for DiskType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed => "fixed",
            Self::Dynamic => "dynamic",
            Self::Differencing => "differencing",
        })
    }
}

/// How a footer's checksum stands to its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChecksumState {
    /// It fits.
    Right,
    /// It fits with the hidden flag taken as 0, on a disk of early tapdisk, which set the flag without
    /// renewing the checksum. vhd-util accepts that.
    RightUnlessHidden,
    /// It does not fit.
    Wrong,
}

impl Footer {
    /// What a footer begins with.
    pub const COOKIE: [u8; 8] = *b"conectix";
    /// What tapdisk puts in its place while a journalled operation is under way.
    pub const POISON: [u8; 8] = *b"v_poison";
    /// Bit 0 of the features: a temporary disk.
    pub const TEMPORARY: u32 = 1;
    /// Bit 1 of the features: reserved, always set.
    pub const RESERVED: u32 = 2;
    /// The only file format version there is: 1.0.
    pub const VERSION: u32 = 0x0001_0000;
    /// The data offset of a disk that has no dynamic header.
    pub const NO_DATA_OFFSET: u64 = u64::MAX;
    /// The newest creator version of tapdisk: 1.3.
    pub const NEWEST_TAPDISK: u32 = 0x0001_0003;
    /// Length in bytes.
    pub const LENGTH: u64 = size_of::<Self>() as u64;
    /// Length in bytes of the footer that old Virtual PC wrote, without its last, reserved byte.
    pub const SHORT_LENGTH: u64 = Self::LENGTH - 1;

    /// The checksum that the other fields ask for.
    pub fn computed_checksum(&self) -> u32 {
        checksum::ones_complement(self.as_bytes(), self.checksum.to_bytes())
    }

    /// How the stored checksum stands to the bytes.
    pub fn checksum_state(&self) -> ChecksumState {
        if self.checksum.get() == self.computed_checksum() {
            ChecksumState::Right
        } else if self.hidden != 0 && self.is_early_tapdisk() && {
            let shown = Self { hidden: 0, ..*self };
            shown.checksum.get() == shown.computed_checksum()
        } {
            ChecksumState::RightUnlessHidden
        } else {
            ChecksumState::Wrong
        }
    }

    /// Whether cookie and checksum are right: the condition under which tools go by a footer's fields.
    pub fn is_intact(&self) -> bool {
        self.cookie == Self::COOKIE && self.checksum_state() != ChecksumState::Wrong
    }

    /// Whether tapdisk's journalled operation was cut off: the poison cookie, under a right checksum.
    pub fn is_poisoned(&self) -> bool {
        self.cookie == Self::POISON && self.checksum_state() != ChecksumState::Wrong
    }

    /// The same footer with its checksum renewed.
    #[must_use]
    pub fn sealed(&self) -> Self {
        Self { checksum: U32::new(self.computed_checksum()), ..*self }
    }

    /// The same footer with its cookie put back and nothing else changed.
    #[must_use]
    pub fn with_cookie(&self) -> Self {
        Self { cookie: Self::COOKIE, ..*self }
    }

    /// The kind of the disk; `None` where the field has a value that no disk has.
    pub fn kind(&self) -> Option<DiskType> {
        match self.disk_type.get() {
            2 => Some(DiskType::Fixed),
            3 => Some(DiskType::Dynamic),
            4 => Some(DiskType::Differencing),
            _ => None,
        }
    }

    /// Whether tapdisk (XenServer, XCP-ng) made the disk.
    pub fn is_tapdisk(&self) -> bool {
        self.creator_application.starts_with(b"tap")
    }

    /// Whether the program that made the disk is known to leave the reserved bytes zero.
    pub fn leaves_reserved_zero(&self) -> bool {
        const KNOWN: [&[u8]; 11] =
            [b"tap", b"qemu", b"qem2", b"win ", b"vpc ", b"vs  ", b"d2v ", b"CTXS", b"vbox", b"wa\0\0", b"mVHD"];
        KNOWN.iter().any(|name| self.creator_application.starts_with(name))
    }

    /// Whether tapdisk 0.1 or 1.1 made the disk.
    pub fn is_early_tapdisk(&self) -> bool {
        self.is_tapdisk() && matches!(self.creator_version.get(), 0x0000_0001 | 0x0001_0001)
    }

    /// Whether the sector bitmaps begin with the least significant bit, as tapdisk 0.1 wrote them.
    pub fn puts_least_bit_first(&self) -> bool {
        self.is_tapdisk() && self.creator_version.get() == 0x0000_0001
    }

    /// Whether not a bit is set: the place where a footer never was, or was zeroed.
    pub fn is_zeroed(&self) -> bool {
        self.as_bytes().iter().all(|byte| *byte == 0)
    }
}

#[cfg(test)]
mod tests {
    use zerocopy::FromZeros;

    use super::*;

    pub(crate) fn sound() -> Footer {
        Footer {
            cookie: Footer::COOKIE,
            features: U32::new(Footer::RESERVED),
            file_format_version: U32::new(Footer::VERSION),
            creator_application: *b"tap\0",
            creator_version: U32::new(0x0001_0001),
            disk_type: U32::new(3),
            ..Footer::new_zeroed()
        }
        .sealed()
    }

    #[test]
    fn is_as_long_as_the_specification_says() {
        assert_eq!(Footer::LENGTH, 512);
    }

    #[test]
    fn a_sealed_footer_is_intact_and_a_flipped_bit_is_noticed() {
        let mut footer = sound();
        assert!(footer.is_intact());
        footer.time_stamp = U32::new(1);
        assert_eq!(footer.checksum_state(), ChecksumState::Wrong);
        assert!(!footer.is_intact());
    }

    #[test]
    fn early_tapdisk_may_hide_a_disk_without_renewing_the_checksum() {
        let hidden = Footer { hidden: 1, ..sound() };
        assert_eq!(hidden.checksum_state(), ChecksumState::RightUnlessHidden);
        let later = Footer { creator_version: U32::new(0x0001_0003), ..sound() }.sealed();
        let hidden = Footer { hidden: 1, ..later };
        assert_eq!(hidden.checksum_state(), ChecksumState::Wrong);
    }
}
