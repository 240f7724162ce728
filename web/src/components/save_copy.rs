//! "Save fixed copy": written where the user wants it, with a bar and a way out.

use web_sys::Blob;
use yew::prelude::*;

use crate::components::output::output;
use crate::file_access::choose_place;
use crate::hooks::{Output, use_output};
use crate::in_place::save;

/// What is to be saved.
#[derive(Clone, PartialEq, Properties)]
pub struct SaveCopyProps {
    /// The copy.
    pub blob: Blob,
    /// The name that is proposed for it.
    pub name: String,
    /// Whether it may be saved.
    pub unlocked: bool,
}

/// The button, and how far the copy is.
#[component]
pub fn SaveCopy(props: &SaveCopyProps) -> Html {
    let SaveCopyProps { blob, name, unlocked } = props;
    let writer = use_output();
    let onclick = {
        let (blob, name, writer) = (blob.clone(), name.clone(), writer.clone());
        Callback::from(move |_| {
            let (blob, name) = (blob.clone(), name.clone());
            writer.start(|watch| async move {
                let place = choose_place(&name).await?;
                save(&place, &blob, &watch).await?;
                Ok(format!("The fixed copy was saved as “{}”.", place.name()))
            });
        })
    };
    let disabled = !unlocked || matches!(writer.output, Output::Running(_));
    html! {
        <>
            <button type="button" class="button" data-testid="save-fixed" {disabled} {onclick}>{ "Save fixed copy…" }</button>
            <div class="wide">{ output("Saving the fixed copy", &writer) }</div>
        </>
    }
}
