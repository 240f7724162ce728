//! The page's few shapes. Each stands beside a word that says the same.

use vhd_analyser_core::report::{Severity, Verdict};
use yew::prelude::*;

/// A shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An octagon with a cross.
    Error,
    /// A triangle with an exclamation mark.
    Warning,
    /// A circle with an i.
    Info,
    /// A circle with a tick.
    Sound,
    /// A diamond with a gap.
    Incomplete,
    /// A full triangle.
    Damaged,
    /// A square with a dash.
    Other,
    /// A half-filled circle.
    Theme,
}

impl From<Severity> for Shape {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Error,
            Severity::Warning => Self::Warning,
            Severity::Info => Self::Info,
        }
    }
}

impl From<Verdict> for Shape {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Sound => Self::Sound,
            Verdict::Incomplete => Self::Incomplete,
            Verdict::Repairable => Self::Damaged,
            Verdict::Salvageable => Self::Warning,
            Verdict::Unrepairable => Self::Error,
            Verdict::NotAVhd => Self::Other,
        }
    }
}

/// A shape as large as the text around it. Not read out.
pub fn icon(shape: Shape) -> Html {
    let (lines, areas) = paths(shape);
    html! {
        <svg class="icon-shape" viewBox="0 0 16 16" aria-hidden="true">
            <path d={lines} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linejoin="round" />
            <path d={areas} />
        </svg>
    }
}

/// What is drawn as lines, and what is filled.
fn paths(shape: Shape) -> (&'static str, &'static str) {
    match shape {
        Shape::Error => ("M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5zM5.5 5.5l5 5m0-5-5 5", ""),
        Shape::Warning => ("M8 1.6 15 14.4H1zM8 6v4", "M7 12a1 1 0 0 1 2 0 1 1 0 0 1-2 0"),
        Shape::Info => ("M1 8a7 7 0 0 1 14 0A7 7 0 0 1 1 8M8 7v5", "M7 4.6a1 1 0 0 1 2 0 1 1 0 0 1-2 0"),
        Shape::Sound => ("M1 8a7 7 0 0 1 14 0A7 7 0 0 1 1 8M4.6 8.2 7 10.6l4.4-5", ""),
        Shape::Incomplete => ("M6.6 2.2 8 .8l7.2 7.2L8 15.2.8 8l3-3", ""),
        Shape::Damaged => ("", "M8 1l7.5 13.5H.5z"),
        Shape::Other => ("M3 1.2h10q1.8 0 1.8 1.8v10q0 1.8-1.8 1.8H3q-1.8 0-1.8-1.8V3q0-1.8 1.8-1.8M5 8h6", ""),
        Shape::Theme => ("M1.5 8a6.5 6.5 0 0 1 13 0 6.5 6.5 0 0 1-13 0", "M8 1.5a6.5 6.5 0 0 1 0 13z"),
    }
}
