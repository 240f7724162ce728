//! Bytes before and after, in hex.

use vhd_analyser_core::report::PatchReport;
use yew::prelude::*;

use crate::components::common::hexdump::{self, Row};
use vhd_analyser_core::units;

/// More rows than anybody reads, and as many as a browser shows without pause.
const LIMIT: usize = 1024;

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct HexDiffProps {
    /// The change.
    pub patch: PatchReport,
}

/// A change in rows of 16 bytes: those that differ, and the others on demand.
#[component]
pub fn HexDiff(props: &HexDiffProps) -> Html {
    let PatchReport { offset, before, after, .. } = &props.patch;
    let all = use_state_eq(|| false);
    let onclick = {
        let all = all.clone();
        Callback::from(move |_| all.set(!*all))
    };
    let rows: Vec<Row<'_>> = hexdump::rows(*offset, before, after).collect();
    let wanted: Vec<&Row<'_>> = rows.iter().filter(|row| *all || row.differs()).collect();
    let equal = rows.iter().filter(|row| !row.differs()).count();
    let left = wanted.len().saturating_sub(LIMIT);
    let label = if *all {
        "Show only what differs".to_owned()
    } else {
        format!("Show all {}", units::exact_size(after.len() as u64))
    };
    html! {
        <>
            <div class="hex-scroll" tabindex="0" role="region" aria-label="Bytes before and after">
                <table class="hex">
                    <thead>
                        <tr>
                            <th scope="col">{ "offset" }</th>
                            <th scope="col"><span class="visually-hidden">{ "before or after" }</span></th>
                            <th scope="col">{ "bytes: − before, + after" }</th>
                            <th scope="col">{ "text" }</th>
                        </tr>
                    </thead>
                    <tbody>{ for wanted.iter().take(LIMIT).map(|row| hex_row(row)) }</tbody>
                </table>
            </div>
            if left > 0 {
                <p class="small muted">{ format!("{} more are not shown here.", units::count(left as u64, "row")) }</p>
            }
            if equal > 0 {
                <p><button type="button" class="button small" data-testid="all-bytes" {onclick}>{ label }</button></p>
            }
        </>
    }
}

fn hex_row(row: &Row<'_>) -> Html {
    if !row.differs() {
        return line("same", row.offset, ("", ""), row.after, row.after);
    }
    html! {
        <>
            if !row.before.is_empty() {
                { line("before", row.offset, ("−", "before"), row.before, row.after) }
            }
            if !row.after.is_empty() {
                { line("after", row.offset, ("+", "after"), row.after, row.before) }
            }
        </>
    }
}

/// One side of a row. Changed bytes are bold and underlined, so that they can be told without colours.
fn line(class: &'static str, offset: u64, (sign, word): (&str, &str), bytes: &[u8], other: &[u8]) -> Html {
    let runs = hexdump::runs(bytes, other).into_iter().map(|run| {
        let (space, hex) = run.hex();
        if run.differs {
            html! { <>{ space }<b>{ hex }</b></> }
        } else {
            html! { <>{ space }{ hex }</> }
        }
    });
    html! {
        <tr {class}>
            <th scope="row">{ format!("{offset:08x}") }</th>
            <td><span aria-hidden="true">{ sign }</span><span class="visually-hidden">{ word }</span></td>
            <td>{ for runs }</td>
            <td>{ hexdump::text(bytes) }</td>
        </tr>
    }
}
