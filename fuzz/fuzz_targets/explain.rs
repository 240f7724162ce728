//! A log, fed in one piece and in pieces of the input's choosing: the answers must be the same, and nothing that a
//! terminal would obey may be in them. Bytes from 128 on stand for words that logs have.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vhd_analyser_logs::patterns::{self, Sign};
use vhd_analyser_logs::{Answer, Explainer};
use vhd_analyser_fuzz::{number, within_limits};
use vhd_analyser_tests::build::Random;

/// Words by which lines are told apart besides those of the patterns.
const OTHERS: [&str; 34] = [
    "\n",
    "\r\n",
    "\n2017-09-13 12:58:57.807 1648 ERROR nova.compute.manager [req-",
    "\nSep 14 16:36:26 fatxs-1 SMGC: [1234] ",
    "\nJan  2 16:01:16 host SM: [77] ",
    "\n[20121001T11:02:42.000Z|error|host|12 HTTPS|VM.start R:03a940e24a95|xapi] ",
    "0995f66a-6188-ad63-4d00-117498b7fd46",
    "91499ab6-63e9-47cf-b73a-b7fc2b09dcc7",
    "*ad1f957a[VHD](1G//2G|n) -> *",
    "/var/run/sr-mount/",
    "/dev/VG_XenStorage-",
    "VHD-",
    ".vhd",
    "  File \"/opt/xensource/sm/cleanup.py\", line 1, in _coalesce",
    ", in _increaseSizeVirt",
    "Coalescing ",
    "Leaf-coalescing ",
    "/vhd-util', '",
    "vhd-util check",
    "pread SUCCESS",
    ": gc ===",
    "Parent name  ",
    "footer invalid: ",
    "header invalid: ",
    "SR_BACKEND_FAILURE_",
    "Raising exception [",
    "SROSError'>, ",
    " [opterr=",
    "]",
    ": opening lock file /var/lock/sm/",
    "/vdi",
    "    vhd /",
    "\\n",
    "#012",
];

/// Puts the words of all patterns together once.
static READY: LazyLock<Explainer> = LazyLock::new(Explainer::new);

static WORDS: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let mut words = OTHERS.to_vec();
    for pattern in patterns::all() {
        match &pattern.sign {
            Sign::Words(rows) | Sign::WordsAfterVhdUtil(rows) => rows.iter().for_each(|row| words.extend(*row)),
            Sign::Frames(list) | Sign::Said(list) => words.extend(*list),
            Sign::AnyCode | Sign::Attached => {}
        }
    }
    words
});

fuzz_target!(|input: &[u8]| {
    let (seed, input) = number(input);
    let log = log(input);
    let (whole, pieces) = within_limits(log.len(), || (answer(&log, None), answer(&log, Some(Random(seed)))));
    assert!(whole == pieces, "{whole:?}\n{pieces:?}");
    for trouble in &whole.troubles {
        let told = [&trouble.title, &trouble.line, &trouble.detail, &trouble.last.time, &trouble.first.time];
        let path = trouble.names.path.iter();
        assert!(!told.into_iter().chain(path).any(|text| text.contains(char::is_control)), "{trouble:?}");
        let commands = trouble.commands.iter().map(|step| &step.line);
        assert!(!commands.into_iter().any(|line| line.contains(char::is_control)), "{trouble:?}");
    }
});

/// The input with its words: two bytes each, the first from 128 on.
fn log(input: &[u8]) -> Vec<u8> {
    let mut log = Vec::new();
    let mut bytes = input.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            // All bytes can be there.
            255 => log.extend(bytes.next()),
            128.. => {
                let index = usize::from(byte - 128) << 8 | usize::from(*bytes.next().unwrap_or(&0));
                log.extend(WORDS[index % WORDS.len()].as_bytes());
            }
            byte => log.push(*byte),
        }
    }
    log
}

/// What is said of two logs of the same content, fed in random pieces if there is chance.
fn answer(log: &[u8], mut random: Option<Random>) -> Answer {
    let mut explainer = READY.fresh();
    for name in ["one", "another"] {
        explainer.begin(name);
        let mut rest = log;
        while !rest.is_empty() {
            let length = random.as_mut().map_or(rest.len(), |random| {
                let most = [1, 4, 64, 4096][random.below(4) as usize];
                random.below(most + 1) as usize
            });
            let (piece, behind) = rest.split_at(length.min(rest.len()));
            explainer.feed(piece);
            rest = behind;
        }
    }
    explainer.answer()
}
