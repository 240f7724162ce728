//! A disk with all its ancestors, checked one after the other.

use std::fs;
use std::path::PathBuf;

use vhd_analyser_core::analysis::{Analysis, Options};
use vhd_analyser_core::check::link::{self, End};
use vhd_analyser_core::finding::link::LinkFault;
use vhd_analyser_core::finding::{Fault, Finding, Severity, Text};
use vhd_analyser_core::report::{self, Report, Verdict};

use crate::disk::{Beside, Disk};
use crate::failure::Failure;
use crate::human;
use crate::place::{named_parent, parent_of};
use crate::progress::Watch;

/// What was found in a disk and in its ancestors.
pub struct Chain {
    /// Of the whole chain.
    pub verdict: Verdict,
    /// The disk itself, with the faults of its whole chain.
    pub report: Report,
    /// Each ancestor for itself, the parent first.
    pub ancestors: Vec<Report>,
    /// The chain at a glance: the disk first, and last what it ends with, be that here or not.
    pub links: Vec<Link>,
}

/// A disk of a chain, in a few words.
pub struct Link {
    /// Its own answer.
    pub verdict: Verdict,
    /// The file.
    pub name: String,
    /// The answer in a sentence.
    pub facts: String,
    /// What keeps it from being read through its parent.
    pub errors: Vec<String>,
    /// How it is repaired by itself, in a sentence, if it can be.
    pub repair: Option<String>,
}

impl Link {
    fn of(report: &Report) -> Self {
        Self {
            verdict: report.verdict,
            name: report.file.clone(),
            facts: report.headline.clone(),
            errors: Vec::new(),
            repair: report.repair.as_ref().map(|repair| match repair.lossless {
                true => {
                    let command = human::command(report, repair);
                    format!("Repair it with: {command}; then put the copy in its place.")
                }
                false => "Its repair, and what that loses or assumes, is told below.".to_owned(),
            }),
        }
    }

    /// What a chain ends with that is no disk of its own.
    fn end(verdict: Verdict, name: &str, facts: &str) -> Self {
        Self { verdict, name: name.into(), facts: facts.into(), errors: Vec::new(), repair: None }
    }
}

/// Follows a disk's parents to the end of the chain.
///
/// # Errors
/// Where an ancestor that is there cannot be read.
pub fn follow(disk: &Disk, analysis: &Analysis, options: &Options) -> Result<Chain, Failure> {
    let mut report = disk.report(analysis)?;
    let mut verdict = report.verdict;
    let mut ancestors: Vec<Report> = Vec::new();
    let mut links = vec![Link::of(&report)];
    let mut passed: Vec<PathBuf> = fs::canonicalize(disk.path()).into_iter().collect();
    let mut child = analysis.clone();
    let mut path = disk.path().to_owned();
    while let Some(named) = named_parent(&child.image) {
        let mut faults: Vec<Finding> = Vec::new();
        let at = child.image.header.offset().unwrap_or(0);
        let mut add = |fault| faults.push(Finding { fault: Fault::Link(fault), offset: at, length: 0 });
        let found = parent_of(&path, &child.image);
        let at_place = found.as_ref().map_or_else(Clone::clone, |path| path.to_string_lossy().into_owned());
        let place = found.as_ref().ok().and_then(|path| fs::canonicalize(path).ok());
        let parent = match (found, place) {
            (Ok(parent), Some(place)) if !passed.contains(&place) => {
                passed.push(place);
                Some(parent)
            }
            (Ok(parent), _) => {
                add(LinkFault::Loop(Text::new(&parent.to_string_lossy())));
                None
            }
            (Err(name), _) => {
                add(LinkFault::Missing(Text::new(&name)));
                None
            }
        };
        let Some(parent) = parent else {
            verdict = verdict.worse(Verdict::Unrepairable);
            tell(&mut report, &faults, &child, &mut links, &at_place);
            links.extend(faults.iter().filter_map(broken_end));
            break;
        };
        let disk = Disk::open(&parent)?;
        let analysis = disk.analyse(Beside::default(), options, &mut Watch::new().analysis())?;
        let end = End::of(&child.image, None);
        // What a disk may be based on, and is no disk of its own that could be told of.
        if named == [0; 16] && analysis.foreign.is_some() {
            if let Some(child) = end {
                link::check(&child, &End::raw(disk.length(), disk.changed()), &mut |finding| faults.push(finding));
            }
            tell(&mut report, &faults, &child, &mut links, &at_place);
            links.push(Link::end(Verdict::Sound, &parent.to_string_lossy(), "Raw image"));
            break;
        }
        if !matches!(analysis.verdict(), Verdict::Sound) {
            add(LinkFault::Damaged(Text::new(&parent.to_string_lossy())));
        }
        if let Some((child, parent)) = end.zip(End::of(&analysis.image, disk.changed())) {
            link::check(&child, &parent, &mut |finding| faults.push(finding));
        }
        let is_other = |finding: &Finding| matches!(finding.fault, Fault::Link(LinkFault::OtherDisk { .. }));
        if faults.iter().any(is_other) || analysis.verdict() == Verdict::NotAVhd {
            verdict = verdict.worse(Verdict::Unrepairable);
        } else {
            verdict = verdict.worse(analysis.verdict());
        }
        tell(&mut report, &faults, &child, &mut links, &at_place);
        let mut ancestor = disk.report(&analysis)?;
        ancestor.scope.retain(|sentence| sentence != report::BY_ITSELF);
        links.push(Link::of(&ancestor));
        ancestors.push(ancestor);
        (child, path) = (analysis, parent);
    }
    report.scope.retain(|sentence| sentence != report::BY_ITSELF);
    if links.iter().any(|link| !link.errors.is_empty()) {
        blame_chain(&mut report);
    }
    report.verdict = verdict;
    Ok(Chain { verdict, report, ancestors, links })
}

/// Adds the faults of a link to what is told of the disk at the chain's end, the errors in front.
fn tell(report: &mut Report, faults: &[Finding], child: &Analysis, links: &mut [Link], parent: &str) {
    let of = links.last().map_or("", |link| &link.name);
    report.findings.extend(faults.iter().map(|fault| {
        let mut told = report::finding(fault, child.image.kind());
        report::tell_link(&mut told, of, parent);
        told
    }));
    if let Some(link) = links.last_mut() {
        let errors = faults.iter().filter(|fault| fault.severity() == Severity::Error);
        link.errors.extend(errors.map(|fault| fault.fault.rule().title.to_owned()));
    }
    report.findings.sort_by_key(|finding| match finding.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    });
}

/// What stands at the end of a chain that has none.
fn broken_end(fault: &Finding) -> Option<Link> {
    match &fault.fault {
        Fault::Link(LinkFault::Missing(name)) => Some(Link::end(Verdict::Unrepairable, &name.to_string(), "Not there")),
        Fault::Link(LinkFault::Loop(name)) => {
            Some(Link::end(Verdict::Unrepairable, &name.to_string(), "A disk of this chain again"))
        }
        _ => None,
    }
}

/// Says of a disk, whose report is of itself alone, that its chain has errors.
fn blame_chain(report: &mut Report) {
    report.headline = match report.verdict {
        Verdict::Sound => report::CHAIN_IS_NOT_SOUND,
        Verdict::Repairable => "The disk itself can be repaired without losing data, but its chain has errors, too",
        Verdict::Salvageable => "The disk itself can be repaired at a price, but its chain has errors, too",
        _ => "No repair is known that mends all of the disk itself, and its chain has errors, too",
    }
    .into();
    if report.verdict == Verdict::Sound {
        // It says that there is nothing to do.
        report.explanation.pop();
        report.explanation.push(
            "This disk is read through every disk of its chain. It has no errors of its own: mend what is marked in \
             the chain, then check it again."
                .into(),
        );
    }
}
