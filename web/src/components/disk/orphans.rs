//! Orphaned blocks whose number is unknown, each with what speaks for which number, to be assigned by hand.

use std::rc::Rc;

use js_sys::wasm_bindgen::JsCast;
use vhd_analyser_core::repair::Assignment;
use vhd_analyser_core::report::{OrphanReport, Report};
use vhd_analyser_core::units;
use web_sys::{Element, HtmlInputElement};
use yew::prelude::*;

use crate::components::common::section::section;
use crate::controller::Change;
use crate::protocol::DiskChanges;

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct OrphansProps {
    /// What was found.
    pub report: Rc<Report>,
    /// What was asked for already.
    pub changes: DiskChanges,
    /// Hears what is asked for.
    pub on_change: Callback<Change>,
}

/// The orphaned blocks, each with a field for its number. Nothing is written: an assignment becomes a repair like any
/// other.
#[component]
pub fn Orphans(props: &OrphansProps) -> Html {
    let OrphansProps { report, changes, on_change } = props;
    // The sector of the block for which something was entered that is no number.
    let wrong = use_state(|| None::<u32>);
    // Another change is planned alone.
    let is_other = changes.hidden.is_some() || changes.parent.is_some();
    if report.orphans.is_empty() || is_other {
        return Html::default();
    }
    let rows = report.orphans.iter().map(|orphan| {
        let sector = orphan.sector;
        let (of_this, others): (Vec<Assignment>, Vec<Assignment>) =
            changes.assign.iter().partition(|assignment| assignment.sector == sector);
        let on_assign = on_change.reform(move |block: Option<u32>| {
            let this = block.map(|block| Assignment { block, sector });
            Change { assign: others.iter().copied().chain(this).collect(), ..Change::default() }
        });
        let form = match of_this.first() {
            Some(Assignment { block, .. }) => planned(*block, &on_assign),
            None => number_form(orphan, &wrong, on_assign),
        };
        html! {
            <div key={sector} class="row orphan" data-testid="orphan" data-sector={sector.to_string()}>
                <h3>{ format!("Sector {}", units::decimal(sector.into())) }</h3>
                <p>{ place(orphan) }</p>
                if orphan.candidates.is_empty() {
                    <p class="small">{ "Nothing in the file speaks for one number." }</p>
                }
                <dl class="facts">
                    { for orphan.candidates.iter().map(|candidate| html! {
                        <>
                            <dt>{ format!("Block {}", candidate.block) }</dt>
                            <dd data-testid="candidate" data-block={candidate.block.to_string()}>
                                { candidate.evidence.join(" ") }
                            </dd>
                        </>
                    }) }
                </dl>
                { form }
            </div>
        }
    });
    let content = html! {
        <div class="paragraphs">
            <p class="muted small">
                { "No BAT entry points at these blocks, and nothing proves their numbers. Enter a number that you know: \
                   the repair is planned, checked and offered above. Nothing is written yet." }
            </p>
            <div class="rows">{ for rows }</div>
        </div>
    };
    section("Orphaned blocks", Some(units::decimal(report.orphans.len() as u64)), Html::default(), content)
}

/// What is planned for a block, and the way out of it.
fn planned(block: u32, on_assign: &Callback<Option<u32>>) -> Html {
    html! {
        <div class="actions">
            <span data-testid="planned">{ format!("Planned as block {block}.") }</span>
            <button type="button" class="button small" data-testid="drop-assignment"
                onclick={on_assign.reform(|_| None)}>{ "Leave the block as it is" }</button>
        </div>
    }
}

/// A field for the number, which proposes the candidates. Whether the disk has such a block is for the worker to say.
fn number_form(orphan: &OrphanReport, wrong: &UseStateHandle<Option<u32>>, on_assign: Callback<Option<u32>>) -> Html {
    let sector = orphan.sector;
    let is_wrong = **wrong == Some(sector);
    let [list, problem] = ["candidates", "problem"].map(|name| format!("{name}-{sector}"));
    let onsubmit = {
        let wrong = wrong.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let form: Element = event.target_unchecked_into();
            let field = form.query_selector("input").ok().flatten().and_then(|field| field.dyn_into().ok());
            let Some(field): Option<HtmlInputElement> = field else { return };
            let block = field.value().parse().ok();
            wrong.set(block.is_none().then_some(sector));
            match block {
                Some(block) => on_assign.emit(Some(block)),
                // Where the field cannot take the focus, the sentence is there nevertheless.
                None => drop(field.focus()),
            }
        })
    };
    html! {
        <form class="paragraphs" novalidate=true {onsubmit}>
            <div class="actions">
                <label class="labelled">
                    { "Block number" }
                    <input type="number" min="0" step="1" list={list.clone()} data-testid="orphan-number"
                        aria-invalid={is_wrong.then_some("true")} aria-describedby={is_wrong.then(|| problem.clone())} />
                </label>
                <datalist id={list}>
                    { for orphan.candidates.iter().map(|candidate| html! { <option value={candidate.block.to_string()} /> }) }
                </datalist>
                <button class="button small" data-testid="plan-orphan">{ "Plan it" }</button>
            </div>
            if is_wrong {
                <p id={problem} role="alert" data-testid="orphan-problem">
                    { "Enter the number of a block: a whole number, counted from 0." }
                </p>
            }
        </form>
    }
}

/// What the block holds, and what it lies between.
fn place(orphan: &OrphanReport) -> String {
    let written = units::count(orphan.written_sectors, "written sector");
    let neighbours = match (orphan.before, orphan.after) {
        (Some(before), Some(after)) => format!("between blocks {before} and {after}"),
        (Some(before), None) => format!("after block {before}"),
        (None, Some(after)) => format!("before block {after}"),
        (None, None) => "the only block".into(),
    };
    format!("At {}, with {written}; in the file, {neighbours}.", units::hex_offset(orphan.offset))
}
