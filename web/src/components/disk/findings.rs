//! The reasons for the answer.

use vhd_analyser_core::finding::Action;
use vhd_analyser_core::report::{FindingReport, Report, Verdict};
use yew::prelude::*;

use crate::components::common::callout::Tone;
use crate::components::common::icon::{Shape, icon};
use crate::components::common::section::section;
use vhd_analyser_core::units;

/// The faults, worst first.
pub fn findings(report: &Report) -> Html {
    let findings = &report.findings;
    if findings.is_empty() {
        // A file that is no VHD has nothing in which faults could be found.
        if report.verdict == Verdict::NotAVhd {
            return Html::default();
        }
        let nothing = html! { <p class="muted">{ "Nothing to report." }</p> };
        return section("Findings", None, Html::default(), nothing);
    }
    let extent = units::decimal(findings.len() as u64);
    let rows = html! { <div class="rows">{ for findings.iter().map(row) }</div> };
    section("Findings", Some(extent), Html::default(), rows)
}

fn row(finding: &FindingReport) -> Html {
    let (word, tone) = (finding.severity.to_string(), Tone::from(finding.severity));
    html! {
        <details class="row" data-testid="finding" data-id={finding.id.clone()} data-severity={word.clone()}>
            <summary>
                <span class={classes!("severity", tone.class())}>
                    { icon(Shape::from(finding.severity)) }{ word }
                </span>
                <span class="row-title">{ &finding.title }</span>
                <span class="row-place mono">{ units::hex_offset(finding.offset) }</span>
            </summary>
            <div class="row-body">
                <p>{ &finding.message }</p>
                <p>{ &finding.remedy }</p>
                if let Some(action) = finding.action {
                    <p>{ way_to(action) }</p>
                }
                <dl class="facts">
                    { fact("Where", &place(finding)) }
                    { fact("Found", &finding.found) }
                    { fact("Expected", &finding.expected) }
                    { fact("vhd-util says", finding.vhd_util.as_deref().unwrap_or_default()) }
                    { fact("Name", &finding.id) }
                    if !finding.rejected_by.is_empty() {
                        <dt>{ "Minded by" }</dt>
                        <dd data-testid="minded-by">{ tools(finding) }</dd>
                    }
                </dl>
            </div>
        </details>
    }
}

/// Where on the page it is done.
fn way_to(action: Action) -> &'static str {
    match action {
        Action::LinkParent | Action::HideParent => "“Change the disk” below does it.",
        Action::AssignBlock => "“Orphaned blocks” below does it.",
        Action::ConvertChain => "“The whole chain as one image” below does it.",
    }
}

fn fact(name: &str, value: &str) -> Html {
    html! {
        if !value.is_empty() {
            <>
                <dt>{ name }</dt>
                <dd class="mono">{ value }</dd>
            </>
        }
    }
}

fn tools(finding: &FindingReport) -> String {
    finding.rejected_by.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// "0x0D26_F000 (220,655,616), 8 bytes".
fn place(finding: &FindingReport) -> String {
    let (hex, decimal) = (units::hex_offset(finding.offset), units::decimal(finding.offset));
    match finding.length {
        0 => format!("{hex} ({decimal})"),
        length => format!("{hex} ({decimal}), {}", units::exact_size(length)),
    }
}
