//! Who takes the disk, and who refuses it.

use vhd_analyser_core::report::{Report, ToolReport};
use yew::prelude::*;

use crate::components::common::callout::Tone;
use crate::components::common::icon::{Shape, icon};
use crate::components::common::section::section;
use vhd_analyser_core::units;

/// What each tool says of the disk, now and, where that holds for the way to repair it that was chosen, after the repair.
pub fn tools(report: &Report, repaired: bool) -> Html {
    let tools = &report.tools;
    let repaired = repaired && tools.iter().any(|tool| tool.accepts_after.is_some());
    let content = html! {
        <table class="tools" role="table">
            <thead role="rowgroup">
                <tr role="row">
                    <th role="columnheader" scope="col">{ "Tool" }</th>
                    <th role="columnheader" scope="col">{ "Now" }</th>
                    if repaired {
                        <th role="columnheader" scope="col">{ "After the repair" }</th>
                    }
                    <th role="columnheader" scope="col">{ "What it says now" }</th>
                </tr>
            </thead>
            <tbody role="rowgroup">{ for tools.iter().map(|tool| row(tool, repaired)) }</tbody>
        </table>
    };
    section("Accepted by", None, Html::default(), content)
}

fn row(tool: &ToolReport, repaired: bool) -> Html {
    html! {
        <tr role="row" data-testid="accepts" data-tool={tool.tool.name()} data-accepts={tool.accepts.to_string()}>
            <th class="tool" role="rowheader" scope="row">{ &tool.name }</th>
            <td class="answer" role="cell">{ answer(tool.accepts) }</td>
            if let (true, Some(accepts)) = (repaired, tool.accepts_after) {
                <td class="answer after" role="cell">{ answer(accepts) }</td>
            }
            <td class="says" role="cell">
                <span class="mono">{ &tool.says }</span>
                if let Some(bytes) = tool.virtual_size {
                    <span class="muted">{ " a disk of " }{ units::size(bytes) }</span>
                    if let Some(size) = tool.not_of {
                        { format!(": {} of {}", units::exact_size(bytes), units::exact_size(size)) }
                    }
                }
            </td>
        </tr>
    }
}

fn answer(accepts: bool) -> Html {
    let (tone, shape, word) =
        if accepts { (Tone::Good, Shape::Sound, "accepts it") } else { (Tone::Bad, Shape::Error, "refuses it") };
    html! { <span class={classes!("severity", tone.class())}>{ icon(shape) }{ word }</span> }
}
