//! Disks that are based on each other, small and numbered.

use crate::build::{Creator, Disk, Fill, HEADER_AT, Kind, PARENT, SECTOR};
use crate::bytes::{put, seal};

/// A numbered disk.
#[derive(Clone, Debug)]
pub struct Linked {
    /// Its number, which its unique id comes from.
    pub number: u32,
    /// The number of its parent, if it has one.
    pub parent: Option<u32>,
    /// tapdisk's hidden flag.
    pub hidden: bool,
    /// Blocks of the virtual disk.
    pub blocks: usize,
    /// Bytes of a block.
    pub block_size: usize,
    /// The allocated ones.
    pub allocated: Vec<usize>,
    /// Who made it.
    pub creator: Creator,
    /// Sectors by which the disk ends before its last block does.
    pub cut_sectors: usize,
}

impl Linked {
    /// A disk of 16 MiB with nothing in it.
    pub fn new(number: u32, parent: Option<u32>) -> Self {
        Self {
            number,
            parent,
            hidden: false,
            blocks: 8,
            block_size: 2 << 20,
            allocated: Vec::new(),
            creator: Creator::Tapdisk13,
            cut_sectors: 0,
        }
    }

    /// The file.
    pub fn build(&self) -> Vec<u8> {
        let built = Disk {
            creator: self.creator,
            kind: if self.parent.is_some() { Kind::Differencing } else { Kind::Dynamic },
            block_size: self.block_size,
            blocks: self.blocks,
            cut_sectors: self.cut_sectors,
            spare_entries: 0,
            allocated: self.allocated.iter().map(|block| (*block, Fill::Some)).collect(),
            gap_sectors: 0,
            seed: u64::from(self.number),
        }
        .build();
        let mut bytes = built.bytes;
        let end = bytes.len() - SECTOR;
        for footer in [0, end] {
            put(&mut bytes, footer + 68, &id(self.number));
            put(&mut bytes, footer + 85, &[u8::from(self.hidden)]);
            seal(&mut bytes[footer..footer + SECTOR], 64);
        }
        if let Some(parent) = self.parent {
            name_parent(&mut bytes[..built.end_of_metadata], &file_name(parent));
            put(&mut bytes, HEADER_AT + 40, &id(parent));
            seal(&mut bytes[HEADER_AT..HEADER_AT + 1024], 36);
        }
        bytes
    }
}

/// The name of a numbered disk: as long as the one that images are built with.
pub fn file_name(number: u32) -> String {
    let name = format!("d{number:05}.vhd");
    assert_eq!(name.len(), PARENT.len());
    name
}

fn id(number: u32) -> [u8; 16] {
    let mut id = *b"a numbered disk!";
    put(&mut id, 12, &number.to_be_bytes());
    id
}

/// Writes another name wherever the parent's stands, in any of the encodings.
fn name_parent(metadata: &mut [u8], name: &str) {
    let encodings: [fn(&str) -> Vec<u8>; 3] = [
        |name| name.as_bytes().to_vec(),
        |name| name.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        |name| name.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for encode in encodings {
        let (old, new) = (encode(PARENT), encode(name));
        for at in 0..metadata.len().saturating_sub(old.len()) {
            if metadata[at..].starts_with(&old) {
                put(metadata, at, &new);
            }
        }
    }
}
