//! The disks, each below the one that it is based on.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use vhd_analyser_core::Verdict;
use vhd_analyser_core::finding::Severity;
use vhd_analyser_core::report::{DiskReport, DiskType, ParentState};
use yew::prelude::*;

use crate::components::chain::coalesce::coalesce;
use crate::components::common::callout::Tone;
use crate::components::common::icon::{Shape, icon};
use crate::components::common::section::section;
use crate::components::disk::verdict::tone;
use crate::protocol::file_set::{FileSet, is_damaged, lacks_parent};
use vhd_analyser_core::units;

/// So many disks are shown at first: a browser takes a while to lay out thousands.
const FEW: usize = 60;
/// So many more are added at a time where all are wanted, so that the page goes on to answer.
const MORE: usize = 100;
/// Steps to the right are told apart up to here.
const DEEPEST: u64 = 10;

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct ForestProps {
    /// What the files are.
    pub file_set: Rc<FileSet>,
    /// The disk whose report is shown, by its number.
    pub selected: Option<usize>,
    /// Shows the report of another.
    pub on_select: Callback<usize>,
}

/// The tree of the disks; of many, first those that something is wrong with.
#[component]
pub fn Forest(props: &ForestProps) -> Html {
    let disks = &props.file_set.forest.disks;
    let in_trouble: Vec<usize> = props.file_set.in_trouble().collect();
    let are_many = disks.len() > FEW;
    let only_trouble = use_state_eq(|| are_many && !in_trouble.is_empty());
    let (all, most) = (use_state_eq(|| false), use_state_eq(|| FEW));
    let wanted = if *only_trouble { in_trouble.clone() } else { (0..disks.len()).collect() };
    use_effect_with((*all && *most < wanted.len(), *most), {
        let most = most.clone();
        move |(is_more_wanted, _)| {
            let grow = is_more_wanted.then(|| Timeout::new(0, move || most.set(*most + MORE)));
            move || drop(grow)
        }
    });
    if disks.is_empty() {
        return Html::default();
    }
    let shown = &wanted[..wanted.len().min(*most)];
    let left_out = wanted.len() - shown.len();
    // Each tree is a chain, or several that share a base.
    let trees = shown.chunk_by(|_, next| *only_trouble || disks[*next].level > 0);
    let row = |number: &usize| row(&disks[*number], *number, props);
    let show_all = {
        let all = all.clone();
        Callback::from(move |_: MouseEvent| all.set(true))
    };
    let tools = html! {
        if are_many && !in_trouble.is_empty() {
            <label class="labelled">
                <input type="checkbox" data-testid="only-trouble" checked={*only_trouble}
                    onchange={toggle(&only_trouble, &most)} />
                { "Only what is damaged or broken" }
            </label>
        }
    };
    let content = html! {
        <>
            { for trees.map(|tree| html! { <ul class="tree" data-testid="chain">{ for tree.iter().map(row) }</ul> }) }
            if left_out > 0 && !*all {
                <button type="button" class="button small" data-testid="show-all" onclick={show_all}>
                    { format!("Show {} more", units::count(left_out as u64, "disk")) }
                </button>
            }
        </>
    };
    section("Disks", Some(units::decimal(disks.len() as u64)), tools, content)
}

fn toggle(state: &UseStateHandle<bool>, most: &UseStateHandle<usize>) -> Callback<Event> {
    let (state, most) = (state.clone(), most.clone());
    Callback::from(move |_| {
        state.set(!*state);
        most.set(FEW);
    })
}

fn row(disk: &DiskReport, number: usize, props: &ForestProps) -> Html {
    let is_selected = props.selected == Some(number);
    let (tone, shape, word) = state(disk);
    let onclick = props.on_select.reform(move |_| number);
    html! {
        <li key={number} class="disk" data-testid="disk" data-file={disk.file.clone()} data-verdict={disk.verdict.name()}
            data-chain-verdict={disk.chain_verdict.name()} data-parent-state={disk.parent_state.name()}
            data-findings={ids(disk)} data-journal={disk.journal.clone()}
            data-level={disk.level.min(DEEPEST).to_string()} aria-current={is_selected.then_some("true")}>
            <p class="disk-line">
                <span class={classes!("severity", tone.class())}>{ icon(shape) }{ word }</span>
                <button type="button" class="link disk-name" {onclick}>{ &disk.file }</button>
            </p>
            <p class="muted small">{ facts(disk) }</p>
            if disk.chain_verdict > disk.verdict && disk.chain_verdict != Verdict::NotAVhd {
                <p class="small">{ "Its chain is broken at a disk above." }</p>
            }
            { for notes(disk).map(|note| html! { <p class="small">{ note }</p> }) }
            if !lacks_parent(disk) {
                { coalesce(disk, is_selected) }
            }
        </li>
    }
}

/// The answer about a disk with everything that it is based on.
fn state(disk: &DiskReport) -> (Tone, Shape, &'static str) {
    if disk.verdict == Verdict::NotAVhd {
        let word = if disk.children.is_empty() { "no VHD" } else { "raw image" };
        return (tone(disk.verdict), Shape::from(disk.verdict), word);
    }
    let verdict = if is_damaged(disk) { disk.verdict } else { disk.chain_verdict };
    let word = match verdict {
        Verdict::Sound => "sound",
        Verdict::Incomplete => "incomplete",
        _ if !is_damaged(disk) => return (Tone::Bad, Shape::Error, "chain broken"),
        Verdict::Repairable => "repairable",
        Verdict::Salvageable => "salvageable",
        Verdict::Unrepairable | Verdict::NotAVhd => "not repairable",
    };
    (tone(verdict), Shape::from(verdict), word)
}

/// The ids of what is wrong with its place.
fn ids(disk: &DiskReport) -> String {
    disk.findings.iter().map(|finding| finding.id.as_str()).collect::<Vec<_>>().join(" ")
}

fn facts(disk: &DiskReport) -> String {
    let mut facts: Vec<String> = Vec::new();
    facts.extend(disk.virtual_size.map(|bytes| format!("{} virtual", units::size(bytes))));
    facts.push(format!("{} on disk", units::size(disk.size)));
    if disk.kind.is_some_and(DiskType::is_sparse) {
        facts.push(units::count(disk.allocated, "block").to_string());
    }
    facts.extend(disk.kind.map(|kind| kind.to_string()));
    facts.extend(Some(disk.creator.clone()).filter(|creator| !creator.is_empty()));
    facts.extend(disk.hidden.then(|| "hidden".into()));
    facts.extend((disk.level > 0).then(|| format!("depth {}", disk.depth)));
    facts.join(" · ")
}

/// What is wrong with it and its place, and what it is based on that is not here.
fn notes(disk: &DiskReport) -> impl Iterator<Item = String> {
    let parent = disk.parent.as_deref().unwrap_or_default();
    let lost = match disk.parent_state {
        ParentState::Raw => Some(format!("Based on the raw image “{parent}”.")),
        ParentState::Unknown => Some("What it is based on cannot be read.".into()),
        _ => None,
    };
    let lacking = lacks_parent(disk).then(|| format!("Its parent “{parent}” is not among these files: add it."));
    let serious = disk.findings.iter().filter(|finding| finding.severity >= Severity::Warning && !lacks_parent(disk));
    let findings = serious.map(|finding| {
        let found = if finding.found.is_empty() { String::new() } else { format!(": {}", finding.found) };
        format!("{}{found}.", finding.title)
    });
    let journal = disk.journal.iter().map(|journal| match disk.verdict {
        Verdict::Sound => format!("“{journal}” is left over from a resize of this disk, and not needed."),
        _ => format!(
            "A resize was cut off. Its journal “{journal}” is here, and the repair takes the resize back with it."
        ),
    });
    disk.error.iter().map(|error| format!("{error}.")).chain(journal).chain(findings).chain(lost).chain(lacking)
}
