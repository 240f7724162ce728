//! Something to say above everything else.

use yew::prelude::*;

use crate::components::common::callout::{Tone, callout};
use crate::components::common::icon::Shape;
use crate::hooks::use_focus_when;
use crate::state::Notice;

/// What is to be said.
#[derive(Clone, PartialEq, Properties)]
pub struct NoticeBoxProps {
    /// What is to be said.
    pub notice: Notice,
}

/// Says it, and takes the focus that the thing before it has lost.
#[component]
pub fn NoticeBox(props: &NoticeBoxProps) -> Html {
    let title = use_focus_when(Some(props.notice.clone()));
    let (tone, shape, detail) = match &props.notice {
        Notice::Cancelled { .. } | Notice::Empty { .. } => (Tone::Plain, Shape::Info, None),
        Notice::RepairedInPlace { .. } => (Tone::Good, Shape::Sound, None),
        Notice::Failed { failure, .. } | Notice::NotPrinted(failure) | Notice::NotChanged(failure) => {
            (Tone::Bad, Shape::Error, Some(failure.to_string()))
        }
    };
    let content = html! {
        <div class="paragraphs" data-notice={props.notice.name()}>
            <p ref={title} tabindex="-1"><strong>{ props.notice.title() }</strong></p>
            if let Some(detail) = detail {
                <p>{ detail }</p>
            }
        </div>
    };
    callout(tone, shape, "notice", content)
}
