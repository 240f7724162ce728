//! The script for PowerShell 5.1 and later.

use alloc::string::String;

use super::text::{Part, Text, parts, printable};
use super::work::Work;
use crate::repair::Content;

/// What is the same for every repair.
const REPAIR: &str = include_str!("repair.ps1");
/// How many bytes are on a line.
const WIDTH: usize = 48;

const RANGE: &str = "    @{ Offset = ~; Length = ~ }\n";

pub(super) fn text(work: &Work<'_>) -> String {
    let mut text = Text::default();
    // Without the mark, Windows PowerShell 5.1 reads the file in the code page of its country.
    text.put("\u{FEFF}");
    work.describe(&mut text);
    text.put(
        "# powershell -ExecutionPolicy Bypass -File SCRIPT [DISK] repairs, and with -Undo goes back.\n\n\
         param([string]$Path = '', [switch]$Undo)\n\n$Name = '",
    );
    // To PowerShell typographic quotes are quotes, too. Windows has no names with control characters.
    for c in work.name.chars().map(printable) {
        if matches!(c, '\'' | '\u{2018}'..='\u{201B}') {
            text.push(c);
        }
        text.push(c);
    }
    text.fill(
        "'\n[long]$OldLength = ~\n[long]$NewLength = ~\n[long]$UndoLength = ~\n$UndoHead = ",
        &[work.old_length, work.new_length, work.undo_length],
    );
    bytes(&mut text, work.undo_head.as_bytes());
    tables(&mut text, work);
    text.put(REPAIR);
    text.into()
}

fn tables(text: &mut Text, work: &Work<'_>) {
    text.put("\n$Moves = @(\n");
    for patch in &work.patches {
        if let Content::Copy { offset, length } = patch.content {
            text.fill("    @{ From = ~; To = ~; Length = ~; Stays = ", &[offset, patch.offset, length]);
            text.put(if work.stays(patch) { "$true }\n" } else { "$false }\n" });
        }
    }
    text.put(")\n$Writes = @(\n");
    for (patch, before) in work.patches.iter().zip(&work.proven.replaced) {
        if let Content::Bytes(after) = &patch.content {
            text.fill("    @{ Offset = ~; Before = ", &[patch.offset]);
            bytes(text, before);
            text.put("; After = ");
            bytes(text, after);
            text.put(" }\n");
        }
    }
    text.put(")\n$Zeros = @(\n");
    for patch in &work.patches {
        if let Content::Zeros(length) = patch.content {
            text.fill(RANGE, &[patch.offset, length]);
        }
    }
    text.put(")\n$ZerosCut = @(\n");
    if let Some((offset, length)) = work.zeros_cut() {
        text.fill(RANGE, &[offset, length]);
    }
    text.put(")\n$Replaced = @(\n");
    for (offset, length) in &work.replaced {
        text.fill(RANGE, &[*offset, *length]);
    }
    text.put(")\n\n");
}

/// Bytes as an array of pieces: `'636F6E'`, or `'00*427'` where one byte is repeated.
fn bytes(text: &mut Text, bytes: &[u8]) {
    let mut before = "@('";
    for part in parts(bytes) {
        match part {
            Part::Run(byte, times) => {
                text.put(before);
                hex(text, byte);
                text.fill("*~", &[times as u64]);
                before = "',\n        '";
            }
            Part::Bytes(bytes) => {
                for bytes in bytes.chunks(WIDTH) {
                    text.put(before);
                    bytes.iter().for_each(|byte| hex(text, *byte));
                    before = "',\n        '";
                }
            }
        }
    }
    text.put(if bytes.is_empty() { "@()" } else { "')" });
}

fn hex(text: &mut Text, byte: u8) {
    for digit in [byte >> 4, byte & 15] {
        text.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
    }
}
