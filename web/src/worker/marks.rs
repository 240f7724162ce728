//! Marks in what is told of a disk what would turn the direction of writing.

use vhd_analyser_core::report::{FindingReport, Report};
use vhd_analyser_core::text::printable;

/// Marks in what is told of a disk what would turn the direction of writing, as in the files' own names: a disk names its
/// parent, and is quoted.
pub fn mark(report: &mut Report) {
    mark_findings(&mut report.findings);
    report.tools.iter_mut().for_each(|tool| mark_text(&mut tool.says));
    mark_text(&mut report.headline);
    report.explanation.iter_mut().for_each(mark_text);
    let fields = report.structures.iter_mut().flat_map(|structure| &mut structure.fields);
    fields.for_each(|field| mark_text(&mut field.value));
    let partial = report.partial.iter_mut().map(|partial| &mut partial.repair);
    for repair in report.repair.iter_mut().chain(&mut report.alternatives).chain(partial) {
        repair.assumes.iter_mut().for_each(mark_text);
        repair.evidence.iter_mut().for_each(mark_text);
        repair.loses.iter_mut().for_each(mark_text);
    }
}

/// The same for findings.
pub fn mark_findings(findings: &mut [FindingReport]) {
    for finding in findings {
        mark_text(&mut finding.title);
        mark_text(&mut finding.found);
        mark_text(&mut finding.expected);
    }
}

/// The same for a text.
#[inline(never)]
pub fn mark_text(text: &mut String) {
    *text = printable(text).into_owned();
}
