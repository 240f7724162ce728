//! What a coalesce would do, foreseen.

use std::iter;

use vhd_analyser_core::report::{ChainReport, CoalesceKind, CoalesceReport, DiskReport, ForestReport};
use yew::prelude::*;

use crate::components::common::callout::Tone;
use crate::components::common::icon::{Shape, icon};
use crate::components::common::section::section;
use vhd_analyser_core::units;

/// More chains than anybody reads.
const MOST: usize = 20;

/// What coalescing a disk into its parent would do, now and after the repair, folded up unless it is `open`; nothing for
/// a disk without a parent.
pub fn coalesce(disk: &DiskReport, open: bool) -> Html {
    let Some(now) = &disk.coalesce else { return Html::default() };
    let after = disk.coalesce_repaired.as_ref();
    let growth = after.unwrap_or(now).growth.as_ref();
    html! {
        <details class="fold small" data-testid="coalesce" data-runs={now.runs.to_string()}
            data-grows-to={growth.map(|growth| growth.to.to_string())}
            data-runs-repaired={after.map(|after| after.runs.to_string())} {open}>
            <summary>
                { "Coalesce into its parent: " }
                { outcome(now) }
                if let Some(after) = after {
                    { " after the repair: " }
                    { outcome(after) }
                }
            </summary>
            <div class="paragraphs">
                // What it takes is told once: of when it can run.
                if let (Some(after), Some(obstacle)) = (after, &now.obstacle) {
                    <p>{ &obstacle.sentence }</p>
                    <h3>{ "After the repair" }</h3>
                    { sentences(&after.sentences) }
                } else {
                    { sentences(&now.sentences) }
                }
            </div>
        </details>
    }
}

/// The same in sentences.
pub fn forecast(disk: &DiskReport) -> Vec<String> {
    let told = |when: &str, coalesce: &CoalesceReport| {
        let (_, _, word) = state(coalesce);
        iter::once(format!("{when}: {word}.")).chain(coalesce.sentences.clone()).collect::<Vec<_>>()
    };
    let (now, after) = (disk.coalesce.iter(), disk.coalesce_repaired.iter());
    now.flat_map(|now| told("Now", now)).chain(after.flat_map(|after| told("After the repair", after))).collect()
}

fn state(coalesce: &CoalesceReport) -> (Tone, Shape, &'static str) {
    match coalesce.occasion {
        CoalesceKind::Leftover => (Tone::Plain, Shape::Info, "deleted instead"),
        _ if coalesce.runs => (Tone::Good, Shape::Sound, "can run"),
        _ => (Tone::Bad, Shape::Error, "cannot run"),
    }
}

fn outcome(coalesce: &CoalesceReport) -> Html {
    let (tone, shape, word) = state(coalesce);
    html! { <span class={classes!("severity", "inline", tone.class())}>{ icon(shape) }{ word }</span> }
}

/// How the chains would be coalesced from their bases up; nothing where every one of them is a disk and its parent, of
/// which all is said there.
pub fn chains(forest: &ForestReport) -> Html {
    let (now, after) = (long(&forest.chains), long(&forest.chains_repaired));
    if now.is_empty() && after.is_empty() {
        return Html::default();
    }
    let content = html! {
        <div class="paragraphs" data-testid="coalesce-chains"
            data-steps={now.iter().map(|chain| chain.order.len()).sum::<usize>().to_string()}>
            { told(&now) }
            if !after.is_empty() && after != now {
                <h3>{ "After the repair" }</h3>
                { told(&after) }
            }
        </div>
    };
    section("Coalescing the chain", None, Html::default(), content)
}

/// The chains of more than two disks.
fn long(chains: &[ChainReport]) -> Vec<&ChainReport> {
    chains.iter().filter(|chain| chain.order.len() + usize::from(chain.stopped_at.is_some()) > 1).collect()
}

fn told(chains: &[&ChainReport]) -> Html {
    let left_out = chains.len().saturating_sub(MOST) as u64;
    html! {
        <>
            { for chains.iter().take(MOST).map(|chain| sentences(&chain.sentences)) }
            if left_out > 0 {
                <p class="muted">{ format!("{} more.", units::count(left_out, "chain")) }</p>
            }
        </>
    }
}

fn sentences(sentences: &[String]) -> Html {
    sentences.iter().map(|sentence| html! { <p>{ sentence }</p> }).collect()
}
