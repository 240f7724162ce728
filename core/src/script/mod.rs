//! A repair as a script for the host that has the disk: `sh` for XenServer and other Unix systems, PowerShell for
//! Hyper-V.
//!
//! A script is a head in words, the plan as data, and a part that is the same for every repair (`repair.sh`,
//! `repair.ps1`). It takes nothing on trust: it compares the disk with what was analysed, saves the way back in the
//! format of the command line's undo files, and reads back what it wrote.

mod powershell;
mod sh;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::analysis::Proven;
use crate::repair::{Content, Patch, Plan};
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
    pub proven: &'a Proven,
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

/// A run of bytes that is written, with what it replaces.
struct Write {
    offset: u64,
    before: Vec<u8>,
    after: Vec<u8>,
}

/// Bytes that are moved within the file.
struct Move {
    from: u64,
    to: u64,
    length: u64,
    /// Whether what was copied is still in its old place after the repair.
    stays: bool,
}

/// A range of the file, in bytes.
#[derive(Clone, Copy)]
struct Range {
    offset: u64,
    length: u64,
}

/// Everything that a script is made of, in whatever language.
struct Work {
    name: String,
    /// What the script does and how it is used, in paragraphs without a character that could end a comment.
    about: Vec<String>,
    old_length: u64,
    new_length: u64,
    moves: Vec<Move>,
    writes: Vec<Write>,
    zeros: Vec<Range>,
    /// What is cut off and known to be zero.
    zeros_cut: Option<Range>,
    /// What has to be saved for the way back.
    replaced: Vec<Range>,
    /// The first line of the undo file.
    undo_head: String,
    undo_length: u64,
}

impl Work {
    fn of(script: &Script<'_>) -> Self {
        let plan = &script.proven.plan;
        let name = file_name(script.file).replace('\0', "\u{FFFD}");
        let replaced: Vec<Range> =
            plan.replaced().into_iter().map(|(offset, length)| Range { offset, length }).collect();
        let undo_head = undo_head(&name, plan, &replaced);
        let mut work = Self {
            about: about(script, &name),
            name,
            old_length: plan.old_length,
            new_length: plan.new_length(),
            moves: Vec::new(),
            writes: Vec::new(),
            zeros: Vec::new(),
            zeros_cut: zeros_cut(plan),
            undo_length: undo_head.len() as u64 + replaced.iter().map(|range| range.length).sum::<u64>(),
            replaced,
            undo_head,
        };
        let patches = plan.patches();
        for (patch, before) in patches.iter().zip(&script.proven.replaced) {
            let (offset, length) = (patch.offset, patch.content.length());
            match &patch.content {
                Content::Bytes(bytes) => {
                    work.writes.push(Write { offset, before: before.clone(), after: bytes.clone() });
                }
                Content::Zeros(_) => work.zeros.push(Range { offset, length }),
                Content::Copy { offset: from, .. } => {
                    let stays = stays(*from, length, &patches, plan.new_length());
                    work.moves.push(Move { from: *from, to: offset, length, stays });
                }
            }
        }
        work
    }
}

/// Whether a range of the file is the same after the repair.
fn stays(offset: u64, length: u64, patches: &[Patch], new_length: u64) -> bool {
    let end = offset.saturating_add(length);
    end <= new_length && patches.iter().all(|patch| patch.end() <= offset || end <= patch.offset)
}

/// What of the original file is cut off, where that was seen to be zero.
fn zeros_cut(plan: &Plan) -> Option<Range> {
    let cut = plan.cut.filter(|cut| cut.zeros)?;
    let offset = cut.offset.max(plan.new_length());
    let length = cut.offset.saturating_add(cut.length).min(plan.old_length).saturating_sub(offset);
    (length > 0).then_some(Range { offset, length })
}

/// The first line of an undo file, as `vhd-analyser repair --undo` reads it too.
fn undo_head(name: &str, plan: &Plan, replaced: &[Range]) -> String {
    let name = printable(name).replace('\\', "\\\\").replace('"', "\\\"");
    let ranges: Vec<String> =
        replaced.iter().map(|range| format!("{{\"offset\":{},\"length\":{}}}", range.offset, range.length)).collect();
    let (old, new, ranges) = (plan.old_length, plan.new_length(), ranges.join(","));
    format!(
        "{{\"format\":\"vhd-analyser undo 1\",\"file\":\"{name}\",\"old_length\":{old},\"new_length\":{new},\
         \"ranges\":[{ranges}]}}\n"
    )
}

/// The plan in words.
fn about(script: &Script<'_>, name: &str) -> Vec<String> {
    let repair = report::repair(script.proven);
    let old_length = script.proven.plan.old_length;
    let mut about = vec![
        format!("VHD Analyser {}: repairs “{name}”, {old_length} bytes long, where it is.", script.version),
        String::new(),
        format!("What it does: {}.", repair.title),
    ];
    about.extend(repair.assumes.iter().map(|assumption| format!("Assumed: {assumption}")));
    about.extend(repair.loses.iter().map(|loss| format!("Lost: {loss}")));
    about.extend(repair.cut);
    if repair.new_size != old_length {
        about.push(format!("The file becomes {} bytes long.", repair.new_size));
    }
    for patch in repair.patches {
        let (offset, length, reason) = (patch.offset, patch.length, patch.reason);
        about.push(match patch.copied_from {
            Some(from) => format!("- copies {length} bytes from {from} to {offset}: {reason}"),
            None if patch.after.is_empty() => format!("- writes {length} zeros at {offset}: {reason}"),
            None => format!("- writes {length} bytes at {offset}: {reason}"),
        });
    }
    about.push(String::new());
    about.push(
        "Shut the virtual machine down or detach the disk first, on every host that can reach it. Nothing is written \
         to a disk that is open, or is not as long as it was, or has other bytes where this writes. All that is \
         written over or cut off is first saved in a file beside the disk, named like it with “.undo” behind. Only \
         when that file is complete and on the disk is the first byte changed, so that a run that was cut off \
         anywhere can be taken back. What was written is read again. A second run finds the work done, and changes \
         nothing."
            .into(),
    );
    about.iter().map(|line| printable(line)).collect()
}

/// Text without what would end a comment or change how a line is read.
fn printable(text: &str) -> String {
    let shown = |c: char| {
        let orders = matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}');
        if c.is_control() || orders { '\u{FFFD}' } else { c }
    };
    text.chars().map(shown).collect()
}

/// Adds paragraphs as comments, on lines that can be read.
fn comment(text: &mut String, paragraphs: &[String]) {
    const WIDEST: usize = 100;
    for paragraph in paragraphs {
        let mut width = 0;
        text.push('#');
        for word in paragraph.split(' ') {
            let length = word.chars().count() + 1;
            if width > 0 && width + length > WIDEST {
                text.push_str(if paragraph.starts_with('-') { "\n# " } else { "\n#" });
                width = 0;
            }
            if !word.is_empty() {
                text.push(' ');
                text.push_str(word);
            }
            width += length;
        }
        text.push('\n');
    }
}

/// A stretch of bytes, as it is written down.
enum Part<'a> {
    Bytes(&'a [u8]),
    /// The same byte so many times.
    Run(u8, usize),
}

/// Bytes with long runs of one byte told apart.
fn parts(mut bytes: &[u8]) -> Vec<Part<'_>> {
    const SHORTEST_RUN: usize = 64;
    let mut parts = Vec::new();
    while !bytes.is_empty() {
        let mut before = 0;
        let mut run = 0;
        for same in bytes.chunk_by(|a, b| a == b) {
            if same.len() >= SHORTEST_RUN {
                run = same.len();
                break;
            }
            before += same.len();
        }
        let (plain, rest) = bytes.split_at(before);
        if !plain.is_empty() {
            parts.push(Part::Bytes(plain));
        }
        if let Some(byte) = rest.first() {
            parts.push(Part::Run(*byte, run));
        }
        bytes = rest.get(run..).unwrap_or_default();
    }
    parts
}
