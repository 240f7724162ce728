//! The script for `sh`.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Part, Work, comment, parts};

/// What is the same for every repair.
const REPAIR: &str = include_str!("repair.sh");
/// The longest `printf`, in characters of its format.
const LONGEST: usize = 96;

pub(super) fn text(work: &Work) -> String {
    let mut text = String::from("#!/bin/sh\n");
    comment(&mut text, &work.about);
    comment(&mut text, &[String::new(), "sh SCRIPT [DISK] repairs, sh SCRIPT --undo [DISK] goes back.".into()]);
    for (name, value) in [
        ("name", quoted(&work.name)),
        ("old_length", format!("{}", work.old_length)),
        ("new_length", format!("{}", work.new_length)),
        ("undo_length", format!("{}", work.undo_length)),
        ("head_length", format!("{}", work.undo_head.len())),
    ] {
        text.push_str(&format!("{name}={value}\n"));
    }
    function(&mut text, "undo_head", &print(work.undo_head.as_bytes()));
    expected(&mut text, work);
    for (index, write) in work.writes.iter().enumerate() {
        function(&mut text, &format!("new_{index}"), &print(&write.after));
    }
    repaired(&mut text, work);
    changes(&mut text, work);
    way_back(&mut text, work);
    text.push('\n');
    text.push_str(REPAIR);
    text
}

/// The bytes that are to be replaced, as they were seen, and as they are.
fn expected(text: &mut String, work: &Work) {
    let (mut seen, mut found) = (Vec::new(), Vec::new());
    for write in work.writes.iter().filter(|write| !write.before.is_empty()) {
        seen.extend(print(&write.before));
        found.push(read(write.offset, write.before.len() as u64));
    }
    if let Some(cut) = work.zeros_cut {
        seen.push(zeros(cut.length));
        found.push(read(cut.offset, cut.length));
    }
    function(text, "expected", &seen);
    function(text, "expected_places", &found);
}

/// What is there after the repair, as it should be, and as it is.
fn repaired(text: &mut String, work: &Work) {
    let (mut wanted, mut found) = (Vec::new(), Vec::new());
    for (index, write) in work.writes.iter().enumerate() {
        wanted.push(format!("new_{index}"));
        found.push(read(write.offset, write.after.len() as u64));
    }
    for range in &work.zeros {
        wanted.push(zeros(range.length));
        found.push(read(range.offset, range.length));
    }
    for moved in work.moves.iter().filter(|moved| moved.stays) {
        wanted.push(read(moved.from, moved.length));
        found.push(read(moved.to, moved.length));
    }
    function(text, "repaired", &wanted);
    function(text, "repaired_places", &found);
}

fn changes(text: &mut String, work: &Work) {
    let moves: Vec<String> =
        work.moves.iter().map(|moved| format!("move {} {} {}", moved.from, moved.to, moved.length)).collect();
    let bytes = work.writes.iter().enumerate().map(|(index, write)| format!("new_{index} | write_at {}", write.offset));
    let zeros = work.zeros.iter().map(|range| format!("{} | write_at {}", zeros(range.length), range.offset));
    function(text, "write_moved", &moves);
    function(text, "write_new", &bytes.chain(zeros).collect::<Vec<_>>());
}

/// What the undo file holds, and how it gets back.
fn way_back(text: &mut String, work: &Work) {
    let (mut saved, mut back) = (Vec::from(["undo_head".into()]), Vec::new());
    let mut at = work.undo_head.len() as u64;
    for range in &work.replaced {
        saved.push(read(range.offset, range.length));
        back.push(format!("read_at \"$undo\" {at} {} | write_at {}", range.length, range.offset));
        at = at.saturating_add(range.length);
    }
    function(text, "saved", &saved);
    function(text, "put_back", &back);
}

/// A function that ends with the first of its commands that fails.
fn function(text: &mut String, name: &str, commands: &[String]) {
    text.push('\n');
    text.push_str(name);
    text.push_str("() {\n");
    for command in commands {
        text.push_str("    ");
        text.push_str(command);
        text.push_str(" || return\n");
    }
    text.push_str(if commands.is_empty() { "    :\n}\n" } else { "}\n" });
}

fn read(offset: u64, length: u64) -> String {
    format!("read_at \"$disk\" {offset} {length}")
}

fn zeros(length: u64) -> String {
    format!("zeros {length}")
}

/// Commands that print bytes.
fn print(bytes: &[u8]) -> Vec<String> {
    let mut commands = Vec::new();
    for part in parts(bytes) {
        match part {
            Part::Run(0, times) => commands.push(zeros(times as u64)),
            Part::Run(byte, times) => commands.push(format!("repeated {byte:03o} {times}")),
            Part::Bytes(bytes) => print_plain(&mut commands, bytes),
        }
    }
    commands
}

fn print_plain(commands: &mut Vec<String>, bytes: &[u8]) {
    let mut format = String::new();
    for &byte in bytes {
        match byte {
            // No other character means the same in every printf and every quotation.
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b' ' | b'.' | b',' | b':' => format.push(char::from(byte)),
            // At the start it would begin an option.
            b'-' if !format.is_empty() => format.push('-'),
            b'_' | b'"' | b'{' | b'}' | b'[' | b']' => format.push(char::from(byte)),
            _ => format.push_str(&format!("\\{byte:03o}")),
        }
        if format.len() >= LONGEST {
            commands.push(format!("printf '{format}'"));
            format.clear();
        }
    }
    if !format.is_empty() {
        commands.push(format!("printf '{format}'"));
    }
}

/// A name as the shell takes it.
fn quoted(name: &str) -> String {
    format!("'{}'", name.replace('\'', "'\\''"))
}
