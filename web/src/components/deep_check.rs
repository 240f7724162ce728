//! The check that reads everything.

use yew::prelude::*;

use crate::components::long_read::{LongRead, long_read};
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
    long_read(LongRead {
        start: ("Deep check", "deep-check"),
        stop: ("Cancel the deep check", "cancel-deep-check"),
        extent: format!("reads every block: {}", units::size(*bytes)),
        running: running.as_ref(),
        on_start,
        on_cancel,
    })
}
