//! Regions of the file that no structure refers to, and whether they look like blocks: the remains of BAT entries
//! that were never written, or lost.

use alloc::vec::Vec;

use crate::layout::SECTOR;
use crate::layout::bat::UNALLOCATED;

/// What lies between the structures.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unreferenced {
    /// Runs of bytes that belong to no structure and have room for a block.
    pub regions: Vec<Region>,
    /// Blocks among them, by their looks.
    pub orphans: Vec<Orphan>,
    /// Whether there was more to look at than is looked at without being asked.
    pub unfinished: bool,
    /// Whether there is anything but zeros where a block could be and none was recognised.
    pub unexplained: bool,
}

/// A run of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First byte, from the start of the file.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
}

/// What looks like a block that no BAT entry points at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// Where its bitmap begins, in bytes from the start of the file.
    pub offset: u64,
    /// Sectors that the bitmap calls written.
    pub sectors: u32,
    /// Whether the bitmap calls every sector written.
    pub full: bool,
    /// Of these sectors, those that hold something. There is no data in the others.
    pub with_data: u32,
    /// Whether its data begins with a boot sector.
    pub boot_sector: bool,
    /// Other places, in bytes, that overlap this one and where bitmap and data agree as well; the first three.
    pub rivals: [Option<u64>; 3],
}

impl Orphan {
    /// Its BAT entry; `None` where it is not on a sector that an entry reaches.
    pub fn sector(self) -> Option<u32> {
        let sector = u32::try_from(self.offset / SECTOR).ok();
        sector.filter(|sector| self.offset.is_multiple_of(SECTOR) && *sector != UNALLOCATED)
    }
}
