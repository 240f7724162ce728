//! The script for `sh`.

use alloc::string::String;

use super::text::{Part, Text, parts};
use super::work::Work;
use crate::repair::Content;
use crate::text::quoted;

/// What is the same for every repair.
const REPAIR: &str = include_str!("repair.sh");
/// How many bytes are printed in a line.
const WIDTH: usize = 32;
/// The end of a function.
const END: &str = "    true\n}\n";

const READ: &str = "    read_at \"$disk\" ~ ~ || return\n";
const ZEROS: &str = "    zeros ~ || return\n";

pub(super) fn text(work: &Work<'_>) -> String {
    let mut text = Text::default();
    text.put("#!/bin/sh\n");
    work.describe(&mut text);
    text.put("# sh SCRIPT [DISK] repairs, sh SCRIPT --undo [DISK] goes back.\nname=");
    text.put(&quoted(&work.name.replace('\0', "\u{FFFD}")));
    text.fill(
        "\nold_length=~\nnew_length=~\nundo_length=~\nhead_length=~\n\nundo_head() {\n",
        &[work.old_length, work.new_length, work.undo_length, work.undo_head.len() as u64],
    );
    print(&mut text, work.undo_head.as_bytes());
    text.put(END);
    expected(&mut text, work);
    repaired(&mut text, work);
    changes(&mut text, work);
    way_back(&mut text, work);
    text.put("\n");
    text.put(REPAIR);
    text.into()
}

/// The bytes that are to be replaced, as they were seen, and as they are.
fn expected(text: &mut Text, work: &Work<'_>) {
    text.put("\nexpected() {\n");
    for before in &work.proven.replaced {
        print(text, before);
    }
    if let Some((_, length)) = work.zeros_cut() {
        text.fill(ZEROS, &[length]);
    }
    text.put(END);
    text.put("\nexpected_places() {\n");
    for (patch, before) in work.patches.iter().zip(&work.proven.replaced) {
        if !before.is_empty() {
            text.fill(READ, &[patch.offset, before.len() as u64]);
        }
    }
    if let Some((offset, length)) = work.zeros_cut() {
        text.fill(READ, &[offset, length]);
    }
    text.put(END);
}

/// What is there after the repair, as it should be, and as it is.
fn repaired(text: &mut Text, work: &Work<'_>) {
    for (index, patch) in work.patches.iter().enumerate() {
        if let Content::Bytes(bytes) = &patch.content {
            text.fill("\nnew_~() {\n", &[index as u64]);
            print(text, bytes);
            text.put(END);
        }
    }
    text.put("\nrepaired() {\n");
    for (index, patch) in work.patches.iter().enumerate() {
        match patch.content {
            Content::Bytes(_) => text.fill("    new_~ || return\n", &[index as u64]),
            Content::Zeros(length) => text.fill(ZEROS, &[length]),
            Content::Copy { offset, length } if work.stays(patch) => text.fill(READ, &[offset, length]),
            Content::Copy { .. } => {}
        }
    }
    text.put(END);
    text.put("\nrepaired_places() {\n");
    for patch in work.patches.iter().filter(|patch| work.stays(patch)) {
        text.fill(READ, &[patch.offset, patch.content.length()]);
    }
    text.put(END);
}

fn changes(text: &mut Text, work: &Work<'_>) {
    text.put("\nwrite_moved() {\n");
    for patch in &work.patches {
        if let Content::Copy { offset, length } = patch.content {
            text.fill("    move ~ ~ ~ || return\n", &[offset, patch.offset, length]);
        }
    }
    text.put(END);
    text.put("\nwrite_new() {\n");
    for (index, patch) in work.patches.iter().enumerate() {
        match patch.content {
            Content::Bytes(_) => text.fill("    new_~ | write_at ~ || return\n", &[index as u64, patch.offset]),
            Content::Zeros(length) => text.fill("    zeros ~ | write_at ~ || return\n", &[length, patch.offset]),
            Content::Copy { .. } => {}
        }
    }
    text.put(END);
}

/// What the undo file holds, and how it gets back.
fn way_back(text: &mut Text, work: &Work<'_>) {
    text.put("\nsaved() {\n    undo_head || return\n");
    for (offset, length) in &work.replaced {
        text.fill(READ, &[*offset, *length]);
    }
    text.put(END);
    text.put("\nput_back() {\n");
    let mut at = work.undo_head.len() as u64;
    for (offset, length) in &work.replaced {
        text.fill("    read_at \"$undo\" ~ ~ | write_at ~ || return\n", &[at, *length, *offset]);
        at = at.saturating_add(*length);
    }
    text.put(END);
}

/// Commands that print bytes.
fn print(text: &mut Text, bytes: &[u8]) {
    for part in parts(bytes) {
        match part {
            Part::Run(0, times) => text.fill(ZEROS, &[times as u64]),
            Part::Run(byte, times) => {
                text.put("    repeated ");
                octal(text, byte);
                text.fill(" ~ || return\n", &[times as u64]);
            }
            Part::Bytes(bytes) => bytes.chunks(WIDTH).for_each(|bytes| print_plain(text, bytes)),
        }
    }
}

fn print_plain(text: &mut Text, bytes: &[u8]) {
    text.put("    printf '");
    for (index, &byte) in bytes.iter().enumerate() {
        match byte {
            // No other character means the same in every printf and every quotation, and this one not at the start.
            b'-' if index > 0 => text.push('-'),
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b' ' | b'.' | b',' | b':' => text.push(char::from(byte)),
            b'_' | b'"' | b'{' | b'}' | b'[' | b']' => text.push(char::from(byte)),
            _ => {
                text.put("\\");
                octal(text, byte);
            }
        }
    }
    text.put("' || return\n");
}

fn octal(text: &mut Text, byte: u8) {
    for shift in [6, 3, 0] {
        text.push(char::from(b'0' + (byte >> shift & 7)));
    }
}
