//! Which file the report is about.

use vhd_analyser_core::report::Report;
use yew::prelude::*;

use crate::components::exact::ExactSize;
use crate::components::file_picker::file_picker;
use crate::file_access::Chosen;

/// The file's name, size and kind, the names of those that were chosen together with it, and a way to other files.
pub fn file_line(report: &Report, left_out: &[String], on_files: &Callback<Vec<Chosen>>) -> Html {
    html! {
        <div class="file-line">
            <div>
                <p class="file-name" data-testid="file-name">{ &report.file }</p>
                <p class="muted small">
                    <ExactSize bytes={report.size} />
                    { " on disk" }
                    if !report.description.is_empty() {
                        { " · " }{ &report.description }
                    }
                </p>
                if let Some(sentence) = others(left_out) {
                    <p class="muted small" data-testid="left-out">{ sentence }</p>
                }
            </div>
            { file_picker("Another file", "button", on_files) }
        </div>
    }
}

fn others(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [name] => Some(format!("One file is read at a time: {name} was left out.")),
        names => Some(format!("One file is read at a time: {} were left out.", names.join(", "))),
    }
}
