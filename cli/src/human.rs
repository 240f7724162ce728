//! The report for a person at a terminal.

use std::borrow::Cow;
use std::io::{IsTerminal, Write, stdout};
use std::path::Path;

use anstyle::{AnsiColor, Color, Style};
use vhd_analyser_core::image::block_scan::BlockScan;
use vhd_analyser_core::log::is_hostile;
use vhd_analyser_core::report::{FindingReport, PatchReport, RepairReport, Report, Severity, Verdict};

use crate::chain::Link;
use crate::failure::Failure;
use crate::in_use::Holder;

/// Longer lines are hard to read.
const WIDEST: usize = 110;
/// How many patches are listed; more say no more to a person.
const PATCHES: usize = 8;

/// Disks further from their root are not set in further.
const DEEPEST: usize = 32;

pub const BOLD: Style = Style::new().bold();
pub const DIM: Style = Style::new().dimmed();
pub const PLAIN: Style = Style::new();

/// Text that is put together before it is shown. Standard output drops the colours where it is no terminal.
pub struct Page {
    text: String,
    width: usize,
}

impl Page {
    /// An empty page. What goes into a file or a pipe is not folded, so that it can be searched.
    pub fn new() -> Self {
        let width = if stdout().is_terminal() { textwrap::termwidth().min(WIDEST) } else { usize::MAX };
        Self { text: String::new(), width }
    }

    /// Shows the page on standard output.
    ///
    /// # Errors
    /// Where that takes no more.
    pub fn show(&self) -> Result<(), Failure> {
        let mut out = anstream::stdout().lock();
        out.write_all(self.text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Output)
    }

    /// An empty line.
    pub fn gap(&mut self) {
        self.text.push('\n');
    }

    /// A paragraph.
    pub fn say(&mut self, text: &str) {
        self.fold("", "", PLAIN, text);
    }

    /// A disk in a tree, `level` steps from its root.
    pub fn branch(&mut self, level: usize, verdict: Verdict, name: &str, facts: &str) {
        let (mark, _, color) = look(verdict);
        let first = format!("{}{}", margin(level), if level == 0 { "" } else { "└ " });
        self.fold(&first, &format!("{}    ", margin(level)), colored(color), &format!("{mark} {name}: {facts}"));
    }

    /// What is said of a disk in a tree, below it.
    pub fn note(&mut self, level: usize, text: &str) {
        let margin = margin(level);
        self.fold(&format!("{margin}    - "), &format!("{margin}      "), PLAIN, text);
    }

    /// A paragraph set in, with a mark before its first line.
    pub fn item(&mut self, mark: &str, style: Style, text: &str) {
        let indent = " ".repeat(2 + textwrap::core::display_width(mark));
        self.fold(&format!("  {mark}"), &indent, style, text);
    }

    /// A headline, behind an empty line.
    pub fn heading(&mut self, text: &str) {
        self.gap();
        self.fold("", "", BOLD, text);
    }

    /// A line that is there to be copied, and so is not folded.
    pub fn command(&mut self, indent: &str, line: &str) {
        self.text.push_str(&format!("{indent}{}\n", printable(line)));
    }

    fn fold(&mut self, first: &str, others: &str, style: Style, text: &str) {
        let text = printable(text);
        // One line at a time, since a style that runs over a line's end would colour the indent.
        // A name is not parted at its hyphens: it is there to be searched for.
        let options = textwrap::Options::new(self.width)
            .initial_indent(first)
            .subsequent_indent(others)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        for (index, line) in textwrap::wrap(&text, options).iter().enumerate() {
            let indent = if index == 0 { first } else { others };
            let words = line.strip_prefix(indent).unwrap_or(line);
            self.text.push_str(&format!("{indent}{style}{words}{style:#}\n"));
        }
    }
}

/// Text that a terminal shows and does not obey: names, from the disk too, may hold anything.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_hostile) { text.replace(is_hostile, "\u{FFFD}").into() } else { text.into() }
}

/// A file's name as a shell takes it.
pub fn quoted(name: &str) -> Cow<'_, str> {
    // Only a zero byte cannot be quoted, and no name has one.
    shlex::try_quote(name).unwrap_or(name.into())
}

/// The command that takes a repair in place back.
pub fn way_back(disk: &Path, undo: &Path) -> String {
    let (disk, undo) = (disk.to_string_lossy(), undo.to_string_lossy());
    format!("vhd-analyser repair {} --undo {}", quoted(&disk), quoted(&undo))
}

/// Everything about one file: the answer first, then why, then what to do; with its chain, where that was looked at.
pub fn report(page: &mut Page, report: &Report, links: &[Link], deep: Option<&BlockScan>, holders: &[Holder]) {
    answer(page, report);
    // Behind the first paragraph it is said what to do, which for a repair follows below.
    let told = if report.repair.is_some() { 1 } else { usize::MAX };
    for paragraph in report.explanation.iter().take(told) {
        page.gap();
        page.say(paragraph);
    }
    chain(page, links);
    findings(page, report);
    tools(page, report);
    if let Some(deep) = deep {
        survey(page, deep);
    }
    if let Some(repair) = &report.repair {
        plan(page, report, repair);
        page.heading("To do so");
        page.item("", PLAIN, &command(report, repair));
    }
    cautions(page, report, holders);
    list(page, "What was checked", &report.scope);
}

/// The file and the answer, with a word and a shape, for those who see no colours.
pub fn answer(page: &mut Page, report: &Report) {
    let description = match report.description.as_str() {
        "" => String::new(),
        description => format!("{description}, "),
    };
    page.fold("", "", BOLD, &format!("{}: {description}{} bytes", report.file, report.size));
    let (mark, word, color) = look(report.verdict);
    page.fold("", "", colored(color).bold(), &format!("{mark} {word}: {}", report.headline));
}

/// A verdict as a shape, a word and a colour.
fn look(verdict: Verdict) -> (&'static str, &'static str, AnsiColor) {
    match verdict {
        Verdict::Sound => ("✔", "SOUND", AnsiColor::Green),
        Verdict::Repairable => ("▲", "REPAIRABLE", AnsiColor::Yellow),
        Verdict::Salvageable => ("◆", "SALVAGEABLE", AnsiColor::Magenta),
        Verdict::Unrepairable => ("✖", "UNREPAIRABLE", AnsiColor::Red),
        Verdict::NotAVhd => ("○", "NOT A VHD", AnsiColor::Cyan),
    }
}

/// How far a disk of a tree is set in. BlockScan trees stay readable, since the depth is not told by the margin alone.
fn margin(level: usize) -> String {
    "  ".repeat(level.min(DEEPEST))
}

/// What a plan would do, and at what price.
pub fn plan(page: &mut Page, report: &Report, repair: &RepairReport) {
    page.heading("Repair");
    page.item("", PLAIN, &format!("{}.", repair.title));
    for patch in repair.patches.iter().take(PATCHES) {
        page.item("- ", PLAIN, &change(patch));
    }
    if let Some(more @ 1..) = repair.patches.len().checked_sub(PATCHES) {
        page.item("- ", PLAIN, &format!("and {more} changes more"));
    }
    if let Some(cut) = &repair.cut {
        page.item("- ", PLAIN, cut);
    }
    if repair.new_size != report.size {
        page.item("- ", PLAIN, &format!("the file becomes {} bytes long, from {}", repair.new_size, report.size));
    }
    price(page, repair);
    for (index, other) in report.alternatives.iter().enumerate() {
        page.gap();
        page.item("", PLAIN, &format!("Or, with --plan {}: {}.", index + 2, other.title));
        price(page, other);
    }
}

/// What a plan loses and assumes.
pub fn price(page: &mut Page, repair: &RepairReport) {
    let color = colored(AnsiColor::Magenta);
    for loss in &repair.loses {
        page.item("◆ Lost: ", color, loss);
    }
    for assumption in &repair.assumes {
        page.item("◆ Assumed: ", color, assumption);
    }
    if repair.lossless {
        page.item("✔ ", colored(AnsiColor::Green), "Nothing is lost, and nothing had to be assumed.");
    }
}

/// What to beware of before anything is written.
pub fn cautions(page: &mut Page, report: &Report, holders: &[Holder]) {
    let in_use = holders.iter().map(|holder| format!("The disk is in use now: {holder}."));
    let cautions: Vec<String> = in_use.chain(report.cautions.iter().cloned()).collect();
    list(page, "Beware", &cautions);
}

/// A disk with its ancestors, from the root of the chain.
fn chain(page: &mut Page, links: &[Link]) {
    if links.len() < 2 {
        return;
    }
    page.heading("Chain, each disk judged by itself");
    for (level, (age, link)) in links.iter().enumerate().rev().enumerate() {
        page.branch(level, link.verdict, &link.name, &link.facts);
        link.errors.iter().for_each(|error| page.note(level, error));
        // How the disk itself is repaired is told below.
        if let (1.., Some(repair)) = (age, &link.repair) {
            page.note(level, repair);
        }
    }
}

/// Which tools take the disk, and what those say that do not.
fn tools(page: &mut Page, report: &Report) {
    if report.verdict == Verdict::NotAVhd {
        return;
    }
    page.heading("Accepted by");
    for tool in &report.tools {
        let after = match tool.accepts_after {
            Some(true) if !tool.accepts => "; yes after the repair",
            Some(false) => "; nor after the repair",
            _ => "",
        };
        let (mark, color, answer) = match (tool.accepts, tool.says.as_str()) {
            // With the whole chain it goes on from the disk to its ancestors.
            (false, says) if says.ends_with(" is valid") => {
                ("✖ ", AnsiColor::Red, format!("no: after “{says}” it refuses an ancestor{after}"))
            }
            (true, _) => ("✔ ", AnsiColor::Green, "yes".to_owned()),
            (false, "") => ("✖ ", AnsiColor::Red, format!("no{after}")),
            (false, says) => ("✖ ", AnsiColor::Red, format!("no, “{says}”{after}")),
        };
        page.item(mark, colored(color), &format!("{}: {answer}", tool.name));
    }
}

fn findings(page: &mut Page, report: &Report) {
    if report.findings.is_empty() {
        return;
    }
    page.heading("Findings");
    // A meaning or a remedy is told once, however many findings share it.
    let mut told = report.explanation.first().cloned().unwrap_or_default();
    for finding in &report.findings {
        let (mark, color) = match finding.severity {
            Severity::Error => ("✖", AnsiColor::Red),
            Severity::Warning => ("▲", AnsiColor::Yellow),
            Severity::Info => ("•", AnsiColor::Blue),
        };
        page.item(&format!("{mark} {}: ", finding.severity), colored(color), &title(finding));
        page.item("    ", DIM, &place(finding));
        for (name, value) in [("found:    ", &finding.found), ("expected: ", &finding.expected)] {
            if !value.is_empty() {
                page.item(&format!("    {name}"), PLAIN, value);
            }
        }
        if !told.contains(&finding.message) {
            page.item("    ", PLAIN, &finding.message);
            told.push_str(&finding.message);
        }
        if !told.contains(&finding.remedy) {
            page.item("    ", PLAIN, &finding.remedy);
            told.push_str(&finding.remedy);
        }
    }
}

fn title(finding: &FindingReport) -> String {
    match &finding.vhd_util {
        Some(words) => format!("{} [vhd-util: {words}]", finding.title),
        None => finding.title.clone(),
    }
}

fn place(finding: &FindingReport) -> String {
    let FindingReport { id, offset, length, .. } = finding;
    match length {
        0 => format!("{id}, at 0x{offset:X} ({offset})"),
        _ => format!("{id}, {length} bytes at 0x{offset:X} ({offset})"),
    }
}

fn change(patch: &PatchReport) -> String {
    let PatchReport { offset, length, reason, copied_from, .. } = patch;
    let verb = if copied_from.is_some() { "copies" } else { "writes" };
    let from = copied_from.map_or(String::new(), |from| format!(" from 0x{from:X}"));
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    format!("{verb} {length} bytes{from} to 0x{offset:X} ({offset}){reason}")
}

/// What writes a repaired copy of a disk.
pub fn command(report: &Report, repair: &RepairReport) -> String {
    let allow_loss = if repair.lossless { "" } else { " --allow-loss" };
    format!("vhd-analyser repair{allow_loss} {} -o COPY", quoted(&report.file))
}

fn survey(page: &mut Page, deep: &BlockScan) {
    page.heading("Blocks, all of which were read");
    page.item("", PLAIN, &format!("{} blocks with {} sectors", deep.blocks, deep.sectors));
    page.item("", PLAIN, &format!("{} sectors written, by the sector bitmaps", deep.sectors_set));
    page.item("", PLAIN, &format!("{} sectors with data other than zeros", deep.sectors_with_data));
}

fn list(page: &mut Page, heading: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    page.heading(heading);
    for item in items {
        page.item("- ", PLAIN, item);
    }
}

/// Text in a colour.
pub const fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        assert_eq!(printable("disk\u{1b}[2J\n.vhd"), "disk\u{FFFD}[2J\u{FFFD}.vhd");
        assert_eq!(printable("Größe ✔"), "Größe ✔");
    }

    #[test]
    fn paragraphs_are_folded_under_their_first_word() {
        let mut page = Page { text: String::new(), width: 16 };
        page.item("- ", BOLD, "one two three four");
        let text = anstream::adapter::strip_str(&page.text).to_string();
        assert_eq!(text, "  - one two\n    three four\n");
    }

    #[test]
    fn names_are_not_parted_at_their_hyphens() {
        let mut page = Page { text: String::new(), width: 48 };
        page.item("- ", PLAIN, "Coalesce failed on 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7, skipping");
        assert!(page.text.contains("\n    91499ab6-63e9-47cf-b73a-b7fc2b09dcc7,"), "{}", page.text);
    }
}
