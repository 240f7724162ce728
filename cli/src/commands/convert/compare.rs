//! The image, read again and held against the chain.

use std::fs::File;
use std::io;

use vhd_analyser_core::Verdict;
use vhd_analyser_core::analysis::Options;
use vhd_analyser_core::convert::{ChainSource, Format, Layer, ReadError, Run, RunSource};
use vhd_analyser_core::source::{Read, Source};

use super::members::{Chain, ChainDisk, unreadable};
use super::refusal::Refusal;
use crate::error::Failure;
use crate::os::atomic_file::AtomicFile;
use crate::os::disk::{Companions, Disk};
use crate::os::file_error::FileError;
use crate::os::sparse_copy::next_data;
use crate::ui::progress::Watch;

/// How much is compared at once, in bytes.
const WINDOW: u64 = 1 << 20;

/// Whether the image is sound, and holds the virtual disk of the chain, sector by sector.
///
/// # Errors
/// Where it is not or does not, a file fails, or Ctrl-C stops it.
pub fn with_chain(
    draft: &AtomicFile,
    format: Format,
    chain: &Chain<'_>,
    members: &[ChainDisk],
    options: &Options,
) -> Result<(), Refusal> {
    let disk = Disk::open(draft.path())?;
    let image = match format {
        Format::Raw => None,
        Format::Dynamic | Format::Fixed => Some(vhd(&disk, options)?),
    };
    let compared = Comparison { disk: &disk, image, chain, members };
    let mut watch = Watch::new();
    let mut at = 0;
    while at < chain.length() {
        if watch.at("reading it again", at, chain.length()).is_break() {
            return Err(Failure::File(FileError::Interrupted).into());
        }
        at += compared.step(at)?;
    }
    // The virtual disk is whole sectors in the image, whatever it is in the chain.
    let length = compared.image.as_ref().map_or(disk.length(), Source::length);
    if length.checked_sub(chain.length()).is_none_or(|more| more >= 512) {
        return Err(Failure::NotTheSame.into());
    }
    Ok(())
}

/// The virtual disk of a VHD that was written.
fn vhd<'a>(disk: &'a Disk, options: &Options) -> Result<Chain<'a>, Failure> {
    let analysis = disk.analyse(Companions::default(), options, &mut Watch::new().analysis())?;
    if analysis.verdict() != Verdict::Sound {
        return Err(Failure::NotTheSame);
    }
    let layer = Layer::of(&analysis).map_err(|_| Failure::NotTheSame)?;
    ChainSource::new(vec![(layer, disk.source())]).map_err(|_| Failure::NotTheSame)
}

/// What is compared.
struct Comparison<'a> {
    /// The image's file.
    disk: &'a Disk,
    /// Its virtual disk; none where that is the file itself.
    image: Option<Chain<'a>>,
    chain: &'a Chain<'a>,
    members: &'a [ChainDisk],
}

impl Comparison<'_> {
    /// Compares what is at `at`, and says how many bytes that were.
    fn step(&self, at: u64) -> Result<u64, Refusal> {
        let end = self.chain.length();
        let expected = self.chain.locate(at, end).map_err(|error| unreadable(error, self.members))?;
        let found = self.locate(at, at + expected.length)?;
        let length = found.length.min(expected.length);
        let file_of = |layer: usize| self.members.get(layer).map(|member| member.disk.file());
        let zeros = zeros_at(expected.source, length, file_of).and_then(|some| {
            let more = zeros_at(found.source, length, |_| Some(self.disk.file()))?;
            Ok(some.min(more))
        });
        let zeros = zeros.map_err(|error| self.failed(error))?;
        if zeros > 0 {
            return Ok(zeros);
        }
        let length = length.min(WINDOW);
        // No longer than a window.
        let (mut one, mut other) = (vec![0; length as usize], vec![0; length as usize]);
        let read = self.chain.read(&mut [Read { offset: at, buffer: &mut one }]);
        read.map_err(|error| unreadable(error, self.members))?;
        if let RunSource::Layer { offset, .. } = found.source {
            let read = self.disk.source().read(&mut [Read { offset, buffer: &mut other }]);
            read.map_err(|error| self.failed(error))?;
        }
        if one == other { Ok(length) } else { Err(Failure::NotTheSame.into()) }
    }

    /// Where the image has bytes of the virtual disk.
    fn locate(&self, at: u64, end: u64) -> Result<Run, Failure> {
        let Some(image) = &self.image else {
            return Ok(Run { source: RunSource::Layer { layer: 0, offset: at }, length: end - at });
        };
        let run = image.locate(at, end).map_err(|error| match error {
            ReadError::Source { error, .. } => self.failed(error),
            ReadError::Contradiction { .. } | ReadError::OutOfRange { .. } => Failure::NotTheSame,
        })?;
        // Shorter than the chain's.
        if run.length == 0 { Err(Failure::NotTheSame) } else { Ok(run) }
    }

    fn failed(&self, error: io::Error) -> Failure {
        Failure::File(FileError::Read { path: self.disk.path().to_owned(), error })
    }
}

/// How many of so many bytes are zero without a look at them: in no file, or in a hole of one.
fn zeros_at<'a>(source: RunSource, length: u64, file_of: impl Fn(usize) -> Option<&'a File>) -> io::Result<u64> {
    let RunSource::Layer { layer, offset } = source else {
        return Ok(length);
    };
    let Some(file) = file_of(layer) else {
        return Ok(0);
    };
    let data = next_data(file, offset)?;
    Ok(data.map_or(length, |data| data.start.saturating_sub(offset)).min(length))
}
