//! The repair, change by change.

use vhd_analyser_core::report::{PatchReport, RepairReport};
use yew::prelude::*;

use crate::components::common::hexdump;
use crate::components::common::section::section;
use crate::components::disk::hex_diff::HexDiff;
use vhd_analyser_core::units;

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct RepairProps {
    /// The plan.
    pub repair: RepairReport,
    /// The length of the file now, in bytes.
    pub size: u64,
}

/// What is written where, and what becomes of the file's length.
#[component]
pub fn Repair(props: &RepairProps) -> Html {
    let RepairProps { repair, size } = props;
    let content = html! {
        <>
            <p>{ &repair.title }</p>
            if let Some(length) = length_change(repair, *size) {
                <p data-testid="cut">{ length }</p>
            }
            if !repair.patches.is_empty() {
                <div class="rows">
                    { for repair.patches.iter().map(change) }
                </div>
            }
        </>
    };
    section("The repair", Some(extent(repair, *size)), Html::default(), content)
}

/// How much a repair changes: "1 change, 512 bytes; 192 bytes cut off".
pub fn extent(repair: &RepairReport, size: u64) -> String {
    let written = repair.patches.iter().map(|patch| patch.length).sum();
    let changes = (!repair.patches.is_empty()).then(|| {
        let changes = units::count(repair.patches.len() as u64, "change");
        format!("{changes}, {}", units::exact_size(written))
    });
    let cut = size.checked_sub(repair.new_size).filter(|cut| *cut > 0);
    let cut = cut.map(|cut| format!("{} cut off", units::exact_size(cut)));
    changes.into_iter().chain(cut).collect::<Vec<_>>().join("; ")
}

fn length_change(repair: &RepairReport, size: u64) -> Option<String> {
    let length = || format!("The fixed copy has {}.", units::exact_size(repair.new_size));
    match &repair.cut {
        Some(cut) => Some(format!("{cut} {}", length())),
        None => (repair.new_size != size).then(length),
    }
}

/// Bytes that are written unfold; what is copied or filled with zeros is said in a line.
fn change(patch: &PatchReport) -> Html {
    let place = |offset| html! { <span class="mono">{ units::hex_offset(offset) }</span> };
    let length = units::exact_size(patch.length);
    let what = match patch.copied_from {
        None if !patch.after.is_empty() => return html! { <Patch patch={patch.clone()} /> },
        None => html! { <>{ "Write " }{ length }{ " of zeros at " }{ place(patch.offset) }</> },
        Some(from) => html! { <>{ "Copy " }{ length }{ " from " }{ place(from) }{ " to " }{ place(patch.offset) }</> },
    };
    html! { <p class="row row-line" data-testid="patch">{ what }{ ": " }{ &patch.reason }</p> }
}

#[derive(Clone, PartialEq, Properties)]
struct PatchProps {
    patch: PatchReport,
}

#[component]
fn Patch(props: &PatchProps) -> Html {
    let patch = &props.patch;
    let opened = use_state_eq(|| false);
    let ontoggle = {
        let opened = opened.clone();
        Callback::from(move |_| opened.set(true))
    };
    let length = units::exact_size(patch.length);
    let rows = hexdump::rows(patch.offset, &patch.before, &patch.after);
    let (all, changed) = rows.fold((0, 0), |(all, changed), row| (all + 1, changed + u64::from(row.differs())));
    html! {
        <details class="row" data-testid="patch" {ontoggle}>
            <summary>
                <span class="row-title">
                    { "Write " }{ length }{ " at " }
                    <span class="mono">{ units::hex_offset(patch.offset) }</span>
                    { ": " }{ &patch.reason }
                </span>
                <span class="row-place small">{ format!("{changed} of {all} rows differ") }</span>
            </summary>
            <div class="row-body">
                // Thousands of rows are made only for those who look at them.
                if *opened {
                    <HexDiff patch={patch.clone()} />
                }
            </div>
        </details>
    }
}
