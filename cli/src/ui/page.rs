//! Text that is put together before it is shown: folded to the terminal, with colours where there are any.

use std::io::{IsTerminal, Write, stdout};

use anstyle::{AnsiColor, Color, Style};
use vhd_analyser_core::Verdict;

use super::text::printable;
use crate::error::Failure;

/// Longer lines are hard to read.
const WIDEST: usize = 110;

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

    /// A paragraph in a style, with what goes before its first line and before the others.
    pub fn fold(&mut self, first: &str, others: &str, style: Style, text: &str) {
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

/// A verdict as a shape, a word and a colour.
pub fn look(verdict: Verdict) -> (&'static str, &'static str, AnsiColor) {
    match verdict {
        Verdict::Sound => ("✔", "SOUND", AnsiColor::Green),
        Verdict::Incomplete => ("◇", "INCOMPLETE", AnsiColor::Blue),
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

/// Text in a colour.
pub const fn colored(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(Color::Ansi(color)))
}

#[cfg(test)]
mod tests {
    use super::*;

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
