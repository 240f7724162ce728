//! A repair as a script for the host that has the disk: `sh` for XenServer and other Unix systems, PowerShell for
//! Hyper-V.
//!
//! A script is a head in words, the plan as data, and a part that is the same for every repair (`repair.sh`,
//! `repair.ps1`). It takes nothing on trust: it compares the disk with what was analysed, saves the way back in the
//! format of the command line's undo files, and reads back what it wrote.

mod powershell;
mod sh;
mod text;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use self::text::{Text, printable};
use crate::analysis::VerifiedRepair;
use crate::repair::{Content, Patch, Plan, undo};
use crate::report;

/// What a script is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Language {
    /// What every Unix system has, with `dd` and `cmp`.
    Sh,
    /// PowerShell 5.1, which Windows brings, and later.
    PowerShell,
}

impl Language {
    /// The name of the script for a disk: `disk.vhd.repair.sh`.
    pub fn file_name(self, disk: &str) -> String {
        let extension = match self {
            Self::Sh => ".repair.sh",
            Self::PowerShell => ".repair.ps1",
        };
        file_name(disk).to_string() + extension
    }
}

/// A repair that is to be carried out by a script.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// The disk's name; of a path, the last part.
    pub file: &'a str,
    /// The repair.
    pub proven: &'a VerifiedRepair,
    /// The version of this program, for the script's first line.
    pub version: &'a str,
}

impl Script<'_> {
    /// The script, to be written as UTF-8.
    pub fn text(&self, language: Language) -> String {
        let work = Work::of(self);
        match language {
            Language::Sh => sh::text(&work),
            Language::PowerShell => powershell::text(&work),
        }
    }
}

/// The last part of a path. A backslash may be part of a name.
fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Everything that a script is made of, in whatever language. The page carries this: what is small is preferred here to
/// what is convenient.
struct Work<'a> {
    name: &'a str,
    version: &'a str,
    proven: &'a VerifiedRepair,
    patches: Vec<Patch>,
    old_length: u64,
    new_length: u64,
    /// Offset and length of what has to be saved for the way back.
    replaced: Vec<(u64, u64)>,
    /// The first line of the undo file.
    undo_head: String,
    undo_length: u64,
}

impl<'a> Work<'a> {
    fn of(script: &Script<'a>) -> Self {
        let plan = &script.proven.plan;
        let mut work = Self {
            name: file_name(script.file),
            version: script.version,
            proven: script.proven,
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
    fn stays(&self, patch: &Patch) -> bool {
        let Content::Copy { offset, length } = patch.content else { return true };
        let end = offset.saturating_add(length);
        end <= self.new_length && self.patches.iter().all(|patch| patch.end() <= offset || end <= patch.offset)
    }

    /// What of the original file is cut off, where that was seen to be zero, as offset and length.
    fn zeros_cut(&self) -> Option<(u64, u64)> {
        let plan: &Plan = &self.proven.plan;
        let cut = plan.cut.filter(|cut| cut.zeros)?;
        let offset = cut.offset.max(self.new_length);
        let length = cut.offset.saturating_add(cut.length).min(self.old_length).saturating_sub(offset);
        (length > 0).then_some((offset, length))
    }

    /// The plan in words, as comments.
    fn describe(&self, text: &mut Text) {
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
