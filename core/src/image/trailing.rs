//! What stands between the data and the end of the file.

use super::found::Found;
use super::reader::Reader;
use crate::layout::footer::Footer;
use crate::progress::{AnalysisError, Stage, Watch};

/// How many bytes behind the data are looked at, to tell zeros from anything else.
const TAIL_LIMIT: u64 = 16 << 20;
/// … and so many where the disk ends with an intact footer before them: what somebody appended is looked through, a
/// logical volume that is larger than its disk as far as it takes some seconds.
const BEHIND_FOOTER_LIMIT: u64 = 2 << 30;

/// What follows the data: the last block, the metadata, or a fixed disk's sectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Where the data ends, in bytes; not behind the end of the file.
    pub end_of_data: u64,
    /// The intact footer that stands right there, if one does and it does not close the file.
    pub footer: Option<Footer>,
    /// Bytes between the data, with the footer that may stand there, and the end of the file or the primary footer.
    pub length: u64,
    /// What those bytes are.
    pub content: TailContent,
}

/// What bytes behind the data are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TailContent {
    /// There are none, or they are all zero.
    Zeros,
    /// There is something else among them.
    Data,
    /// More than is looked at without being asked.
    Unread,
}

impl Tail {
    /// Nothing at all.
    pub(super) const NONE: Self = Self { end_of_data: 0, footer: None, length: 0, content: TailContent::Zeros };

    /// Where the bytes begin that [`Tail::length`] counts.
    pub fn start(&self) -> u64 {
        match self.footer {
            Some(_) => self.end_of_data + Footer::LENGTH,
            None => self.end_of_data,
        }
    }
}

/// Looks at what stands behind `end_of_data`, up to the `limit` where the closing footer begins or the file ends.
pub(super) fn read<E>(
    reader: &Reader<'_, E>,
    end_of_data: u64,
    limit: u64,
    watch: &mut Watch<'_>,
) -> Result<Tail, AnalysisError<E>> {
    let end_of_data = end_of_data.min(limit);
    let footer = match reader.structure::<Footer>(end_of_data)? {
        Found::Read { value, .. } if value.is_intact() && end_of_data < limit => Some(value),
        _ => None,
    };
    let mut tail = Tail { end_of_data, footer, length: 0, content: TailContent::Zeros };
    tail.length = limit.saturating_sub(tail.start());
    let most = if tail.footer.is_some() { BEHIND_FOOTER_LIMIT } else { TAIL_LIMIT };
    if tail.length > most {
        tail.content = TailContent::Unread;
    } else {
        reader.windows(tail.start(), tail.length, Stage::Tail, watch, &mut |_, bytes| {
            if bytes.iter().any(|byte| *byte != 0) {
                tail.content = TailContent::Data;
            }
            tail.content == TailContent::Zeros
        })?;
    }
    Ok(tail)
}
