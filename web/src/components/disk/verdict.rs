//! The answer.

use std::rc::Rc;

use vhd_analyser_core::report::{NextStep, RepairReport, Report, Verdict};
use yew::prelude::*;

use crate::components::common::callout::{Tone, callout};
use crate::components::common::icon::{Shape, icon};
use crate::hooks::use_focus_when;

/// What the card shows.
#[derive(Clone, PartialEq, Properties)]
pub struct VerdictCardProps {
    /// The file's report.
    pub report: Rc<Report>,
    /// Whether it takes the focus when it appears.
    #[prop_or(true)]
    pub takes_focus: bool,
    /// What can be done.
    #[prop_or_default]
    pub children: Html,
    /// What can be done beyond that.
    #[prop_or_default]
    pub footer: Html,
}

/// The answer in one sentence, what it means, what to beware of, what to do.
#[component]
pub fn VerdictCard(props: &VerdictCardProps) -> Html {
    let report = &props.report;
    let verdict = report.verdict;
    let cautions: Vec<String> = report.cautions.iter().map(ToString::to_string).collect();
    let scope = report.scope.sentences();
    let headline = use_focus_when(props.takes_focus.then_some(()));
    html! {
        <section class={classes!("verdict", tone(verdict).class())} data-testid="verdict"
            data-verdict={verdict.name()} aria-labelledby="verdict-headline">
            <h2 id="verdict-headline" class="verdict-headline" ref={headline} tabindex="-1">
                { icon(Shape::from(verdict)) }
                <span>{ &report.headline }</span>
            </h2>
            <div class="verdict-body">
                // Where there is a choice, every choice names its own price.
                if let (Some(repair), true) = (&report.repair, report.alternatives.is_empty()) {
                    { losses(repair) }
                }
                { paragraphs(&report.explanation) }
                if let Some(next) = next_step(report.next) {
                    <div class="paragraphs" data-testid="next-step"><p>{ next }</p></div>
                }
                if let (Some(repair), true) = (&report.repair, report.alternatives.is_empty()) {
                    { evidence(repair) }
                }
                if !report.cautions.is_empty() {
                    { callout(Tone::Warn, Shape::Warning, "caution", paragraphs(&cautions)) }
                }
                { props.children.clone() }
                if !scope.is_empty() {
                    <div class="small muted">{ paragraphs(&scope) }</div>
                }
                { props.footer.clone() }
            </div>
        </section>
    }
}

/// A verdict's colour.
pub fn tone(verdict: Verdict) -> Tone {
    match verdict {
        Verdict::Sound => Tone::Good,
        Verdict::Incomplete => Tone::Plain,
        Verdict::Repairable => Tone::Accent,
        Verdict::Salvageable => Tone::Warn,
        Verdict::Unrepairable => Tone::Bad,
        Verdict::NotAVhd => Tone::Plain,
    }
}

/// What a salvage costs, before anything else.
fn losses(repair: &RepairReport) -> Html {
    let list = |heading: &str, sentences: &[String]| {
        html! {
            if !sentences.is_empty() {
                <div class="paragraphs">
                    <h3>{ heading }</h3>
                    <ul>
                        { for sentences.iter().map(|sentence| html! { <li data-testid="loss">{ sentence }</li> }) }
                    </ul>
                </div>
            }
        }
    };
    html! {
        <>
            { list("What is lost", &repair.loses) }
            { list("What is assumed", &repair.assumes) }
        </>
    }
}

/// What proves a repair, folded.
fn evidence(repair: &RepairReport) -> Html {
    html! {
        if !repair.evidence.is_empty() {
            <details class="fold" data-testid="evidence">
                <summary>{ "What proves the repair" }</summary>
                <ul>{ for repair.evidence.iter().map(|proof| html! { <li>{ proof }</li> }) }</ul>
            </details>
        }
    }
}

/// What to do next, by what the card offers.
fn next_step(next: NextStep) -> Option<&'static str> {
    Some(match next {
        NextStep::None => return None,
        NextStep::Repair => {
            "Download the fixed copy, or look at the changes below first. Your file is not modified. The repair was \
             simulated on it in memory and checked again: no errors remain."
        }
        NextStep::WeighRepair => "Read what the repair assumes or loses before you use it. Your file is not modified.",
        NextStep::KeepFile => {
            "Keep the file as it is, and keep other tools from writing to it: vhd-util repair cuts off, or fills with \
             zeros, what it does not understand."
        }
    })
}

fn paragraphs(texts: &[String]) -> Html {
    html! {
        if !texts.is_empty() {
            <div class="paragraphs">{ for texts.iter().map(|text| html! { <p>{ text }</p> }) }</div>
        }
    }
}
