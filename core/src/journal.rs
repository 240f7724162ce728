//! A journal of vhd-util's, read entry by entry and checked.

use alloc::vec;
use alloc::vec::Vec;

use uuid::Uuid;
use uuid::fmt::Hyphenated;
use zerocopy::{FromBytes, FromZeros, IntoBytes};

use crate::finding::journal::JournalFault;
use crate::layout::SECTOR;
use crate::layout::journal::{EntryKind, JournalEntry, JournalHeader};
use crate::progress::{AnalysisError, Stage, Watch};
use crate::source::{Read, Source};

/// The longest journal that is taken into memory, in bytes. A resize of a disk to 2 TiB moves at most some blocks of
/// 2 MiB to make room for its BAT.
const LIMIT: u64 = 64 << 20;
/// The most entries that are followed: one for every sector of the longest journal.
const MOST_ENTRIES: u32 = (LIMIT / SECTOR) as u32;

/// A journal whose every entry is what was written.
#[derive(Clone, Debug)]
pub struct Journal {
    /// Its header.
    pub header: JournalHeader,
    /// What it keeps, in the order in which it was kept: first the metadata, then the data.
    pub entries: Vec<Kept>,
}

/// Bytes that a journal keeps.
#[derive(Clone, Debug)]
pub struct Kept {
    /// What they are.
    pub kind: EntryKind,
    /// Where they belong, in bytes from the start of the disk's file.
    pub offset: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Whether a file may be a journal: by the name that vhd-util gives one, or the storage manager of XenServer and XCP-ng,
/// which takes the disk's unique id with a prefix or without.
pub fn is_usual_name(name: &str) -> bool {
    let has_prefix = [".journal-", "jvhd_"].iter().any(|prefix| name.starts_with(prefix));
    has_prefix || name.ends_with(".journal") || is_unique_id(name)
}

/// Whether a name is a unique id in words, with hyphens, and nothing else.
pub fn is_unique_id(name: &str) -> bool {
    name.len() == Hyphenated::LENGTH && Uuid::try_parse(name).is_ok()
}

impl Journal {
    /// Whether a file is a journal, and then of which disk: its unique id. Reads the first sector, and nothing more.
    ///
    /// # Errors
    /// Where the source fails.
    pub fn unique_id<S: Source>(source: &S) -> Result<Option<[u8; 16]>, S::Error> {
        if source.length() < JournalHeader::LENGTH {
            return Ok(None);
        }
        let mut header = JournalHeader::new_zeroed();
        source.read(&mut [Read { offset: 0, buffer: header.as_mut_bytes() }])?;
        Ok((header.cookie == JournalHeader::COOKIE).then_some(header.unique_id))
    }

    /// Reads a journal to its end. A damaged one is a fault, not an error.
    ///
    /// # Errors
    /// Where the source fails, or `watch` asks to stop.
    pub(crate) fn read<S: Source>(
        source: &S,
        watch: &mut Watch<'_>,
    ) -> Result<Result<Self, JournalFault>, AnalysisError<S::Error>> {
        let length = source.length();
        if length > LIMIT {
            return Ok(Err(JournalFault::TooLong { length, limit: LIMIT }));
        }
        watch.at(Stage::Journal, 0, length)?;
        let mut bytes = vec![0; length as usize];
        if !bytes.is_empty() {
            source.read(&mut [Read { offset: 0, buffer: &mut bytes }]).map_err(AnalysisError::Read)?;
        }
        watch.at(Stage::Journal, length, length)?;
        Ok(Self::parse(&bytes))
    }

    /// A journal out of its bytes.
    ///
    /// # Errors
    /// Its first fault: a journal is used whole, or not at all.
    pub fn parse(bytes: &[u8]) -> Result<Self, JournalFault> {
        let Ok((header, _)) = JournalHeader::read_from_prefix(bytes) else {
            return Err(JournalFault::Cookie([0; 8]));
        };
        if header.cookie != JournalHeader::COOKIE {
            return Err(JournalFault::Cookie(header.cookie));
        }
        let mut entries = Vec::new();
        for (offset, count) in [
            (header.metadata_offset.get(), header.metadata_entries.get()),
            (header.data_offset.get(), header.data_entries.get()),
        ] {
            if count > MOST_ENTRIES {
                return Err(JournalFault::CutOff { offset });
            }
            let mut at = offset;
            for _ in 0..count {
                let (kept, end) = Kept::parse(bytes, at)?;
                entries.push(kept);
                at = end;
            }
        }
        Ok(Self { header, entries })
    }
}

impl Kept {
    /// The entry at `offset` of the journal, and where it ends.
    fn parse(bytes: &[u8], offset: u64) -> Result<(Self, u64), JournalFault> {
        let cut_off = JournalFault::CutOff { offset };
        let start = usize::try_from(offset).map_err(|_| cut_off)?;
        let rest = bytes.get(start..).ok_or(cut_off)?;
        let mut entry = JournalEntry::new_zeroed();
        let (head, rest) = rest.split_at_checked(size_of::<JournalEntry>()).ok_or(cut_off)?;
        entry.as_mut_bytes().copy_from_slice(head);
        if entry.cookie.get() != JournalEntry::COOKIE {
            return Err(JournalFault::EntryCookie { offset });
        }
        let Some(kind) = entry.kind() else {
            return Err(JournalFault::EntryKind { offset, kind: entry.kind.get() });
        };
        let data = rest.get(..entry.size.get() as usize).ok_or(cut_off)?;
        let (stored, computed) = (entry.checksum.get(), entry.computed_checksum(data));
        if stored != computed {
            return Err(JournalFault::EntryChecksum { offset, stored, computed });
        }
        let end = offset + JournalEntry::LENGTH + data.len() as u64;
        Ok((Self { kind, offset: entry.offset.get(), bytes: data.to_vec() }, end))
    }
}
