//! The virtual disk of a chain as one image of its own, written from its first byte to its last.
//!
//! ```text
//! raw       the virtual disk
//! fixed     the virtual disk, footer
//! dynamic   footer, dynamic header, BAT, blocks that a disk of the chain has something in, footer
//! ```

use core::ops::ControlFlow;

use alloc::vec;
use alloc::vec::Vec;

use uuid::Builder;
use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromZeros, IntoBytes};

use super::chain_source::{ChainSource, ReadError, Run, RunSource};
use crate::image::Blocks;
use crate::layout::bat::{BlockShape, ENTRY_LENGTH, UNALLOCATED, padded_length};
use crate::layout::bitmap;
use crate::layout::footer::Footer;
use crate::layout::geometry::Geometry;
use crate::layout::header::DynamicHeader;
use crate::layout::time::TimeStamp;
use crate::layout::{SECTOR, padded_to_sector};
use crate::progress::{Progress, Stage};
use crate::source::Source;
use crate::units::count;

/// The largest disk that all tools open, in bytes: 2040 GiB.
const LARGEST: u64 = 2040 << 30;
/// The smallest block size that is kept, in bytes: with smaller blocks tables become larger than tools expect.
const SMALLEST_BLOCK: u64 = 512 << 10;
/// No piece is longer, in bytes, so that whoever takes the pieces is asked often enough whether to go on.
const LONGEST_PIECE: u64 = 64 << 20;
/// Pieces of new bytes are joined up to here, in bytes.
const JOINED_BYTES: usize = 64 << 10;
/// Entries of the BAT in one piece.
const ENTRIES_AT_ONCE: u32 = 8192;
/// Where the dynamic header is, in bytes from the start of the file.
const HEADER_AT: u64 = Footer::LENGTH;
/// Where the BAT is.
const TABLE_AT: u64 = HEADER_AT + DynamicHeader::LENGTH;

/// What kind of file the flattened image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Format {
    /// The virtual disk and nothing else.
    Raw,
    /// A fixed VHD.
    Fixed,
    /// A dynamic VHD.
    Dynamic,
}

/// What a new disk is told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// When it is made.
    pub made: TimeStamp,
    /// 16 random bytes, for its unique id.
    pub random: [u8; 16],
}

/// A piece of the flattened image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// New bytes.
    Bytes(Vec<u8>),
    /// Zeros, so many of them.
    Zeros(u64),
    /// Bytes of a file of the chain.
    Source {
        /// The disk's number in the chain; 0 is the last child.
        layer: usize,
        /// First byte, from the start of its file.
        offset: u64,
        /// How many bytes.
        length: u64,
    },
}

/// Why there is no flattened image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError<E> {
    /// The chain cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError<E>),
    /// A virtual disk that no VHD holds; a raw image may.
    #[error("a VHD holds at most 2,040 GiB, and this disk has {}; convert it to a raw image", count(*.0, "byte"))]
    TooLarge(
        /// Bytes of the virtual disk.
        u64,
    ),
    /// A virtual disk without a byte.
    #[error("the virtual disk is empty, and there is nothing to put into another")]
    Empty,
    /// The caller asked to stop.
    #[error("cancelled")]
    Cancelled,
}

/// A flattened image, planned: its length is known, and no byte of it has been read.
#[derive(Clone, Debug)]
pub struct ImageWriter {
    format: Format,
    footer: Footer,
    /// Bytes of the virtual disk, whole sectors.
    size: u64,
    shape: BlockShape,
    /// Which blocks of a dynamic disk are there.
    blocks: Blocks,
}

impl Piece {
    /// How many bytes.
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Zeros(length) | Self::Source { length, .. } => *length,
        }
    }
}

impl ImageWriter {
    /// Plans the image. For a dynamic one, BATs and bitmaps are read to know which blocks there are; `progress` hears
    /// how many bytes of the virtual disk that was done for, and may stop it.
    ///
    /// # Errors
    /// Where the chain cannot be read, the format cannot hold the virtual disk, or `progress` asks to stop.
    pub fn plan<S: Source>(
        chain: &ChainSource<S>,
        format: Format,
        identity: Identity,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Self, WriteError<S::Error>> {
        let size = padded_to_sector(chain.length()).ok_or(WriteError::TooLarge(chain.length()))?;
        if size == 0 {
            return Err(WriteError::Empty);
        }
        if size > LARGEST && format != Format::Raw {
            return Err(WriteError::TooLarge(size));
        }
        let usual = u64::from(DynamicHeader::USUAL_BLOCK_SIZE);
        let kept = chain.layers().next().and_then(|leaf| leaf.block_size());
        let data = kept.filter(|data| (SMALLEST_BLOCK..=usual).contains(data)).unwrap_or(usual);
        let shape = BlockShape { bitmap: (data / SECTOR).div_ceil(8).next_multiple_of(SECTOR), data };
        let mut flat = Self { format, footer: footer(format, size, identity), size, shape, blocks: Blocks::default() };
        if format == Format::Dynamic {
            flat.blocks = blocks_in_use(chain, data, progress)?;
        }
        Ok(flat)
    }

    /// The length of the file, in bytes.
    pub fn length(&self) -> u64 {
        match self.format {
            Format::Raw => self.size,
            Format::Fixed => self.size + Footer::LENGTH,
            // Not more than 2040 GiB with an eighth of a per cent of bitmaps.
            Format::Dynamic => self.first_block() + self.blocks.count() * self.shape.length() + Footer::LENGTH,
        }
    }

    /// Hands out the pieces of the file in their order and without gaps, none longer than 64 MiB, adjacent ones joined
    /// up to there. `take` may stop it.
    ///
    /// # Errors
    /// Where the chain cannot be read, or `take` asks to stop.
    pub fn write<S: Source>(
        &self,
        chain: &ChainSource<S>,
        take: &mut dyn FnMut(Piece) -> ControlFlow<()>,
    ) -> Result<(), WriteError<S::Error>> {
        let mut out = Joined { take, last: None };
        match self.format {
            Format::Raw => write_data(chain, self.size, &mut out)?,
            Format::Fixed => {
                write_data(chain, self.size, &mut out)?;
                out.bytes(self.footer.as_bytes())?;
            }
            Format::Dynamic => {
                out.bytes(self.footer.as_bytes())?;
                out.bytes(self.header().as_bytes())?;
                self.write_table(&mut out)?;
                self.blocks.numbers().try_for_each(|number| self.write_block(chain, number, &mut out))?;
                out.bytes(self.footer.as_bytes())?;
            }
        }
        out.flush()
    }

    fn entries(&self) -> u32 {
        // 2040 GiB of blocks of half a MiB are four million.
        self.size.div_ceil(self.shape.data) as u32
    }

    /// Where the first block is, in bytes from the start of the file.
    fn first_block(&self) -> u64 {
        TABLE_AT + padded_length(self.entries())
    }

    fn header(&self) -> DynamicHeader {
        DynamicHeader {
            cookie: DynamicHeader::COOKIE,
            data_offset: U64::new(u64::MAX),
            table_offset: U64::new(TABLE_AT),
            header_version: U32::new(DynamicHeader::VERSION),
            max_table_entries: U32::new(self.entries()),
            block_size: U32::new(self.shape.data as u32),
            ..DynamicHeader::new_zeroed()
        }
        .sealed()
    }

    /// The BAT: the blocks lie in the order of their numbers.
    fn write_table<E>(&self, out: &mut Joined<'_>) -> Result<(), WriteError<E>> {
        let mut at = self.first_block();
        let padded = (padded_length(self.entries()) / ENTRY_LENGTH) as u32;
        for first in (0..padded).step_by(ENTRIES_AT_ONCE as usize) {
            let mut bytes = Vec::new();
            for number in first..(first + ENTRIES_AT_ONCE).min(padded) {
                let entry = if self.blocks.holds(number) {
                    let sector = at / SECTOR;
                    at += self.shape.length();
                    // The file of the largest disk has fewer sectors than a 32-bit number counts.
                    sector as u32
                } else {
                    UNALLOCATED
                };
                bytes.extend(entry.to_be_bytes());
            }
            out.bytes(&bytes)?;
        }
        Ok(())
    }

    /// A block: the bits of the sectors that a disk of the chain has, and its data.
    fn write_block<S: Source>(
        &self,
        chain: &ChainSource<S>,
        number: u32,
        out: &mut Joined<'_>,
    ) -> Result<(), WriteError<S::Error>> {
        let start = u64::from(number) * self.shape.data;
        let end = start + self.shape.data;
        // No more runs than the block has sectors.
        let mut runs: Vec<Run> = Vec::new();
        let mut bits = vec![0; self.shape.bitmap as usize];
        let mut at = start;
        while at < end.min(chain.length()) {
            let run = chain.locate(at, end)?;
            if run.source != RunSource::Nowhere {
                let sectors = (at - start) / SECTOR..(at - start + run.length).div_ceil(SECTOR);
                sectors.for_each(|sector| bitmap::set(&mut bits, None, sector as u32));
            }
            at += run.length;
            runs.push(run);
        }
        out.bytes(&bits)?;
        runs.into_iter().try_for_each(|run| out.run(run))?;
        out.put(Piece::Zeros(end - at))
    }
}

/// The virtual disk, with zeros up to `size`, which is its length in whole sectors.
fn write_data<S: Source>(chain: &ChainSource<S>, size: u64, out: &mut Joined<'_>) -> Result<(), WriteError<S::Error>> {
    let mut at = 0;
    while at < chain.length() {
        let run = chain.locate(at, at + LONGEST_PIECE)?;
        out.run(run)?;
        at += run.length;
    }
    out.put(Piece::Zeros(size - at))
}

/// The blocks of this size that a disk of the chain has at least a sector of.
fn blocks_in_use<S: Source>(
    chain: &ChainSource<S>,
    data: u64,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Blocks, WriteError<S::Error>> {
    let mut blocks = Blocks::default();
    let (mut at, mut told) = (0, 0);
    let total = chain.length();
    while at < total {
        if at >= told {
            let flow = progress(Progress { stage: Stage::Blocks, done: at, total });
            if flow.is_break() {
                return Err(WriteError::Cancelled);
            }
            told = at + LONGEST_PIECE;
        }
        let run = chain.locate(at, at + LONGEST_PIECE)?;
        at = match run.source {
            RunSource::Nowhere => at + run.length,
            RunSource::Layer { .. } => {
                let number = at / data;
                // As few as in `ImageWriter::entries`.
                blocks.add(number as u32);
                (number + 1) * data
            }
        };
    }
    Ok(blocks)
}

/// The footer of a new disk. By this creator QEMU goes by the current size and not by the geometry, and vhd-util does
/// not look for a batmap.
fn footer(format: Format, size: u64, identity: Identity) -> Footer {
    let (kind, data_offset) = match format {
        Format::Dynamic => (3, HEADER_AT),
        Format::Fixed | Format::Raw => (2, Footer::NO_DATA_OFFSET),
    };
    Footer {
        cookie: Footer::COOKIE,
        features: U32::new(Footer::RESERVED),
        file_format_version: U32::new(Footer::VERSION),
        data_offset: U64::new(data_offset),
        time_stamp: U32::new(identity.made.0),
        creator_application: *b"win ",
        creator_version: U32::new(0x000A_0000),
        creator_host_os: *b"Wi2k",
        original_size: U64::new(size),
        current_size: U64::new(size),
        geometry: Geometry::for_size(size),
        disk_type: U32::new(kind),
        unique_id: Builder::from_random_bytes(identity.random).into_uuid().into_bytes(),
        ..Footer::new_zeroed()
    }
    .sealed()
}

/// Pieces on their way out, adjacent ones joined.
struct Joined<'a> {
    take: &'a mut dyn FnMut(Piece) -> ControlFlow<()>,
    last: Option<Piece>,
}

impl Joined<'_> {
    fn bytes<E>(&mut self, bytes: &[u8]) -> Result<(), WriteError<E>> {
        self.put(Piece::Bytes(bytes.to_vec()))
    }

    fn run<E>(&mut self, Run { source, length }: Run) -> Result<(), WriteError<E>> {
        self.put(match source {
            RunSource::Nowhere => Piece::Zeros(length),
            RunSource::Layer { layer, offset } => Piece::Source { layer, offset, length },
        })
    }

    fn put<E>(&mut self, piece: Piece) -> Result<(), WriteError<E>> {
        if piece.length() == 0 {
            return Ok(());
        }
        match (&mut self.last, piece) {
            (Some(Piece::Bytes(last)), Piece::Bytes(next)) if last.len() + next.len() <= JOINED_BYTES => {
                last.extend(next);
            }
            (Some(Piece::Zeros(last)), Piece::Zeros(next)) if *last + next <= LONGEST_PIECE => *last += next,
            (
                Some(Piece::Source { layer, offset, length }),
                Piece::Source { layer: next_layer, offset: next_offset, length: next },
            ) if *layer == next_layer && *offset + *length == next_offset && *length + next <= LONGEST_PIECE => {
                *length += next;
            }
            (_, piece) => {
                self.flush()?;
                self.last = Some(piece);
            }
        }
        Ok(())
    }

    /// Hands the last piece out.
    fn flush<E>(&mut self) -> Result<(), WriteError<E>> {
        match self.last.take().map(&mut *self.take) {
            Some(ControlFlow::Break(())) => Err(WriteError::Cancelled),
            Some(ControlFlow::Continue(())) | None => Ok(()),
        }
    }
}
