//! Which file the report is about.

use yew::prelude::*;

use crate::components::exact::ExactSize;
use crate::components::file_picker::file_picker;
use crate::file_access::Chosen;

/// What is said of it.
#[derive(Clone, PartialEq, Properties)]
pub struct FileLineProps {
    /// Its name.
    pub name: AttrValue,
    /// Its length in bytes.
    pub size: u64,
    /// What the disk is. May be empty.
    pub description: AttrValue,
    /// The names of files that were chosen together with it.
    pub left_out: Vec<String>,
    /// Takes other files.
    pub on_files: Callback<Vec<Chosen>>,
}

/// The file's name, size and kind, and a way to another file.
#[component]
pub fn FileLine(props: &FileLineProps) -> Html {
    html! {
        <div class="file-line">
            <div>
                <p class="file-name" data-testid="file-name">{ &props.name }</p>
                <p class="muted small">
                    <ExactSize bytes={props.size} />
                    { " on disk" }
                    if !props.description.is_empty() {
                        { " · " }{ &props.description }
                    }
                </p>
                if let Some(sentence) = left_out(&props.left_out) {
                    <p class="muted small" data-testid="left-out">{ sentence }</p>
                }
            </div>
            { file_picker("Another file", "button", &props.on_files) }
        </div>
    }
}

fn left_out(names: &[String]) -> Option<String> {
    match names {
        [] => None,
        [name] => Some(format!("One file is read at a time: {name} was left out.")),
        names => Some(format!("One file is read at a time: {} were left out.", names.join(", "))),
    }
}
