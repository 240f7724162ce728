//! Copying ranges of files so that holes stay holes.

use std::fs::File;
use std::io;
use std::ops::{ControlFlow, Range};
use std::os::unix::fs::FileExt;

use rustix::fs::{SeekFrom, seek};
use rustix::io::Errno;

/// How much is copied at once.
const WINDOW: usize = 1 << 20;
/// File systems store data in units of this many bytes; a hole cannot be smaller.
const PAGE: usize = 4096;

/// Why a copy ended early.
#[derive(Debug)]
pub enum CopyError {
    /// The source cannot be read.
    Read(io::Error),
    /// The target cannot be written.
    Write(io::Error),
    /// The caller asked to stop.
    Interrupted,
}

/// What becomes of zeros.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zeros {
    /// The target is empty there: what is not written is a hole.
    Leave,
    /// There is something else in their place.
    Write,
}

/// A range of one file that goes to a place in another.
#[derive(Debug)]
pub struct Copy<'a> {
    /// Where the bytes are.
    pub from: &'a File,
    /// Which bytes of it.
    pub range: Range<u64>,
    /// Where they go.
    pub to: &'a File,
    /// Where the first of them goes.
    pub at: u64,
    /// What becomes of zeros.
    pub zeros: Zeros,
}

impl Copy<'_> {
    /// Copies. `progress` hears how many bytes of the range are done, and may stop it.
    ///
    /// # Errors
    /// Where a file fails, or `progress` asks to stop.
    pub fn run(&self, progress: &mut dyn FnMut(u64) -> ControlFlow<()>) -> Result<(), CopyError> {
        let mut window = vec![0; WINDOW];
        let mut position = self.range.start;
        while let Some(data) = self.next_data(position)? {
            position = data.start;
            while position < data.end {
                if progress(position - self.range.start).is_break() {
                    return Err(CopyError::Interrupted);
                }
                // The first piece may be short, so that the others begin on a page of the target.
                let target = self.at + (position - self.range.start);
                let room = WINDOW - (target % PAGE as u64) as usize;
                let take = usize::try_from(data.end - position).map_or(room, |left| left.min(room));
                let bytes = &mut window[..take];
                self.from.read_exact_at(bytes, position).map_err(CopyError::Read)?;
                self.write(bytes, target).map_err(CopyError::Write)?;
                position += take as u64;
            }
        }
        Ok(())
    }

    /// The next stretch of the range that is not a hole, from `start` on.
    fn next_data(&self, start: u64) -> Result<Option<Range<u64>>, CopyError> {
        let end = self.range.end;
        if start >= end {
            return Ok(None);
        }
        if self.zeros == Zeros::Write {
            return Ok(Some(start..end));
        }
        match next_data(self.from, start) {
            Ok(data) => Ok(data.filter(|data| data.start < end).map(|data| data.start..data.end.min(end))),
            Err(error) => Err(CopyError::Read(error)),
        }
    }

    fn write(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        if self.zeros == Zeros::Write {
            return self.to.write_all_at(bytes, at);
        }
        write_data(self.to, bytes, at)
    }
}

/// The next stretch of a file that is not a hole, from `start` on.
pub fn next_data(file: &File, start: u64) -> io::Result<Option<Range<u64>>> {
    let data = match seek(file, SeekFrom::Data(start)) {
        Ok(data) => data,
        Err(Errno::NXIO) => return Ok(None),
        // Devices and some file systems know of no holes.
        Err(Errno::INVAL | Errno::NOTSUP) => return Ok(Some(start..u64::MAX)),
        Err(error) => return Err(error.into()),
    };
    Ok(Some(data..seek(file, SeekFrom::Hole(data))?))
}

/// Writes what is not zero, page by page of the file.
pub fn write_data(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    let first = (PAGE - (at % PAGE as u64) as usize).min(bytes.len());
    let (first, rest) = bytes.split_at(first);
    let pages: Vec<&[u8]> = [first].into_iter().chain(rest.chunks(PAGE)).collect();
    let mut start = 0;
    for run in pages.chunk_by(|a, b| is_zero(a) == is_zero(b)) {
        let end = start + run.iter().map(|page| page.len()).sum::<usize>();
        if !run.first().is_some_and(|page| is_zero(page)) {
            file.write_all_at(&bytes[start..end], at + start as u64)?;
        }
        start = end;
    }
    Ok(())
}

/// Writes zeros, over whatever is there.
pub fn write_zeros(file: &File, range: Range<u64>) -> io::Result<()> {
    let zeros = vec![0; WINDOW];
    let mut at = range.start;
    while at < range.end {
        let take = usize::try_from(range.end - at).map_or(WINDOW, |left| left.min(WINDOW));
        file.write_all_at(&zeros[..take], at)?;
        at += take as u64;
    }
    Ok(())
}

/// Whether a page, or less of one, is all zero.
fn is_zero(page: &[u8]) -> bool {
    const ZEROS: [u8; PAGE] = [0; PAGE];
    // Compared as a whole, which is the system's fastest way in every build.
    ZEROS.get(..page.len()) == Some(page)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};
    use std::os::unix::fs::MetadataExt;

    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    fn copied(copy: &Copy<'_>) -> io::Result<()> {
        copy.run(&mut |_| ControlFlow::Continue(())).map_err(|error| io::Error::other(format!("{error:?}")))
    }

    fn content(mut file: &File) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        file.rewind()?;
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Data at the edges of pages and windows, copied to places that are not on one.
    #[test]
    fn every_byte_arrives_and_holes_stay_holes() -> Outcome {
        let from = tempfile::tempfile()?;
        let length = 8 << 20;
        from.set_len(length)?;
        for at in [0, 4095, 4096, (1 << 20) - 1, 1 << 20, 5_000_000, length - 1] {
            from.write_all_at(b"x", at)?;
        }
        let source = content(&from)?;
        for (range, at) in [(0..length, 0), (0..length, 512), (4095..length - 1, 777), (512..512, 0), (5..1 << 20, 5)] {
            let to = tempfile::tempfile()?;
            copied(&Copy { from: &from, range: range.clone(), to: &to, at, zeros: Zeros::Leave })?;
            to.set_len(at + (range.end - range.start))?;
            let expected = &source[range.start as usize..range.end as usize];
            assert_eq!(content(&to)?[at as usize..], *expected, "{range:?} to {at}");
            assert!(to.metadata()?.blocks() * 512 <= 16 * 4096, "{range:?} to {at} is sparse");
        }
        Ok(())
    }

    #[test]
    fn zeros_are_written_where_something_else_is() -> Outcome {
        let from = tempfile::tempfile()?;
        from.set_len(3 << 20)?;
        from.write_all_at(b"x", 1 << 20)?;
        let to = tempfile::tempfile()?;
        to.write_all_at(&vec![0xFF; 4 << 20], 0)?;
        copied(&Copy { from: &from, range: 0..3 << 20, to: &to, at: 512, zeros: Zeros::Write })?;
        let copy = content(&to)?;
        assert_eq!(copy[..512], [0xFF; 512]);
        assert_eq!(copy[512..512 + (3 << 20)], content(&from)?);
        assert!(copy[512 + (3 << 20)..].iter().all(|byte| *byte == 0xFF));
        write_zeros(&to, 100..(2 << 20) + 100)?;
        assert_eq!(content(&to)?.iter().position(|byte| *byte == 0), Some(100));
        Ok(())
    }
}
