//! Finds many words in a line at once.

use alloc::vec::Vec;

use aho_corasick::automaton::{Automaton, OverlappingState};
use aho_corasick::dfa::DFA;
use aho_corasick::{Input, MatchKind};

/// Words to look for.
#[derive(Debug)]
pub struct Needles {
    words: Vec<&'static str>,
    /// None where the words are too many for one, which those of the tables are not.
    automaton: Option<DFA>,
}

impl Needles {
    /// Prepares to look for these words.
    pub fn new(words: Vec<&'static str>) -> Self {
        // Each byte of a log costs one step then, however many words there are.
        let automaton = DFA::builder().match_kind(MatchKind::Standard).prefilter(false).build(&words).ok();
        Self { words, automaton }
    }

    /// The length of a word by its index, in bytes.
    pub fn length(&self, word: usize) -> usize {
        self.words.get(word).map_or(0, |word| word.len())
    }

    /// Calls `found` with the index of each word that stands in the line, and its place; those of one word in the line’s
    /// order.
    pub fn find(&self, line: &[u8], mut found: impl FnMut(usize, usize)) {
        let Some(automaton) = &self.automaton else {
            return self.words.iter().enumerate().for_each(|(index, word)| {
                let places = line.windows(word.len()).enumerate().filter(|(_, window)| *window == word.as_bytes());
                places.map(|(at, _)| at).filter(|at| !goes_on(word, line, *at)).for_each(|at| found(index, at));
            });
        };
        let (input, mut state) = (Input::new(line), OverlappingState::start());
        while let (Ok(()), Some(place)) = (automaton.try_find_overlapping(&input, &mut state), state.get_match()) {
            let index = place.pattern().as_usize();
            if self.words.get(index).is_some_and(|word| !goes_on(word, line, place.start())) {
                found(index, place.start());
            }
        }
    }
}

/// Whether what ends a word is a number that goes on: error 4 is not error 46.
fn goes_on(word: &str, line: &[u8], at: usize) -> bool {
    word.ends_with(|last: char| last.is_ascii_digit()) && line.get(at + word.len()).is_some_and(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    #[test]
    fn words_are_found_wherever_they_stand() {
        let words = vec!["coalesce", "Stale file handle", "SR_BACKEND_FAILURE_44"];
        let needles = Needles::new(words.clone());
        assert!(needles.automaton.is_some());
        for needles in [needles, Needles { words, automaton: None }] {
            let found = |line: &str| {
                let mut all = Vec::new();
                needles.find(line.as_bytes(), |word, at| all.push((at, word)));
                all.sort_unstable();
                all
            };
            assert_eq!(found("coalesce"), [(0, 0)]);
            assert_eq!(found("a coalescecoalesce"), [(2, 0), (10, 0)]);
            assert_eq!(found("x: Stale file handle after coalesce"), [(3, 1), (27, 0)]);
            assert_eq!(found("SR_BACKEND_FAILURE_44"), [(0, 2)]);
            assert_eq!(found("SR_BACKEND_FAILURE_446"), []);
            for line in ["", "coalesc", "oalesce", "SR_BACKEND_FAILURE_4", "Stale file handl"] {
                assert_eq!(found(line), [], "{line}");
            }
        }
    }
}
