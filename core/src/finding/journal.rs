//! The journal that was given beside a disk.

use core::fmt;

use super::rule::{Rule, rules};
use super::text::Bytes;
use crate::layout::journal::JournalHeader;
use crate::units::count;

/// What can be wrong with a journal. Its offsets are in the journal, not in the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JournalFault {
    /// The cookie is not that of a journal.
    Cookie([u8; 8]),
    /// It ends before its last entry.
    CutOff {
        /// Where the entry begins that is not whole.
        offset: u64,
    },
    /// An entry's cookie is not that of an entry.
    EntryCookie {
        /// Where the entry begins.
        offset: u64,
    },
    /// An entry has a type that does not exist.
    EntryKind {
        /// Where the entry begins.
        offset: u64,
        /// The type.
        kind: u32,
    },
    /// An entry's checksum does not fit.
    EntryChecksum {
        /// Where the entry begins.
        offset: u64,
        /// As stored.
        stored: u32,
        /// As the bytes ask for.
        computed: u32,
    },
    /// It is longer than any journal.
    TooLong {
        /// Its length, in bytes.
        length: u64,
        /// The longest that is read, in bytes.
        limit: u64,
    },
    /// It belongs to another disk.
    OtherDisk([u8; 16]),
    /// The disk ended behind where it ends now, and neither file has what is missing.
    EndMissing {
        /// The first byte of the disk that is nowhere, from the start of the disk's file.
        offset: u64,
        /// Where the disk ended, in bytes.
        end: u64,
    },
    /// The disk was not being resized.
    NotNeeded,
}

rules! {
    COOKIE: Warning, "journal.cookie", "Journal: this is no journal",
        None, [],
        "A journal of vhd-util begins with “vjournal”. The file that was given beside the disk is something else, \
         and is not used.",
        "Give the file that ends in “.journal” and lay beside the disk, or none.";
    CUT_OFF: Warning, "journal.cut-off", "Journal: its end is missing",
        None, [],
        "The journal ends before its last entry. It was cut off, or is still being written; it is not used, since \
         half of it would leave the disk half changed.",
        "Look for a whole copy of the journal; nothing else takes the resize back safely.";
    ENTRY: Warning, "journal.entry", "Journal: an entry is damaged",
        None, [],
        "An entry does not begin as an entry does, or has a type that does not exist. The journal is not used.",
        "Look for another copy of the journal; nothing else takes the resize back safely.";
    CHECKSUM: Warning, "journal.checksum", "Journal: an entry has an invalid checksum",
        None, [],
        "An entry is not what was written. The journal is not used.",
        "Look for another copy of the journal; nothing else takes the resize back safely.";
    TOO_LONG: Warning, "journal.too-long", "Journal: longer than any journal",
        None, [],
        "A journal keeps metadata and a few blocks. This one is longer than any that vhd-util writes, and is not \
         used.",
        "Make sure that it is the journal that lay beside this disk.";
    OTHER_DISK: Warning, "journal.other-disk", "Journal: it belongs to another disk",
        None, [],
        "The journal names another disk by its unique id. It is not used.",
        "Look for the journal that lay beside this disk, named like it.";
    END_MISSING: Warning, "journal.end-missing", "Journal: the disk’s end is missing",
        None, [],
        "Before the resize the disk was longer than its file is now, and the journal does not keep what is missing. \
         Taking the resize back would put nothing in its place; the journal is not used.",
        "Get the disk again, whole, and keep the journal with it.";
    NOT_NEEDED: Info, "journal.not-needed", "Journal: not needed",
        None, [],
        "The disk’s footers are not poisoned: no resize was cut off, and the journal is not used.",
        "Nothing has to be done.";
}

impl JournalFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::Cookie(_) => &COOKIE,
            Self::CutOff { .. } => &CUT_OFF,
            Self::EntryCookie { .. } | Self::EntryKind { .. } => &ENTRY,
            Self::EntryChecksum { .. } => &CHECKSUM,
            Self::TooLong { .. } => &TOO_LONG,
            Self::OtherDisk(_) => &OTHER_DISK,
            Self::EndMissing { .. } => &END_MISSING,
            Self::NotNeeded => &NOT_NEEDED,
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cookie(cookie) => write!(f, "{}", Bytes(cookie)),
            Self::CutOff { offset } => write!(f, "the entry at 0x{offset:x} of the journal is not whole"),
            Self::EntryCookie { offset } => write!(f, "no entry at 0x{offset:x} of the journal"),
            Self::EntryKind { offset, kind } => write!(f, "type {kind} at 0x{offset:x} of the journal"),
            Self::EntryChecksum { offset, stored, .. } => write!(f, "0x{stored:08x} at 0x{offset:x} of the journal"),
            Self::TooLong { length, .. } => write!(f, "{}", count(*length, "byte")),
            Self::OtherDisk(id) => write!(f, "{}", uuid::Uuid::from_bytes(*id)),
            Self::EndMissing { offset, .. } => write!(f, "nothing from 0x{offset:x} on"),
            Self::NotNeeded => Ok(()),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cookie(_) => write!(f, "{}", Bytes(&JournalHeader::COOKIE)),
            Self::EntryChecksum { computed, .. } => write!(f, "0x{computed:08x}"),
            Self::EntryKind { .. } => f.write_str("1 to 8"),
            Self::TooLong { limit, .. } => write!(f, "at most {}", count(*limit, "byte")),
            Self::OtherDisk(_) => f.write_str("the disk’s own unique id"),
            Self::EndMissing { end, .. } => write!(f, "a disk that ended at 0x{end:x}"),
            _ => Ok(()),
        }
    }
}
