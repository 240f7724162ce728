//! Disks that are long and take almost no room: a file of 100 GB with three blocks far apart and no footer at its end, and
//! chains of the largest disks that there are.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use crate::build::{Creator, HEADER_AT, SECTOR};
use crate::bytes::{put, seal};
use crate::chain::{Linked, file_name};
use crate::incident;

const BLOCK_SIZE: u64 = 2 << 20;
const VIRTUAL_SIZE: u64 = 100 << 30;
const BLOCKS: u64 = VIRTUAL_SIZE / BLOCK_SIZE;
const BAT_AT: u64 = 1536;
/// Where the three blocks begin, with the last one's end at 100 GB.
const BLOCKS_AT: [u64; 3] = [256 << 10, 50_000_000_000 / 512 * 512, LENGTH - BLOCK_SIZE - 512];
/// The file's length, without the footer that it lacks.
pub const LENGTH: u64 = 100_000_000_000 / 512 * 512;

/// Writes the disk, as a sparse file.
pub fn write(path: &Path) -> io::Result<()> {
    let mut table = vec![0xff; BLOCKS as usize * 4];
    for (block, offset) in BLOCKS_AT.into_iter().enumerate() {
        put(&mut table, block * 4, &((offset / 512) as u32).to_be_bytes());
    }
    let mut file = File::create(path)?;
    file.write_all(&footer())?;
    file.write_all(&header())?;
    file.write_all(&table)?;
    for offset in BLOCKS_AT {
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(&[0xff; 512])?;
    }
    file.set_len(LENGTH)
}

/// Writes a sparse disk of one block of 1 GiB, of which the first and the last sector hold data and the bitmap knows only
/// the first.
pub fn write_large_block(path: &Path) -> io::Result<()> {
    let (block, bitmap, data) = (256_u64 << 10, 256_u64 << 10, 1_u64 << 30);
    let mut header = header();
    put(&mut header, 32, &(data as u32).to_be_bytes());
    seal(&mut header, 36);
    let mut table = vec![0xff; BLOCKS as usize * 4];
    put(&mut table, 0, &((block / 512) as u32).to_be_bytes());
    let mut file = File::create(path)?;
    file.write_all(&footer())?;
    file.write_all(&header)?;
    file.write_all(&table)?;
    let end = block + bitmap + data;
    for (offset, bytes) in [(block, &[0x80][..]), (block + bitmap, &[1]), (end - 1, &[1]), (end, &footer())] {
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)?;
    }
    Ok(())
}

/// The size of each disk of a chain: 2040 GiB.
pub const CHAIN_SIZE: u64 = 2040 << 30;
/// The block that every disk of a chain has.
pub const SHARED_BLOCK: u64 = 7;
/// Where the BAT of a disk of a chain is, behind everything that smaller ones have.
const CHAIN_TABLE_AT: u64 = 64 << 10;
/// Where its blocks begin.
const CHAIN_BLOCKS_AT: u64 = 8 << 20;

/// The block that only one disk of a chain has, by the disk's number.
pub fn own_block(number: u32) -> u64 {
    100_000 + 50_000 * u64::from(number)
}

/// Writes a chain of so many disks, number 0 being the base. Each has two blocks whose first sectors are full of its
/// number plus one.
pub fn write_chain(folder: &Path, disks: u32) -> io::Result<()> {
    for number in 0..disks {
        let disk = Linked { creator: Creator::Windows, ..Linked::new(number, number.checked_sub(1)) };
        let mut bytes = disk.build();
        let blocks = CHAIN_SIZE / BLOCK_SIZE;
        put(&mut bytes, HEADER_AT + 16, &CHAIN_TABLE_AT.to_be_bytes());
        put(&mut bytes, HEADER_AT + 28, &(blocks as u32).to_be_bytes());
        seal(&mut bytes[HEADER_AT..HEADER_AT + 1024], 36);
        for field in [40, 48] {
            put(&mut bytes, field, &CHAIN_SIZE.to_be_bytes());
        }
        put(&mut bytes, 56, &[0xFF, 0xFF, 16, 255]);
        seal(&mut bytes[..SECTOR], 64);
        let footer = bytes[..SECTOR].to_vec();
        bytes.truncate(bytes.len() - SECTOR);

        let mut table = vec![0xFF; blocks as usize * 4];
        let mut file = File::create(folder.join(file_name(number)))?;
        file.write_all(&bytes)?;
        let mut at = CHAIN_BLOCKS_AT;
        for block in [SHARED_BLOCK, own_block(number)] {
            put(&mut table, block as usize * 4, &((at / 512) as u32).to_be_bytes());
            file.seek(SeekFrom::Start(at))?;
            file.write_all(&[0xFF; 512])?;
            file.write_all(&[number as u8 + 1; 512])?;
            at += 512 + BLOCK_SIZE;
        }
        file.seek(SeekFrom::Start(CHAIN_TABLE_AT))?;
        file.write_all(&table)?;
        file.seek(SeekFrom::Start(at))?;
        file.write_all(&footer)?;
    }
    Ok(())
}

fn footer() -> [u8; 512] {
    let mut footer = incident::footer();
    // Not "tap": that would promise a batmap.
    put(&mut footer, 28, b"win \x00\x06\x00\x01Wi2k");
    put(&mut footer, 40, &VIRTUAL_SIZE.to_be_bytes());
    put(&mut footer, 48, &VIRTUAL_SIZE.to_be_bytes());
    put(&mut footer, 56, &u16::MAX.to_be_bytes()); // cylinders
    put(&mut footer, 58, &[16, 255]); // heads, sectors
    put(&mut footer, 60, &3_u32.to_be_bytes()); // dynamic
    seal(&mut footer, 64);
    footer
}

fn header() -> [u8; 1024] {
    let mut header = [0; 1024];
    put(&mut header, 0, b"cxsparse");
    put(&mut header, 8, &u64::MAX.to_be_bytes());
    put(&mut header, 16, &BAT_AT.to_be_bytes());
    put(&mut header, 24, &0x0001_0000_u32.to_be_bytes()); // version
    put(&mut header, 28, &(BLOCKS as u32).to_be_bytes());
    put(&mut header, 32, &(BLOCK_SIZE as u32).to_be_bytes());
    seal(&mut header, 36);
    header
}
