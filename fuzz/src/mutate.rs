//! Changes that get past the checksums: after libFuzzer's own change, checksums are renewed more often than not, a
//! footer is copied to the other end, or a BAT entry gets a number that could be one.

use libfuzzer_sys::fuzzer_mutate;
use vhd_analyser_tests::build::{Random, number32, number64};
use vhd_analyser_tests::bytes::{checksum, put, seal};

const SECTOR: usize = 512;

/// A change of an input whose image begins at `start`; answers the new length.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, start: usize, seed: u32) -> usize {
    let mut random = Random(u64::from(seed));
    let size = if random.below(8) == 0 { size } else { fuzzer_mutate(data, size, max_size) };
    let Some(image) = data.get_mut(start..size) else {
        return size;
    };
    if image.len() < 4 * SECTOR {
        return size;
    }
    match random.below(12) {
        0 => copy_footer(image, 0, image.len() - SECTOR),
        1 => copy_footer(image, image.len() - SECTOR, 0),
        2 | 3 => change_entry(image, &mut random),
        4 => change_field(image, &mut random),
        _ => {}
    }
    if random.below(4) != 0 {
        renew_checksums(image);
    }
    size
}

fn copy_footer(image: &mut [u8], from: usize, to: usize) {
    image.copy_within(from..from + SECTOR, to);
}

/// The header that the first footer leads to, by its offset.
fn header_at(image: &[u8]) -> Option<usize> {
    let at = usize::try_from(number64(image, 16)).ok()?;
    image.get(at..at.checked_add(1024)?).map(|_| at)
}

fn table_at(image: &[u8]) -> Option<(usize, usize)> {
    let header = header_at(image)?;
    let table = usize::try_from(number64(image, header + 16)).ok().filter(|at| *at < image.len())?;
    Some((table, number32(image, header + 28) as usize))
}

/// A place near the end, another entry's place or one next to it, or none.
fn change_entry(image: &mut [u8], random: &mut Random) {
    let Some((table, entries)) = table_at(image) else {
        return;
    };
    let mut entry = || table + 4 * random.below(entries.clamp(1, 64) as u64) as usize;
    let (target, other) = (entry(), entry());
    if target.max(other) + 4 > image.len() {
        return;
    }
    let sectors = (image.len() / SECTOR) as u32;
    let sector = match random.below(5) {
        0 => u32::MAX,
        1 => sectors.wrapping_sub(random.below(16) as u32),
        2 => number32(image, other),
        3 => number32(image, other).wrapping_add(random.below(16) as u32),
        _ => random.below(u64::from(sectors)) as u32,
    };
    put(image, target, &sector.to_be_bytes());
}

/// A field of the footers or the header with another plausible number.
fn change_field(image: &mut [u8], random: &mut Random) {
    let number = match random.below(5) {
        0 => 0,
        1 => u64::MAX,
        2 => 1 << random.below(64),
        3 => random.below(64) * SECTOR as u64,
        _ => random.next(),
    };
    let end = image.len() - SECTOR;
    let header = header_at(image).unwrap_or(SECTOR);
    let (at, length) = [(16, 8), (40, 8), (48, 8), (60, 4), (28, 4), (32, 4)][random.below(6) as usize];
    let bytes = number.to_be_bytes();
    let bytes = &bytes[8 - length..];
    match random.below(4) {
        0 => put(image, at, bytes),
        1 => put(image, end + at, bytes),
        2 => [0, end].iter().for_each(|footer| put(image, footer + at, bytes)),
        _ if header + 1024 <= image.len() => put(image, header + at, bytes),
        _ => {}
    }
}

/// Right checksums for every structure that has its cookie.
pub fn renew_checksums(image: &mut [u8]) {
    let end = image.len() - SECTOR;
    for at in [end, 0] {
        if image[at..].starts_with(b"conectix") || image[at..].starts_with(b"v_poison") {
            seal(&mut image[at..at + SECTOR], 64);
        }
    }
    let Some(header) = header_at(image).filter(|at| image[*at..].starts_with(b"cxsparse")) else {
        return;
    };
    seal(&mut image[header..header + 1024], 36);
    let Some((table, entries)) = table_at(image) else {
        return;
    };
    let batmap = table.saturating_add((entries * 4).next_multiple_of(SECTOR));
    if image.get(batmap..batmap.saturating_add(2 * SECTOR)).is_some_and(|bytes| bytes.starts_with(b"tdbatmap")) {
        let sum = checksum(&image[batmap + SECTOR..batmap + 2 * SECTOR]);
        put(image, batmap + 24, &sum.to_be_bytes());
    }
}
