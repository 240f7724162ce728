//! The one trait through which a file is read.

/// A file of any size, or anything else that has bytes at offsets.
///
/// The core reads little and asks for several ranges at once, so that an implementation for which every
/// read is dear (a browser's `File`) can gather them.
pub trait Source {
    /// Why a read failed.
    type Error;

    /// The length in bytes. It is taken as constant while the source is in use.
    fn length(&self) -> u64;

    /// Fills every buffer with the bytes at its offset: all of them, or an error.
    ///
    /// # Errors
    /// Where any range cannot be read whole, for one because it ends behind the end of the file. The
    /// buffers' content is then undefined.
    fn read(&self, reads: &mut [Read<'_>]) -> Result<(), Self::Error>;
}

/// One range to be read.
#[derive(Debug)]
pub struct Read<'a> {
    /// First byte, counted from the start of the file.
    pub offset: u64,
    /// As many bytes as are wanted.
    pub buffer: &'a mut [u8],
}

impl<S: Source + ?Sized> Source for &S {
    type Error = S::Error;

    fn length(&self) -> u64 {
        (**self).length()
    }

    fn read(&self, reads: &mut [Read<'_>]) -> Result<(), Self::Error> {
        (**self).read(reads)
    }
}

/// A range that does not lie within the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("bytes {offset} to {} are not within the file", offset.saturating_add(*length as u64))]
pub struct OutOfRange {
    /// First byte.
    pub offset: u64,
    /// How many bytes.
    pub length: usize,
}

/// A file that is in memory whole.
impl Source for [u8] {
    type Error = OutOfRange;

    fn length(&self) -> u64 {
        self.len() as u64
    }

    fn read(&self, reads: &mut [Read<'_>]) -> Result<(), OutOfRange> {
        for read in reads {
            let bytes = usize::try_from(read.offset)
                .ok()
                .and_then(|start| self.get(start..start.checked_add(read.buffer.len())?))
                .ok_or(OutOfRange { offset: read.offset, length: read.buffer.len() })?;
            read.buffer.copy_from_slice(bytes);
        }
        Ok(())
    }
}

/// A file of the operating system.
#[cfg(feature = "std")]
pub use file::FileSource;

#[cfg(feature = "std")]
mod file {
    extern crate std;
    use std::fs::File;
    use std::io::{self, Read as _, Seek as _, SeekFrom};

    use super::{Read, Source};

    /// An open file. Its cursor moves: do not use the file for anything else meanwhile.
    #[derive(Debug)]
    pub struct FileSource {
        file: File,
        length: u64,
    }

    impl FileSource {
        /// Takes an open file or block device.
        ///
        /// # Errors
        /// Where its length cannot be found.
        pub fn new(mut file: File) -> io::Result<Self> {
            // The end, not the metadata: a block device has a length only there.
            let length = file.seek(SeekFrom::End(0))?;
            Ok(Self { file, length })
        }
    }

    impl Source for FileSource {
        type Error = io::Error;

        fn length(&self) -> u64 {
            self.length
        }

        fn read(&self, reads: &mut [Read<'_>]) -> io::Result<()> {
            let mut file = &self.file;
            for read in reads {
                file.seek(SeekFrom::Start(read.offset))?;
                file.read_exact(read.buffer)?;
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_read_exactly_or_not_at_all() {
        let bytes: &[u8] = &[1, 2, 3, 4];
        let (mut a, mut b) = ([0; 2], [0; 1]);
        let mut read = |offset, second| {
            bytes.read(&mut [Read { offset, buffer: &mut a }, Read { offset: second, buffer: &mut b }])
        };
        assert_eq!(read(2, 0), Ok(()));
        assert_eq!(read(3, 0), Err(OutOfRange { offset: 3, length: 2 }));
        assert_eq!(read(u64::MAX, 0), Err(OutOfRange { offset: u64::MAX, length: 2 }));
        assert_eq!((a, b), ([3, 4], [1]));
    }
}
