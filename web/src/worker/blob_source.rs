//! A browser's `File` or `Blob` as the core's [`Source`]. Works in a worker only: nowhere else may a
//! program wait for a file.

use js_sys::wasm_bindgen::JsCast;
use js_sys::{Array, Uint8Array};
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::source::{Read, Source};
use web_sys::{Blob, File, FileReaderSync};

use crate::protocol::failure::ReadError;

/// Bytes at the start of a file that are read at once with those at its end: the metadata of most disks …
const HEAD: u64 = 64 << 10;
/// … and the closing footer.
const TAIL: u64 = 4 << 10;

/// A file that the user chose, or a copy composed of one.
#[derive(Debug)]
pub struct BlobSource {
    blob: Blob,
    length: u64,
    reader: FileReaderSync,
    ends: Option<Ends>,
}

/// What is at both ends of a file.
#[derive(Debug)]
struct Ends {
    head: Vec<u8>,
    tail: Vec<u8>,
}

impl BlobSource {
    /// Takes a file. Nothing of it is read yet.
    ///
    /// # Errors
    /// Where the file is gone, and outside a worker.
    pub fn new(blob: Blob) -> Result<Self, ReadError> {
        let reader = FileReaderSync::new()?;
        let length = blob.size() as u64;
        if length == 0 {
            // A browser says of a file that is gone that it is empty. Only reading it tells the two apart.
            reader.read_as_array_buffer(&blob)?;
        }
        Ok(Self { blob, length, reader, ends: None })
    }

    /// The same with both ends of the file read at once, and not again: for one of many files, of each of which a few
    /// small reads would take most of the time.
    ///
    /// # Errors
    /// As [`BlobSource::new`], and where the file cannot be read.
    pub fn ahead(blob: Blob) -> Result<Self, ReadError> {
        let mut source = Self::new(blob)?;
        let mut head = vec![0; source.length.min(HEAD) as usize];
        let mut tail = vec![0; source.length.min(TAIL) as usize];
        let tail_at = source.length - tail.len() as u64;
        source.read(&mut [Read { offset: 0, buffer: &mut head }, Read { offset: tail_at, buffer: &mut tail }])?;
        source.ends = Some(Ends { head, tail });
        Ok(source)
    }

    /// When the file was last written to; none for what is no file.
    pub fn changed(&self) -> Option<TimeStamp> {
        let file: &File = self.blob.dyn_ref()?;
        Some(TimeStamp::from_unix((file.last_modified() / 1000.0) as i64))
    }

    fn slice(&self, read: &Read<'_>) -> Result<Blob, ReadError> {
        let length = read.buffer.len() as u64;
        let end = read
            .offset
            .checked_add(length)
            .filter(|end| *end <= self.length)
            .ok_or(ReadError::OutOfRange { offset: read.offset, length })?;
        Ok(self.blob.slice_with_f64_and_f64(read.offset as f64, end as f64)?)
    }
}

impl Source for BlobSource {
    type Error = ReadError;

    fn length(&self) -> u64 {
        self.length
    }

    /// One call to the browser for all ranges, whose price is nearly that of a single one.
    fn read(&self, reads: &mut [Read<'_>]) -> Result<(), ReadError> {
        let known = |read: &Read<'_>| self.ends.as_ref()?.bytes(read, self.length);
        if reads.iter().all(|read| known(read).is_some()) {
            for read in reads {
                if let Some(bytes) = known(read) {
                    read.buffer.copy_from_slice(bytes);
                }
            }
            return Ok(());
        }
        let slices = Array::new();
        for read in reads.iter() {
            slices.push(&self.slice(read)?.into());
        }
        let file_set = Blob::new_with_blob_sequence(&slices)?;
        let bytes = Uint8Array::new(&self.reader.read_as_array_buffer(&file_set)?.into());

        let wanted: u64 = reads.iter().map(|read| read.buffer.len() as u64).sum();
        let got = u64::from(bytes.length());
        if got != wanted {
            return Err(ReadError::Short { wanted, got });
        }
        let mut start = 0;
        for read in reads {
            let end = start + read.buffer.len() as u32;
            bytes.subarray(start, end).copy_to(read.buffer);
            start = end;
        }
        Ok(())
    }
}

impl Ends {
    /// The bytes of a range, if it lies within one of the ends of a file of this length.
    fn bytes(&self, read: &Read<'_>, length: u64) -> Option<&[u8]> {
        let within = |end: &'_ [u8], at: u64| {
            let start = usize::try_from(read.offset.checked_sub(at)?).ok()?;
            Some(start..start.checked_add(read.buffer.len())?).filter(|range| range.end <= end.len())
        };
        let tail_at = length - self.tail.len() as u64;
        match within(&self.head, 0) {
            Some(range) => self.head.get(range),
            None => self.tail.get(within(&self.tail, tail_at)?),
        }
    }
}
