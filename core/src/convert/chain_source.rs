//! The virtual disk of a chain as one source: each sector from the first disk that has it, the last child in front.
//!
//! Nothing is held in memory but a piece of each disk's BAT and one of its bitmaps, so that a virtual disk is best read
//! from its start to its end.

use core::cell::RefCell;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::layer::{Blocks, ChainError, Content, Layer};
use crate::layout::SECTOR;
use crate::layout::bat::{ENTRY_LENGTH, UNALLOCATED};
use crate::layout::bitmap::Bitmap;
use crate::source::{Read, Source};
use crate::units::count;

/// Entries of a BAT that are read at once: those of 8 GiB, at the usual block size.
const ENTRIES: u32 = 4096;

/// The disks of a chain, the last child first.
#[derive(Debug)]
pub struct ChainSource<S> {
    disks: Vec<Open<S>>,
    length: u64,
}

/// A disk, with what was last read of its tables.
#[derive(Debug)]
struct Open<S> {
    layer: Layer,
    source: S,
    cache: RefCell<Cache>,
}

#[derive(Debug, Default)]
struct Cache {
    /// The number of the first entry in `entries`.
    first: u32,
    entries: Vec<u8>,
    /// The block whose bitmap is in `bitmap`.
    block: Option<u32>,
    bitmap: Vec<u8>,
}

/// Where bytes of the virtual disk are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunSource {
    /// In no disk of the chain: they are zero.
    Nowhere,
    /// In the file of a disk.
    Layer {
        /// The disk's number in the chain; 0 is the last child.
        layer: usize,
        /// First byte, from the start of its file.
        offset: u64,
    },
}

/// Bytes of the virtual disk that lie one behind the other in one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Where they are.
    pub source: RunSource,
    /// How many.
    pub length: u64,
}

/// Why the virtual disk of a chain cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError<E> {
    /// A disk's file fails.
    #[error("“{name}” cannot be read: {error}")]
    Source {
        /// Which disk.
        name: String,
        /// Its number in the chain.
        layer: usize,
        /// Why.
        error: E,
    },
    /// Batmap and bitmap of a block differ.
    #[error(
        "“{name}” is damaged (its batmap calls block {block} full, and its bitmap does not), and what is read through \
         it would be wrong; repair it first, with the deep check"
    )]
    Contradiction {
        /// Which disk.
        name: String,
        /// The block's number.
        block: u32,
    },
    /// Bytes behind the end of the virtual disk.
    #[error("{} at {offset} are not within the virtual disk", count(*length as u64, "byte"))]
    OutOfRange {
        /// First byte.
        offset: u64,
        /// How many bytes.
        length: usize,
    },
}

/// What a single disk says of a stretch.
enum Answer {
    /// So many bytes are its own, and begin here in its file.
    Own { offset: u64, length: u64 },
    /// So many bytes are its parent's.
    Below { length: u64 },
    /// It ends before.
    Beyond,
}

impl<S: Source> ChainSource<S> {
    /// Puts a chain together: the last child first, each disk before its parent, with the sources that the disks were
    /// analysed from.
    ///
    /// # Errors
    /// Where these disks are no chain: see [`ChainError`].
    pub fn new(disks: Vec<(Layer, S)>) -> Result<Self, ChainError> {
        let layers: Vec<&Layer> = disks.iter().map(|(layer, _)| layer).collect();
        let (Some(leaf), Some(base)) = (layers.first(), layers.last()) else {
            return Err(ChainError::NoDisk);
        };
        if leaf.is_raw() {
            return Err(ChainError::NotAVhd(leaf.name.clone()));
        }
        for (number, layer) in layers.iter().enumerate() {
            if layers.iter().take(number).any(|passed| passed.is_twin(layer)) {
                return Err(ChainError::Loop(layer.name.clone()));
            }
        }
        layers.iter().zip(layers.iter().skip(1)).try_for_each(|(child, parent)| child.accept(parent))?;
        if base.has_parent() {
            return Err(ChainError::MissingParent { name: base.name.clone(), parent: String::new() });
        }
        let length = leaf.size;
        let open = |(layer, source)| Open { layer, source, cache: RefCell::default() };
        Ok(Self { disks: disks.into_iter().map(open).collect(), length })
    }

    /// The disks of the chain, the last child first.
    pub fn layers(&self) -> impl ExactSizeIterator<Item = &Layer> {
        self.disks.iter().map(|disk| &disk.layer)
    }

    /// Where the bytes from `offset` on are: as many as one disk answers for at once, up to `end` and to the end of the
    /// virtual disk. Runs that follow each other may be in one place.
    ///
    /// # Errors
    /// Where a BAT or a bitmap cannot be read, or a batmap contradicts a bitmap.
    pub fn locate(&self, offset: u64, end: u64) -> Result<Run, ReadError<S::Error>> {
        let mut end = end.min(self.length).max(offset);
        for (layer, disk) in self.disks.iter().enumerate() {
            match disk.answer(layer, offset, end)? {
                Answer::Own { offset, length } => {
                    return Ok(Run { source: RunSource::Layer { layer, offset }, length });
                }
                Answer::Below { length } => end = offset + length,
                // What is behind a smaller parent's end, its own parent does not show through either.
                Answer::Beyond => break,
            }
        }
        Ok(Run { source: RunSource::Nowhere, length: end - offset })
    }

    /// The reads that fill a buffer, by the number of the disk; what no disk has is filled with zeros here.
    fn reads<'b>(
        &self,
        mut offset: u64,
        mut buffer: &'b mut [u8],
        reads: &mut [Vec<Read<'b>>],
    ) -> Result<(), ReadError<S::Error>> {
        let out_of_range = ReadError::OutOfRange { offset, length: buffer.len() };
        let end = offset.checked_add(buffer.len() as u64).filter(|end| *end <= self.length);
        let end = end.ok_or(out_of_range)?;
        while offset < end {
            let Run { source, length } = self.locate(offset, end)?;
            // No longer than the buffer.
            let (bytes, rest) = buffer.split_at_mut(length as usize);
            match source {
                RunSource::Nowhere => bytes.fill(0),
                RunSource::Layer { layer, offset } => reads[layer].push(Read { offset, buffer: bytes }),
            }
            (offset, buffer) = (offset + length, rest);
        }
        Ok(())
    }
}

impl<S: Source> Source for ChainSource<S> {
    type Error = ReadError<S::Error>;

    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, reads: &mut [Read<'_>]) -> Result<(), Self::Error> {
        let mut by_disk: Vec<Vec<Read<'_>>> = self.disks.iter().map(|_| Vec::new()).collect();
        for read in reads {
            self.reads(read.offset, read.buffer, &mut by_disk)?;
        }
        for (layer, reads) in by_disk.iter_mut().enumerate().filter(|(_, reads)| !reads.is_empty()) {
            self.disks[layer].read(layer, reads)?;
        }
        Ok(())
    }
}

impl<S: Source> Open<S> {
    /// What this disk says of the bytes from `offset` on, up to `end`.
    fn answer(&self, number: usize, offset: u64, end: u64) -> Result<Answer, ReadError<S::Error>> {
        if offset >= self.layer.size {
            return Ok(Answer::Beyond);
        }
        let end = end.min(self.layer.size);
        match &self.layer.content {
            Content::Plain => Ok(Answer::Own { offset, length: end - offset }),
            Content::Blocks(blocks) => self.answer_by_block(number, blocks, offset, end),
        }
    }

    fn answer_by_block(
        &self,
        number: usize,
        blocks: &Blocks,
        offset: u64,
        end: u64,
    ) -> Result<Answer, ReadError<S::Error>> {
        let cache = &mut *self.cache.borrow_mut();
        let data = blocks.shape.data;
        let Some(block) = u32::try_from(offset / data).ok().filter(|block| *block < blocks.entries) else {
            return Ok(Answer::Below { length: end - offset });
        };
        self.fetch_entries(number, blocks, block, cache)?;
        let start = u64::from(block) * data;
        let sector = cache.entry(block).unwrap_or(UNALLOCATED);
        if sector == UNALLOCATED {
            let free = cache.unallocated_from(block, (end - start).div_ceil(data));
            return Ok(Answer::Below { length: end.min(start + free * data) - offset });
        }
        let (place, within) = (u64::from(sector) * SECTOR, offset - start);
        let mut end = end.min(start + data);
        if blocks.has_parent {
            self.fetch_bitmap(number, blocks, block, place, cache)?;
            let bitmap = Bitmap::new(&cache.bitmap, Some(&blocks.footer), blocks.shape);
            // A block has at most 2^31 bytes.
            let sector = (within / SECTOR) as u32;
            end = end.min(start + u64::from(bitmap.run_end(sector)) * SECTOR);
            if !bitmap.is_set(sector) {
                return Ok(Answer::Below { length: end - offset });
            }
        }
        Ok(Answer::Own { offset: place + blocks.shape.bitmap + within, length: end - offset })
    }

    /// Has the cache hold the entry of a block.
    fn fetch_entries(
        &self,
        number: usize,
        blocks: &Blocks,
        block: u32,
        cache: &mut Cache,
    ) -> Result<(), ReadError<S::Error>> {
        let first = block / ENTRIES * ENTRIES;
        if cache.first == first && !cache.entries.is_empty() {
            return Ok(());
        }
        let count = (blocks.entries - first).min(ENTRIES);
        let mut entries = vec![0; count as usize * ENTRY_LENGTH as usize];
        let offset = blocks.table + u64::from(first) * ENTRY_LENGTH;
        self.read(number, &mut [Read { offset, buffer: &mut entries }])?;
        (cache.first, cache.entries) = (first, entries);
        Ok(())
    }

    /// Has the cache hold the bitmap of a block that begins at `place`.
    fn fetch_bitmap(
        &self,
        number: usize,
        blocks: &Blocks,
        block: u32,
        place: u64,
        cache: &mut Cache,
    ) -> Result<(), ReadError<S::Error>> {
        if cache.block == Some(block) {
            return Ok(());
        }
        cache.block = None;
        // A block of at most 2^31 bytes has at most 2^19 bytes of bitmap.
        cache.bitmap.resize(blocks.shape.bitmap as usize, 0);
        self.read(number, &mut [Read { offset: place, buffer: &mut cache.bitmap }])?;
        // tapdisk does not look at the bitmap of a block that is marked full, others look at nothing else.
        let bitmap = Bitmap::new(&cache.bitmap, Some(&blocks.footer), blocks.shape);
        if blocks.is_marked_full(block) && !bitmap.is_full() {
            return Err(ReadError::Contradiction { name: self.layer.name.clone(), block });
        }
        cache.block = Some(block);
        Ok(())
    }

    fn read(&self, layer: usize, reads: &mut [Read<'_>]) -> Result<(), ReadError<S::Error>> {
        let failed = |error| ReadError::Source { name: self.layer.name.clone(), layer, error };
        self.source.read(reads).map_err(failed)
    }
}

impl Cache {
    /// The entry of a block, if it is one of those at hand.
    fn entry(&self, block: u32) -> Option<u32> {
        let (entries, _) = self.entries.as_chunks::<{ ENTRY_LENGTH as usize }>();
        let entry = entries.get(block.checked_sub(self.first)? as usize)?;
        Some(u32::from_be_bytes(*entry))
    }

    /// How many blocks from this one on are not allocated, up to `most` and as far as that is at hand.
    fn unallocated_from(&self, block: u32, most: u64) -> u64 {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        (block..).take(most).take_while(|block| self.entry(*block) == Some(UNALLOCATED)).count() as u64
    }
}
