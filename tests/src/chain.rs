//! Disks that are based on each other, small and numbered.

use std::ops::ControlFlow;

use vhd_analyser_core::convert::{ChainSource, ImageWriter, Piece, WriteError};
use vhd_analyser_core::source::OutOfRange;

use crate::build::{Built, Creator, Disk, Fill, HEADER_AT, Kind, PARENT, SECTOR};
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
        let mut built = Disk {
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
        if let Some(parent) = self.parent {
            rename(&mut built.bytes[..built.end_of_metadata], PARENT, &file_name(parent));
        }
        identified(&built, self.number, self.hidden, self.parent.map(id))
    }
}

/// A built disk under the unique id of a numbered one, with the unique id of its parent where it has one: null for a raw
/// image.
pub fn identified(built: &Built, number: u32, hidden: bool, parent: Option<[u8; 16]>) -> Vec<u8> {
    let mut bytes = built.bytes.clone();
    let end = bytes.len() - SECTOR;
    let first = if built.disk.kind == Kind::Fixed { end } else { 0 };
    for footer in [first, end] {
        put(&mut bytes, footer + 68, &id(number));
        put(&mut bytes, footer + 85, &[u8::from(hidden)]);
        seal(&mut bytes[footer..footer + SECTOR], 64);
    }
    if let Some(parent) = parent {
        put(&mut bytes, HEADER_AT + 40, &parent);
        seal(&mut bytes[HEADER_AT..HEADER_AT + 1024], 36);
    }
    bytes
}

/// The name of a numbered disk: as long as the one that images are built with.
pub fn file_name(number: u32) -> String {
    let name = format!("d{number:05}.vhd");
    assert_eq!(name.len(), PARENT.len());
    name
}

/// The unique id of a numbered disk.
pub fn id(number: u32) -> [u8; 16] {
    let mut id = *b"a numbered disk!";
    put(&mut id, 12, &number.to_be_bytes());
    id
}

/// Writes another name of the same length wherever one stands, in any of the encodings.
pub fn rename(metadata: &mut [u8], old: &str, new: &str) {
    let encodings: [fn(&str) -> Vec<u8>; 3] = [
        |name| name.as_bytes().to_vec(),
        |name| name.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        |name| name.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    for encode in encodings {
        let (old, new) = (encode(old), encode(new));
        for at in 0..metadata.len().saturating_sub(old.len()) {
            if metadata[at..].starts_with(&old) {
                put(metadata, at, &new);
            }
        }
    }
}

/// A flattened image, put together from its pieces: of new bytes, and of the files of the chain, the last child first.
///
/// # Errors
/// Where the chain cannot be read.
pub fn flattened(
    flat: &ImageWriter,
    chain: &ChainSource<&[u8]>,
    files: &[Vec<u8>],
    look: &mut dyn FnMut(&Piece),
) -> Result<Vec<u8>, WriteError<OutOfRange>> {
    let mut image = Vec::new();
    flat.write(chain, &mut |piece| {
        look(&piece);
        match piece {
            Piece::Bytes(bytes) => image.extend(bytes),
            Piece::Zeros(length) => image.resize(image.len() + length as usize, 0),
            Piece::Source { layer, offset, length } => {
                image.extend_from_slice(&files[layer][offset as usize..(offset + length) as usize]);
            }
        }
        ControlFlow::Continue(())
    })?;
    Ok(image)
}
