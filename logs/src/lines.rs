//! Lines out of chunks of bytes, with bounded memory.

use alloc::vec::Vec;

use crate::line_prefix::is_stamped;

/// Longer lines are taken in pieces, in bytes: no log that is known here writes any.
const LONGEST: usize = 16 << 10;
/// How much of a piece is in the next one, too, in bytes, so that no words are cut apart.
const OVERLAP: usize = 512;
/// Shorter rows are not what a terminal wraps, in bytes.
const NARROWEST: usize = 100;
/// What a row of a traceback begins with, which old logs wrote without stamps.
const FRAME: &[u8] = b"  File \"";
/// What a terminal’s commands begin with.
const ESCAPE: u8 = 0x1B;

/// Puts lines together.
///
/// Logs are often copied from a terminal that had wrapped them. A row without a time stamp behind a wide one with a stamp
/// is its continuation, and so is the next as long as the rows are equally wide.
#[derive(Debug, Default)]
pub struct Lines {
    /// The row that is being read.
    row: Vec<u8>,
    /// The line before it, which it may continue.
    line: Vec<u8>,
    /// How long the line’s rows are, in bytes; 0 where it is complete.
    width: usize,
    /// How many rows have ended.
    rows: u64,
    /// In which row the line began, from 1.
    began: u64,
}

impl Lines {
    /// Takes the next bytes, and calls `take` with every line that is complete and the number of its first row.
    pub fn feed(&mut self, mut chunk: &[u8], take: &mut dyn FnMut(&[u8], u64)) {
        while let Some(end) = memchr::memchr(b'\n', chunk) {
            let (rest, after) = (chunk.get(..end).unwrap_or_default(), chunk.get(end + 1..).unwrap_or_default());
            self.extend(rest, take);
            self.end_row(take);
            chunk = after;
        }
        self.extend(chunk, take);
    }

    /// The log is at its end.
    pub fn end(&mut self, take: &mut dyn FnMut(&[u8], u64)) {
        if !self.row.is_empty() {
            self.end_row(take);
        }
        self.end_line(take);
        *self = Self::default();
    }

    /// How many rows have ended.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether a row has begun that has not ended.
    pub fn has_rest(&self) -> bool {
        !self.row.is_empty()
    }

    fn extend(&mut self, mut bytes: &[u8], take: &mut dyn FnMut(&[u8], u64)) {
        loop {
            let (piece, rest) = bytes.split_at(LONGEST.saturating_sub(self.row.len()).min(bytes.len()));
            self.row.extend_from_slice(piece);
            if rest.is_empty() {
                return;
            }
            self.end_piece(take);
            bytes = rest;
        }
    }

    /// Hands on what there is of a row that is too long to be kept.
    fn end_piece(&mut self, take: &mut dyn FnMut(&[u8], u64)) {
        self.end_line(take);
        self.width = 0;
        take(&self.row, self.rows + 1);
        self.row.drain(..self.row.len().saturating_sub(OVERLAP));
    }

    fn end_row(&mut self, take: &mut dyn FnMut(&[u8], u64)) {
        self.rows += 1;
        if self.row.contains(&ESCAPE) {
            uncolor(&mut self.row);
        }
        if self.row.last() == Some(&b'\r') {
            self.row.pop();
        }
        let may_continue = self.width > 0 && !self.row.is_empty() && self.line.len() < LONGEST;
        if may_continue && !self.row.starts_with(FRAME) && !is_stamped(&self.row) {
            self.line.extend_from_slice(&self.row);
            // A row that is not full is the last.
            if self.row.len() != self.width {
                self.width = 0;
            }
        } else {
            self.end_line(take);
            core::mem::swap(&mut self.line, &mut self.row);
            self.began = self.rows;
            let is_wide = (NARROWEST..LONGEST).contains(&self.line.len());
            self.width = if is_wide && is_stamped(&self.line) { self.line.len() } else { 0 };
        }
        self.row.clear();
    }

    fn end_line(&mut self, take: &mut dyn FnMut(&[u8], u64)) {
        if !self.line.is_empty() {
            take(&self.line, self.began);
            self.line.clear();
        }
    }
}

/// Takes out the commands by which programs colour what they write to a terminal: `ESC [ … m` and its like.
fn uncolor(row: &mut Vec<u8>) {
    let mut is_begun = false;
    let mut is_command = false;
    row.retain(|byte| {
        let is_kept = !is_begun && !is_command && *byte != ESCAPE;
        is_command = (is_begun && *byte == b'[') || (is_command && !(0x40..=0x7E).contains(byte));
        is_begun = *byte == ESCAPE;
        is_kept
    });
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};
    use alloc::vec;

    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<(String, u64)> {
        let mut all = Vec::new();
        let mut take = |line: &[u8], row| all.push((String::from_utf8_lossy(line).to_string(), row));
        let mut lines = Lines::default();
        for chunk in chunks {
            lines.feed(chunk, &mut take);
        }
        lines.end(&mut take);
        all
    }

    #[test]
    fn chunks_may_end_anywhere() {
        let text = b"one\r\ntwo\n\nfour";
        let lines = vec![("one".into(), 1), ("two".into(), 2), ("four".into(), 4)];
        assert_eq!(read(&[text]), lines);
        let bytes: Vec<_> = text.chunks(1).collect();
        assert_eq!(read(&bytes), lines);
    }

    #[test]
    fn colours_are_taken_out() {
        let text = b"\x1B[1;31ma\x1B[0mb\x1B[Kc\x1B[[d\x1B\x1B[me\n\x1B[12\nf\x1B";
        assert_eq!(read(&[text]), [("abcde".into(), 1), ("f".into(), 3)]);
    }

    #[test]
    fn rows_that_a_terminal_wrapped_become_one_line() {
        let first = format!("2017-09-13 12:58:57.807 {}", "x".repeat(136));
        let text = format!("{first}\n{}\n (20)\nother\nSep 14 16:36:26 a\nb\n", "y".repeat(160));
        let whole = format!("{first}{} (20)", "y".repeat(160));
        let lines = [(whole, 1), ("other".into(), 4), ("Sep 14 16:36:26 a".into(), 5), ("b".into(), 6)];
        assert_eq!(read(&[text.as_bytes()]), lines);
    }

    #[test]
    fn endless_lines_come_in_pieces() {
        let noise = vec![b'x'; 1 << 20];
        let words = "words in the midst";
        let (last, lines) = {
            let mut lines = read(&[b"first\n", &noise, words.as_bytes(), &noise, b"\nend"]);
            (lines.pop(), lines)
        };
        assert_eq!(last, Some(("end".into(), 3)));
        assert!(lines.iter().all(|(line, row)| line.len() <= LONGEST && (*row == 2 || line == "first")));
        assert_eq!(lines.iter().filter(|(line, _)| line.contains(words)).count(), 1);
        // Wherever a piece ends.
        for before in LONGEST - OVERLAP - words.len()..LONGEST + OVERLAP {
            let lines = read(&[&noise[..before], words.as_bytes(), &noise[..LONGEST]]);
            assert!(lines.iter().any(|(line, _)| line.contains(words)), "{before}");
        }
    }
}
