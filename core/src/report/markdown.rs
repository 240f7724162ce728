//! The report as a ticket takes it: Markdown in which everything that comes from a disk is text, and nothing markup.
//!
//! Names and values stand in code spans, which no dialect of Markdown looks into; sentences, some of which quote a
//! disk, have their punctuation escaped.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::model::{FindingReport, PatchReport, RepairReport, Report, ReportExport, ToolReport};
use crate::finding::Severity;
use crate::units;
use crate::verdict::Verdict;

/// The length of a quotation mark, “ or ”, in bytes.
const MARK: usize = '“'.len_utf8();

/// So many changes of a repair are told one by one.
const TOLD: usize = 100;

/// The report on one file, with the answers about its ancestors where they were asked for.
#[inline(never)]
pub fn render(ticket: &ReportExport<'_>) -> String {
    let report = ticket.report;
    let mut page = Page(String::new());
    page.summary(ticket);
    let cautions: Vec<String> = report.cautions.iter().map(ToString::to_string).collect();
    page.sentences("Before anything is written", &cautions);
    page.findings(report);
    page.chain(ticket);
    page.tools(report, ticket.plan == 0);
    if let Some(repair) = ticket.repair() {
        page.repair(report, repair);
    }
    page.sentences("What was done", ticket.done);
    page.sentences("What was checked", &report.scope.sentences());
    page.regions(report);
    page.0
}

struct Page(String);

/// What is said.
impl Page {
    fn summary(&mut self, ticket: &ReportExport<'_>) {
        let report = ticket.report;
        self.markup("# Report on ");
        self.code(&report.file);
        self.markup("\n\n**");
        self.text(&report.headline);
        self.markup("**\n\n");
        if report.verdict == Verdict::NotAVhd {
            report.explanation.iter().for_each(|paragraph| {
                self.text(paragraph);
                self.markup("\n\n");
            });
        }
        self.item("Verdict", report.verdict.name());
        self.label("Size");
        self.size(report.size);
        if !report.description.is_empty() {
            self.item("Disk", &report.description);
        }
        match ticket.sha256 {
            Some(sha256) => self.code_item("SHA-256 of the whole file", sha256),
            None => self.item("SHA-256 of the whole file", "not computed"),
        }
        self.item("Date", &ticket.date.to_string());
        self.item("Tool", "VHD Analyser ");
        self.text(ticket.version);
        if let Some(commit) = ticket.commit {
            self.markup(", commit ");
            self.code(commit);
        }
        self.markup("\n");
    }

    fn findings(&mut self, report: &Report) {
        if report.verdict == Verdict::NotAVhd {
            return;
        }
        self.heading("Findings");
        if report.findings.is_empty() {
            self.markup("None.\n");
        }
        for finding in &report.findings {
            self.finding(finding);
        }
    }

    fn finding(&mut self, finding: &FindingReport) {
        self.markup(match finding.severity {
            Severity::Error => "### Error: ",
            Severity::Warning => "### Warning: ",
            Severity::Info => "### Info: ",
        });
        self.text(&finding.title);
        self.markup("\n\n");
        self.text(&finding.message);
        self.markup(" ");
        self.text(&finding.remedy);
        self.markup("\n\n");
        self.code_item("Name", &finding.id);
        self.label("Place");
        self.place(finding.offset);
        if finding.length > 0 {
            self.markup(", ");
            self.bytes(finding.length);
        }
        self.code_item("Found", &finding.found);
        self.code_item("Expected", &finding.expected);
        self.code_item("vhd-util says", finding.vhd_util.as_deref().unwrap_or_default());
        for (index, tool) in finding.rejected_by.iter().enumerate() {
            if index == 0 {
                self.label("Minded by");
            } else {
                self.markup(", ");
            }
            self.text(&tool.to_string());
        }
        self.markup("\n\n");
    }

    fn chain(&mut self, ticket: &ReportExport<'_>) {
        let Some(chain) = ticket.chain else { return };
        self.heading("Its ancestors");
        if chain.is_empty() {
            self.markup("None is here.\n");
        }
        for ReportExport { report, .. } in chain {
            self.markup("- ");
            self.code(&report.file);
            self.markup(": ");
            self.text(report.verdict.name());
            self.markup(". ");
            self.text(&report.headline);
            self.markup("\n");
        }
        self.sentences("Coalescing it into its parent", ticket.forecast);
    }

    fn tools(&mut self, report: &Report, is_of_the_plan: bool) {
        if report.verdict == Verdict::NotAVhd {
            return;
        }
        self.heading("Who accepts it");
        for ToolReport { name, accepts, accepts_after, says, .. } in &report.tools {
            let answer = |accepts| if accepts { "accepts it" } else { "refuses it" };
            self.item(name, answer(*accepts));
            if !says.is_empty() {
                self.markup(": ");
                self.code(says);
            }
            if let (Some(after), true) = (accepts_after, is_of_the_plan) {
                self.markup("; after the repair: ");
                self.markup(answer(*after));
            }
        }
        self.markup("\n");
    }

    fn repair(&mut self, report: &Report, repair: &RepairReport) {
        self.heading("The repair");
        self.text(&repair.title);
        self.markup("\n\n");
        self.prices("Loses", &repair.loses);
        self.prices("Assumes", &repair.assumes);
        self.prices("Proven", &repair.evidence);
        if let Some(cut) = &repair.cut {
            self.item("Cuts", cut);
        }
        if repair.new_size != report.size {
            self.label("New size");
            self.size(repair.new_size);
        }
        for patch in repair.patches.iter().take(TOLD) {
            self.patch(patch);
        }
        if let Some(more @ 1..) = repair.patches.len().checked_sub(TOLD) {
            self.label("More changes");
            self.markup(&more.to_string());
        }
        self.markup("\n");
    }

    fn prices(&mut self, label: &str, sentences: &[String]) {
        if sentences.is_empty() {
            self.item(label, "nothing");
        }
        for sentence in sentences {
            self.item(label, sentence);
        }
    }

    fn patch(&mut self, patch: &PatchReport) {
        self.label(if patch.copied_from.is_some() { "Copies" } else { "Writes" });
        self.bytes(patch.length);
        if let Some(from) = patch.copied_from {
            self.markup(" from ");
            self.place(from);
            self.markup(" to ");
        } else {
            self.markup(if patch.after.is_empty() { " of zeros at " } else { " at " });
        }
        self.place(patch.offset);
        self.markup(": ");
        self.text(&patch.reason);
    }

    fn regions(&mut self, report: &Report) {
        if report.regions.is_empty() {
            return;
        }
        self.heading("SHA-256 of the metadata");
        for region in &report.regions {
            self.label(&region.name);
            self.place(region.offset);
            self.markup(", ");
            self.bytes(region.length);
            self.markup(": ");
            match &region.sha256 {
                Some(sha256) => self.code(sha256),
                None => self.markup("not computed, too long"),
            }
        }
        self.markup("\n");
    }
}

/// How Markdown is written. All but [`Page::markup`] take any text.
impl Page {
    fn markup(&mut self, markup: &str) {
        self.0.push_str(markup);
    }

    fn heading(&mut self, heading: &str) {
        if !self.0.ends_with("\n\n") {
            self.markup("\n");
        }
        self.markup("## ");
        self.markup(heading);
        self.markup("\n\n");
    }

    fn sentences(&mut self, heading: &str, sentences: &[String]) {
        if sentences.is_empty() {
            return;
        }
        self.heading(heading);
        for sentence in sentences {
            self.markup("- ");
            self.text(sentence);
            self.markup("\n");
        }
    }

    /// Begins an item of a list, on a line of its own.
    fn label(&mut self, label: &str) {
        if !self.0.ends_with('\n') {
            self.markup("\n");
        }
        self.markup("- **");
        self.text(label);
        self.markup(":** ");
    }

    fn item(&mut self, label: &str, text: &str) {
        self.label(label);
        self.text(text);
    }

    /// An item with a value from the disk; none where there is no value.
    fn code_item(&mut self, label: &str, code: &str) {
        if !code.is_empty() {
            self.label(label);
            self.code(code);
        }
    }

    fn size(&mut self, bytes: u64) {
        self.bytes(bytes);
        self.markup(" (");
        self.markup(&units::size(bytes).to_string());
        self.markup(")");
    }

    fn bytes(&mut self, bytes: u64) {
        self.markup(&bytes.to_string());
        self.markup(" bytes");
    }

    fn place(&mut self, offset: u64) {
        self.markup(&alloc::format!("0x{offset:X}"));
    }

    /// A sentence. What it quotes is a code span, from the first quotation mark to the last, since a name may have some
    /// of its own.
    fn text(&mut self, text: &str) {
        let mark = |(at, character): (usize, char)| (character == '“' || character == '”').then_some(at);
        let first = text.char_indices().find_map(mark);
        let last = text.char_indices().rev().find_map(mark);
        match (first, last) {
            (Some(first), Some(last)) if first + MARK < last => {
                self.escaped(&text[..first]);
                self.code(&text[first + MARK..last]);
                self.escaped(&text[last + MARK..]);
            }
            _ => self.escaped(text),
        }
    }

    /// Text in which every sign that some dialect takes for markup is escaped.
    fn escaped(&mut self, text: &str) {
        for character in text.chars() {
            if matches!(character, '!' | '#' | '$' | '&' | '*' | '<' | '>' | '@' | '['..='`' | '{'..='~') {
                self.0.push('\\');
            }
            self.character(character);
        }
    }

    /// A code span, between more backticks than stand in it side by side.
    fn code(&mut self, code: &str) {
        let (mut longest, mut run) = (0, 0);
        for byte in code.bytes() {
            run = if byte == b'`' { run + 1 } else { 0 };
            longest = longest.max(run);
        }
        // Taken away again by whoever reads it, with the fence.
        let is_edge = |byte: Option<u8>| matches!(byte, Some(b'`' | b' '));
        let space = if is_edge(code.bytes().next()) || is_edge(code.bytes().next_back()) { " " } else { "" };
        self.fence(longest + 1);
        self.markup(space);
        code.chars().for_each(|character| self.character(character));
        self.markup(space);
        self.fence(longest + 1);
    }

    fn fence(&mut self, length: usize) {
        (0..length).for_each(|_| self.0.push('`'));
    }

    /// A character that is seen as itself: no line break, nothing that turns or hides the text around it.
    fn character(&mut self, character: char) {
        match character {
            '\0'..='\u{1F}'
            | '\u{7F}'..='\u{9F}'
            | '\u{200B}'..='\u{200F}'
            | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{2069}'
            | '\u{FEFF}' => self.0.extend(character.escape_unicode()),
            _ => self.0.push(character),
        }
    }
}
