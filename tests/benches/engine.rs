//! How the analysis of a disk grows with the disk: times, and the ratios between them, which are what counts.
//!
//! The disks are made here, sparse and in memory: only their metadata has bytes.

use std::convert::Infallible;
use std::env;
use std::error::Error;
use std::fs::File;
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use vhd_analyser_core::Verdict;
use vhd_analyser_core::analysis::{Options, analyse};
use vhd_analyser_core::image;
use vhd_analyser_core::repair::RequestedChanges;
use vhd_analyser_core::source::{FileSource, Read, Source};
use vhd_analyser_tests::analysed::{NOW, analysed_deep};
use vhd_analyser_tests::bytes::{put, seal};
use vhd_analyser_tests::corpus::cases;

const BLOCK: u64 = 2 << 20;
/// Blocks of the largest dynamic disk, 2,040 GiB.
const MOST: u32 = 1_044_480;

/// A dynamic disk of which every block is allocated; the data is zeros, and nowhere.
struct Huge {
    /// Backup footer, dynamic header and BAT.
    head: Vec<u8>,
    footer: Vec<u8>,
    length: u64,
}

impl Huge {
    /// A disk of so many blocks, in the order of the file or, as after years of use, in no order; the last two at one
    /// place if `duplicate`.
    fn new(blocks: u32, shuffled: bool, duplicate: bool) -> Self {
        let mut footer = vec![0; 512];
        put(&mut footer, 0, b"conectix");
        put(&mut footer, 8, &2_u32.to_be_bytes());
        put(&mut footer, 12, &0x0001_0000_u32.to_be_bytes());
        put(&mut footer, 16, &512_u64.to_be_bytes());
        put(&mut footer, 28, b"win ");
        let size = u64::from(blocks) * BLOCK;
        put(&mut footer, 40, &size.to_be_bytes());
        put(&mut footer, 48, &size.to_be_bytes());
        put(&mut footer, 60, &3_u32.to_be_bytes());
        put(&mut footer, 68, &[7; 16]);
        seal(&mut footer, 64);
        let mut header = vec![0; 1024];
        put(&mut header, 0, b"cxsparse");
        put(&mut header, 8, &u64::MAX.to_be_bytes());
        put(&mut header, 16, &1536_u64.to_be_bytes());
        put(&mut header, 24, &0x0001_0000_u32.to_be_bytes());
        put(&mut header, 28, &blocks.to_be_bytes());
        put(&mut header, 32, &(BLOCK as u32).to_be_bytes());
        seal(&mut header, 36);
        let first = (1536 + (u64::from(blocks) * 4).next_multiple_of(512)) / 512;
        let stride = BLOCK / 512 + 1;
        // 1,000,003 is a prime, so that every place is used once.
        let place = |block: u64| if shuffled { block * 1_000_003 % u64::from(blocks) } else { block };
        let mut table: Vec<u8> =
            (0..u64::from(blocks)).flat_map(|block| ((first + place(block) * stride) as u32).to_be_bytes()).collect();
        if duplicate {
            let end = table.len();
            table.copy_within(end - 8..end - 4, end - 4);
        }
        table.resize(table.len().next_multiple_of(512), 0xFF);
        let length = (first + u64::from(blocks) * stride) * 512 + 512;
        Self { head: [footer.clone(), header, table].concat(), footer, length }
    }
}

impl Source for Huge {
    type Error = Infallible;

    fn length(&self) -> u64 {
        self.length
    }

    fn read(&self, reads: &mut [Read<'_>]) -> Result<(), Infallible> {
        for read in reads {
            let start = usize::try_from(read.offset).unwrap_or(usize::MAX);
            let from = |bytes: &[u8], start: usize, buffer: &mut [u8]| {
                let there = bytes.get(start..).unwrap_or_default();
                let length = there.len().min(buffer.len());
                let (filled, rest) = buffer.split_at_mut(length);
                filled.copy_from_slice(&there[..length]);
                rest.fill(0);
            };
            if read.offset >= self.length - 512 {
                from(&self.footer, (read.offset - (self.length - 512)) as usize, read.buffer);
            } else {
                from(&self.head, start, read.buffer);
            }
        }
        Ok(())
    }
}

/// The shortest of five analyses, which must give this answer.
fn measured(disk: &Huge, verdict: Verdict) -> Result<Duration, Box<dyn Error>> {
    let options = Options { now: NOW, fresh_unique_id: [1; 16], deep: false, request: RequestedChanges::default() };
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let started = Instant::now();
        let analysis = analyse(disk, "disk.vhd", &options, &mut |_| ControlFlow::Continue(()))?;
        best = best.min(started.elapsed());
        if analysis.verdict() != verdict {
            return Err(format!("{:?}", analysis.verdict()).into());
        }
    }
    Ok(best)
}

fn main() -> Result<(), Box<dyn Error>> {
    ratios()?;
    program()?;
    parts()
}

/// Parsing, the check for overlaps, and the deep check, each compared with the last run.
fn parts() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().sample_size(20).configure_from_args();
    let case = cases()?.remove("sound-tap").ok_or("no sound disk in the corpus")?;
    let (image, huge) = (case.image()?, Huge::new(MOST, true, false));
    criterion.bench_function("parse: open a disk of tapdisk's", |bencher| {
        bencher.iter(|| image::open(&image.as_slice(), &mut |_| ControlFlow::Continue(())));
    });
    criterion.bench_function("overlap check: 1,044,480 entries in no order", |bencher| {
        bencher.iter(|| image::open(&huge, &mut |_| ControlFlow::Continue(())));
    });
    let mut group = criterion.benchmark_group("deep check");
    group.throughput(Throughput::Bytes(image.len() as u64));
    group.bench_function("every bitmap and block of a disk of tapdisk's", |bencher| {
        bencher.iter(|| analysed_deep(&image, &case.target));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}

/// The released program on the largest disk there is, in a sparse file, beside the bare reading of the file's metadata.
fn program() -> Result<(), Box<dyn Error>> {
    let Some(program) = env::var_os("VHD_ANALYSER") else {
        println!("skipped: VHD_ANALYSER does not name the released program; `cargo xtask bench` builds it");
        return Ok(());
    };
    let disk = Huge::new(MOST, true, false);
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("disk.vhd");
    let file = File::create(&path)?;
    file.set_len(disk.length)?;
    file.write_all_at(&disk.head, 0)?;
    file.write_all_at(&disk.footer, disk.length - 512)?;
    let best = |run: &dyn Fn() -> Result<(), Box<dyn Error>>| -> Result<Duration, Box<dyn Error>> {
        let mut best = Duration::MAX;
        for _ in 0..5 {
            let started = Instant::now();
            run()?;
            best = best.min(started.elapsed());
        }
        Ok(best)
    };
    let checked = best(&|| {
        let output = Command::new(&program).arg("check").arg(&path).output()?;
        if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stdout).into()) }
    })?;
    let opened = best(&|| {
        image::open(&FileSource::new(File::open(&path)?)?, &mut |_| ControlFlow::Continue(()))?;
        Ok(())
    })?;
    let ratio = checked.as_secs_f64() / opened.as_secs_f64();
    println!("{:<44} {:>12} {:>12} {:>8}", "vhd-analyser check of 2,040 GiB", "opening it", "the program", "ratio");
    println!("{:<44} {opened:>12.1?} {checked:>12.1?} {ratio:>8.1}", "every block there, in no order");
    Ok(())
}

/// How times grow with the disk.
fn ratios() -> Result<(), Box<dyn Error>> {
    println!(
        "{:<44} {:>12} {:>12} {:>8}",
        "analysis of a dynamic disk, every block there", "1/8 of them", "2,040 GiB", "ratio"
    );
    for (name, shuffled, duplicate, verdict) in [
        ("blocks in order", false, false, Verdict::Sound),
        ("blocks in no order", true, false, Verdict::Sound),
        ("two blocks at one place, and two ways to mend it", true, true, Verdict::Salvageable),
    ] {
        let small = measured(&Huge::new(MOST / 8, shuffled, duplicate), verdict)?;
        let large = measured(&Huge::new(MOST, shuffled, duplicate), verdict)?;
        let ratio = large.as_secs_f64() / small.as_secs_f64();
        println!("{name:<44} {small:>12.1?} {large:>12.1?} {ratio:>8.1}");
    }
    println!("A ratio of 8 is linear; sorting makes it a little more, and comparing every pair would make it 64.");
    Ok(())
}
