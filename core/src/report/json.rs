//! The report as scripts read it: one object a file, with names that do not change.
//!
//! `docs/report.schema.json` says what is in it. It is written here, and not by a library, because the page offers it
//! too and counts its bytes.

use core::fmt::Write;

use alloc::format;
use alloc::string::{String, ToString};

use super::model::{FindingReport, PatchReport, RegionReport, RepairReport, ReportExport, ToolReport};
use crate::compat::Tool;

/// The version of the object. It changes when a name or a meaning does.
pub const VERSION: u64 = 1;

/// How an object is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// In one line, for programs that read line by line.
    Line,
    /// A value a line, indented, for people.
    Lines,
}

/// The object of one file, with those of its ancestors where they were asked for. It ends without a line feed.
#[inline(never)]
pub fn render(ticket: &ReportExport<'_>, layout: Layout) -> String {
    let mut json = Json { out: String::new(), layout, depth: 0, is_first: true };
    json.ticket(ticket);
    json.out
}

struct Json {
    out: String,
    layout: Layout,
    depth: usize,
    /// Whether nothing stands yet in the innermost list or object.
    is_first: bool,
}

/// What is said of a file.
impl Json {
    fn ticket(&mut self, ticket: &ReportExport<'_>) {
        let report = ticket.report;
        self.open('{');
        self.number("version", VERSION);
        self.text("file", &report.file);
        self.number("size", report.size);
        self.optional_text("sha256", ticket.sha256);
        self.text("verdict", report.verdict.name());
        self.list("findings", &report.findings, Self::finding);
        self.first_tools(&report.tools);
        self.list("tools", &report.tools, Self::tool);
        self.name("repair");
        match &report.repair {
            Some(repair) => self.repair(repair),
            None => self.out.push_str("null"),
        }
        self.texts("done", ticket.done);
        self.list("metadata", &report.regions, Self::region);
        self.name("analyser");
        self.open('{');
        self.text("version", ticket.version);
        self.optional_text("commit", ticket.commit);
        self.close('}');
        self.text("date", &ticket.date.rfc3339().to_string());
        if let Some(chain) = ticket.chain {
            self.list("chain", chain, Self::ticket);
        }
        self.close('}');
    }

    fn finding(&mut self, finding: &FindingReport) {
        self.open('{');
        self.text("id", &finding.id);
        self.text("severity", &finding.severity.to_string());
        self.text("message", &message(finding));
        self.text("remedy", &finding.remedy);
        self.number("offset", finding.offset);
        self.number("length", finding.length);
        self.list("rejected_by", &finding.rejected_by, |json, tool| json.string(tool.name()));
        self.close('}');
    }

    /// The two tools that have names of their own.
    fn first_tools(&mut self, tools: &[ToolReport]) {
        for (name, tool) in [("vhd_util", Tool::VhdUtil), ("qemu", Tool::Qemu)] {
            self.name(name);
            let Some(report) = tools.iter().find(|report| report.tool == tool) else {
                self.out.push_str("null");
                continue;
            };
            self.open('{');
            self.flag("accepts", report.accepts);
            match (tool, report.virtual_size) {
                (Tool::VhdUtil, _) => self.text("says", &report.says),
                (_, Some(size)) => self.number("virtual_size", size),
                (_, None) => self.value("virtual_size", "null"),
            }
            self.close('}');
        }
    }

    fn tool(&mut self, report: &ToolReport) {
        self.open('{');
        self.text("tool", report.tool.name());
        self.flag("accepts", report.accepts);
        self.text("says", &report.says);
        match report.accepts_after {
            Some(accepts) => self.flag("accepts_after", accepts),
            None => self.value("accepts_after", "null"),
        }
        self.close('}');
    }

    fn repair(&mut self, repair: &RepairReport) {
        self.open('{');
        self.flag("lossless", repair.lossless);
        self.texts("loses", &repair.loses);
        self.texts("assumes", &repair.assumes);
        self.number("new_size", repair.new_size);
        self.list("patches", &repair.patches, Self::patch);
        self.close('}');
    }

    fn patch(&mut self, patch: &PatchReport) {
        self.open('{');
        self.number("offset", patch.offset);
        self.number("length", patch.length);
        self.text("reason", &patch.reason);
        self.close('}');
    }

    fn region(&mut self, region: &RegionReport) {
        self.open('{');
        self.text("name", &region.name);
        self.number("offset", region.offset);
        self.number("length", region.length);
        self.optional_text("sha256", region.sha256.as_deref());
        self.close('}');
    }
}

/// How JSON is written.
impl Json {
    fn open(&mut self, bracket: char) {
        self.out.push(bracket);
        self.depth += 1;
        self.is_first = true;
    }

    fn close(&mut self, bracket: char) {
        self.depth -= 1;
        if !self.is_first {
            self.line();
        }
        self.out.push(bracket);
        self.is_first = false;
    }

    fn line(&mut self) {
        if self.layout == Layout::Lines {
            self.out.push('\n');
            (0..self.depth).for_each(|_| self.out.push_str("  "));
        }
    }

    fn next(&mut self) {
        if !self.is_first {
            self.out.push(',');
        }
        self.line();
        self.is_first = false;
    }

    fn name(&mut self, name: &str) {
        self.next();
        self.string(name);
        self.out.push_str(if self.layout == Layout::Lines { ": " } else { ":" });
    }

    fn value(&mut self, name: &str, value: &str) {
        self.name(name);
        self.out.push_str(value);
    }

    fn number(&mut self, name: &str, value: u64) {
        self.value(name, &value.to_string());
    }

    fn flag(&mut self, name: &str, value: bool) {
        self.value(name, if value { "true" } else { "false" });
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        self.string(text);
    }

    fn optional_text(&mut self, name: &str, text: Option<&str>) {
        match text {
            Some(text) => self.text(name, text),
            None => self.value(name, "null"),
        }
    }

    fn texts(&mut self, name: &str, texts: &[String]) {
        self.list(name, texts, |json, text| json.string(text));
    }

    fn list<T>(&mut self, name: &str, items: &[T], write: fn(&mut Self, &T)) {
        self.name(name);
        self.open('[');
        for item in items {
            self.next();
            write(self, item);
        }
        self.close(']');
    }

    fn string(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars() {
            match character {
                '"' | '\\' => self.out.extend(['\\', character]),
                ..' ' => {
                    // A string takes everything.
                    let _ = write!(self.out, "\\u{:04x}", u32::from(character));
                }
                _ => self.out.push(character),
            }
        }
        self.out.push('"');
    }
}

fn message(finding: &FindingReport) -> String {
    let FindingReport { title, message, found, expected, .. } = finding;
    let facts = match (found.as_str(), expected.as_str()) {
        ("", "") => String::new(),
        (found, "") => format!(" (found {found})"),
        ("", expected) => format!(" (expected {expected})"),
        (found, expected) => format!(" (found {found}, expected {expected})"),
    };
    format!("{title}{facts}. {message}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        let mut json = Json { out: String::new(), layout: Layout::Line, depth: 0, is_first: true };
        json.string("a\"b\\c\n\u{0}é\u{7f}");
        assert_eq!(json.out, "\"a\\\"b\\\\c\\u000a\\u0000é\u{7f}\"");
    }

    #[test]
    fn lists_and_objects_have_their_commas() {
        let written = |layout| {
            let mut json = Json { out: String::new(), layout, depth: 0, is_first: true };
            json.open('{');
            json.texts("a", &[]);
            json.texts("b", &["x".into(), "y".into()]);
            json.flag("c", true);
            json.close('}');
            json.out
        };
        assert_eq!(written(Layout::Line), r#"{"a":[],"b":["x","y"],"c":true}"#);
        assert_eq!(
            written(Layout::Lines),
            "{\n  \"a\": [],\n  \"b\": [\n    \"x\",\n    \"y\"\n  ],\n  \"c\": true\n}"
        );
    }
}
