//! Faults, each applied to an image that was built here, and what may be expected of it: whether it can go unnoticed,
//! and which part of the virtual disk it leaves in doubt.

use std::ops::Range;

use crate::analysed::NOW;
use crate::build::{BAT_AT, Built, Creator, HEADER_AT, Kind, Random, SECTOR, UNALLOCATED, bit, number32, number64};
use crate::bytes::{put, seal};

/// A structure with a checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// The footer at the end of the file.
    Primary,
    /// The footer at its start.
    Backup,
    /// Both alike.
    Footers,
    /// The dynamic header.
    Header,
    /// The batmap's header; the dynamic header, where there is no batmap.
    BatmapHeader,
    /// The batmap itself; the dynamic header, where there is none.
    Map,
}

/// A change of some bytes of a structure.
#[derive(Clone, Debug)]
pub enum Edit {
    /// Other bytes at an offset within the structure.
    Put(usize, Vec<u8>),
    /// A bit flipped, by its number in the structure.
    Flip(usize),
    /// All of it zero.
    Zeros,
    /// All of it something else.
    Garbage(u64),
}

/// A change of a BAT entry. Numbers of blocks and places are taken modulo what the image has.
#[derive(Clone, Copy, Debug)]
pub enum EntryEdit {
    /// So many sectors behind the end of the file.
    BehindFile(u32),
    /// A sector of the metadata.
    OnMetadata(u32),
    /// So many sectors before a block would touch the primary footer no more.
    OnFooter(u32),
    /// The place of another allocated block.
    SameAs(usize),
    /// So many sectors into another allocated block.
    Into(usize, u32),
    /// Never written.
    Cleared,
}

/// A change of a block's bitmap.
#[derive(Clone, Copy, Debug)]
pub enum BitmapEdit {
    /// No sector written.
    Cleared,
    /// A sector's bit the other way.
    Flip(usize),
    /// Every sector written.
    Full,
}

/// A fault.
#[derive(Clone, Debug)]
pub enum Fault {
    /// A structure changed, and its checksum renewed or not.
    Changed(Structure, Edit, bool),
    /// The BAT entry of a block, counted over all blocks of the disk.
    Entry(usize, EntryEdit),
    /// A run of BAT entries overwritten, from one on so many, by zeros or by anything.
    Entries(usize, usize, Option<u64>),
    /// The bitmap of an allocated block.
    Bitmap(usize, BitmapEdit),
    /// The name that a parent locator points at overwritten, by zeros or by anything.
    LocatorData(usize, Option<u64>),
    /// So many bytes cut off the end of the file.
    Truncated(usize),
    /// So many bytes behind the end of the file, zeros or anything.
    Trailing(usize, Option<u64>),
}

/// What a fault leaves in doubt without anything in the file that says so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Doubt {
    /// What the whole disk holds: another layout is described, and described well.
    pub everything: bool,
    /// How long the disk is.
    pub size: bool,
    /// What single blocks hold.
    pub blocks: Vec<usize>,
}

impl Doubt {
    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.everything |= other.everything;
        self.size |= other.size;
        self.blocks.extend(other.blocks);
        self
    }
}

impl Fault {
    /// Puts the fault into an image of this layout. Where another fault left no place for it, nothing happens.
    pub fn apply(&self, built: &Built, image: &mut Vec<u8>) {
        match self {
            Self::Changed(structure, edit, sealed) => {
                for (range, checksum) in places(built, *structure) {
                    if range.end > image.len() {
                        continue;
                    }
                    edit.apply(&mut image[range.clone()]);
                    match checksum {
                        Some(field) if *sealed => seal(&mut image[range], field),
                        None if *sealed => built.seal_batmap(image),
                        _ => {}
                    }
                }
            }
            Self::Entry(block, edit) => {
                if let (Some(entry), Some(block)) = (edit.entry(built, *block), nth_block(built, *block)) {
                    put_if_there(image, BAT_AT + block * 4, &entry.to_be_bytes());
                }
            }
            Self::Entries(first, count, seed) => {
                let Some(first) = nth_block(built, *first) else {
                    return;
                };
                let count = (*count).min(built.disk.blocks - first);
                let mut bytes = vec![0; count * 4];
                fill(&mut bytes, *seed);
                put_if_there(image, BAT_AT + first * 4, &bytes);
            }
            Self::Bitmap(block, edit) => {
                if let Some((_, at)) = nth_allocated(built, *block)
                    && let Some(bitmap) = image.get_mut(at..at + built.disk.bitmap_length())
                {
                    edit.apply(built, bitmap);
                }
            }
            Self::LocatorData(locator, seed) => {
                if let Some(at) = nth(&built.locators_at, *locator) {
                    let mut bytes = vec![0; SECTOR];
                    fill(&mut bytes, *seed);
                    put_if_there(image, at, &bytes);
                }
            }
            Self::Truncated(bytes) => image.truncate(image.len().saturating_sub(*bytes)),
            Self::Trailing(bytes, seed) => {
                let end = image.len();
                image.resize(end + bytes, 0);
                fill(&mut image[end..], *seed);
            }
        }
    }

    /// Whether an analysis must call the image damaged that has just this fault; with every block read, if `deep`.
    /// What is not told here may be found, or may be nothing that a file can show.
    pub fn must_be_found(&self, built: &Built, deep: bool) -> bool {
        let mut image = built.bytes.clone();
        self.apply(built, &mut image);
        if image == built.bytes {
            return false;
        }
        let disk = &built.disk;
        match self {
            Self::Changed(structure, _, sealed) => {
                let (range, _) = places(built, *structure)[0].clone();
                let (old, new) = (&built.bytes[range.clone()], &image[range]);
                is_noticeable(built, *structure, old, new, *sealed)
            }
            Self::Entry(block, edit) => {
                let Some(block) = nth_block(built, *block) else {
                    return false;
                };
                let old = number32(&built.bytes, BAT_AT + block * 4);
                let is_full = disk.allocated.iter().any(|(number, fill)| {
                    *number == block
                        && *fill == crate::build::Fill::Full
                        && (block + 1 < disk.blocks || disk.cut_sectors == 0)
                });
                match edit {
                    EntryEdit::Cleared => old != UNALLOCATED && is_full && disk.creator.has_batmap(),
                    _ => true,
                }
            }
            // Any number may by chance be one that fits.
            Self::Entries(_, _, seed) => seed.is_none(),
            Self::Bitmap(block, edit) => {
                let cleared = match edit {
                    BitmapEdit::Cleared => true,
                    BitmapEdit::Flip(_) => {
                        let at = nth_allocated(built, *block).map_or(0, |(_, at)| at);
                        let ones = |bytes: &[u8]| -> u32 {
                            bytes[at..at + disk.bitmap_length()].iter().map(|byte| byte.count_ones()).sum()
                        };
                        ones(&image) < ones(&built.bytes)
                    }
                    BitmapEdit::Full => false,
                };
                deep && cleared && disk.kind == Kind::Dynamic
            }
            Self::LocatorData(..) | Self::Truncated(_) | Self::Trailing(..) => true,
        }
    }

    /// Whether it leaves a checksum right: renewed, or fitting by chance, since a sum of bytes does not know their order.
    pub fn seals(&self, built: &Built) -> bool {
        let Self::Changed(structure, _, sealed) = self else {
            return false;
        };
        let mut image = built.bytes.clone();
        self.apply(built, &mut image);
        let (range, _) = places(built, *structure)[0].clone();
        *sealed || sum(&image[range.clone()]) == sum(&built.bytes[range])
    }

    /// The same fault under a right checksum, as another one may leave it.
    #[must_use]
    pub fn sealed(&self) -> Self {
        match self {
            Self::Changed(structure, edit, _) => Self::Changed(*structure, edit.clone(), true),
            other => other.clone(),
        }
    }

    /// Whether there is room for a block afterwards where there was none, as far as the BAT tells.
    pub fn makes_room(&self) -> bool {
        matches!(
            self,
            Self::Entry(..)
                | Self::Entries(..)
                | Self::Trailing(..)
                // A block without its bitmap does not look like one.
                | Self::Bitmap(..)
                // Without the footer, a block may end where it was.
                | Self::Changed(Structure::Primary | Structure::Footers, ..)
                | Self::Truncated(_)
        )
    }

    /// The blocks whose entries lead elsewhere afterwards.
    pub fn moved(&self, built: &Built) -> Range<usize> {
        match self {
            Self::Entry(block, _) => nth_block(built, *block).map_or(0..0, |block| block..block + 1),
            Self::Entries(first, count, _) => {
                nth_block(built, *first).map_or(0..0, |first| first..(first + count).min(built.disk.blocks))
            }
            _ => 0..0,
        }
    }

    /// What the fault leaves in doubt; what is found out only where every block is read is in doubt unless `deep`.
    pub fn doubt(&self, built: &Built, deep: bool) -> Doubt {
        let nothing = Doubt::default();
        let blocks = |block: Option<usize>| Doubt { blocks: block.into_iter().collect(), ..Doubt::default() };
        match self {
            // A fixed disk has one footer and nothing else that could be changed.
            Self::Changed(_, _, sealed) if built.disk.kind == Kind::Fixed => {
                Doubt { everything: *sealed, size: *sealed, ..nothing }
            }
            // Two copies that agree pass for what was meant, whatever the checksum says.
            Self::Changed(Structure::Primary | Structure::Backup, _, false) => nothing,
            Self::Changed(Structure::Primary | Structure::Backup | Structure::Footers, edit, _) => match edit {
                Edit::Put(48, _) => Doubt { size: true, ..nothing },
                Edit::Put(28 | 32 | 40 | 60, bytes) if !matches!(bytes[..], [0, 0, 0, 2]) => {
                    Doubt { everything: true, size: true, ..nothing }
                }
                Edit::Flip(bit) if (28 * 8..64 * 8).contains(bit) => Doubt { everything: true, size: true, ..nothing },
                _ => nothing,
            },
            Self::Changed(Structure::BatmapHeader | Structure::Map, ..) if built.batmap_at.is_some() => nothing,
            Self::Changed(_, edit, true) => match edit {
                Edit::Put(16..=32, _) => Doubt { everything: true, size: true, ..nothing },
                Edit::Flip(bit) if (16 * 8..36 * 8).contains(bit) => Doubt { everything: true, size: true, ..nothing },
                _ => nothing,
            },
            Self::Entry(block, EntryEdit::Cleared) => blocks(nth_block(built, *block)),
            Self::Bitmap(block, edit) => {
                let harmless = built.disk.kind == Kind::Dynamic && (deep || matches!(edit, BitmapEdit::Full));
                if harmless { nothing } else { blocks(nth_allocated(built, *block).map(|(number, _)| number)) }
            }
            _ => nothing,
        }
    }
}

impl Edit {
    fn apply(&self, structure: &mut [u8]) {
        match self {
            Self::Put(at, bytes) => put_if_there(structure, *at, bytes),
            Self::Flip(bit) => {
                let bit = bit % (structure.len() * 8);
                structure[bit / 8] ^= 0x80 >> (bit % 8);
            }
            Self::Zeros => structure.fill(0),
            Self::Garbage(seed) => fill(structure, Some(*seed)),
        }
    }
}

impl EntryEdit {
    /// The entry to write, if it differs from what a sound image could have there.
    fn entry(self, built: &Built, block: usize) -> Option<u32> {
        let footer_at = built.bytes.len() - SECTOR;
        let sector = |offset: usize| (offset / SECTOR) as u32;
        let own = nth_block(built, block)?;
        let others: Vec<usize> =
            built.blocks_at.iter().filter(|(number, _)| *number != own).map(|(_, at)| *at).collect();
        let block_sectors = sector(built.disk.block_length());
        Some(match self {
            Self::BehindFile(sectors) => sector(built.bytes.len()).checked_add(sectors)?.min(UNALLOCATED - 1),
            Self::OnMetadata(at) => at % sector(built.end_of_metadata),
            Self::OnFooter(sectors) => sector(footer_at).checked_sub(sectors % block_sectors)?,
            Self::SameAs(other) => sector(nth(&others, other)?),
            Self::Into(other, sectors) => sector(nth(&others, other)?) + 1 + sectors % (block_sectors - 1),
            Self::Cleared => UNALLOCATED,
        })
    }
}

impl BitmapEdit {
    fn apply(self, built: &Built, bitmap: &mut [u8]) {
        let sectors = built.disk.block_size / SECTOR;
        match self {
            Self::Cleared => bitmap.fill(0),
            Self::Flip(sector) => bitmap[sector % sectors / 8] ^= bit(sector % sectors, built.disk.creator),
            Self::Full => {
                for sector in 0..sectors {
                    bitmap[sector / 8] |= bit(sector, built.disk.creator);
                }
            }
        }
    }
}

/// Where a structure is, and where in it its checksum is; the batmap's is in its header.
fn places(built: &Built, structure: Structure) -> Vec<(Range<usize>, Option<usize>)> {
    let end = built.bytes.len();
    let primary = (end - SECTOR..end, Some(64));
    if built.disk.kind == Kind::Fixed {
        return vec![primary];
    }
    let backup = (0..SECTOR, Some(64));
    let batmap = built.batmap_at.unwrap_or(HEADER_AT);
    match structure {
        Structure::Primary => vec![primary],
        Structure::Backup => vec![backup],
        Structure::Footers => vec![primary, backup],
        Structure::BatmapHeader if built.batmap_at.is_some() => vec![(batmap..batmap + SECTOR, None)],
        Structure::Map if built.batmap_at.is_some() => vec![(batmap + SECTOR..built.end_of_batmap(), None)],
        _ => vec![(HEADER_AT..BAT_AT, Some(36))],
    }
}

/// Whether a change of a structure can be seen: by its checksum, by its copy, or since no such value exists.
fn is_noticeable(built: &Built, structure: Structure, old: &[u8], new: &[u8], sealed: bool) -> bool {
    let disk = &built.disk;
    let is_early = matches!(disk.creator, Creator::Tapdisk01 | Creator::Tapdisk11);
    let first_difference = old.iter().zip(new).position(|(a, b)| a != b).unwrap_or(0);
    match structure {
        _ if disk.kind == Kind::Fixed => !sealed && sum(old) != sum(new) && !(is_early && first_difference == 85),
        // Early tapdisk hid a disk without renewing the checksum.
        Structure::Primary | Structure::Backup | Structure::Footers
            if is_early && (first_difference == 85 || (sealed && new[85] != 0)) =>
        {
            false
        }
        Structure::Primary | Structure::Backup if sealed => true,
        Structure::Footers if sealed => {
            let tapdisk = disk.creator.is_tapdisk() && new.starts_with(&old[..32]);
            !new.starts_with(b"conectix")
                || !matches!(number32(new, 8), 2 | 3)
                || number32(new, 12) != 0x0001_0000
                || number32(new, 24) > NOW.0 + 1800
                || (tapdisk && number32(new, 32) > 0x0001_0003)
                || !matches!(number32(new, 60), 2..=4)
                || new[84] > 1
                || new[85] > 1
                || new[68..84].iter().all(|byte| *byte == 0)
                || new[86..].iter().any(|byte| *byte != 0)
        }
        Structure::Primary | Structure::Backup | Structure::Footers => sum(old) != sum(new),
        Structure::BatmapHeader if built.batmap_at.is_some() => {
            disk.creator == Creator::Tapdisk13
                && (first_difference < 8 || (24..28).contains(&first_difference) && !sealed)
        }
        Structure::Map if built.batmap_at.is_some() => !sealed && sum(old) != sum(new),
        _ if sealed => {
            !new.starts_with(b"cxsparse")
                || number64(new, 8) != u64::MAX
                || !number64(new, 16).is_multiple_of(SECTOR as u64)
                || number64(new, 16) >= built.bytes.len() as u64
                || number32(new, 24) != 0x0001_0000
                || !number32(new, 32).is_power_of_two()
                || new[768..].iter().any(|byte| *byte != 0)
        }
        _ => sum(old) != sum(new),
    }
}

fn sum(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte)).sum()
}

fn nth<T: Copy>(things: &[T], index: usize) -> Option<T> {
    things.get(index % things.len().max(1)).copied()
}

/// A block of a disk that has blocks, allocated or not.
fn nth_block(built: &Built, index: usize) -> Option<usize> {
    (built.disk.kind != Kind::Fixed).then(|| index % built.disk.blocks)
}

/// A block that is allocated, by its number and its place.
fn nth_allocated(built: &Built, index: usize) -> Option<(usize, usize)> {
    nth(&built.blocks_at, index)
}

fn put_if_there(bytes: &mut [u8], at: usize, new: &[u8]) {
    if at + new.len() <= bytes.len() {
        put(bytes, at, new);
    }
}

/// Zeros, or anything.
fn fill(bytes: &mut [u8], seed: Option<u64>) {
    let mut random = seed.map(Random);
    for byte in bytes {
        *byte = random.as_mut().map_or(0, |random| random.number() as u8);
    }
}
