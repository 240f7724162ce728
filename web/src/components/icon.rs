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
            Verdict::Repairable => Self::Damaged,
            Verdict::Salvageable => Self::Warning,
            Verdict::Unrepairable => Self::Error,
            Verdict::NotAVhd => Self::Other,
        }
    }
}

/// A shape as large as the text around it. Not read out.
pub fn icon(shape: Shape) -> Html {
    let shape = match shape {
        Shape::Error => html! {
            <g fill="none" stroke="currentColor" stroke-width="1.6">
                <path d="M5 .8h6L15.2 5v6L11 15.2H5L.8 11V5z" />
                <path d="m5.5 5.5 5 5m0-5-5 5" />
            </g>
        },
        Shape::Warning => html! {
            <>
                <path d="M8 1.6 15 14.4H1z M8 6v4" fill="none" stroke="currentColor" stroke-width="1.6"
                    stroke-linejoin="round" />
                <circle cx="8" cy="12" r="1" />
            </>
        },
        Shape::Info => html! {
            <>
                <g fill="none" stroke="currentColor" stroke-width="1.6">
                    <circle cx="8" cy="8" r="7" />
                    <path d="M8 7v5" />
                </g>
                <circle cx="8" cy="4.6" r="1" />
            </>
        },
        Shape::Sound => html! {
            <g fill="none" stroke="currentColor" stroke-width="1.6">
                <circle cx="8" cy="8" r="7" />
                <path d="M4.6 8.2 7 10.6l4.4-5" />
            </g>
        },
        Shape::Damaged => html! { <path d="M8 1 15.5 14.5H.5z" /> },
        Shape::Other => html! {
            <g fill="none" stroke="currentColor" stroke-width="1.6">
                <rect x="1.2" y="1.2" width="13.6" height="13.6" rx="2" />
                <path d="M5 8h6" />
            </g>
        },
        Shape::Theme => html! {
            <>
                <circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.5" />
                <path d="M8 1.5a6.5 6.5 0 0 1 0 13z" />
            </>
        },
    };
    html! { <svg class="icon-shape" viewBox="0 0 16 16" aria-hidden="true">{ shape }</svg> }
}
