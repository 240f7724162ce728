//! How fast logs are read: healthy ones, of which nearly nothing matters, as most of a long log is.
//!
//! The measure is a search for one word that is not there, line by line, with the same bytes and the same computer.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};
use std::{fs, hint};

use vhd_analyser_logs::Explainer;

/// How long the logs are, in bytes.
const LENGTH: usize = 64 << 20;
/// How much is fed at once, in bytes, as the command does.
const CHUNK: usize = 256 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("images/logs");
    println!("{:<44} {:>12} {:>12} {:>8}", "a log of 64 MiB", "one word", "explained", "ratio");
    for (name, cases) in [
        ("SMlog, all well", &["20-sane-cbtlog", "22-sane-tapdisk-close", "23-sane-coalesce"] as &[&str]),
        ("SMlog and the kernel, with trouble", &["09-long-no-room", "10-long-medium-error", "11-long-not-mounted"]),
    ] {
        let mut log = Vec::new();
        for case in cases {
            log.extend(fs::read(folder.join(case).join("log.txt"))?);
        }
        let log = log.repeat(LENGTH / log.len());
        let one = best(|| {
            let word = b"there is no such word";
            let lines = log.split(|byte| *byte == b'\n');
            lines.filter(|line| line.windows(word.len()).any(|window| window == word)).count()
        });
        let all = best(|| {
            let mut explainer = Explainer::new();
            explainer.begin("SMlog");
            log.chunks(CHUNK).for_each(|chunk| explainer.feed(chunk));
            explainer.answer().troubles.len()
        });
        let speed = |took: Duration| format!("{:.0} MB/s", log.len() as f64 / took.as_secs_f64() / 1e6);
        println!("{name:<44} {:>12} {:>12} {:>8.2}", speed(one), speed(all), all.as_secs_f64() / one.as_secs_f64());
    }
    Ok(())
}

/// The best of some runs.
fn best<T>(run: impl Fn() -> T) -> Duration {
    let took = |_| {
        let started = Instant::now();
        hint::black_box(run());
        started.elapsed()
    };
    (0..3).map(took).min().unwrap_or_default()
}
