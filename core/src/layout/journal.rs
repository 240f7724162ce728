//! vhd-util's journal: a second file that keeps what a resize is about to change (`vhd-util resize -j`).

use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout, Unaligned};

/// The journal's header, 512 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct JournalHeader {
    /// [`JournalHeader::COOKIE`].
    pub cookie: [u8; 8],
    /// The disk's unique id.
    pub unique_id: [u8; 16],
    /// Where the disk's primary footer belongs, in bytes from the start of the disk's file.
    pub footer_offset: U64,
    /// How many data entries there are.
    pub data_entries: U32,
    /// How many metadata entries there are.
    pub metadata_entries: U32,
    /// Where the first data entry is, in bytes from the start of the journal.
    pub data_offset: U64,
    /// Where the first metadata entry is, in bytes from the start of the journal.
    pub metadata_offset: U64,
    /// The journal's length; in the byte order of the computer that wrote it, which vhd-util forgets to swap.
    pub end_of_journal: [u8; 8],
    /// Padding.
    pub padding: [u8; 448],
}

impl JournalHeader {
    /// What a journal begins with.
    pub const COOKIE: [u8; 8] = *b"vjournal";
    /// Length in bytes.
    pub const LENGTH: u64 = size_of::<Self>() as u64;
}

/// What stands before each piece of saved bytes, 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromBytes, IntoBytes, KnownLayout, Immutable, Unaligned)]
#[repr(C)]
pub struct JournalEntry {
    /// [`JournalEntry::COOKIE`].
    pub cookie: U64,
    /// See [`EntryKind`].
    pub kind: U32,
    /// How many bytes follow: whole sectors.
    pub size: U32,
    /// Where they belong, in bytes from the start of the disk's file.
    pub offset: U64,
    /// Ones' complement of the byte sum of the entry, with this field as zero, and of the bytes that follow.
    pub checksum: U32,
    /// Padding: whatever lay in memory, and counted by the checksum.
    pub padding: [u8; 4],
}

/// What an entry keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// 1: the primary footer.
    PrimaryFooter,
    /// 2: the backup footer.
    BackupFooter,
    /// 3: the dynamic header.
    Header,
    /// 4: the name of a parent locator.
    Locator,
    /// 5: the BAT.
    Bat,
    /// 6: the batmap's header.
    BatmapHeader,
    /// 7: the batmap.
    Batmap,
    /// 8: data.
    Data,
}

impl JournalEntry {
    /// What an entry begins with.
    pub const COOKIE: u64 = 0xAAAA_1234_4321_AAAA;
    /// Length in bytes.
    pub const LENGTH: u64 = size_of::<Self>() as u64;

    /// What it keeps; `None` for a type that the format does not know.
    pub fn kind(&self) -> Option<EntryKind> {
        Some(match self.kind.get() {
            1 => EntryKind::PrimaryFooter,
            2 => EntryKind::BackupFooter,
            3 => EntryKind::Header,
            4 => EntryKind::Locator,
            5 => EntryKind::Bat,
            6 => EntryKind::BatmapHeader,
            7 => EntryKind::Batmap,
            8 => EntryKind::Data,
            _ => return None,
        })
    }

    /// The checksum that the entry and the bytes behind it ask for.
    pub fn computed_checksum(&self, data: &[u8]) -> u32 {
        let sum = |bytes: &[u8]| bytes.iter().fold(0u32, |sum, byte| sum.wrapping_add(u32::from(*byte)));
        let own = sum(self.as_bytes()).wrapping_sub(sum(&self.checksum.to_bytes()));
        !own.wrapping_add(sum(data))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_structures_are_as_long_as_vhd_util_writes_them() {
        assert_eq!((JournalHeader::LENGTH, JournalEntry::LENGTH), (512, 32));
    }
}
