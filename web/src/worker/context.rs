//! What an analysis goes by in the browser: the clock, chance, and how its progress is told.

use std::ops::ControlFlow;

use js_sys::Date;
use js_sys::wasm_bindgen::JsCast;
use vhd_analyser_core::analysis::Options;
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::progress;
use vhd_analyser_core::repair::RequestedChanges;
use web_sys::WorkerGlobalScope;

use crate::protocol::{Progress, Unit};

/// Milliseconds between two messages of progress.
const PROGRESS_INTERVAL: f64 = 50.0;

/// What an analysis goes by.
pub fn options(deep: bool) -> Options {
    Options { now: now(), fresh_unique_id: random_bytes(), deep, request: RequestedChanges::default() }
}

/// Tells the progress of the core, every now and then.
pub fn every_now_and_then(on_progress: impl Fn(Progress)) -> impl FnMut(progress::Progress) -> ControlFlow<()> {
    let mut told = Date::now();
    move |progress| {
        let now = Date::now();
        if now - told >= PROGRESS_INTERVAL {
            told = now;
            let progress::Progress { stage, done, total } = progress;
            on_progress(Progress { stage: stage.to_string(), done, total, unit: Unit::Bytes });
        }
        // The page ends the whole worker where it no longer wants the answer.
        ControlFlow::Continue(())
    }
}

/// The time, by this computer's clock.
pub fn now() -> TimeStamp {
    TimeStamp::from_unix((Date::now() / 1000.0) as i64)
}

fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    let filled = js_sys::global()
        .dyn_into::<WorkerGlobalScope>()
        .ok()
        .and_then(|scope| scope.crypto().ok())
        .is_some_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
    if !filled {
        // Without the browser's generator an identifier is at least no constant.
        bytes.fill_with(|| (js_sys::Math::random() * 256.0) as u8);
    }
    bytes
}
