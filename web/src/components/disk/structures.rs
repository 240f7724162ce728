//! The structures of the file, field by field.

use std::rc::Rc;

use vhd_analyser_core::report::{FieldReport, Report, StructureReport};
use yew::prelude::*;

use crate::components::common::icon::{Shape, icon};
use crate::components::common::section::section;
use vhd_analyser_core::units;

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct StructuresProps {
    /// The file's report.
    pub report: Rc<Report>,
}

/// Every structure that was looked for.
#[component]
pub fn Structures(props: &StructuresProps) -> Html {
    let decimal = use_state_eq(|| false);
    let onclick = {
        let decimal = decimal.clone();
        Callback::from(move |_| decimal.set(!*decimal))
    };
    let label = if *decimal { "Offsets in hex" } else { "Offsets in decimal" };
    let tools = html! { <button type="button" class="button small" {onclick}>{ label }</button> };
    let rows = props.report.structures.iter().map(|structure| row(structure, *decimal));
    section("Structure", None, tools, html! { <div class="rows">{ for rows }</div> })
}

fn row(structure: &StructureReport, decimal: bool) -> Html {
    let faulty = structure.fields.iter().filter(|field| field.faulty).count() as u64;
    let place = format!("{} · {}", offset(structure.offset, decimal), units::exact_size(structure.length));
    html! {
        <details class="row" data-testid="structure" data-name={structure.name.clone()}>
            <summary>
                <span class="row-title">
                    { &structure.name }
                    if let Some(state) = &structure.state {
                        <span class="muted">{ " · " }{ state }</span>
                    }
                    if faulty > 0 {
                        { " " }{ fault_mark(units::count(faulty, "faulty field").to_string()) }
                    }
                </span>
                <span class="row-place mono">{ place }</span>
            </summary>
            <div class="row-body">
                if structure.fields.is_empty() {
                    <p class="muted">{ "No fields to show." }</p>
                } else {
                    { fields(&structure.fields, decimal) }
                }
            </div>
        </details>
    }
}

fn offset(offset: u64, decimal: bool) -> String {
    if decimal { units::decimal(offset) } else { units::hex_offset(offset) }
}

/// A table, told to be one: on a narrow page its rows are laid out as blocks, and browsers then forget it.
fn fields(fields: &[FieldReport], decimal: bool) -> Html {
    html! {
        <table class="fields" role="table">
            <thead role="rowgroup">
                <tr role="row">
                    <th class="name" role="columnheader" scope="col">{ "Field" }</th>
                    <th class="value" role="columnheader" scope="col">{ "Value" }</th>
                    <th class="meaning" role="columnheader" scope="col">{ "Meaning" }</th>
                    <th class="place" role="columnheader" scope="col">{ "Offset" }</th>
                </tr>
            </thead>
            <tbody role="rowgroup">
                { for fields.iter().map(|field| html! {
                    <tr role="row" class={field.faulty.then_some("faulty")}>
                        <th class="name" role="rowheader" scope="row">
                            { &field.name }
                            if field.faulty {
                                { fault_mark("faulty".into()) }
                            }
                        </th>
                        <td class="value mono" role="cell">{ &field.value }</td>
                        <td class="meaning" role="cell">{ &field.meaning }</td>
                        <td class="place mono muted" role="cell">{ offset(field.offset, decimal) }</td>
                    </tr>
                }) }
            </tbody>
        </table>
    }
}

fn fault_mark(label: String) -> Html {
    html! { <span class="fault-mark">{ icon(Shape::Error) }{ label }</span> }
}
