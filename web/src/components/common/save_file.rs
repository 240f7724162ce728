//! Something written where the user wants it, with a bar and a way out.

use web_sys::Blob;
use yew::prelude::*;

use crate::browser::file_access::{choose_place, save};
use crate::components::common::output::output;
use crate::hooks::{Output, Writer};

/// A button that saves a file, known to tests and called like this, and how far it is. The file is proposed to be called
/// `name`.
pub fn save_file(
    blob: Blob,
    name: String,
    (testid, label): (&'static str, &'static str),
    unlocked: bool,
    (writer, on_done): (&Writer, &Callback<String>),
) -> Html {
    let disabled = !unlocked || matches!(writer.output, Output::Running(_));
    let outcome = output("Saving the file", writer);
    let (writer, on_done) = (writer.clone(), on_done.clone());
    let onclick = Callback::from(move |_| {
        let (blob, name, on_done) = (blob.clone(), name.clone(), on_done.clone());
        writer.start(|watch| async move {
            let place = choose_place(&name).await?;
            save(&place, &blob, &watch).await?;
            let sentence = format!("It was saved as “{}”.", place.name());
            on_done.emit(sentence.clone());
            Ok(Some(sentence))
        });
    });
    html! {
        <>
            <button type="button" class="button" data-testid={testid} {disabled} {onclick}>{ label }</button>
            <div class="wide">{ outcome }</div>
        </>
    }
}
