//! The report as scripts read it: one object a file, with names that do not change.
//!
//! It borrows from a [`Report`], so that whoever holds one, the page or the command line, offers the same object.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::Serialize;

use super::{FindingReport, PatchReport, RepairReport, Report, Severity, ToolReport, Verdict};
use crate::dialect::Tool;

/// What is said of one file.
#[derive(Debug, Serialize)]
pub struct FileObject<'a> {
    /// The file's name, as the analysis was given it.
    pub file: &'a str,
    /// The file's length in bytes.
    pub size: u64,
    /// The answer in one word.
    pub verdict: Verdict,
    /// The faults, worst first.
    pub findings: Vec<FindingObject<'a>>,
    /// What `vhd-util check` would answer.
    pub vhd_util: Option<VhdUtilObject<'a>>,
    /// What `qemu-img info -f vpc` would answer.
    pub qemu: Option<QemuObject>,
    /// What the other tools would answer, by their names.
    pub tools: Vec<ToolObject<'a>>,
    /// The repair; null where there is nothing to do, or no way to do it.
    pub repair: Option<RepairObject<'a>>,
    /// The ancestors, the parent first, where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chain: Option<Vec<FileObject<'a>>>,
}

/// What vhd-util would answer.
#[derive(Debug, Serialize)]
pub struct VhdUtilObject<'a> {
    /// Whether it accepts the disk.
    pub accepts: bool,
    /// The first line that it prints.
    pub says: &'a str,
}

/// What QEMU would answer.
#[derive(Debug, Serialize)]
pub struct QemuObject {
    /// Whether it opens the disk.
    pub accepts: bool,
    /// The size that it gives the virtual disk, in bytes; null where it does not open it.
    pub virtual_size: Option<u64>,
}

/// What another tool would answer.
#[derive(Debug, Serialize)]
pub struct ToolObject<'a> {
    /// Which.
    pub tool: Tool,
    /// Whether it accepts the disk.
    pub accepts: bool,
    /// The line that it prints.
    pub says: &'a str,
    /// Whether it accepts the disk after the repair; null without one.
    pub accepts_after: Option<bool>,
}

/// One fault.
#[derive(Debug, Serialize)]
pub struct FindingObject<'a> {
    /// Stable name, such as `footer.primary.cookie`.
    pub id: &'a str,
    /// How much it weighs.
    pub severity: Severity,
    /// What is wrong, what was found and expected, and what it means.
    pub message: String,
    /// What to do about it.
    pub remedy: &'a str,
    /// Where it is, in bytes from the start of the file.
    pub offset: u64,
    /// How many bytes it concerns; 0 where bytes are missing.
    pub length: u64,
    /// The tools that would stumble over it.
    pub minded_by: &'a [Tool],
}

/// What would mend the file.
#[derive(Debug, Serialize)]
pub struct RepairObject<'a> {
    /// Whether nothing of the virtual disk is lost and nothing had to be assumed.
    pub lossless: bool,
    /// What is lost, a sentence each.
    pub loses: &'a [String],
    /// What had to be assumed, a sentence each.
    pub assumes: &'a [String],
    /// The length of the file afterwards, in bytes.
    pub new_size: u64,
    /// What is written, in the order in which it can be written in place.
    pub patches: Vec<PatchObject<'a>>,
}

/// A run of bytes that the repair writes.
#[derive(Debug, Serialize)]
pub struct PatchObject<'a> {
    /// Where, in bytes from the start of the file.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
    /// Why, in words that follow "writes".
    pub reason: &'a str,
}

impl<'a> From<&'a Report> for FileObject<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            file: &report.file,
            size: report.size,
            verdict: report.verdict,
            findings: report.findings.iter().map(FindingObject::from).collect(),
            vhd_util: tool(report, Tool::VhdUtil).map(|tool| VhdUtilObject { accepts: tool.accepts, says: &tool.says }),
            qemu: tool(report, Tool::Qemu)
                .map(|tool| QemuObject { accepts: tool.accepts, virtual_size: tool.virtual_size }),
            tools: report.tools.iter().map(ToolObject::from).collect(),
            repair: report.repair.as_ref().map(RepairObject::from),
            chain: None,
        }
    }
}

fn tool(report: &Report, tool: Tool) -> Option<&ToolReport> {
    report.tools.iter().find(|report| report.tool == tool)
}

impl<'a> From<&'a ToolReport> for ToolObject<'a> {
    fn from(report: &'a ToolReport) -> Self {
        let ToolReport { tool, accepts, accepts_after, says, .. } = report;
        Self { tool: *tool, accepts: *accepts, says, accepts_after: *accepts_after }
    }
}

impl<'a> From<&'a FindingReport> for FindingObject<'a> {
    fn from(finding: &'a FindingReport) -> Self {
        let FindingReport { title, message, found, expected, .. } = finding;
        let facts = match (found.as_str(), expected.as_str()) {
            ("", "") => String::new(),
            (found, "") => format!(" (found {found})"),
            ("", expected) => format!(" (expected {expected})"),
            (found, expected) => format!(" (found {found}, expected {expected})"),
        };
        Self {
            id: &finding.id,
            severity: finding.severity,
            message: format!("{title}{facts}. {message}"),
            remedy: &finding.remedy,
            offset: finding.offset,
            length: finding.length,
            minded_by: &finding.minded_by,
        }
    }
}

impl<'a> From<&'a RepairReport> for RepairObject<'a> {
    fn from(repair: &'a RepairReport) -> Self {
        Self {
            lossless: repair.lossless,
            loses: &repair.loses,
            assumes: &repair.assumes,
            new_size: repair.new_size,
            patches: repair.patches.iter().map(PatchObject::from).collect(),
        }
    }
}

impl<'a> From<&'a PatchReport> for PatchObject<'a> {
    fn from(patch: &'a PatchReport) -> Self {
        Self { offset: patch.offset, length: patch.length, reason: &patch.reason }
    }
}
