//! A disk with all its ancestors, checked one after the other.

use std::fs;
use std::path::PathBuf;

use vhd_analyser_core::analysis::{Analysis, Options};
use vhd_analyser_core::check::link::{self, End, LinkFault};
use vhd_analyser_core::finding::{Fault, Finding, Severity, Text};
use vhd_analyser_core::report::{self, Report, Verdict};

use crate::disk::{Beside, Disk};
use crate::failure::Failure;
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
}

/// Follows a disk's parents to the end of the chain.
///
/// # Errors
/// Where an ancestor that is there cannot be read.
pub fn follow(disk: &Disk, analysis: &Analysis, options: &Options) -> Result<Chain, Failure> {
    let mut report = disk.report(analysis)?;
    let mut verdict = report.verdict;
    let mut ancestors: Vec<Report> = Vec::new();
    let mut passed: Vec<PathBuf> = fs::canonicalize(disk.path()).into_iter().collect();
    let mut child = analysis.clone();
    let mut path = disk.path().to_owned();
    while let Some(named) = named_parent(&child.image) {
        let mut faults: Vec<Finding> = Vec::new();
        let at = child.image.header.offset().unwrap_or(0);
        let mut add = |fault| faults.push(Finding { fault: Fault::Link(fault), offset: at, length: 0 });
        let found = parent_of(&path, &child.image);
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
            tell(&mut report, &faults, &child);
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
            tell(&mut report, &faults, &child);
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
        tell(&mut report, &faults, &child);
        ancestors.push(disk.report(&analysis)?);
        (child, path) = (analysis, parent);
    }
    report.scope.retain(|sentence| sentence != report::BY_ITSELF);
    Ok(Chain { verdict, report, ancestors })
}

/// Adds the faults of a link to what is told of the disk at the chain's end, the errors in front.
fn tell(report: &mut Report, faults: &[Finding], child: &Analysis) {
    report.findings.extend(faults.iter().map(|fault| report::finding(fault, child.image.kind())));
    report.findings.sort_by_key(|finding| match finding.severity {
        Severity::Error => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
    });
}
