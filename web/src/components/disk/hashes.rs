//! Which bytes the report speaks of.

use vhd_analyser_core::report::RegionReport;
use yew::prelude::*;

use crate::components::common::long_read::{LongRead, long_read};
use crate::components::common::section::section;
use crate::state::DiskView;
use vhd_analyser_core::units;

/// SHA-256 of the structures, and of the whole file for those who ask for it.
pub fn hashes(shown: &DiskView, on_start: &Callback<()>, on_cancel: &Callback<()>) -> Html {
    let report = &shown.report;
    let content = html! {
        <>
            if !report.regions.is_empty() {
                <div class="rows">
                    <details class="row" data-testid="hashes">
                        <summary><span class="row-title">{ "The metadata" }</span></summary>
                        <dl class="row-body facts">{ for report.regions.iter().map(region) }</dl>
                    </details>
                </div>
            }
            if let Some(sha256) = &shown.sha256 {
                <dl class="facts">
                    <dt>{ "The whole file" }</dt>
                    <dd class="mono" data-testid="sha256">{ sha256 }</dd>
                </dl>
            } else {
                { long_read(LongRead {
                    start: ("SHA-256 of the whole file", "hash-file"),
                    stop: ("Cancel the SHA-256 of the whole file", "cancel-hash"),
                    extent: format!("reads all of it: {}", units::size(report.size)),
                    running: shown.hashing.as_ref(),
                    on_start,
                    on_cancel,
                }) }
            }
        </>
    };
    section("SHA-256", None, Html::default(), content)
}

fn region(region: &RegionReport) -> Html {
    html! {
        <>
            <dt>
                { &region.name }{ " " }
                <span class="mono">{ units::hex_offset(region.offset) }</span>
            </dt>
            <dd class="mono">{ region.sha256.as_deref().unwrap_or("too long to be read again") }</dd>
        </>
    }
}
