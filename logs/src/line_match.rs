//! What a line says: the kind of trouble that its words mean, or what belongs to trouble.

use alloc::string::String;
use alloc::vec::Vec;

use memchr::memmem;

use crate::multi_pattern::Needles;
use crate::patterns::{self, Pattern, Sign};

/// So much of an error’s words is looked at, in bytes: more than any has.
const LONGEST_ERROR: usize = 100;

/// The words that matter in logs, each with what it means.
#[derive(Debug)]
pub struct LineMatcher {
    needles: Needles,
    meanings: Vec<Meaning>,
}

/// What a word means that stands in a line.
#[derive(Clone, Copy, Debug)]
pub enum Meaning {
    /// The first word of a pattern; these must follow.
    Sign { pattern: &'static Pattern, rank: usize, rest: &'static [&'static str] },
    /// A function in a traceback.
    Frame,
    /// The disk that the garbage collector turns to.
    Coalescing,
    /// A `vhd-util` command.
    Command,
    /// A command that succeeded, or is not `vhd-util`.
    Success,
    /// What the storage manager was asked to do, with all names.
    Operation,
    /// Names that belong to what the process does.
    Names,
    /// What `vhd-util` says before it says that the disk is invalid.
    Fault,
    /// A lock of a disk or of a repository.
    Lock,
    /// A disk that a tapdisk has open.
    Attached,
    /// The number of an error of the storage manager, …
    Code,
    /// … or its words.
    CodeWords,
}

/// What is not trouble itself. Of several in a line the first counts.
const CONTEXT: &[(&str, Meaning)] = &[
    (".py\", line ", Meaning::Frame),
    ("Coalescing ", Meaning::Coalescing),
    ("Leaf-coalescing ", Meaning::Coalescing),
    ("/vhd-util', '", Meaning::Command),
    ("vhd-util ", Meaning::Command),
    ("pread SUCCESS", Meaning::Success),
    ("] ['/usr/", Meaning::Success),
    ("] ['/sbin/", Meaning::Success),
    ("] ['/bin/", Meaning::Success),
    ("\t['/usr/", Meaning::Success),
    ("\t['/sbin/", Meaning::Success),
    (" {'sr_uuid': '", Meaning::Operation),
    (", 'sr_uuid': '", Meaning::Operation),
    (": gc ===", Meaning::Names),
    ("srUpdate for SR ", Meaning::Names),
    ("Parent name  ", Meaning::Names),
    ("footer invalid: ", Meaning::Fault),
    ("header invalid: ", Meaning::Fault),
    ("header is invalid: ", Meaning::Fault),
    ("footers do not match", Meaning::Fault),
    ("clobbers headers", Meaning::Fault),
    ("clobbers footer", Meaning::Fault),
    ("clobbers block ", Meaning::Fault),
    ("error reading backup footer: ", Meaning::Fault),
    ("error reading primary footer: ", Meaning::Fault),
    ("error reading header: ", Meaning::Fault),
    ("error reading bat: ", Meaning::Fault),
    ("invalid file size: 0x", Meaning::Fault),
    ("file /var/lock/sm/", Meaning::Lock),
    ("acquired /var/lock/sm/", Meaning::Lock),
    ("    vhd /", Meaning::Attached),
    ("args=vhd:/", Meaning::Attached),
    ("SR_BACKEND_FAILURE_", Meaning::Code),
    ("Raising exception [", Meaning::Code),
    ("SROSError'>, ", Meaning::CodeWords),
    ("XenError'>, ", Meaning::CodeWords),
    ("Error parameters: , ", Meaning::CodeWords),
];

/// What stands in a line.
#[derive(Debug, Default)]
pub struct Found {
    /// The kind of trouble that it tells of: of several the first in the tables.
    pub sign: Option<Match>,
    /// What it means otherwise, with the index of the word.
    context: Option<(usize, Meaning)>,
    /// The number of an error of the storage manager.
    pub code: Option<u16>,
    /// Whether any word that matters stands in it, whatever it means there.
    pub has_words: bool,
}

/// A kind of trouble that a line tells of.
#[derive(Clone, Copy, Debug)]
pub struct Match {
    /// Which.
    pub pattern: &'static Pattern,
    /// Its place in the tables.
    rank: usize,
    /// Whether only the number of an error says so.
    pub by_code: bool,
}

impl Found {
    /// What the line means, if it tells of no trouble.
    pub fn context(&self) -> Option<Meaning> {
        self.context.map(|(_, meaning)| meaning)
    }

    /// Takes a kind of trouble, if it comes before what was found and nothing in the line makes it harmless.
    fn offer(&mut self, line: &[u8], new: Match) {
        let is_better = self.sign.is_none_or(|best| new.rank < best.rank);
        if is_better && !new.pattern.unless.iter().any(|word| contains(line, word)) {
            self.sign = Some(new);
        }
    }
}

impl LineMatcher {
    /// The words of all patterns.
    pub fn new() -> Self {
        let mut words = Vec::new();
        let mut meanings = Vec::new();
        for (rank, pattern) in patterns::all().enumerate() {
            let rows = match &pattern.sign {
                Sign::Words(rows) | Sign::WordsAfterVhdUtil(rows) => *rows,
                Sign::Frames(_) | Sign::AnyCode | Sign::Said(_) | Sign::Attached => &[],
            };
            for (first, rest) in rows.iter().filter_map(|row| row.split_first()) {
                words.push(*first);
                meanings.push(Meaning::Sign { pattern, rank, rest });
            }
        }
        for (word, meaning) in CONTEXT {
            words.push(word);
            meanings.push(*meaning);
        }
        Self { needles: Needles::new(words), meanings }
    }

    /// Looks a line through. `allows` answers whether a pattern’s condition besides its words is met.
    pub fn look(&self, line: &[u8], mut allows: impl FnMut(&Pattern) -> bool) -> Found {
        let mut found = Found::default();
        // What does not follow the first of the same words does not follow those after it either.
        let mut tried: Vec<usize> = Vec::new();
        self.needles.find(line, |word, at| {
            found.has_words = true;
            match self.meanings.get(word) {
                Some(Meaning::Sign { pattern, rank, rest }) => {
                    if tried.contains(&word) {
                        return;
                    }
                    tried.push(word);
                    if follow(line.get(at..).unwrap_or_default(), rest) && allows(pattern) {
                        found.offer(line, Match { pattern, rank: *rank, by_code: false });
                    }
                }
                Some(meaning @ (Meaning::Code | Meaning::CodeWords)) => {
                    let text = line.get(at + self.needles.length(word)..).unwrap_or_default();
                    let code = if matches!(meaning, Meaning::Code) { leading_code(text) } else { code_by_words(text) };
                    let Some(code) = code.filter(|_| found.code.is_none()) else { return };
                    found.code = Some(code);
                    if let Some((rank, pattern)) = patterns::by_code(code) {
                        found.offer(line, Match { pattern, rank, by_code: true });
                    }
                }
                Some(meaning) if found.context.is_none_or(|(first, _)| word < first) => {
                    found.context = Some((word, *meaning));
                }
                _ => {}
            }
        });
        // The words of an error say no more than its number.
        if let (Some(sign), Some(code)) = (&mut found.sign, found.code) {
            sign.by_code |= sign.pattern.codes.contains(&code);
        }
        found
    }
}

/// The number that a text begins with, if the storage manager may have such an error.
fn leading_code(text: &[u8]) -> Option<u16> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    core::str::from_utf8(text.get(..digits)?).ok()?.parse().ok()
}

fn code_by_words(text: &[u8]) -> Option<u16> {
    let head = text.get(..LONGEST_ERROR).unwrap_or(text);
    patterns::by_words(&String::from_utf8_lossy(head))
}

/// Whether a word stands in a text.
pub fn contains(text: &[u8], word: &str) -> bool {
    memmem::find(text, word.as_bytes()).is_some()
}

/// Whether the words stand in the text, one after the other.
fn follow(mut text: &[u8], words: &[&str]) -> bool {
    words.iter().all(|word| {
        let at = memmem::find(text, word.as_bytes());
        text = at.and_then(|at| text.get(at + word.len()..)).unwrap_or_default();
        at.is_some()
    })
}
