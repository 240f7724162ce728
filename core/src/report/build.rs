//! From an analysis to its report.

use core::cmp::Reverse;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::model::{FindingReport, LinkReport, PartialReport, PatchReport, RepairReport, Report, ToolReport};
use super::scope::Scope;
use super::{prose, structures};
use crate::analysis::{Analysis, VerifiedRepair};
use crate::chain::{DiskSummary, Lineage, Link, Next, Reach};
use crate::compat::rejected_by;
use crate::finding::{Finding, Rule, Severity};
use crate::layout::footer::DiskType;
use crate::repair::{Content, Evidence};
use crate::verdict::Verdict;

/// Everything that a person or a script is told about a file, in its place: `lineage` is what is known of its parents. It
/// has none of a disk that was given by itself.
pub fn build(analysis: &Analysis, lineage: Option<&Lineage>) -> Report {
    let alone;
    let lineage = match lineage {
        Some(lineage) => lineage,
        None => {
            alone = Lineage::alone(DiskSummary::of(analysis, &analysis.name, None));
            &alone
        }
    };
    let placed = in_place(analysis, lineage);
    let found: Vec<Finding> = placed.iter().map(|(finding, _)| *finding).collect();
    let words = prose::Words::of(analysis, lineage, &found);
    Report {
        file: analysis.name.clone(),
        size: analysis.image.length,
        verdict: lineage.verdict(),
        own: analysis.verdict(),
        description: words.description,
        headline: words.headline,
        explanation: words.explanation,
        explains_first: words.explains_first,
        next: prose::next_step(analysis),
        cautions: prose::cautions(analysis),
        scope: match analysis.foreign {
            Some(_) => Scope::default(),
            None => Scope::of(analysis, lineage),
        },
        findings: placed
            .into_iter()
            .map(|(found, title)| {
                let told = finding(&found, analysis.image.kind());
                FindingReport { title: title.unwrap_or(told.title), ..told }
            })
            .collect(),
        chain: lineage.links.iter().map(link).collect(),
        chain_end: lineage.links.last().map_or(Next::Base, |last| last.next.clone()),
        tools: tools(analysis),
        repair: analysis.repairs.first().map(repair),
        alternatives: analysis.repairs.iter().skip(1).map(repair).collect(),
        partial: analysis.partial.as_ref().map(|partial| PartialReport {
            repair: repair(&partial.repair),
            repaired: partial.repaired as u64,
            errors: partial.errors as u64,
        }),
        structures: match analysis.foreign {
            Some(_) => Vec::new(),
            None => structures::structures(&analysis.image, &analysis.findings),
        },
        regions: Vec::new(),
        deep_check: unread(analysis),
    }
}

/// What was found in the disk and in its chain, worst first; with a title of its own where it is between two disks: a chain
/// has many links, and each may have the same fault. Of a parent that was not looked at closely only matters whether it is
/// the right one.
fn in_place(analysis: &Analysis, lineage: &Lineage) -> Vec<(Finding, Option<String>)> {
    let mut placed: Vec<_> = analysis.findings.iter().map(|finding| (*finding, None)).collect();
    for link in &lineage.links {
        for finding in &link.faults {
            match lineage.reach {
                Reach::Ancestors => {
                    let parent = link.next.path();
                    let title = format!("Chain, “{}” on “{parent}”: {}", link.file, finding.fault.words());
                    placed.push((finding.finding(), Some(title)));
                }
                Reach::Parents if link.place() != Verdict::Sound && finding.finding().severity() != Severity::Info => {
                    placed.push((finding.finding(), None));
                }
                Reach::Parents => {}
            }
        }
    }
    placed.sort_by_key(|(finding, _)| Reverse(finding.severity()));
    placed
}

fn link(link: &Link) -> LinkReport {
    let errors = link.faults.iter().filter(|finding| finding.fault.is_error());
    LinkReport {
        file: link.file.clone(),
        verdict: link.verdict(),
        errors: errors.map(|finding| finding.fault.rule().title.into()).collect(),
    }
}

fn unread(Analysis { image, deep, .. }: &Analysis) -> Option<u64> {
    let (None, Some(shape), Some(bat)) = (deep, image.block_shape(), image.bat.value()) else { return None };
    (!bat.blocks.is_empty()).then_some(bat.blocks.len() as u64 * shape.length())
}

fn tools(analysis: &Analysis) -> Vec<ToolReport> {
    let after = |tool| analysis.answers_after.as_ref()?.iter().find(|answer| answer.tool == tool);
    let size = analysis.image.footer().map(|footer| footer.current_size.get());
    let answers = analysis.answers.iter();
    answers
        .map(|answer| ToolReport {
            tool: answer.tool,
            name: answer.tool.to_string(),
            accepts: answer.accepts,
            says: answer.says.clone(),
            virtual_size: answer.virtual_size,
            not_of: answer.virtual_size.and(size).filter(|size| answer.accepts && answer.virtual_size != Some(*size)),
            accepts_after: after(answer.tool).map(|after| after.accepts),
            parent: answer.parent,
            refuses_ancestor: answer.refuses_ancestor,
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
        action: finding.fault.action(),
        ..ruled(finding.fault.rule())
    }
}

/// What a rule says, wherever it is broken.
fn ruled(rule: &Rule) -> FindingReport {
    FindingReport {
        id: rule.id.into(),
        severity: rule.severity,
        title: rule.title.into(),
        message: rule.meaning.into(),
        remedy: rule.remedy.into(),
        action: None,
        offset: 0,
        length: 0,
        found: String::new(),
        expected: String::new(),
        vhd_util: rule.vhd_util.map(Into::into),
        rejected_by: rule.rejected_by.to_vec(),
    }
}

/// One repair, told.
pub fn repair(VerifiedRepair { plan, replaced }: &VerifiedRepair) -> RepairReport {
    RepairReport {
        title: prose::title(plan),
        lossless: plan.is_lossless(),
        loses: plan.loses.clone(),
        assumes: plan.assumes.clone(),
        evidence: evidence(&plan.evidence),
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

/// What proves a plan, each sentence once.
fn evidence(all: &[Evidence]) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    for sentence in all.iter().map(ToString::to_string) {
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}
