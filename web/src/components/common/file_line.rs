//! Which file the report is about.

use vhd_analyser_core::report::Report;
use yew::prelude::*;

use crate::components::common::exact::ExactSize;

/// The file's name, size and kind, and ways to other files.
pub fn file_line(report: &Report, others: Html) -> Html {
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
            </div>
            { others }
        </div>
    }
}
