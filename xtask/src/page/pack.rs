//! Bytes as text that may stand in a page, in UTF-8 and in few characters: `web/one-file/unpack.js` reads it.
//!
//! They are packed as lzip does it, which makes them a fifth smaller than gzip can. Each character of ASCII holds seven bits. A page cannot have every one of them as it is: a parser replaces NUL and
//! CR, whoever stores a text may replace line ends, and `<` may begin a tag. Each of these becomes a part of the
//! character after it, one of those that UTF-8 writes in two bytes. So any seven bits take one byte, and a file grows by
//! a seventh where base64 adds a third.

use std::io::{self, Write};

use lzma_rust2::{LzipOptions, LzipWriter};

/// The characters that do not stand for themselves.
const HIDDEN: [u8; 4] = *b"\0\n\r<";

/// As far back as one byte may be like another: more than there are.
const DICTIONARY: u32 = 4 << 20;

/// As small as can be, with a checksum.
pub fn lzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut options = LzipOptions::with_preset(9);
    options.lzma_options.dict_size = DICTIONARY;
    options.lzma_options.nice_len = 273;
    options.lzma_options.depth_limit = 1000;
    let mut packer = LzipWriter::new(Vec::new(), options);
    packer.write_all(bytes)?;
    packer.finish()
}

/// These bytes as text. Their number is needed to read it, since the last character may hold fewer bits.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    let mut sevens = sevens(bytes).into_iter();
    while let Some(seven) = sevens.next() {
        match (1..).zip(HIDDEN).find(|(_, hidden)| *hidden == seven) {
            None => text.push(char::from(seven)),
            Some((place, _)) => {
                let next = u32::from(sevens.next().unwrap_or(0));
                text.extend(char::from_u32(place * 128 + next));
            }
        }
    }
    text
}

/// Seven bits at a time, the last ones filled up with zeros.
fn sevens(bytes: &[u8]) -> Vec<u8> {
    let mut sevens = Vec::new();
    let (mut held, mut bits) = (0u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 7 {
            bits -= 7;
            sevens.push((held >> bits & 0x7f) as u8);
        }
    }
    if bits > 0 {
        sevens.push((held << (7 - bits) & 0x7f) as u8);
    }
    sevens
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `readText` does it.
    fn unpacked(text: &str, length: usize) -> Vec<u8> {
        let (mut bytes, mut held, mut bits) = (Vec::new(), 0u32, 0);
        let mut take = |seven: u32| {
            held = (held << 7 | seven) & 0x7fff;
            bits += 7;
            if bits >= 8 {
                bits -= 8;
                bytes.push((held >> bits) as u8);
            }
        };
        for code in text.chars().map(u32::from) {
            if code >= 128 {
                take([0, 10, 13, 60][(code >> 7) as usize - 1]);
            }
            take(code & 127);
        }
        bytes.truncate(length);
        bytes
    }

    #[test]
    fn every_byte_comes_back_at_every_length() {
        let mixed: Vec<u8> = (0..3000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for bytes in [mixed, vec![0; 40], vec![0xff; 40], b"\n\r<</script><!--\0".to_vec(), vec![0x3c << 1; 30]] {
            for length in 0..=bytes.len().min(40) {
                let part = &bytes[..length];
                assert_eq!(unpacked(&text(part), length), part);
            }
            assert_eq!(unpacked(&text(&bytes), bytes.len()), bytes);
        }
    }

    #[test]
    fn nothing_that_a_page_changes_is_in_it_and_it_is_short() {
        let bytes: Vec<u8> = (0..70_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let text = text(&bytes);
        assert!(!text.contains(HIDDEN.map(char::from)));
        assert!((80_000..=80_001).contains(&text.len()), "{}", text.len());
    }
}
