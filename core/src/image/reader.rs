//! Reading structures out of a source, each bounded by the length of the file.

use alloc::vec;

use zerocopy::{FromBytes, IntoBytes};

use super::found::Found;
use crate::progress::{AnalysisError, Stage, Watch};
use crate::source::{Read, Source};

/// Tables and data are read in windows of this many bytes, so that memory does not grow with the disk.
const WINDOW: usize = 1 << 20;

/// A source with its length. Behind a pointer, so that what reads is compiled once, for files and for repairs tried out.
pub(crate) struct Reader<'a, E> {
    source: &'a dyn Source<Error = E>,
    pub(crate) length: u64,
}

impl<'a, E> Reader<'a, E> {
    pub(crate) fn new(source: &'a dyn Source<Error = E>) -> Self {
        Self { source, length: source.length() }
    }

    pub(crate) fn read(&self, reads: &mut [Read<'_>]) -> Result<(), AnalysisError<E>> {
        if reads.is_empty() {
            return Ok(());
        }
        self.source.read(reads).map_err(AnalysisError::Read)
    }

    /// Whether a range lies within the file.
    pub(crate) fn holds(&self, offset: u64, length: u64) -> bool {
        offset.checked_add(length).is_some_and(|end| end <= self.length)
    }

    /// The structure at `offset`, if the file is long enough.
    pub(crate) fn structure<T: FromBytes + IntoBytes>(&self, offset: u64) -> Result<Found<T>, AnalysisError<E>> {
        let length = size_of::<T>() as u64;
        if !self.holds(offset, length) {
            return Ok(Found::OutOfFile { offset, length });
        }
        let mut value = T::new_zeroed();
        let buffer = value.as_mut_bytes();
        self.read(&mut [Read { offset, buffer }])?;
        Ok(Found::Read { offset, value })
    }

    /// Hands a range of the file to `look` in windows, with the offset of each, until `look` has seen enough and
    /// answers `false`.
    pub(crate) fn windows(
        &self,
        offset: u64,
        length: u64,
        stage: Stage,
        watch: &mut Watch<'_>,
        look: &mut dyn FnMut(u64, &[u8]) -> bool,
    ) -> Result<(), AnalysisError<E>> {
        let mut window = vec![0; WINDOW.min(usize::try_from(length).unwrap_or(WINDOW))];
        let mut done = 0;
        while done < length {
            watch.at(stage, done, length)?;
            let take = usize::try_from(length - done).map_or(WINDOW, |left| left.min(WINDOW));
            let buffer = &mut window[..take];
            self.read(&mut [Read { offset: offset + done, buffer }])?;
            if !look(offset + done, &window[..take]) {
                break;
            }
            done += take as u64;
        }
        watch.at(stage, length, length)
    }
}
