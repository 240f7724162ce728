//! A structure that was looked for.

/// What became of a structure that was looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// Nothing says that it should be there.
    Absent,
    /// It would lie at least partly behind the end of the file.
    OutOfFile {
        /// First byte, from the start of the file.
        offset: u64,
        /// Bytes that it would take.
        length: u64,
    },
    /// The bytes are there, whatever they say.
    Read {
        /// First byte, from the start of the file.
        offset: u64,
        /// The bytes, as a structure.
        value: T,
    },
}

impl<T> Found<T> {
    /// The structure, if its bytes are there.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Read { value, .. } => Some(value),
            _ => None,
        }
    }

    /// Where it is or would be.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Absent => None,
            Self::OutOfFile { offset, .. } | Self::Read { offset, .. } => Some(*offset),
        }
    }
}
