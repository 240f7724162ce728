//! The check that reads everything.

use yew::prelude::*;

use crate::components::common::long_read::{LongRead, long_read};
use crate::state::Reading;
use vhd_analyser_core::units;

/// A button that starts the deep check of so many bytes and, while it runs, stops it.
pub fn deep_check(bytes: u64, running: Option<&Reading>, on_start: &Callback<()>, on_cancel: &Callback<()>) -> Html {
    long_read(LongRead {
        start: ("Deep check", "deep-check"),
        stop: ("Cancel the deep check", "cancel-deep-check"),
        extent: format!("reads every block: {}", units::size(bytes)),
        running,
        on_start,
        on_cancel,
    })
}
