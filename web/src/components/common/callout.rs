//! A box with a shape and some paragraphs.

use vhd_analyser_core::report::Severity;
use yew::prelude::*;

use crate::components::common::icon::{Shape, icon};

/// The colour of something, beside its shape and its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing to do.
    Good,
    /// Something to do, and all will be well.
    Accent,
    /// To beware of.
    Warn,
    /// Broken.
    Bad,
    /// None of these.
    Plain,
}

impl Tone {
    /// Its class in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Good => "tone-good",
            Self::Accent => "tone-accent",
            Self::Warn => "tone-warn",
            Self::Bad => "tone-bad",
            Self::Plain => "tone-plain",
        }
    }
}

impl From<Severity> for Tone {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Error => Self::Bad,
            Severity::Warning => Self::Warn,
            Severity::Info => Self::Plain,
        }
    }
}

/// A box with a shape and some paragraphs. Tests find it by its name.
pub fn callout(tone: Tone, shape: Shape, testid: &'static str, content: Html) -> Html {
    html! {
        <div class={classes!("notice", tone.class())} data-testid={testid}>
            { icon(shape) }
            <div class="notice-text">{ content }</div>
        </div>
    }
}
