//! The sentences: what the disk is, what the answer means, what to do next and what to beware of.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::caution::Caution;
use super::model::NextStep;
use crate::analysis::Analysis;
use crate::chain::{Lineage, Link};
use crate::check::{Circumstances, check};
use crate::finding::blocks::BlockFault;
use crate::finding::file::FileFault;
use crate::finding::footer::{FooterCopy, FooterFault};
use crate::finding::link::LinkFault;
use crate::finding::{Fault, Finding, Severity, errors};
use crate::image::Image;
use crate::layout::creator::Creator;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::locator::file_name;
use crate::layout::time::TimeStamp;
use crate::repair::{Cut, Plan};
use crate::units;
use crate::verdict::Verdict;

/// What is said of a file as a whole.
pub(super) struct Words {
    pub description: String,
    pub headline: String,
    pub explanation: Vec<String>,
    /// Whether the explanation says what the first finding means.
    pub explains_first: bool,
}

impl Words {
    /// Of a disk in its place, with everything that was found in its chain, worst first.
    pub(super) fn of(analysis: &Analysis, lineage: &Lineage, findings: &[Finding]) -> Self {
        let beyond_repair = beyond_repair(analysis, findings);
        let story = if beyond_repair.is_none() { story(analysis) } else { None };
        let gravest = beyond_repair.or(findings.first());
        Self {
            description: match analysis.foreign {
                Some(_) => String::new(),
                None => description(&analysis.image),
            },
            headline: headline(analysis, lineage),
            explains_first: analysis.foreign.is_none() && story.is_none() && gravest == findings.first(),
            explanation: explanation(analysis, lineage, findings, story.or_else(|| gravest.map(worst))),
        }
    }
}

fn description(image: &Image) -> String {
    let Some(footer) = image.footer() else {
        return "VHD without a footer".into();
    };
    let kind = match image.kind() {
        Some(kind) => kind.to_string(),
        None => "VHD of unknown type".into(),
    };
    let size = units::size(footer.current_size.get());
    format!("{size} {kind} · {}", Creator(footer))
}

fn headline(analysis: &Analysis, lineage: &Lineage) -> String {
    let own = analysis.verdict();
    if own == Verdict::NotAVhd {
        return match analysis.foreign {
            Some(foreign) => format!("Not a VHD: this is {foreign}"),
            None => "Not a VHD".into(),
        };
    }
    let place = lineage.place();
    let missing = (place == Verdict::Incomplete).then(|| missing(lineage)).flatten();
    match (own, missing) {
        (Verdict::Sound, Some(missing)) => format!("Not damaged, but {missing}"),
        (Verdict::Sound, None) if place != Verdict::Sound => "The disk itself is sound, but its chain is not".into(),
        (Verdict::Sound, None) => {
            let warns = analysis.findings.iter().any(|finding| finding.severity() == Severity::Warning);
            if warns { "Sound, with something worth knowing".into() } else { "Sound".into() }
        }
        (own, Some(missing)) => format!("{}; {missing}", damage(own)),
        (own, None) if place == Verdict::Sound => damage(own).into(),
        (Verdict::Repairable, None) => {
            "The disk itself can be repaired without losing data, but its chain has errors, too".into()
        }
        (Verdict::Salvageable, None) => {
            "The disk itself can be repaired at a price, but its chain has errors, too".into()
        }
        _ => "The disk itself cannot be repaired whole, and its chain has errors, too".into(),
    }
}

fn damage(own: Verdict) -> &'static str {
    match own {
        Verdict::Repairable => "Damaged, and can be repaired without losing data",
        Verdict::Salvageable => "Damaged, and can be repaired at a price",
        _ => "Damaged; no safe repair is known for all of it",
    }
}

/// Which parent is missing, as a clause: "its parent “parent.vhd” was not found".
fn missing(lineage: &Lineage) -> Option<String> {
    let faults = |link: &Link| link.faults.iter().map(|finding| finding.fault).collect::<Vec<_>>();
    lineage.links.iter().enumerate().find_map(|(age, link)| {
        faults(link).into_iter().find_map(|fault| {
            let (path, state) = match &fault {
                LinkFault::Missing(path) => (path, "was not found"),
                LinkFault::NotGiven(path) => (path, "was not given"),
                LinkFault::Elsewhere(path) => (path, "is not where the disk looks for it"),
                _ => return None,
            };
            let name = match file_name(path.as_str()) {
                "" => String::new(),
                name => format!(" “{name}”"),
            };
            Some(match age {
                0 => format!("its parent{name} {state}"),
                _ => format!("the parent{name} of its ancestor “{}” {state}", link.file),
            })
        })
    })
}

fn explanation(analysis: &Analysis, lineage: &Lineage, findings: &[Finding], first: Option<String>) -> Vec<String> {
    if let Some(foreign) = analysis.foreign {
        return vec![foreign.advice().into()];
    }
    let mut paragraphs: Vec<String> = first.into_iter().collect();
    let errors = errors(findings).count();
    if errors > 1 {
        paragraphs.push(format!("{errors} errors were found in all; each is explained below."));
    }
    let remedy = findings.first().map_or("", |finding| finding.fault.rule().remedy);
    match (analysis.verdict(), lineage.place()) {
        (Verdict::Sound, Verdict::Sound) => {
            paragraphs.push("All metadata is correct. No repair is needed.".into());
        }
        (Verdict::Sound, Verdict::Incomplete) => {
            paragraphs.push(format!("Nothing that was seen is damaged. {remedy}").trim_end().into());
        }
        (Verdict::Sound, _) => paragraphs
            .push(format!("This disk is read through every disk of its chain. It has no errors of its own. {remedy}")),
        // What is to be done next is for the page and the command line to say.
        _ => {}
    }
    paragraphs
}

pub(super) fn next_step(analysis: &Analysis) -> NextStep {
    match analysis.verdict() {
        Verdict::Sound | Verdict::Incomplete | Verdict::NotAVhd => NextStep::None,
        Verdict::Repairable => NextStep::Repair,
        Verdict::Salvageable => NextStep::WeighRepair,
        Verdict::Unrepairable => NextStep::KeepFile,
    }
}

/// What is the gravest where no repair of everything is known: the header and the BAT, which say where the data is, and
/// not a lost copy of the footer.
fn beyond_repair<'a>(analysis: &Analysis, findings: &'a [Finding]) -> Option<&'a Finding> {
    let is_grave = |finding: &&Finding| matches!(finding.fault, Fault::Header(_) | Fault::Bat(_));
    errors(findings).find(is_grave).filter(|_| analysis.verdict() == Verdict::Unrepairable)
}

/// The faults that people come with most often, told as what happened.
fn story(analysis: &Analysis) -> Option<String> {
    let image = &analysis.image;
    let has = |is: &dyn Fn(&Fault) -> bool| analysis.findings.iter().any(|finding| is(&finding.fault));
    let backup_is_intact =
        image.kind().is_some_and(DiskType::is_sparse) && image.backup.value().is_some_and(Footer::is_intact);
    if has(&|fault| matches!(fault, Fault::Footer(_, FooterFault::Poisoned))) {
        return Some(
            "vhd-util was changing the size of this disk and was cut off: its footers carry the mark “v_poison”. The \
             journal that it kept, a file next to the disk, holds what is needed to go back (vhd-util revert)."
                .into(),
        );
    }
    let lost = image.bat.value().map_or(0, |bat| bat.outside_file.count);
    if lost > 0 && is_primary_lost(analysis) {
        return Some(format!(
            "The end of the file is missing: the footer that belongs there, and {} that the block allocation table \
             (BAT) names. Look for a complete copy first; vhd-util’s repair would fill what is gone with zeros and \
             call the disk valid.",
            match lost {
                1 => "a block".to_owned(),
                many => units::count(many as u64, "block").to_string(),
            }
        ));
    }
    if has(&|fault| matches!(fault, Fault::File(FileFault::TrailingBytes { .. }))) && image.tail.footer.is_some() {
        return Some(format!(
            "The disk is whole, but the file goes on behind its end: {} follow the footer. Hypervisors look for the \
             footer in the last 512 bytes, do not find it there and refuse the disk (“primary footer invalid: \
             invalid cookie”).",
            units::size(image.tail.length)
        ));
    }
    if is_primary_lost(analysis) && backup_is_intact {
        return Some(
            "The footer at the end of the file is missing; its copy at the start is sound. Hypervisors look at the \
             end and refuse the disk (“primary footer invalid: invalid cookie”)."
                .into(),
        );
    }
    if has(&|fault| matches!(fault, Fault::Footer(FooterCopy::Backup, FooterFault::Cookie(_))))
        && image.closing_footer().is_some()
    {
        return Some(
            "The copy of the footer at the start of the file is missing; the footer at the end is sound. XenServer and \
             XCP-ng refuse the disk (“backup footer invalid: invalid cookie”); QEMU no longer sees that it is \
             dynamic."
                .into(),
        );
    }
    None
}

fn worst(finding: &Finding) -> String {
    let rule = finding.fault.rule();
    match rule.vhd_util {
        Some(words) => format!("{}. {} (“{words}”)", rule.title, rule.meaning),
        None => format!("{}. {}", rule.title, rule.meaning),
    }
}

/// Whether nothing that is a footer closes the file.
fn is_primary_lost(analysis: &Analysis) -> bool {
    let is_lost = |finding: &Finding| {
        matches!(finding.fault, Fault::Footer(FooterCopy::Primary, FooterFault::Cookie(_) | FooterFault::Missing))
    };
    analysis.findings.iter().any(is_lost)
}

pub(super) fn cautions(analysis: &Analysis, in_place: bool) -> Vec<Caution> {
    let mut cautions = Vec::new();
    if is_primary_lost(analysis) {
        cautions.push(Caution::MayBeInUse);
    }
    if !in_place && analysis.plan().is_some() && analysis.image.kind() == Some(DiskType::Differencing) {
        cautions.push(Caution::PutCopyBack);
    }
    if may_hold_lost_block(analysis) {
        cautions.push(Caution::MayHoldLostBlock);
    }
    cautions
}

/// Whether bytes are there, and will be after the repair, that may be a lost block: the repair may be to link it.
fn may_hold_lost_block(analysis: &Analysis) -> bool {
    let is_lost = |findings: &[Finding]| {
        let of_block = |finding: &Finding| {
            matches!(
                finding.fault,
                Fault::File(FileFault::Unreferenced { .. }) | Fault::Block(BlockFault::Orphan { .. })
            )
        };
        findings.iter().any(of_block)
    };
    // Of several ways, not all need do it. What the clock says does not matter here.
    let after = analysis.repaired.as_ref().filter(|_| analysis.repairs.len() == 1);
    let stays = |image| is_lost(&check(image, None, &Circumstances { now: TimeStamp(u32::MAX) }));
    is_lost(&analysis.findings) && after.is_none_or(stays)
}

/// What a plan does, in a few words.
pub(super) fn title(plan: &Plan) -> String {
    plan.steps.join(", then: ")
}

/// What a plan cuts off, in a sentence.
pub(super) fn cut(cut: &Cut) -> String {
    let what = if cut.zeros { "zeros" } else { "bytes that no structure refers to" };
    format!(
        "The last {} of the file ({}), {what}, are cut off.",
        units::size(cut.length),
        units::exact_size(cut.length)
    )
}
