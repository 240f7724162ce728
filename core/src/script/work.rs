//! Everything that a script is made of, in whatever language.

use alloc::string::String;
use alloc::vec::Vec;

use super::text::{Text, printable};
use crate::analysis::VerifiedRepair;
use crate::repair::{Content, Patch, Plan, undo};
use crate::report;

/// The last part of a path. A backslash may be part of a name.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Everything that a script is made of, in whatever language. The page carries this: what is small is preferred here to
/// what is convenient.
pub(super) struct Work<'a> {
    pub name: &'a str,
    pub version: &'a str,
    pub proven: &'a VerifiedRepair,
    pub patches: Vec<Patch>,
    pub old_length: u64,
    pub new_length: u64,
    /// Offset and length of what has to be saved for an undo.
    pub replaced: Vec<(u64, u64)>,
    /// The first line of the undo file.
    pub undo_head: String,
    pub undo_length: u64,
}

impl<'a> Work<'a> {
    pub fn of(file: &'a str, version: &'a str, proven: &'a VerifiedRepair) -> Self {
        let plan = &proven.plan;
        let mut work = Self {
            name: file_name(file),
            version,
            proven,
            patches: plan.patches(),
            old_length: plan.old_length,
            new_length: plan.new_length(),
            replaced: plan.replaced(),
            undo_head: String::new(),
            undo_length: 0,
        };
        // In a script, a name must not end the line that it stands in.
        let name: String = work.name.chars().map(printable).collect();
        work.undo_head = undo::head(&name, work.old_length, work.new_length, &work.replaced);
        work.undo_length = work.replaced.iter().fold(work.undo_head.len() as u64, |sum, range| sum + range.1);
        work
    }

    /// Whether what a patch writes can be compared afterwards: new bytes, or a copy of what is still there.
    pub fn stays(&self, patch: &Patch) -> bool {
        let Content::Copy { offset, length } = patch.content else { return true };
        let end = offset.saturating_add(length);
        end <= self.new_length && self.patches.iter().all(|patch| patch.end() <= offset || end <= patch.offset)
    }

    /// What of the original file is cut off, where that was seen to be zero, as offset and length.
    pub fn zeros_cut(&self) -> Option<(u64, u64)> {
        let plan: &Plan = &self.proven.plan;
        let cut = plan.cut.filter(|cut| cut.zeros)?;
        let offset = cut.offset.max(self.new_length);
        let length = cut.offset.saturating_add(cut.length).min(self.old_length).saturating_sub(offset);
        (length > 0).then_some((offset, length))
    }

    /// The plan in words, as comments.
    pub fn describe(&self, text: &mut Text) {
        let repair = report::repair(self.proven);
        text.comment(&["VHD Analyser ", self.version, ": repairs “", self.name, "” where it is."]);
        text.comment(&["What it does: ", &repair.title, "."]);
        text.fill("# The file is ~ bytes long, and then ~.\n", &[self.old_length, self.new_length]);
        for (word, sentences) in [("Assumed: ", &repair.assumes), ("Lost: ", &repair.loses)] {
            for sentence in sentences {
                text.comment(&[word, sentence]);
            }
        }
        for patch in &repair.patches {
            let mut place = Text::default();
            match patch.copied_from {
                Some(from) => place.fill("- copies ~ bytes from ~ to ~: ", &[patch.length, from, patch.offset]),
                None if patch.after.is_empty() => place.fill("- writes ~ zeros at ~: ", &[patch.length, patch.offset]),
                None => place.fill("- writes ~ bytes at ~: ", &[patch.length, patch.offset]),
            }
            text.comment(&[&String::from(place), &patch.reason]);
        }
        text.put(ABOUT);
    }
}

/// What is to be known of every script.
const ABOUT: &str = "#
# Shut the virtual machine down or detach the disk first, on every host that can reach it.
# Nothing is written to a disk that is open, or has another length or other bytes than expected.
# What is written over or cut off is first saved beside the disk, in DISK.undo. Only when that file
# is complete and on the disk is the first byte changed: a run that was cut off anywhere can be
# taken back. What was written is read again. A second run finds the work done, and changes nothing.
#
";
