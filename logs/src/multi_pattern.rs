//! Finds many words in a line at once, without looking at every byte.
//!
//! Wu and Manber’s way: the last four bytes of a window say how far it can be moved before any word could begin in it.

use alloc::vec;
use alloc::vec::Vec;

/// Bytes that are looked at together.
const BLOCK: usize = 4;
/// How many entries the table has; a power of two.
const ENTRIES: usize = 1 << 12;

/// Words to look for.
#[derive(Debug)]
pub struct Needles {
    words: Vec<&'static str>,
    /// By the word: the hash of the last block of its window.
    lasts: Vec<u16>,
    /// The length of the shortest word, in bytes, which is that of the window.
    window: usize,
    /// By the hash of a window’s last block: how far the window can be moved.
    shifts: Vec<u8>,
}

impl Needles {
    /// Prepares to look for these words, each at least four bytes long.
    pub fn new(words: Vec<&'static str>) -> Self {
        let window = words.iter().map(|word| word.len()).min().unwrap_or(BLOCK).max(BLOCK);
        let farthest = u8::try_from(window - BLOCK + 1).unwrap_or(u8::MAX);
        let mut shifts = vec![farthest; ENTRIES];
        for head in words.iter().filter_map(|word| word.as_bytes().get(..window)) {
            for (index, block) in head.windows(BLOCK).enumerate() {
                let shift = u8::try_from(window - BLOCK - index).unwrap_or(u8::MAX);
                if let Some(entry) = shifts.get_mut(usize::from(hash(block))) {
                    *entry = shift.min(*entry);
                }
            }
        }
        let last = |word: &&str| word.as_bytes().get(window - BLOCK..window).map_or(0, hash);
        Self { lasts: words.iter().map(last).collect(), words, window, shifts }
    }

    /// The length of a word by its index, in bytes.
    pub fn length(&self, word: usize) -> usize {
        self.words.get(word).map_or(0, |word| word.len())
    }

    /// Calls `found` with the index of each word that stands in the line, and its place, in the line’s order.
    pub fn find(&self, line: &[u8], mut found: impl FnMut(usize, usize)) {
        let mut end = self.window;
        while let Some(block) = end.checked_sub(BLOCK).and_then(|from| line.get(from..end)) {
            let hash = hash(block);
            match self.shifts.get(usize::from(hash)) {
                Some(0) | None => {
                    let start = end - self.window;
                    let rest = line.get(start..).unwrap_or_default();
                    let words = self.lasts.iter().zip(&self.words).enumerate().filter(|(_, (last, _))| **last == hash);
                    for (index, (_, word)) in words {
                        if rest.starts_with(word.as_bytes()) && !goes_on(word, rest) {
                            found(index, start);
                        }
                    }
                    end += 1;
                }
                Some(shift) => end += usize::from(*shift),
            }
        }
    }
}

/// Whether what ends a word is a number that goes on: error 4 is not error 46.
fn goes_on(word: &str, text: &[u8]) -> bool {
    word.ends_with(|last: char| last.is_ascii_digit()) && text.get(word.len()).is_some_and(u8::is_ascii_digit)
}

/// Less than [`ENTRIES`]. It is most of the work on a log, also where code is built to be small.
#[inline(always)]
fn hash(block: &[u8]) -> u16 {
    let value = block.iter().fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
    (value.wrapping_mul(0x9E37_79B1) >> 20) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_wherever_they_stand() {
        let needles = Needles::new(vec!["coalesce", "Stale file handle", "SR_BACKEND_FAILURE_44"]);
        let found = |line: &str| {
            let mut all = Vec::new();
            needles.find(line.as_bytes(), |word, at| all.push((word, at)));
            all
        };
        assert_eq!(found("coalesce"), [(0, 0)]);
        assert_eq!(found("a coalescecoalesce"), [(0, 2), (0, 10)]);
        assert_eq!(found("x: Stale file handle after coalesce"), [(1, 3), (0, 27)]);
        assert_eq!(found("SR_BACKEND_FAILURE_44"), [(2, 0)]);
        assert_eq!(found("SR_BACKEND_FAILURE_446"), []);
        for line in ["", "coalesc", "oalesce", "SR_BACKEND_FAILURE_4", "Stale file handl"] {
            assert_eq!(found(line), [], "{line}");
        }
    }
}
