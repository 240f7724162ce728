//! How far a file is that is being written, and what came of it.

use yew::prelude::*;

use crate::components::common::callout::{Tone, callout};
use crate::components::common::icon::Shape;
use crate::components::common::reading::progress_bar;
use crate::hooks::{Output, Writer};

/// The bar with a way out of it, or the outcome. Nothing before anybody asked.
pub fn output(label: &'static str, writer: &Writer) -> Html {
    match &writer.output {
        Output::Idle => Html::default(),
        Output::Running(progress) => html! {
            <div class="paragraphs" role="status">
                { progress_bar(label.into(), "Waiting for your choice", progress.as_ref()) }
                <div class="actions">
                    <button type="button" class="button small" data-testid="cancel-output" onclick={writer.cancel()}>
                        { "Cancel" }
                    </button>
                </div>
            </div>
        },
        Output::Done(sentence) => {
            callout(Tone::Good, Shape::Sound, "output", html! { <p role="status" data-output="done">{ sentence }</p> })
        }
        Output::Failed(error) => callout(
            Tone::Bad,
            Shape::Error,
            "output",
            html! { <p role="status" data-output="failed">{ error.to_string() }</p> },
        ),
    }
}
