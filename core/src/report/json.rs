//! The report as scripts read it: one object a file, with names that do not change.
//!
//! `docs/report.schema.json` says what is in it.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use serde::Serialize;

use super::model::{
    FindingReport, OrphanReport, PartialReport, PatchReport, RegionReport, RepairReport, ReportExport, ToolReport,
    VERSION,
};
use crate::compat::ParentUse;
use crate::finding::{Severity, Tool};
use crate::verdict::Verdict;

/// How an object is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// In one line, for programs that read line by line.
    Line,
    /// A value a line, indented, for people.
    Lines,
}

/// The object of one file, with those of its ancestors where they were asked for. It ends without a line feed.
pub fn render(export: &ReportExport<'_>, layout: Layout) -> String {
    let object = File::of(export);
    let text = match layout {
        Layout::Line => serde_json::to_string(&object),
        Layout::Lines => serde_json::to_string_pretty(&object),
    };
    // Only a map with keys that are no text could fail, and there is none.
    text.unwrap_or_default()
}

#[derive(Serialize)]
struct File<'a> {
    version: u32,
    file: &'a str,
    size: u64,
    sha256: Option<&'a str>,
    verdict: Verdict,
    findings: Vec<Finding<'a>>,
    vhd_util: Option<VhdUtil<'a>>,
    qemu: Option<Qemu>,
    tools: Vec<ToolAnswer<'a>>,
    repair: Option<Repair<'a>>,
    partial_repair: Option<Partial<'a>>,
    orphans: &'a [OrphanReport],
    done: &'a [String],
    metadata: &'a [RegionReport],
    analyser: Analyser<'a>,
    date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    chain: Option<Vec<File<'a>>>,
}

#[derive(Serialize)]
struct Finding<'a> {
    id: &'a str,
    severity: Severity,
    message: String,
    remedy: &'a str,
    offset: u64,
    length: u64,
    rejected_by: &'a [Tool],
}

#[derive(Serialize)]
struct VhdUtil<'a> {
    accepts: bool,
    says: &'a str,
}

#[derive(Serialize)]
struct Qemu {
    accepts: bool,
    virtual_size: Option<u64>,
    ignores_parent: bool,
}

#[derive(Serialize)]
struct ToolAnswer<'a> {
    tool: Tool,
    accepts: bool,
    says: &'a str,
    accepts_after: Option<bool>,
    parent: ParentUse,
}

#[derive(Serialize)]
struct Repair<'a> {
    lossless: bool,
    loses: &'a [String],
    assumes: &'a [String],
    evidence: &'a [String],
    new_size: u64,
    patches: Vec<Patch<'a>>,
}

#[derive(Serialize)]
struct Partial<'a> {
    repaired: u64,
    errors: u64,
    repair: Repair<'a>,
}

impl<'a> Partial<'a> {
    fn of(partial: &'a PartialReport) -> Self {
        Self { repaired: partial.repaired, errors: partial.errors, repair: Repair::of(&partial.repair) }
    }
}

#[derive(Serialize)]
struct Patch<'a> {
    offset: u64,
    length: u64,
    reason: &'a str,
}

#[derive(Serialize)]
struct Analyser<'a> {
    version: &'a str,
    commit: Option<&'a str>,
}

impl<'a> File<'a> {
    fn of(export: &ReportExport<'a>) -> Self {
        let report = export.report;
        let tool = |tool| report.tools.iter().find(|report| report.tool == tool);
        Self {
            version: VERSION,
            file: &report.file,
            size: report.size,
            sha256: export.sha256,
            verdict: report.verdict,
            findings: report.findings.iter().map(Finding::of).collect(),
            vhd_util: tool(Tool::VhdUtil).map(|report| VhdUtil { accepts: report.accepts, says: &report.says }),
            qemu: tool(Tool::Qemu).map(|report| Qemu {
                accepts: report.accepts,
                virtual_size: report.virtual_size,
                ignores_parent: report.parent == ParentUse::Ignored,
            }),
            tools: report.tools.iter().map(ToolAnswer::of).collect(),
            repair: report.repair.as_ref().map(Repair::of),
            partial_repair: report.partial.as_ref().map(Partial::of),
            orphans: &report.orphans,
            done: export.done,
            metadata: &report.regions,
            analyser: Analyser { version: export.version, commit: export.commit },
            date: export.date.rfc3339().to_string(),
            chain: export.chain.map(|chain| chain.iter().map(Self::of).collect()),
        }
    }
}

impl<'a> Finding<'a> {
    fn of(report: &'a FindingReport) -> Self {
        Self {
            id: &report.id,
            severity: report.severity,
            message: message(report),
            remedy: &report.remedy,
            offset: report.offset,
            length: report.length,
            rejected_by: &report.rejected_by,
        }
    }
}

impl<'a> ToolAnswer<'a> {
    fn of(report: &'a ToolReport) -> Self {
        let ToolReport { tool, accepts, ref says, accepts_after, parent, .. } = *report;
        Self { tool, accepts, says, accepts_after, parent }
    }
}

impl<'a> Repair<'a> {
    fn of(report: &'a RepairReport) -> Self {
        let RepairReport { lossless, ref loses, ref assumes, ref evidence, new_size, ref patches, .. } = *report;
        Self { lossless, loses, assumes, evidence, new_size, patches: patches.iter().map(Patch::of).collect() }
    }
}

impl<'a> Patch<'a> {
    fn of(report: &'a PatchReport) -> Self {
        Self { offset: report.offset, length: report.length, reason: &report.reason }
    }
}

/// The title with what was found and expected, then what it means.
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
