//! PowerShell is not on every computer, so its scripts are parsed by a grammar of it, and their tables carried out here.

use tree_sitter::{Node, Parser, Tree};
use vhd_analyser_core::analysis::VerifiedRepair;
use vhd_analyser_core::script::{Language, Script};
use vhd_analyser_tests::analysed::fixed_copy;

use crate::Outcome;
use crate::plans::{NAMES, Repairable, bytes, numbers, proven, repairables, strange_plans};

type Failed = Box<dyn std::error::Error>;
/// A row of a table: its fields by name.
type Row<'a> = Vec<(&'a str, &'a str)>;

fn script(file: &str, proven: &VerifiedRepair) -> String {
    Script { file, proven, version: "0" }.text(Language::PowerShell)
}

fn parsed(text: &str) -> Result<Tree, Failed> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_powershell::LANGUAGE.into())?;
    let tree = parser.parse(text.strip_prefix('\u{FEFF}').ok_or("no mark of UTF-8")?, None);
    Ok(tree.ok_or("not parsed")?)
}

/// The smallest nodes of a tree, but for the contents of strings and for comments.
fn tokens<'a>(node: Node<'a>, tokens: &mut Vec<Node<'a>>) {
    if node.child_count() == 0 && !["comment", "verbatim_string_characters"].contains(&node.kind()) {
        tokens.push(node);
    }
    for child in node.children(&mut node.walk()) {
        tokens.push(child);
        self::tokens(child, tokens);
    }
}

fn expect_sound(text: &str) -> Outcome {
    let tree = parsed(text)?;
    if tree.root_node().has_error() {
        return Err(format!("this does not parse: {text}").into());
    }
    let mut nodes = Vec::new();
    tokens(tree.root_node(), &mut nodes);
    // What Windows PowerShell 5.1 does not know yet.
    let newer = ["&&", "||", "??", "??=", "?", ":", "?.", "ternary_expression"];
    match nodes.iter().find(|node| newer.contains(&node.kind())) {
        Some(node) => Err(format!("{node:?} is newer than PowerShell 5.1").into()),
        None => Ok(()),
    }
}

/// The rows of one of the script's tables, each as its fields.
fn table<'a>(text: &'a str, name: &str) -> Result<Vec<Row<'a>>, Failed> {
    let (_, behind) = text.split_once(&format!("\n${name} = @(\n")).ok_or("no such table")?;
    let (rows, _) =
        if behind.starts_with(")\n") { ("", behind) } else { behind.split_once("\n)\n").ok_or("no end")? };
    let rows = rows.split("@{ ").skip(1).map(|row| {
        let row = row.trim_end().trim_end_matches(" }");
        row.split("; ").filter_map(|field| field.split_once(" = ")).collect()
    });
    Ok(rows.collect())
}

fn number(row: &[(&str, &str)], name: &str) -> Result<usize, Failed> {
    Ok(value(row, name)?.parse()?)
}

fn value<'a>(row: &[(&str, &'a str)], name: &str) -> Result<&'a str, String> {
    row.iter().find(|field| field.0 == name).map(|field| field.1).ok_or_else(|| format!("no {name}"))
}

/// Bytes from `@('636F6E', '00*427')`.
fn decoded(pieces: &str) -> Result<Vec<u8>, Failed> {
    let mut bytes = Vec::new();
    let pieces =
        pieces.trim_start_matches("@(").trim_end_matches(')').split(',').map(|piece| piece.trim().trim_matches('\''));
    for piece in pieces {
        let (digits, times) = piece.split_once('*').unwrap_or((piece, "1"));
        let places = (0..digits.len()).step_by(2);
        let piece = places.map(|at| u8::from_str_radix(&digits[at..at + 2], 16)).collect::<Result<Vec<_>, _>>()?;
        bytes.extend(piece.repeat(times.parse()?));
    }
    Ok(bytes)
}

/// What the tables make of a disk, in the order of the script.
fn carried_out(image: &[u8], text: &str) -> Result<Vec<u8>, Failed> {
    let mut disk = image.to_vec();
    let write = |offset: usize, bytes: &[u8], disk: &mut Vec<u8>| {
        disk.resize(disk.len().max(offset + bytes.len()), 0);
        disk[offset..offset + bytes.len()].copy_from_slice(bytes);
    };
    for row in table(text, "Moves")? {
        let from = number(&row, "From")?;
        let moved = disk[from..from + number(&row, "Length")?].to_vec();
        write(number(&row, "To")?, &moved, &mut disk);
    }
    for row in table(text, "Writes")? {
        let (offset, before) = (number(&row, "Offset")?, decoded(value(&row, "Before")?)?);
        if image.get(offset..offset + before.len()).is_some_and(|found| found != before) {
            return Err(format!("other bytes are expected at {offset}").into());
        }
        write(offset, &decoded(value(&row, "After")?)?, &mut disk);
    }
    for row in table(text, "Zeros")? {
        write(number(&row, "Offset")?, &vec![0; number(&row, "Length")?], &mut disk);
    }
    let length =
        text.split("\n[long]$NewLength = ").nth(1).and_then(|behind| behind.lines().next()).ok_or("no length")?;
    disk.resize(length.parse()?, 0);
    Ok(disk)
}

fn expect(image: &[u8], proven: &VerifiedRepair) -> Outcome {
    let text = script("disk.vhd", proven);
    expect_sound(&text)?;
    // The whole disk in a message would help nobody.
    assert!(carried_out(image, &text)? == fixed_copy(image, &proven.plan), "the fixed copy");
    let replaced = table(&text, "Replaced")?;
    let replaced = replaced.iter().map(|row| Ok((number(row, "Offset")? as u64, number(row, "Length")? as u64)));
    assert_eq!(replaced.collect::<Result<Vec<_>, Failed>>()?, proven.plan.replaced());
    Ok(())
}

#[test]
fn every_script_is_powershell_and_mends_the_disk() -> Outcome {
    for Repairable { name, image, proven } in repairables()? {
        expect(&image, &proven).map_err(|error| format!("{name}: {error}"))?;
    }
    let image = numbers();
    for proven in strange_plans(&image) {
        expect(&image, &proven)?;
    }
    Ok(())
}

/// A name adds nothing to a script but itself.
#[test]
fn names_are_only_names() -> Outcome {
    let image = numbers();
    let proven = proven(&image, vec![bytes(512, b"over")], 4096);
    let statements = |text: &str| -> Result<Vec<String>, Failed> {
        let tree = parsed(text)?;
        let mut nodes = Vec::new();
        tokens(tree.root_node(), &mut nodes);
        let kinds = nodes.iter().map(Node::kind).filter(|kind| *kind != "comment");
        // Of the undo file's first line, which has the name too, there may be more pieces.
        let kinds = kinds.filter(|kind| ![",", "string_literal", "verbatim_string_characters"].contains(kind));
        Ok(kinds.filter(|kind| !kind.ends_with("_expression")).map(str::to_owned).collect())
    };
    let plain = statements(&script("disk.vhd", &proven))?;
    for name in
        NAMES.iter().chain(&["‘’‚‛; Remove-Item x; '", "#> <# $(x) `", "’; Remove-Item x #", "\u{85}Remove-Item x"])
    {
        let text = script(name, &proven);
        expect_sound(&text)?;
        assert_eq!(statements(&text)?, plain, "{name}");
        let line = text.lines().find(|line| line.starts_with("$Name = '")).ok_or("no name")?;
        assert_eq!(unquoted(line.trim_start_matches("$Name = ")), Some(shown(name)), "{line}");
        assert!(text.lines().all(|line| !line.chars().any(char::is_control)), "{name}");
    }
    Ok(())
}

/// A string in single quotes, of which PowerShell knows several, as PowerShell reads it.
fn unquoted(text: &str) -> Option<String> {
    let is_quote = |c: char| "'‘’‚‛".contains(c);
    let mut inner = text.strip_prefix('\'')?.strip_suffix('\'')?.chars();
    let mut unquoted = String::new();
    while let Some(c) = inner.next() {
        if is_quote(c) {
            inner.next().filter(|next| is_quote(*next))?;
        }
        unquoted.push(c);
    }
    Some(unquoted)
}

/// The last part of a name, without what no name on Windows has.
fn shown(name: &str) -> String {
    let is_shown = |c: char| !c.is_control() && c != '\u{2028}';
    name.chars().map(|c| if is_shown(c) { c } else { '\u{FFFD}' }).collect()
}

/// What comes before what: nothing is written before the disk was compared and the way back saved; whatever happens, the
/// disk is closed.
#[test]
fn nothing_is_written_before_it_may_be() -> Outcome {
    let image = numbers();
    let text = script("disk.vhd", &proven(&image, vec![bytes(512, b"over")], 4096));
    let in_order = |function: &str, steps: &[&str]| {
        let mut rest = text.split(&format!("\nfunction {function}(")).nth(1).unwrap_or_default();
        rest = rest.split("\n}\n").next().unwrap_or_default();
        for step in steps {
            let found = rest.find(step);
            assert!(found.is_some(), "{function}: {step} is missing, or too early");
            rest = &rest[found.unwrap_or_default() + step.len()..];
        }
    };
    let writes = ["Copy-Range $Disk", "Write-Bytes $Disk", "$Disk.SetLength"];
    let steps =
        ["Test-Repaired $Disk", "Test-Expected $Disk", "throw", "throw", "Save-Replaced $Disk", "$script:Begun"];
    in_order("Invoke-Repair", &[&steps[..], &writes, &["$Disk.Flush($true)", "Test-Repaired $Disk"]].concat());
    let before = text.split("function Invoke-Repair(").nth(1).and_then(|body| body.split("Save-Replaced").next());
    assert!(before.is_some_and(|before| !writes.iter().any(|write| before.contains(write))));
    in_order("Save-Replaced", &["'CreateNew'", "Copy-Range $Disk", "Flush($true)", "Test-Saved", "Dispose", "::Move("]);
    in_order(
        "Invoke-Undo",
        &["UndoLength", "throw", "$OldLength", "throw", "Copy-Range $saved", "SetLength", "Test-Saved"],
    );
    let main = text.rsplit("\ntry {\n").next().unwrap_or_default();
    let steps =
        ["::Open($Path, 'Open', 'ReadWrite', 'None')", "throw", "Invoke-", "finally { $handle.Dispose() }", "exit 1"];
    let mut rest = main;
    for step in steps {
        rest = rest.split_once(step).ok_or_else(|| format!("{step} is missing, or too early"))?.1;
    }
    Ok(())
}
