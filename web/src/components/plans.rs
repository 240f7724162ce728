//! Several ways to repair one disk, and the choice between them.

use std::rc::Rc;

use vhd_analyser_core::report::{RepairReport, Report};
use yew::prelude::*;

use crate::components::repair::extent;

/// What there is to choose from.
#[derive(Clone, PartialEq, Properties)]
pub struct PlansProps {
    /// The file's report.
    pub report: Rc<Report>,
    /// Which is chosen, the best being 0.
    pub chosen: usize,
    /// Chooses another.
    pub on_choose: Callback<usize>,
}

/// The ways to repair the disk, each with its price; nothing where there is no choice.
#[component]
pub fn Plans(props: &PlansProps) -> Html {
    let PlansProps { report, chosen, on_choose } = props;
    if report.alternatives.is_empty() {
        return Html::default();
    }
    let options = report.repairs().enumerate().map(|(i, repair)| {
        let onchange = on_choose.reform(move |_: Event| i);
        let checked = i == *chosen;
        html! {
            <label class="plan">
                <input type="radio" name="plan" data-testid="plan" {checked} {onchange} />
                <span class="plan-text">
                    <span class="plan-title">{ &repair.title }</span>
                    <span class="muted small">{ extent(repair, report.size) }</span>
                    { price(repair, checked) }
                </span>
            </label>
        }
    });
    html! {
        <fieldset class="plans">
            <legend>{ "Ways to repair it" }</legend>
            { for options }
        </fieldset>
    }
}

fn price(repair: &RepairReport, chosen: bool) -> Html {
    if repair.loses.is_empty() && repair.assumes.is_empty() {
        return html! { <span class="small">{ "Nothing is lost, and nothing is assumed." }</span> };
    }
    let sentences = |word: &'static str, sentences: &[String]| -> Html {
        let sentence = |sentence: &String| {
            html! { <span class="small" data-testid={chosen.then_some("loss")}><b>{ word }</b>{ sentence }</span> }
        };
        sentences.iter().map(sentence).collect()
    };
    html! {
        <>
            { sentences("Lost: ", &repair.loses) }
            { sentences("Assumed: ", &repair.assumes) }
        </>
    }
}
