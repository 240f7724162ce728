//! Bytes and files, as the tests write and compare them.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Puts `bytes` into `target` at an offset.
pub fn put(target: &mut [u8], offset: usize, bytes: &[u8]) {
    target[offset..offset + bytes.len()].copy_from_slice(bytes);
}

/// The checksum of VHD structures: the complement of the sum of the bytes.
pub fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().map(|&byte| u32::from(byte)).sum::<u32>()
}

/// Puts the checksum of a structure into its field, which counts as zero.
pub fn seal(structure: &mut [u8], field: usize) {
    put(structure, field, &[0; 4]);
    let checksum = checksum(structure);
    put(structure, field, &checksum.to_be_bytes());
}

/// A file's SHA-256 in hex, read piece by piece.
pub fn sha256(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut file = BufReader::with_capacity(1 << 20, File::open(path)?);
    loop {
        let piece = file.fill_buf()?;
        if piece.is_empty() {
            break;
        }
        hasher.update(piece);
        let length = piece.len();
        file.consume(length);
    }
    Ok(hex(&hasher.finalize()))
}

/// The SHA-256 of bytes in memory, in hex.
pub fn sha256_of(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
