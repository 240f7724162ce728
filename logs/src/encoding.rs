//! What a log is written in: UTF-8, or the UTF-16 that Windows saves and redirects in.

use alloc::vec::Vec;

/// Units of UTF-16 that are turned over at once.
const AT_ONCE: usize = 16 << 10;

/// By so much of its beginning it is told whether a log is text, in bytes.
const HEAD: usize = 4096;
/// What files begin with that are packed otherwise than by gzip.
const PACKED: [(&[u8], &str); 5] = [
    (b"\xFD7zXZ\0", "is packed by xz"),
    (b"BZh", "is packed by bzip2"),
    (b"\x28\xB5\x2F\xFD", "is packed by zstd"),
    (b"PK\x03\x04", "is a ZIP archive"),
    (b"7z\xBC\xAF\x27\x1C", "is a 7-Zip archive"),
];

/// What a file is by its beginning, if it is no log: to find no trouble in it would say nothing.
pub fn not_a_log(head: &[u8]) -> Option<&'static str> {
    let packed = PACKED.iter().find(|(mark, _)| head.starts_with(mark)).map(|(_, is)| *is);
    packed.or_else(|| (!is_text(head)).then_some("is no text"))
}

/// Whether a file begins with a mark of UTF-16.
pub fn is_utf16(head: &[u8]) -> bool {
    MARKS.iter().any(|(mark, kind)| matches!(kind, Kind::Utf16(_)) && head.starts_with(mark))
}

/// Crashes leave zeros at the end of a log, and cutting off a log that is written to leaves them at its start.
fn is_text(head: &[u8]) -> bool {
    let first = head.iter().position(|byte| *byte != 0).unwrap_or(0);
    let head = head.get(first..).unwrap_or_default();
    let head = head.get(..HEAD).unwrap_or(head);
    let last = head.iter().rposition(|byte| *byte != 0).map_or(head.len(), |last| last + 1);
    let head = head.get(..last).unwrap_or_default();
    let binary = head.iter().filter(|byte| byte.is_ascii_control() && !b"\t\r\n\x1B\x08".contains(byte)).count();
    binary <= head.len() / 8 || is_utf16(head)
}

/// Turns a log’s bytes over into UTF-8, by the mark that it begins with. What has no mark is left as it is.
#[derive(Debug, Default)]
pub struct Encoding {
    kind: Kind,
    /// Bytes that do not make a mark, or a unit, yet.
    held: Vec<u8>,
    /// The first half of a character.
    high: Option<u16>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Kind {
    #[default]
    Unknown,
    Utf8,
    Utf16(fn([u8; 2]) -> u16),
}

const MARKS: [(&[u8], Kind); 3] = [
    (&[0xEF, 0xBB, 0xBF], Kind::Utf8),
    (&[0xFF, 0xFE], Kind::Utf16(u16::from_le_bytes)),
    (&[0xFE, 0xFF], Kind::Utf16(u16::from_be_bytes)),
];

impl Encoding {
    /// Takes the log’s next bytes, and hands on what they are in UTF-8.
    pub fn feed(&mut self, mut bytes: &[u8], take: &mut dyn FnMut(&[u8])) {
        while let (Kind::Unknown, [first, rest @ ..]) = (self.kind, bytes) {
            self.held.push(*first);
            bytes = rest;
            self.look(take);
        }
        match self.kind {
            Kind::Unknown => {}
            Kind::Utf8 => take(bytes),
            Kind::Utf16(unit) => bytes.chunks(2 * AT_ONCE).for_each(|piece| self.turn_over(unit, piece, take)),
        }
    }

    /// The log is at its end.
    pub fn end(&mut self, take: &mut dyn FnMut(&[u8])) {
        if let Kind::Unknown = self.kind {
            take(&self.held);
        }
        *self = Self::default();
    }

    /// Looks whether what is held is a mark, or cannot become one.
    fn look(&mut self, take: &mut dyn FnMut(&[u8])) {
        if let Some((_, kind)) = MARKS.iter().find(|(mark, _)| *mark == self.held.as_slice()) {
            self.kind = *kind;
            self.held.clear();
        } else if !MARKS.iter().any(|(mark, _)| mark.starts_with(&self.held)) {
            self.kind = Kind::Utf8;
            take(&core::mem::take(&mut self.held));
        }
    }

    fn turn_over(&mut self, unit: fn([u8; 2]) -> u16, bytes: &[u8], take: &mut dyn FnMut(&[u8])) {
        self.held.extend_from_slice(bytes);
        let (pairs, rest) = self.held.as_chunks::<2>();
        let mut units: Vec<u16> = self.high.take().into_iter().chain(pairs.iter().map(|pair| unit(*pair))).collect();
        self.held = rest.to_vec();
        self.high = units.pop_if(|last| (0xD800..0xDC00).contains(last));
        let mut text = Vec::with_capacity(units.len());
        for letter in char::decode_utf16(units) {
            let letter = letter.unwrap_or(char::REPLACEMENT_CHARACTER);
            text.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes());
        }
        take(&text);
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    fn read(bytes: &[u8], piece: usize) -> String {
        let mut all = Vec::new();
        let mut encoding = Encoding::default();
        bytes.chunks(piece).for_each(|piece| encoding.feed(piece, &mut |text| all.extend_from_slice(text)));
        encoding.end(&mut |text| all.extend_from_slice(text));
        String::from_utf8_lossy(&all).into_owned()
    }

    #[test]
    fn a_log_is_read_by_its_mark() {
        let text = "Sep 14: “𝄞”\r\n";
        let marked = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            core::iter::once(0xFEFF).chain(text.encode_utf16()).flat_map(unit).collect()
        };
        let utf8 = [b"\xEF\xBB\xBF", text.as_bytes()].concat();
        for bytes in [marked(u16::to_le_bytes), marked(u16::to_be_bytes), utf8, text.into()] {
            for piece in 1..=bytes.len() {
                assert_eq!(read(&bytes, piece), text);
            }
        }
        assert_eq!(read(b"\xEF\xBB", 1), "\u{FFFD}");
        assert_eq!(read(b"", 1), "");
    }
}
