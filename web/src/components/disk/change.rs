//! Changes that are no repairs: another parent, tapdisk's hidden flag. Blocks assigned by hand are in
//! [`super::orphans`].

use vhd_analyser_core::repair::Assignment;
use vhd_analyser_core::report::{DiskReport, DiskType};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::components::common::section::section;
use crate::controller::Change;
use crate::protocol::DiskChanges;
use crate::protocol::file_set::FileSet;
use vhd_analyser_core::text::printable;
use vhd_analyser_core::units;

/// Links a disk to another parent, hides or shows it. Nothing is written: the change becomes a repair like any other.
pub fn change_disk(file_set: &FileSet, number: usize, changes: &DiskChanges, on_change: &Callback<Change>) -> Html {
    let disks = &file_set.forest.disks;
    let Some(disk) = disks.get(number) else { return Html::default() };
    let parents: Vec<usize> = match disk.kind {
        Some(DiskType::Differencing) => possible_parents(disks, number).collect(),
        _ => Vec::new(),
    };
    let wished = *changes != DiskChanges::default();
    let content = html! {
        <div class="paragraphs">
            if wished {
                <p>{ asked_for(changes) }</p>
                <div class="actions">
                    <button type="button" class="button small" data-testid="drop-change"
                        onclick={on_change.reform(|_| Change::default())}>{ "Leave the disk as it is" }</button>
                </div>
            } else {
                <p class="muted small">{ "Nothing is written yet: the change is planned and proven as a repair, and offered above." }</p>
                if !parents.is_empty() {
                    <LinkTo named={file_set.named_parent(number)} parents={choices(disks, &parents)} on_change={on_change.clone()} />
                }
                <div class="actions">
                    <button type="button" class="button small" data-testid="plan-hidden" onclick={hide(!disk.hidden, on_change)}>
                        { if disk.hidden { "Take the hidden flag away" } else { "Set the hidden flag" } }
                    </button>
                    <span class="muted small">{ "XenServer and XCP-ng hide a disk that others are based on." }</span>
                </div>
            }
        </div>
    };
    section("Change the disk", None, Html::default(), content)
}

/// The next step for a disk whose place is broken, if its parent is here: to link it.
pub fn link_now(file_set: &FileSet, number: usize, on_change: &Callback<Change>) -> Html {
    let Some(parent) = file_set.parent_elsewhere(number) else { return Html::default() };
    let onclick = on_change.reform(move |_: MouseEvent| Change { parent: Some(parent), ..Change::default() });
    html! {
        <div class="actions">
            <button type="button" class="button primary" data-testid="link-now" {onclick}>
                { "Link the disk to “" }{ file_set.forest.disks.get(parent).map(|parent| parent.file.clone()) }{ "”" }
            </button>
        </div>
    }
}

fn hide(hidden: bool, on_change: &Callback<Change>) -> Callback<MouseEvent> {
    on_change.reform(move |_| Change { hidden: Some(hidden), ..Change::default() })
}

/// What was asked for, in a sentence.
pub fn asked_for(changes: &DiskChanges) -> String {
    match (&changes.parent, changes.hidden) {
        (Some(parent), _) => {
            let parent = printable(parent).into_owned();
            format!("You asked to link the disk to “{parent}”. Where no repair is offered, it is linked already.")
        }
        (None, None) => changes.assign.iter().map(assigned).collect::<Vec<_>>().join(" "),
        (None, Some(true)) => "You asked to set the hidden flag.".into(),
        (None, Some(false)) => "You asked to take the hidden flag away.".into(),
    }
}

fn assigned(Assignment { block, sector }: &Assignment) -> String {
    format!("You asked to assign the orphaned block at sector {} to block {block}.", units::decimal(u64::from(*sector)))
}

/// The disks that are not based on this one.
fn possible_parents(disks: &[DiskReport], number: usize) -> impl Iterator<Item = usize> {
    // Those that are based on it follow it, further to the right.
    let level = disks[number].level;
    let behind = disks[number + 1..].iter().take_while(|disk| disk.level > level).count();
    (0..disks.len()).filter(move |other| *other < number || *other > number + behind)
}

fn choices(disks: &[DiskReport], numbers: &[usize]) -> Vec<(usize, String)> {
    numbers.iter().map(|number| (*number, disks[*number].file.clone())).collect()
}

#[derive(Clone, PartialEq, Properties)]
struct LinkToProps {
    /// The one that the disk names.
    named: Option<usize>,
    /// The disks to choose from, by their numbers.
    parents: Vec<(usize, String)>,
    on_change: Callback<Change>,
}

/// The choice of a parent. The one that the disk names by its unique id is proposed.
#[component]
fn LinkTo(props: &LinkToProps) -> Html {
    let LinkToProps { named, parents, on_change } = props;
    let list = use_node_ref();
    let onclick = {
        let list = list.clone();
        on_change.reform(move |_: MouseEvent| {
            let chosen = list.cast::<HtmlSelectElement>().and_then(|list| list.value().parse().ok());
            Change { parent: chosen, ..Change::default() }
        })
    };
    html! {
        <div class="actions">
            <label class="labelled">
                { "Parent" }
                <select ref={list} data-testid="link-parent">
                    { for parents.iter().map(|(number, file)| html! {
                        <option value={number.to_string()} selected={Some(*number) == *named}>{ file }</option>
                    }) }
                </select>
            </label>
            <button type="button" class="button small" data-testid="plan-link" {onclick}>{ "Link the disk to it" }</button>
        </div>
    }
}
