//! What vhd-util does to a parent's file when a disk is coalesced into it: XenServer's `_increaseSizeVirt`, `vhd-util
//! resize` and `vhd-util coalesce`, told step by step as its authors' programs take them, on nothing but where things
//! are. Versions that read the whole BAT are meant; later ones read no more of it than blocks of 2 MiB need.

use std::collections::BTreeMap;

use crate::build::{HEADER_AT, SECTOR, UNALLOCATED, number32, number64};

const PAGE: usize = 4096;
const MIB: usize = 1 << 20;

/// Where everything in a tapdisk's file is, in bytes.
#[derive(Clone, Debug)]
pub struct Parent {
    /// The virtual disk's size.
    pub size: usize,
    /// Entries of the BAT.
    pub entries: usize,
    /// The file's length.
    pub length: usize,
    /// Whether the last growth took a journal.
    pub journalled: bool,
    /// Blocks that were moved out of the way.
    pub moved: usize,
    block: usize,
    table_at: usize,
    /// Where the batmap's header is, and sectors of its map.
    batmap: Option<(usize, usize)>,
    /// Where each name of the parent's parent is, and how much room it has.
    names: Vec<(usize, usize)>,
    /// Where each allocated block is.
    places: BTreeMap<usize, usize>,
}

/// Why a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fails {
    /// `resize -f`: "size < curr size".
    SmallerThanBefore,
    /// `resize -j` of a size that is smaller: "dynamic shrink not fully implemented".
    Shrink,
    /// "would clobber".
    Clobber,
    /// Error 34.
    OutOfRange,
}

impl Parent {
    /// Of an image that has its dynamic header behind the backup footer.
    pub fn of(image: &[u8]) -> Self {
        let header = &image[HEADER_AT..];
        let (entries, table_at) = (number32(header, 28) as usize, number64(header, 16) as usize);
        let table_end = table_at + padded(entries * 4);
        let has_batmap = image[table_end..].starts_with(b"tdbatmap");
        let names = (0..8).map(|number| 576 + 24 * number).filter(|at| header[*at..*at + 4] != [0; 4]);
        let entry = |number: usize| number32(image, table_at + number * 4);
        let used = (0..entries).filter(|number| entry(*number) != UNALLOCATED);
        Self {
            size: number64(image, 48) as usize,
            entries,
            length: image.len(),
            journalled: false,
            moved: 0,
            block: number32(header, 32) as usize,
            table_at,
            batmap: has_batmap.then(|| (table_end, number32(image, table_end + 16) as usize)),
            names: names.map(|at| (number64(header, at + 16) as usize, number32(header, at + 4) as usize)).collect(),
            places: used.map(|number| (number, entry(number) as usize * SECTOR)).collect(),
        }
    }

    fn bitmap(&self) -> usize {
        padded(self.block / SECTOR / 8).max(SECTOR)
    }

    /// `vhd_end_of_headers`.
    fn end_of_headers(&self) -> usize {
        let batmap = self.batmap.map_or(0, |(at, sectors)| at + SECTOR + sectors * SECTOR);
        let names = self.names.iter().map(|(at, room)| at + room).max();
        (self.table_at + padded(self.entries * 4)).max(batmap).max(names.unwrap_or(0))
    }

    fn end_of_blocks(&self) -> usize {
        self.places.values().map(|at| at + self.bitmap() + self.block).max().unwrap_or(0)
    }

    /// `vhd_write_footer`: at the end of the data, and nothing behind it.
    fn write_footer(&mut self) {
        self.length = self.end_of_headers().max(self.end_of_blocks()) + SECTOR;
    }

    /// `_increaseSizeVirt`: vhd-util is asked how far the disk grows at once, and told sizes in MiB.
    pub fn increase(&mut self, size: usize) -> Result<(), Fails> {
        if self.size >= size {
            return Ok(());
        }
        let asked = size / MIB * MIB;
        if size <= self.entries * self.block { self.grow_fast(asked) } else { self.resize(asked) }
    }

    fn grow_fast(&mut self, asked: usize) -> Result<(), Fails> {
        let size = asked.div_ceil(self.block) * self.block;
        if size < self.size {
            return Err(Fails::SmallerThanBefore);
        }
        if size > self.size {
            self.size = size;
            self.write_footer();
        }
        Ok(())
    }

    fn resize(&mut self, asked: usize) -> Result<(), Fails> {
        self.journalled = true;
        if asked < self.size {
            return Err(Fails::Shrink);
        }
        if asked > self.size { self.grow((asked - self.size).div_ceil(self.block)) } else { Ok(()) }
    }

    /// `vhd_dynamic_grow`.
    fn grow(&mut self, blocks: usize) -> Result<(), Fails> {
        let over = |needed: usize, available: usize| padded(needed.saturating_sub(available));
        let table_bytes = self.entries * 4;
        let more_table = over(blocks * 4, padded(table_bytes).max(SECTOR) - table_bytes);
        let more_map =
            self.batmap.map_or(0, |(_, sectors)| over(blocks / 8 + 1, sectors * SECTOR - self.entries.div_ceil(8)));
        let more = more_table + more_map;
        if more > 0 {
            let (old_end, end_of_table) = (self.end_of_headers(), self.table_at + padded(table_bytes));
            while let Some((number, _)) = self.first_block() {
                let bitmap = self.bitmap();
                let place = (self.end_of_blocks() + bitmap).next_multiple_of(PAGE) - bitmap;
                self.places.insert(number, place);
                self.moved += 1;
                if self.first_block().is_none_or(|(_, place)| old_end + more < place) {
                    break;
                }
            }
            for (at, _) in self.names.iter_mut().filter(|(at, _)| *at >= end_of_table) {
                *at += more;
            }
            if let Some((at, _)) = &mut self.batmap {
                *at += more_table;
            }
        }
        self.entries += blocks;
        self.size = self.entries * self.block;
        if let Some((_, sectors)) = &mut self.batmap {
            *sectors = padded(self.entries.div_ceil(8)) / SECTOR;
        }
        if self.is_clobbered() {
            return Err(Fails::Clobber);
        }
        self.write_footer();
        Ok(())
    }

    fn first_block(&self) -> Option<(usize, usize)> {
        self.places.iter().map(|(number, place)| (*number, *place)).min_by_key(|(_, place)| *place)
    }

    /// Whether anything lies on anything else.
    fn is_clobbered(&self) -> bool {
        let mut ranges = vec![(self.table_at, self.table_at + padded(self.entries * 4))];
        ranges.extend(self.batmap.map(|(at, sectors)| (at, at + SECTOR + sectors * SECTOR)));
        ranges.extend(self.names.iter().map(|(at, room)| (*at, at + room)));
        ranges.extend(self.places.values().map(|at| (*at, at + self.bitmap() + self.block)));
        ranges.sort_unstable();
        ranges.windows(2).any(|pair| pair[0].1 > pair[1].0)
    }

    /// `vhd_util_coalesce_onto`: writes the sectors of the virtual disk that `own` says, and tells how many blocks were
    /// new.
    pub fn coalesce(&mut self, own: &[bool]) -> Result<usize, Fails> {
        let before = self.places.len();
        let per_block = self.block / SECTOR;
        for sector in (0..own.len()).filter(|sector| own[*sector]) {
            if (sector + 1) * SECTOR > self.size {
                return Err(Fails::OutOfRange);
            }
            let number = sector / per_block;
            if !self.places.contains_key(&number) {
                let end = self.end_of_headers().max(self.end_of_blocks());
                let place = (end + self.bitmap()).next_multiple_of(PAGE) - self.bitmap();
                self.places.insert(number, place);
            }
        }
        if own.contains(&true) {
            self.write_footer();
        }
        Ok(self.places.len() - before)
    }
}

fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(SECTOR)
}
