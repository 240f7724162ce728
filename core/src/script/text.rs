//! Text that is put together from words, numbers and names.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// A script in the making.
#[derive(Default)]
pub(super) struct Text(String);

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl Text {
    /// Adds words.
    pub fn put(&mut self, words: &str) {
        self.0.push_str(words);
    }

    /// Adds a character.
    pub fn push(&mut self, c: char) {
        self.0.push(c);
    }

    /// Adds words with a number in the place of each `~`.
    pub fn fill(&mut self, words: &str, numbers: &[u64]) {
        let mut numbers = numbers.iter();
        for (index, words) in words.split('~').enumerate() {
            if index > 0
                && let Some(number) = numbers.next()
            {
                self.put(&number.to_string());
            }
            self.put(words);
        }
    }

    /// Adds a paragraph as a comment, on lines that can be read. Nothing in it ends the comment.
    pub fn comment(&mut self, words: &[&str]) {
        const WIDEST: usize = 100;
        self.put("#");
        let mut width = 0;
        let text = words.concat();
        for word in text.split(' ') {
            let length = word.chars().count() + 1;
            if width > 0 && width + length > WIDEST {
                self.put("\n#");
                width = 0;
            }
            self.put(" ");
            word.chars().for_each(|c| self.push(printable(c)));
            width += length;
        }
        self.put("\n");
    }
}

/// A character, unless it would end a comment or change how a line is read.
pub(super) fn printable(c: char) -> char {
    let orders = matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
    if c.is_control() || orders { char::REPLACEMENT_CHARACTER } else { c }
}

/// A stretch of bytes, as it is written down.
pub(super) enum Part<'a> {
    /// Byte by byte.
    Bytes(&'a [u8]),
    /// The same byte so many times.
    Run(u8, usize),
}

/// Bytes with long runs of one byte told apart.
pub(super) fn parts(mut bytes: &[u8]) -> Vec<Part<'_>> {
    const SHORTEST_RUN: usize = 64;
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let mut before = 0;
        let mut run = 0;
        for same in bytes.chunk_by(|a, b| a == b) {
            if same.len() >= SHORTEST_RUN {
                run = same.len();
                break;
            }
            before += same.len();
        }
        let (plain, rest) = bytes.split_at(before);
        if !plain.is_empty() {
            parts.push(Part::Bytes(plain));
        }
        if let Some(byte) = rest.first() {
            parts.push(Part::Run(*byte, run));
        }
        bytes = rest.get(run..).unwrap_or_default();
    }
    parts
}
