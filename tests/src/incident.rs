//! The disk of a real incident: a differencing disk of XenServer whose primary footer is gone.
//!
//! Built here from what `vhd-util` printed of it, which is `images/incident/check-output.txt`: every field is the
//! report's, and so are the three checksums. The report does not say which blocks are allocated; they are chosen so
//! that the batmap has the checksum it prints. The file is sparse: 210 MB long, under 1 MB on disk.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::bytes::{put, seal};

/// What `vhd-util check` printed for it, on a computer seven hours ahead of UTC.
pub const REPORT: &str = include_str!("../images/incident/check-output.txt");
/// The name that it had, which the report begins with.
pub const NAME: &str = "91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd";
/// The SHA-256 of the disk with its footer back in place.
pub const FIXED_SHA256: &str = "035361a978bc930e7c0f56b0ca1074488b37402dccfb1e8e9f2c321006f2cc85";

/// Thu Sep 14 08:48:19 2017 UTC, in seconds since 2000.
const TIMESTAMP: u32 = 558_694_099;
const VIRTUAL_SIZE: u64 = 10 << 30;
const BLOCKS: u32 = 5120;
const BLOCK_SIZE: u32 = 2 << 20;
/// The name of its parent.
pub const PARENT: &str = "16f02a7d-4e4b-4298-a44a-9cc155cbd2b1.vhd";

const BAT_AT: u64 = 1536;
const BATMAP_AT: u64 = 22_016;
const LOCATORS_AT: [u64; 3] = [23_552, 24_064, 24_576];
const LOCATORS_END: u64 = 25_088;

/// Blocks with every sector written.
fn full_blocks() -> impl Iterator<Item = u32> {
    (0..101).chain([103])
}

/// Blocks with four sectors written.
const PARTIAL_BLOCKS: [u32; 3] = [101, 200, 5119];

/// The footer, sealed by its checksum.
pub fn footer() -> [u8; 512] {
    let mut footer = [0; 512];
    put(&mut footer, 0, b"conectix");
    put(&mut footer, 8, &2_u32.to_be_bytes()); // features
    put(&mut footer, 12, &0x0001_0000_u32.to_be_bytes()); // version
    put(&mut footer, 16, &512_u64.to_be_bytes()); // the header's offset
    put(&mut footer, 24, &TIMESTAMP.to_be_bytes());
    put(&mut footer, 28, b"tap\0"); // creator
    put(&mut footer, 32, &0x0001_0003_u32.to_be_bytes()); // creator's version
    put(&mut footer, 40, &(3_u64 << 30).to_be_bytes()); // original size
    put(&mut footer, 48, &VIRTUAL_SIZE.to_be_bytes());
    put(&mut footer, 56, &20_805_u16.to_be_bytes()); // cylinders
    put(&mut footer, 58, &[16, 63]); // heads, sectors
    put(&mut footer, 60, &4_u32.to_be_bytes()); // differencing
    put(&mut footer, 68, &0x55fd3e99_5cf8_4dfd_97f5_96851bf7f51b_u128.to_be_bytes());
    seal(&mut footer, 64);
    footer
}

/// The header, sealed by its checksum.
pub fn header() -> [u8; 1024] {
    let mut header = [0; 1024];
    put(&mut header, 0, b"cxsparse");
    put(&mut header, 8, &u64::MAX.to_be_bytes());
    put(&mut header, 16, &BAT_AT.to_be_bytes());
    put(&mut header, 24, &0x0001_0000_u32.to_be_bytes()); // version
    put(&mut header, 28, &BLOCKS.to_be_bytes());
    put(&mut header, 32, &BLOCK_SIZE.to_be_bytes());
    put(&mut header, 40, &0x2b0565ca_4f72_4471_a0e9_c7f2b7460491_u128.to_be_bytes()); // the parent
    put(&mut header, 56, &TIMESTAMP.to_be_bytes());
    put(&mut header, 64, &utf16(PARENT, u16::to_be_bytes));
    for (index, (code, name)) in locators().iter().enumerate() {
        let at = 576 + 24 * index;
        put(&mut header, at, *code);
        put(&mut header, at + 4, &512_u32.to_be_bytes()); // space
        put(&mut header, at + 8, &(name.len() as u32).to_be_bytes());
        put(&mut header, at + 16, &LOCATORS_AT[index].to_be_bytes());
    }
    seal(&mut header, 36);
    header
}

/// The part of the report that is the disk's metadata, as text.
pub fn metadata() -> &'static str {
    // Two lines before it say what is wrong; the empty line that ends the metadata is not in the report.
    REPORT.splitn(3, '\n').nth(2).unwrap_or_default()
}

/// Writes the disk as it was before, and is once repaired.
pub fn write_sound(path: &Path) -> io::Result<()> {
    write(path)?;
    let mut file = File::options().write(true).open(path)?;
    file.seek(SeekFrom::End(-512))?;
    file.write_all(&footer())
}

/// Writes the damaged disk.
pub fn write(path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    let mut write_at = |offset: u64, bytes: &[u8]| {
        file.seek(SeekFrom::Start(offset))?;
        file.write_all(bytes)
    };
    write_at(0, &footer())?;
    write_at(512, &header())?;
    write_at(BATMAP_AT, &batmap_header())?;
    write_at(BATMAP_AT + 512, &batmap())?;
    for (offset, (_, name)) in LOCATORS_AT.into_iter().zip(locators()) {
        write_at(offset, &name)?;
    }
    let mut table = vec![0xff; BLOCKS as usize * 4];
    let mut end = LOCATORS_END;
    for (block, first_bitmap_byte, rest) in
        full_blocks().map(|block| (block, 0xff, 0xff)).chain(PARTIAL_BLOCKS.map(|block| (block, 0xf0, 0)))
    {
        // A block's data, which follows its bitmap, begins on a page boundary.
        let bitmap_at = (end + 512).next_multiple_of(4096) - 512;
        put(&mut table, block as usize * 4, &((bitmap_at / 512) as u32).to_be_bytes());
        let mut bitmap = [rest; 512];
        bitmap[0] = first_bitmap_byte;
        write_at(bitmap_at, &bitmap)?;
        end = bitmap_at + 512 + u64::from(BLOCK_SIZE);
    }
    write_at(BAT_AT, &table)?;
    // Here the primary footer should be.
    write_at(end, &[0; 512])
}

/// The length of the parent that [`write_parent`] makes, in bytes.
pub const PARENT_LENGTH: u64 = 11_776 + 2 * (512 + (2 << 20)) + 3584 + 512;

/// Writes a parent for the disk: hidden, of 3 GiB, with two blocks, 0 and 150, of which the disk has the first, too.
/// Nothing is left of the real one, of which the report says no more than its name and its unique id.
pub fn write_parent(path: &Path) -> io::Result<()> {
    const SIZE: u64 = 3 << 30;
    const ENTRIES: u32 = 1536;
    const MAP_AT: u64 = 7680;
    let mut footer = footer();
    put(&mut footer, 48, &SIZE.to_be_bytes());
    put(&mut footer, 56, &6241_u16.to_be_bytes()); // cylinders
    put(&mut footer, 60, &3_u32.to_be_bytes()); // dynamic
    put(&mut footer, 68, &0x2b0565ca_4f72_4471_a0e9_c7f2b7460491_u128.to_be_bytes());
    put(&mut footer, 85, &[1]); // hidden
    seal(&mut footer, 64);
    let mut header = header();
    put(&mut header, 28, &ENTRIES.to_be_bytes());
    header[40..].fill(0); // no parent
    seal(&mut header, 36);
    let mut map = batmap_header();
    put(&mut map, 8, &(MAP_AT + 512).to_be_bytes());
    put(&mut map, 16, &1_u32.to_be_bytes()); // sectors
    put(&mut map, 24, &crate::bytes::checksum(&[0; 512]).to_be_bytes());
    let mut table = vec![0xff; ENTRIES as usize * 4];
    let file = File::create(path)?;
    for (block, place) in [(0, 11_776_u64), (150, 11_776 + 4096 + (2 << 20))] {
        put(&mut table, block * 4, &((place / 512) as u32).to_be_bytes());
        file.write_all_at(&[0xf0], place)?;
    }
    for (offset, bytes) in [(0, &footer[..]), (512, &header[..]), (BAT_AT, &table[..]), (MAP_AT, &map[..])] {
        file.write_all_at(bytes, offset)?;
    }
    file.write_all_at(&footer, PARENT_LENGTH - 512)
}

fn locators() -> [(&'static [u8; 4], Vec<u8>); 3] {
    let windows_name = utf16(&format!(".\\{PARENT}"), u16::to_le_bytes);
    [(b"MacX", format!("file://./{PARENT}").into_bytes()), (b"W2ku", windows_name.clone()), (b"W2ru", windows_name)]
}

fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

fn batmap() -> [u8; 1024] {
    let mut batmap = [0; 1024];
    for block in full_blocks() {
        batmap[block as usize / 8] |= 0x80 >> (block % 8);
    }
    batmap
}

fn batmap_header() -> [u8; 512] {
    let mut header = [0; 512];
    put(&mut header, 0, b"tdbatmap");
    put(&mut header, 8, &(BATMAP_AT + 512).to_be_bytes());
    put(&mut header, 16, &2_u32.to_be_bytes()); // sectors
    put(&mut header, 20, &0x0001_0002_u32.to_be_bytes()); // version
    put(&mut header, 24, &crate::bytes::checksum(&batmap()).to_be_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksums_are_those_of_the_report() {
        assert_eq!(footer()[64..68], 0xffff_ed5b_u32.to_be_bytes());
        assert_eq!(header()[36..40], 0xffff_d93a_u32.to_be_bytes());
        assert_eq!(batmap_header()[24..28], 0xffff_f312_u32.to_be_bytes());
    }

    #[test]
    fn with_its_footer_it_is_the_known_disk() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join(NAME);
        write_sound(&path)?;
        assert_eq!(crate::bytes::sha256(&path)?, FIXED_SHA256);
        Ok(())
    }
}
