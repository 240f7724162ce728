//! Choosing files.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::browser::picked_file::{PickedFile, files_of};

/// A browser's own file input, in the shape of a button.
pub fn file_picker(label: &'static str, class: &'static str, on_files: &Callback<Vec<PickedFile>>) -> Html {
    picker(label, class, "file-input", false, on_files)
}

/// The same for a folder, with all that is in it.
pub fn folder_picker(label: &'static str, class: &'static str, on_files: &Callback<Vec<PickedFile>>) -> Html {
    picker(label, class, "folder-input", true, on_files)
}

/// The ways from the files that are shown to more of them, and to others in their place.
pub fn other_files(on_more: &Callback<Vec<PickedFile>>, on_others: &Callback<Vec<PickedFile>>) -> Html {
    html! {
        <div class="actions">
            { picker("Add files", "button", "add-files", false, on_more) }
            { file_picker("Other files", "button", on_others) }
        </div>
    }
}

fn picker(
    label: &'static str,
    class: &'static str,
    testid: &'static str,
    of_folder: bool,
    on_files: &Callback<Vec<PickedFile>>,
) -> Html {
    let onchange = on_files.reform(|event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        let files = files_of(input.files());
        // So that choosing the same file again is a change too.
        input.set_value("");
        files
    });
    html! {
        <label {class}>
            <input type="file" multiple=true webkitdirectory={of_folder} class="visually-hidden"
                data-testid={testid} {onchange} />
            { label }
        </label>
    }
}
