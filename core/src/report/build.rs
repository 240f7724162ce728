//! From an analysis to its report.

use core::cmp::Reverse;
use core::fmt;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::model::{
    CandidateReport, FindingReport, LinkReport, OrphanReport, PartialReport, PatchReport, RegionReport, RepairReport,
    Report, ToolReport,
};
use super::scope::Scope;
use super::{prose, structures};
use crate::analysis::{Analysis, VerifiedRepair};
use crate::chain::{DiskSummary, Lineage, Link, Next, Reach};
use crate::compat::rejected_by;
use crate::finding::link::LinkFault;
use crate::finding::{Action, Finding, Rule, Severity};
use crate::layout::footer::DiskType;
use crate::repair::{Candidate, Content, Evidence, UnknownBlock};
use crate::verdict::Verdict;

/// What a report is for, besides the file and its place.
#[derive(Clone, Debug, Default)]
pub struct ReportOptions {
    /// Which repair it is about.
    pub choice: RepairChoice,
    /// Whether the repair changes the file where it is: nobody is told to put a copy back then.
    pub in_place: bool,
    /// Whether the caller gave the parent, which was looked at by itself.
    pub parent_was_given: bool,
    /// The structures with their hashes, where the file was read for them ([`super::fingerprint::regions`]).
    pub regions: Vec<RegionReport>,
}

/// Which repair a report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairChoice {
    /// One of the plans, the best being 0. The report on the best lists the others.
    Plan(usize),
    /// The partial repair, where there is no plan.
    Partial,
}

impl Default for RepairChoice {
    fn default() -> Self {
        Self::Plan(0)
    }
}

impl RepairChoice {
    /// The repair of an analysis that was chosen, if there is one.
    pub fn of(self, analysis: &Analysis) -> Option<&VerifiedRepair> {
        match self {
            Self::Plan(plan) => analysis.repairs.get(plan),
            Self::Partial => {
                analysis.repairs.first().or_else(|| analysis.partial.as_ref().map(|partial| &partial.repair))
            }
        }
    }
}

/// Everything that a person or a script is told about a file, in its place: `lineage` is what is known of its parents. It
/// has none of a disk that was given by itself.
pub fn build(analysis: &Analysis, lineage: Option<&Lineage>) -> Report {
    build_for(analysis, lineage, ReportOptions::default())
}

/// As [`build`], for more than to look at.
pub fn build_for(analysis: &Analysis, lineage: Option<&Lineage>, options: ReportOptions) -> Report {
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
    let orphans: Vec<OrphanReport> = analysis.unknown_blocks().into_iter().map(orphan).collect();
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
        cautions: prose::cautions(analysis, options.in_place),
        scope: match analysis.foreign {
            Some(_) => Scope::default(),
            None => Scope::of(analysis, lineage, options.parent_was_given),
        },
        findings: placed
            .into_iter()
            .map(|(found, title)| {
                let told = finding(&found, analysis.image.kind());
                // A block whose number the repair proves needs nobody to assign it.
                let is_open = |action: &Action| {
                    *action != Action::AssignBlock || orphans.iter().any(|orphan| orphan.offset == found.offset)
                };
                FindingReport { title: title.unwrap_or(told.title), action: told.action.filter(is_open), ..told }
            })
            .collect(),
        chain: lineage.links.iter().map(link).collect(),
        chain_end: lineage.links.last().map_or(Next::Base, |last| last.next.clone()),
        tools: tools(analysis),
        repair: options.choice.of(analysis).map(repair),
        alternatives: match options.choice {
            RepairChoice::Plan(0) => analysis.repairs.iter().skip(1).map(repair).collect(),
            _ => Vec::new(),
        },
        partial: analysis.partial.as_ref().map(|partial| PartialReport {
            repair: repair(&partial.repair),
            repaired: partial.repaired as u64,
            errors: partial.errors as u64,
        }),
        orphans,
        structures: match analysis.foreign {
            Some(_) => Vec::new(),
            None => structures::structures(&analysis.image, &analysis.findings),
        },
        regions: options.regions,
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

fn orphan(UnknownBlock { orphan, sector, before, after, candidates }: UnknownBlock) -> OrphanReport {
    let candidate = |Candidate { block, evidence }: Candidate| CandidateReport {
        block,
        evidence: evidence.iter().map(ToString::to_string).collect(),
    };
    OrphanReport {
        sector,
        offset: orphan.offset,
        written_sectors: orphan.sectors,
        before,
        after,
        candidates: candidates.into_iter().map(candidate).collect(),
    }
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

/// A fault of a link, told where nothing more is known of the disk. It knows the rules of links only: what uses it does
/// not carry all the others.
pub fn link_finding(fault: &LinkFault) -> FindingReport {
    FindingReport {
        found: fmt::from_fn(|f| fault.found(f)).to_string(),
        expected: fmt::from_fn(|f| fault.expected(f)).to_string(),
        ..ruled(fault.rule())
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
