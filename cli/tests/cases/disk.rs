//! A reader of VHDs of its own, which shares nothing with the program under test.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use rustix::fs::{SeekFrom, seek};
use sha2::{Digest, Sha256};

/// An entry of a block that is not there.
pub const NONE: u32 = u32::MAX;
const SECTOR: u64 = 512;

/// The sectors that are not all zeros, by their numbers.
pub type Sectors = BTreeMap<u64, Vec<u8>>;

/// A VHD with a footer that can be relied on.
pub struct Disk {
    file: File,
    /// In bytes.
    pub length: u64,
    pub footer: Vec<u8>,
    /// Its virtual size in bytes.
    pub size: u64,
    /// The disk type: 2 fixed, 3 dynamic, 4 differencing.
    pub kind: u32,
    /// Where the BAT is, in bytes.
    pub table: u64,
    pub bat: Vec<u32>,
    block: u64,
    bitmap: u64,
}

/// A big-endian number of four bytes.
fn number(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))
}

/// A big-endian number of eight bytes.
fn long(bytes: &[u8], at: usize) -> u64 {
    u64::from(number(bytes, at)) << 32 | u64::from(number(bytes, at + 4))
}

fn is_right(footer: &[u8]) -> bool {
    let sum = |footer: &[u8]| {
        let all: u32 = footer.iter().map(|byte| u32::from(*byte)).sum();
        !(all - footer[64..68].iter().map(|byte| u32::from(*byte)).sum::<u32>())
    };
    if footer.len() != 512 || &footer[..8] != b"conectix" {
        return false;
    }
    // tapdisk sets its hidden flag without renewing the checksum.
    let unhidden = [&footer[..85], &[0], &footer[86..]].concat();
    sum(footer) == number(footer, 64) || &footer[28..31] == b"tap" && sum(&unhidden) == number(footer, 64)
}

/// Whether 512 bytes are a footer whose checksum is right.
pub fn is_footer(bytes: &[u8]) -> bool {
    is_right(bytes)
}

fn other(what: &str) -> io::Error {
    io::Error::other(what.to_owned())
}

/// Bytes of a file, zeros behind its end.
pub fn bytes(file: &File, at: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut done = 0;
    while done < length {
        match file.read_at(&mut bytes[done..], at + done as u64)? {
            0 => break,
            read => done += read,
        }
    }
    Ok(bytes)
}

impl Disk {
    /// Opens one.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let ends = [length.checked_sub(512), length.checked_sub(511), Some(0)];
        let mut footer = None;
        for at in ends.into_iter().flatten() {
            let found = bytes(&file, at, 512)?;
            footer = footer.or(is_right(&found).then_some(found));
        }
        let footer = footer.ok_or_else(|| other("no sound footer"))?;
        let (size, kind) = (long(&footer, 48), number(&footer, 60));
        let mut disk = Self { file, length, size, kind, table: 0, bat: Vec::new(), block: 0, bitmap: 0, footer };
        if kind == 2 {
            return Ok(disk);
        }
        let header = disk.at(long(&disk.footer, 16), 1024)?;
        if &header[..8] != b"cxsparse" {
            return Err(other("no dynamic header"));
        }
        disk.table = long(&header, 16);
        disk.block = number(&header, 32).into();
        let entries = number(&header, 28) as usize;
        if !(512..=1 << 28).contains(&disk.block) || entries > 1 << 24 {
            return Err(other("a wild header"));
        }
        disk.bitmap = (disk.block / SECTOR / 8).next_multiple_of(SECTOR);
        disk.bat = disk.at(disk.table, 4 * entries)?.chunks(4).map(|entry| number(entry, 0)).collect();
        Ok(disk)
    }

    /// Bytes of the file, zeros behind its end.
    pub fn at(&self, at: u64, length: usize) -> io::Result<Vec<u8>> {
        bytes(&self.file, at, length)
    }

    /// A block's bitmap and data.
    pub fn block(&self, entry: u32) -> io::Result<Vec<u8>> {
        self.at(u64::from(entry) * SECTOR, (self.bitmap + self.block) as usize)
    }

    /// What the disk itself holds. Of a dynamic disk bitmaps are not looked at, of a differencing one they decide.
    fn own(&self) -> io::Result<Sectors> {
        if self.kind == 2 {
            return raw_sectors(&self.file, self.size.min(self.length.saturating_sub(512)));
        }
        let mut sectors = Sectors::new();
        let in_block = self.block / SECTOR;
        for (number, &entry) in (0u64..).zip(&self.bat).filter(|(_, entry)| **entry != NONE) {
            if number * self.block >= self.size {
                continue;
            }
            let block = self.block(entry)?;
            let (bits, data) = block.split_at(self.bitmap as usize);
            for (sector, data) in (0u64..).zip(data.chunks(512)) {
                let is_set = bits[sector as usize / 8] & 0x80 >> (sector % 8) != 0;
                if (self.kind == 3 || is_set) && (number * in_block + sector) * SECTOR < self.size {
                    sectors.insert(number * in_block + sector, data.to_vec());
                }
            }
        }
        Ok(sectors)
    }
}

/// The sectors of a plain range from 0 on that are not all zeros; holes are passed over.
fn raw_sectors(file: &File, size: u64) -> io::Result<Sectors> {
    let mut sectors = Sectors::new();
    let mut at = 0;
    while at < size {
        let Ok(data) = seek(file, SeekFrom::Data(at)) else { break };
        at = data / SECTOR * SECTOR;
        let end = seek(file, SeekFrom::Hole(at))?.min(size);
        while at < end {
            let piece = bytes(file, at, (end - at).min(1 << 20) as usize)?;
            for (number, sector) in (at / SECTOR..).zip(piece.chunks(512)) {
                if sector.iter().any(|byte| *byte != 0) {
                    let mut sector = sector.to_vec();
                    sector.resize(512, 0);
                    sectors.insert(number, sector);
                }
            }
            at += piece.len() as u64;
        }
    }
    Ok(sectors)
}

/// Size and content of a virtual disk, read through its parents, the nearest first.
pub fn content(path: &Path, parents: &[std::path::PathBuf], is_raw: bool) -> io::Result<(u64, Sectors)> {
    if is_raw {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        return Ok((length, raw_sectors(&file, length)?));
    }
    let disk = Disk::open(path)?;
    let mut all = Sectors::new();
    for parent in parents.iter().rev() {
        all.extend(match Disk::open(parent) {
            Ok(parent) => parent.own()?,
            Err(_) => content(parent, &[], true)?.1,
        });
    }
    all.extend(disk.own()?);
    let size = disk.size;
    all.retain(|number, _| number * SECTOR < size);
    if let Some(last) = all.get_mut(&(size / SECTOR)) {
        last[(size % SECTOR) as usize..].fill(0);
    }
    all.retain(|_, sector| sector.iter().any(|byte| *byte != 0));
    Ok((size, all))
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The SHA-256 of bytes in hex.
pub fn sha256(bytes: &[u8]) -> String {
    hex(Sha256::new_with_prefix(bytes))
}

/// The SHA-256 of the whole virtual disk.
pub fn virtual_sha256(size: u64, sectors: &Sectors) -> String {
    let mut hash = Sha256::new();
    let mut at = 0;
    let zeros = vec![0; 1 << 20];
    let fill = |hash: &mut Sha256, mut length: u64| {
        while length > 0 {
            let piece = length.min(zeros.len() as u64);
            hash.update(&zeros[..piece as usize]);
            length -= piece;
        }
    };
    for (number, sector) in sectors {
        fill(&mut hash, number * SECTOR - at);
        let sector = &sector[..(size - number * SECTOR).min(SECTOR) as usize];
        hash.update(sector);
        at = number * SECTOR + sector.len() as u64;
    }
    fill(&mut hash, size - at);
    hex(hash)
}

/// The SHA-256 of the size, then of number and bytes of each sector that is not all zeros.
pub fn virtual_digest(size: u64, sectors: &Sectors) -> String {
    let mut hash = Sha256::new_with_prefix(size.to_be_bytes());
    for (number, sector) in sectors {
        hash.update(number.to_be_bytes());
        hash.update(sector);
    }
    hex(hash)
}

/// A sum of a file that passes over its holes.
pub fn file_digest(path: &Path) -> io::Result<String> {
    let (length, sectors) = content(path, &[], true)?;
    Ok(virtual_digest(length, &sectors))
}
