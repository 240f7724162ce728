//! Reading all of a file, for those who ask for it.

use yew::prelude::*;

use crate::components::common::reading::progress_line;
use crate::state::Reading;

/// How a long read is offered.
pub struct LongRead<'a> {
    /// What starts it, in a word or two, and the name by which tests find it.
    pub start: (&'static str, &'static str),
    /// What stops it, likewise.
    pub stop: (&'static str, &'static str),
    /// How much there is to read.
    pub extent: String,
    /// How far it is, while it runs.
    pub running: Option<&'a Reading>,
    /// Starts it.
    pub on_start: &'a Callback<()>,
    /// Stops it.
    pub on_cancel: &'a Callback<()>,
}

/// A button that starts it and, while it runs, stops it.
pub fn long_read(offer: LongRead<'_>) -> Html {
    let LongRead { start, stop, extent, running, on_start, on_cancel } = offer;
    let ((label, testid), callback) = match running {
        None => (start, on_start),
        Some(_) => (stop, on_cancel),
    };
    let onclick = callback.reform(|_| ());
    html! {
        <div class="paragraphs">
            <div class="actions">
                // One button for both, so that the focus stays where it is.
                <button type="button" class="button small" data-testid={testid} {onclick}>{ label }</button>
                <span class="muted small">{ extent }</span>
            </div>
            if let Some(reading) = running.filter(|reading| reading.slow) {
                { progress_line(reading) }
            }
        </div>
    }
}
