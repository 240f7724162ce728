//! A progress bar on standard error, for work that takes long enough to wonder.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use vhd_analyser_core::progress::Progress;

use crate::os::signals;

/// Shorter work is over before a bar could be read.
const PATIENCE: Duration = Duration::from_millis(500);

/// Watches over work: shows how far it is, and stops it on Ctrl-C.
pub struct Watch {
    begun: Instant,
    bar: Option<ProgressBar>,
}

impl Watch {
    /// Begins to watch.
    pub fn new() -> Self {
        Self { begun: Instant::now(), bar: None }
    }

    /// What an analysis tells its progress to.
    pub fn analysis(&mut self) -> impl FnMut(Progress) -> ControlFlow<()> {
        |Progress { stage, done, total }| self.at(&stage.to_string(), done, total)
    }

    /// Tells how far `what` is.
    pub fn at(&mut self, what: &str, done: u64, total: u64) -> ControlFlow<()> {
        if self.begun.elapsed() >= PATIENCE {
            let bar = self.bar.get_or_insert_with(bar);
            bar.set_message(what.to_owned());
            bar.set_length(total);
            bar.set_position(done);
        }
        if signals::requested() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The library shows nothing where standard error is no terminal.
fn bar() -> ProgressBar {
    let style = ProgressStyle::with_template("{msg:24} {wide_bar} {percent:>3} %");
    ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}
