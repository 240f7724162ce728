//! Several ways to repair one disk, and the choice between them.

use vhd_analyser_core::report::{RepairReport, Report};
use yew::prelude::*;

use crate::components::disk::repair::extent;

/// The ways to repair the disk, each with its price; nothing where there is no choice. The best is number 0.
pub fn plans(report: &Report, chosen: usize, on_choose: &Callback<usize>) -> Html {
    if report.alternatives.is_empty() {
        return Html::default();
    }
    let options = report.repairs().enumerate().map(|(i, repair)| {
        let onchange = on_choose.reform(move |_: Event| i);
        let checked = i == chosen;
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
        return html! { <span class="small" data-testid="no-price">{ "Nothing is lost, and nothing is assumed." }</span> };
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
