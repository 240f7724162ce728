//! What the fuzz targets share: the limits that every analysis must keep, a source with a hole in it, and a mutator
//! that knows where checksums are.

use std::ops::ControlFlow;
use std::time::Duration;

use cpu_time::ThreadTime;
use peak_alloc::PeakAlloc;
use vhd_analyser_core::analysis::{Analysis, AnalysisContext, Options, analyse, analyse_with};
use vhd_analyser_core::progress::AnalysisError;
use vhd_analyser_core::repair::{Plan, RequestedChanges};
use vhd_analyser_core::Verdict;
use vhd_analyser_core::source::{OutOfRange, Read, Source};
use vhd_analyser_tests::analysed::{NOW, fixed_copy, patched_in_place, undone};

pub mod mutate;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The most memory that an analysis may ask for, in bytes, unless the file itself is longer.
const MOST_MEMORY: usize = 64 << 20;
/// The most time that it may take.
const MOST_TIME: Duration = Duration::from_secs(1);
/// Longer copies than this are not put together.
const LONGEST_COPY: u64 = 16 << 20;

/// Does some work on files of `length` bytes together, within the limits.
///
/// # Panics
/// Where the work takes more memory or time than it may.
pub fn within_limits<T>(length: usize, work: impl FnOnce() -> T) -> T {
    ALLOCATOR.reset_peak_usage();
    let before = ALLOCATOR.current_usage();
    let start = ThreadTime::now();
    let result = work();
    let (time, memory) = (start.elapsed(), ALLOCATOR.peak_usage().saturating_sub(before));
    assert!(time <= MOST_TIME, "took {time:?}");
    assert!(memory <= MOST_MEMORY.max(length), "asked for {memory} bytes");
    result
}

/// What the analyses go by.
pub fn options(deep: bool) -> Options {
    Options { now: NOW, fresh_unique_id: *b"sixteen randoms!", deep, request: RequestedChanges::default() }
}

/// Analyses an image and puts its report into words, within the limits.
///
/// # Panics
/// Where the analysis does, or reads outside of the image, or takes too much.
pub fn analysed(image: &[u8], deep: bool) -> Analysis {
    within_limits(image.len(), || told(analyse(&image, "disk.vhd", &options(deep), &mut |_| ControlFlow::Continue(()))))
}

/// As [`analysed`], with a journal.
///
/// # Panics
/// As [`analysed`].
pub fn analysed_with(image: &[u8], journal: &[u8]) -> Analysis {
    within_limits(image.len() + journal.len(), || {
        let beside = AnalysisContext { journal: Some(&journal), ..AnalysisContext::NOTHING };
        told(analyse_with(&image, &beside, "disk.vhd", &options(false), &mut |_| ControlFlow::Continue(())))
    })
}

fn told(analysis: Result<Analysis, AnalysisError<OutOfRange>>) -> Analysis {
    match analysis {
        Ok(analysis) => {
            vhd_analyser_core::report::build(&analysis, None);
            vhd_analyser_core::report::vhd_util_read::render(&analysis, 0);
            analysis
        }
        Err(error) => panic!("{error}"),
    }
}

/// Carries out every plan that an analysis found, and takes it back.
///
/// # Panics
/// Where a repaired copy is not sound, is to be repaired again, or does not become the original once it is undone.
pub fn try_plans(image: &[u8], analysis: &Analysis, deep: bool) {
    for proven in &analysis.repairs {
        try_plan(image, &proven.plan, deep);
    }
}

fn try_plan(image: &[u8], plan: &Plan, deep: bool) {
    assert!(plan.is_orderly(), "{:?}", plan.steps);
    if plan.new_length() > LONGEST_COPY {
        return;
    }
    let copy = fixed_copy(image, plan);
    let again = analysed(&copy, deep);
    assert!(again.verdict() == Verdict::Sound, "{:?} leaves {:?}", plan.steps, again.findings);
    assert!(again.repairs.is_empty(), "{:?} is to be repaired again", plan.steps);
    assert!(undone(image, plan) == image, "{:?} cannot be undone", plan.steps);
    assert!(patched_in_place(image, plan) == copy, "{:?} differs in place", plan.steps);
}

/// A file with a run of zeros in it that takes no memory.
pub struct Gapped<'a> {
    bytes: &'a [u8],
    at: usize,
    gap: u64,
}

impl<'a> Gapped<'a> {
    /// `bytes` with `gap` zeros put in at `at`, which is taken modulo their length; fewer where no file is that long.
    pub fn new(bytes: &'a [u8], at: usize, gap: u64) -> Self {
        Self { bytes, at: at % (bytes.len() + 1), gap: gap.min(u64::MAX - bytes.len() as u64) }
    }

    /// Fills a buffer with what there is from `offset` on, which must be within the file.
    fn fill(&self, offset: u64, buffer: &mut [u8]) {
        let (before, behind) = self.bytes.split_at(self.at);
        let start = self.at as u64;
        buffer.fill(0);
        for (piece, at) in [(before, 0), (behind, start + self.gap)] {
            let from = offset.max(at);
            let end = (offset + buffer.len() as u64).min(at + piece.len() as u64);
            if from < end {
                let length = (end - from) as usize;
                buffer[(from - offset) as usize..][..length].copy_from_slice(&piece[(from - at) as usize..][..length]);
            }
        }
    }
}

impl Source for Gapped<'_> {
    type Error = OutOfRange;

    fn length(&self) -> u64 {
        self.bytes.len() as u64 + self.gap
    }

    fn read(&self, reads: &mut [Read<'_>]) -> Result<(), OutOfRange> {
        for read in reads {
            let length = read.buffer.len();
            let end = read.offset.checked_add(length as u64).filter(|end| *end <= self.length());
            end.ok_or(OutOfRange { offset: read.offset, length })?;
            self.fill(read.offset, read.buffer);
        }
        Ok(())
    }
}

/// The first bytes of an input as a number, and the rest.
pub fn number(input: &[u8]) -> (u64, &[u8]) {
    match input.split_first_chunk::<8>() {
        Some((number, rest)) => (u64::from_be_bytes(*number), rest),
        None => (0, &[]),
    }
}

/// An input as two files: the first 8 bytes tell the length of the first.
pub fn two_files(input: &[u8]) -> (&[u8], &[u8]) {
    let (length, files) = number(input);
    files.split_at(usize::try_from(length).unwrap_or(usize::MAX).min(files.len()))
}
