//! The script for PowerShell 5.1 and later.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Part, Range, Work, comment, parts};

/// What is the same for every repair.
const REPAIR: &str = include_str!("repair.ps1");
/// The longest piece of hexadecimal digits on a line.
const LONGEST: usize = 48;

pub(super) fn text(work: &Work) -> String {
    // Without the mark, Windows PowerShell 5.1 reads the file in the code page of its country.
    let mut text = String::from("\u{FEFF}");
    comment(&mut text, &work.about);
    comment(
        &mut text,
        &[
            String::new(),
            "powershell -ExecutionPolicy Bypass -File SCRIPT [DISK] repairs, and with -Undo goes back.".into(),
        ],
    );
    text.push_str("\nparam([string]$Path = '', [switch]$Undo)\n\n");
    text.push_str(&format!("$Name = {}\n", quoted(&work.name)));
    for (name, value) in
        [("OldLength", work.old_length), ("NewLength", work.new_length), ("UndoLength", work.undo_length)]
    {
        text.push_str(&format!("[long]${name} = {value}\n"));
    }
    text.push_str(&format!("$UndoHead = {}\n", bytes(work.undo_head.as_bytes())));
    let moves = work.moves.iter().map(|moved| {
        let stays = if moved.stays { "$true" } else { "$false" };
        format!("From = {}; To = {}; Length = {}; Stays = {stays}", moved.from, moved.to, moved.length)
    });
    let writes = work.writes.iter().map(|write| {
        format!("Offset = {}; Before = {}; After = {}", write.offset, bytes(&write.before), bytes(&write.after))
    });
    table(&mut text, "Moves", moves);
    table(&mut text, "Writes", writes);
    table(&mut text, "Zeros", work.zeros.iter().map(range));
    table(&mut text, "ZerosCut", work.zeros_cut.iter().map(range));
    table(&mut text, "Replaced", work.replaced.iter().map(range));
    text.push('\n');
    text.push_str(REPAIR);
    text
}

/// An array of hash tables, one a line.
fn table(text: &mut String, name: &str, rows: impl Iterator<Item = String>) {
    text.push_str(&format!("${name} = @(\n"));
    for row in rows {
        text.push_str("    @{ ");
        text.push_str(&row);
        text.push_str(" }\n");
    }
    text.push_str(")\n");
}

fn range(range: &Range) -> String {
    format!("Offset = {}; Length = {}", range.offset, range.length)
}

/// Bytes as an array of pieces: `'636F6E'`, or `'00*427'` where one byte is repeated.
fn bytes(bytes: &[u8]) -> String {
    let mut pieces: Vec<String> = Vec::new();
    for part in parts(bytes) {
        match part {
            Part::Run(byte, times) => pieces.push(format!("'{byte:02X}*{times}'")),
            Part::Bytes(bytes) => pieces.extend(bytes.chunks(LONGEST).map(hex)),
        }
    }
    format!("@({})", pieces.join(",\n        "))
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("'{digits}'")
}

/// A name as PowerShell takes it, to which typographic quotes are quotes, too. Windows has no names with control
/// characters.
fn quoted(name: &str) -> String {
    let mut quoted = String::from("'");
    for c in super::printable(name).chars() {
        if matches!(c, '\'' | '\u{2018}'..='\u{201B}') {
            quoted.push(c);
        }
        quoted.push(c);
    }
    quoted.push('\'');
    quoted
}
