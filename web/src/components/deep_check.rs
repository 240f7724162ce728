//! The check that reads everything.

use yew::prelude::*;

use crate::components::reading::progress_line;
use crate::state::Reading;
use crate::units;

/// What is offered.
#[derive(Clone, PartialEq, Properties)]
pub struct DeepCheckProps {
    /// How much there is to read, in bytes.
    pub bytes: u64,
    /// How far it is, while it runs.
    pub running: Option<Reading>,
    /// Starts it.
    pub on_start: Callback<()>,
    /// Stops it.
    pub on_cancel: Callback<()>,
}

/// A button that starts the deep check and, while it runs, stops it.
#[component]
pub fn DeepCheck(props: &DeepCheckProps) -> Html {
    let DeepCheckProps { bytes, running, on_start, on_cancel } = props;
    let (label, onclick, testid) = match running {
        None => ("Deep check", on_start.reform(|_| ()), "deep-check"),
        Some(_) => ("Cancel the deep check", on_cancel.reform(|_| ()), "cancel-deep-check"),
    };
    html! {
        <div class="paragraphs">
            <div class="actions">
                // One button for both, so that the focus stays where it is.
                <button type="button" class="button small" data-testid={testid} {onclick}>{ label }</button>
                <span class="muted small">{ "reads every block: " }{ units::size(*bytes) }</span>
            </div>
            if let Some(reading) = running.as_ref().filter(|reading| reading.slow) {
                { progress_line(reading) }
            }
        </div>
    }
}
