//! A dynamic disk whose file is 100 GB long and takes almost no room: three blocks far apart, and no footer at its end.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use crate::bytes::{put, seal};
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
