//! The metadata of a VHD directory, as Xen Orchestra's block remotes hold disks: footer, dynamic header and blocks are
//! files of their own, and the BAT is a bit for each block. Facts: vhd-lib's `VhdDirectory`.

use alloc::vec::Vec;

use zerocopy::FromBytes;

use crate::layout::bat::BlockShape;
use crate::layout::footer::Footer;
use crate::layout::header::DynamicHeader;

/// What is wrong with the metadata of a VHD directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectoryFault {
    /// The file `footer` is no footer.
    #[error("the file “footer” is no intact footer: its length, cookie or checksum is wrong")]
    Footer,
    /// The file `header` is no dynamic header.
    #[error("the file “header” is no intact dynamic header: its length, cookie or checksum is wrong")]
    Header,
    /// The disk is no dynamic or differencing one, or its header does not fit its size.
    #[error("the footer and the dynamic header do not fit together: disk type, size, block size or number of entries")]
    Mismatch,
    /// The file `bat` has too few bits.
    #[error("the file “bat” has {found} bits, and the disk needs {needed}")]
    Bat {
        /// Bits that are there.
        found: u64,
        /// Blocks that the disk has.
        needed: u64,
    },
    /// The file `bat` calls a block present for which the dynamic header has no entry.
    #[error("the file “bat” calls block {0} present, and the dynamic header has entries for {1} only")]
    BeyondEntries(u64, u32),
}

/// The metadata of a VHD directory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DirectoryCheck {
    /// What is wrong.
    pub faults: Vec<DirectoryFault>,
    /// The numbers of the blocks that the BAT calls present, in order.
    pub blocks: Vec<u32>,
    /// How long the file of a block is, in bytes: its bitmap and its data. None where the header does not say.
    pub block_length: Option<u64>,
}

/// Blocks that are looked for at most, whatever the header says: those of the largest disk, 2,040 GiB in blocks of 2 MiB.
const MOST_BLOCKS: u32 = 1_044_480;

/// Checks the contents of the files `footer`, `header` and `bat`, unpacked where they are packed. In `bat` the most
/// significant bit of a byte is that of the first of its eight blocks.
pub fn check(footer: &[u8], header: &[u8], bat: &[u8]) -> DirectoryCheck {
    let mut found = DirectoryCheck::default();
    let footer = Footer::read_from_bytes(footer).ok().filter(Footer::is_intact);
    let header = DynamicHeader::read_from_bytes(header).ok();
    let header = header.filter(|header| header.cookie == DynamicHeader::COOKIE && header.checksum_is_right());
    if footer.is_none() {
        found.faults.push(DirectoryFault::Footer);
    }
    if header.is_none() {
        found.faults.push(DirectoryFault::Header);
    }
    found.block_length = header.as_ref().and_then(BlockShape::of).map(BlockShape::length);
    let bits = bat.len() as u64 * 8;
    let is_set = |block: &u64| bat.get(*block as usize / 8).is_some_and(|byte| byte << (block % 8) & 0x80 != 0);
    let entries = header.as_ref().map(|header| header.max_table_entries.get());
    // More bits than entries are room that nothing uses.
    if let Some(entries) = entries
        && let Some(block) = (u64::from(entries)..bits).find(is_set)
    {
        found.faults.push(DirectoryFault::BeyondEntries(block, entries));
    }
    if let Some((footer, header)) = footer.zip(header) {
        let is_sparse = footer.kind().is_some_and(|kind| kind.is_sparse());
        let entries = u64::from(header.max_table_entries.get());
        match header.blocks_for(footer.current_size.get()).filter(|needed| is_sparse && *needed <= entries) {
            Some(needed) if needed > bits => found.faults.push(DirectoryFault::Bat { found: bits, needed }),
            Some(_) if found.block_length.is_some() => {}
            _ => found.faults.push(DirectoryFault::Mismatch),
        }
    }
    let listed = entries.unwrap_or(MOST_BLOCKS).min(MOST_BLOCKS);
    found.blocks = (0..listed).filter(|block| is_set(&u64::from(*block))).collect();
    found
}
