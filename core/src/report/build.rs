//! From an analysis to its report.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::model::{FindingReport, PatchReport, RepairReport, Report, ToolReport};
use super::{prose, structures};
use crate::analysis::{Analysis, VerifiedRepair};
use crate::compat::rejected_by;
use crate::finding::link::LinkFault;
use crate::finding::{Finding, Rule, Text};
use crate::layout::footer::DiskType;
use crate::repair::Content;

/// Puts a report together.
pub fn build(analysis: &Analysis) -> Report {
    let words = prose::Words::of(analysis);
    Report {
        file: analysis.name.clone(),
        size: analysis.image.length,
        verdict: analysis.verdict(),
        description: words.description,
        headline: words.headline,
        explanation: words.explanation,
        cautions: words.cautions,
        scope: words.scope,
        findings: analysis.findings.iter().map(|found| finding(found, analysis.image.kind())).collect(),
        tools: tools(analysis),
        repair: analysis.repairs.first().map(repair),
        alternatives: analysis.repairs.iter().skip(1).map(repair).collect(),
        structures: match analysis.foreign {
            Some(_) => Vec::new(),
            None => structures::structures(&analysis.image, &analysis.findings),
        },
        regions: Vec::new(),
        deep_check: unread(analysis),
    }
}

fn unread(Analysis { image, deep, .. }: &Analysis) -> Option<u64> {
    let (None, Some(shape), Some(bat)) = (deep, image.block_shape(), image.bat.value()) else { return None };
    (!bat.blocks.is_empty()).then_some(bat.blocks.len() as u64 * shape.length())
}

fn tools(analysis: &Analysis) -> Vec<ToolReport> {
    let after = |tool| analysis.answers_after.as_ref()?.iter().find(|answer| answer.tool == tool);
    let answers = analysis.answers.iter();
    answers
        .map(|answer| ToolReport {
            tool: answer.tool,
            name: answer.tool.to_string(),
            accepts: answer.accepts,
            says: answer.says.clone(),
            virtual_size: answer.virtual_size,
            accepts_after: after(answer.tool).map(|after| after.accepts),
        })
        .collect()
}

/// One fault, told of a disk of this kind.
pub fn finding(finding: &Finding, kind: Option<DiskType>) -> FindingReport {
    FindingReport {
        offset: finding.offset,
        length: finding.length,
        found: finding.fault.found().to_string(),
        expected: finding.fault.expected().to_string(),
        rejected_by: rejected_by(&finding.fault, kind).collect(),
        ..ruled(finding.fault.rule())
    }
}

/// A parent that was found to be damaged after its disk had been told of, by the parent's name.
pub fn damaged_parent(parent: &str) -> FindingReport {
    let fault = LinkFault::Damaged(Text::new(parent));
    FindingReport { found: format!("“{parent}”"), expected: "a sound parent".into(), ..ruled(fault.rule()) }
}

/// What a rule says, wherever it is broken.
fn ruled(rule: &Rule) -> FindingReport {
    FindingReport {
        id: rule.id.into(),
        severity: rule.severity,
        title: rule.title.into(),
        message: rule.meaning.into(),
        remedy: rule.remedy.into(),
        offset: 0,
        length: 0,
        found: String::new(),
        expected: String::new(),
        vhd_util: rule.vhd_util.map(Into::into),
        rejected_by: rule.rejected_by.to_vec(),
    }
}

/// Says in a finding's title which two disks it is between: a chain has many links, and each may have the same fault.
pub fn tell_link(finding: &mut FindingReport, disk: &str, parent: &str) {
    if let Some(fault) = finding.title.strip_prefix("Chain:") {
        finding.title = ["Chain, “", disk, "” on “", parent, "”:", fault].concat();
    }
}

/// One repair, told.
pub fn repair(VerifiedRepair { plan, replaced }: &VerifiedRepair) -> RepairReport {
    RepairReport {
        title: prose::title(plan),
        lossless: plan.is_lossless(),
        loses: plan.loses.clone(),
        assumes: plan.assumes.clone(),
        new_size: plan.new_length(),
        cut: plan.cut.as_ref().map(prose::cut),
        patches: plan
            .patches()
            .into_iter()
            .zip(replaced)
            .map(|(patch, before)| PatchReport {
                offset: patch.offset,
                length: patch.content.length(),
                reason: patch.reason,
                before: before.clone(),
                copied_from: match patch.content {
                    Content::Copy { offset, .. } => Some(offset),
                    _ => None,
                },
                after: match patch.content {
                    Content::Bytes(bytes) => bytes,
                    _ => Vec::new(),
                },
            })
            .collect(),
        replaced: plan.replaced(),
        segments: plan.segments(),
    }
}
