//! What can be repaired safely of a disk that cannot be repaired whole.

use vhd_analyser_core::report::PartialReport;
use yew::prelude::*;

use crate::browser::compose::{compose, partial_name};
use crate::browser::picked_file::PickedFile;
use crate::components::disk::fixed_copy::download;
use crate::hooks::use_object_url;

/// What is offered.
#[derive(Clone, PartialEq, Properties)]
pub struct PartialCopyProps {
    /// The file's name.
    pub file: AttrValue,
    /// What can be repaired.
    pub partial: PartialReport,
    /// The file.
    pub original: PickedFile,
    /// Hears what was done, a sentence each time.
    pub on_done: Callback<String>,
}

/// A copy that is still damaged, to download.
#[component]
pub fn PartialCopy(props: &PartialCopyProps) -> Html {
    let PartialCopyProps { file, partial, original, on_done } = props;
    let composed = use_memo((partial.clone(), original.clone()), |(partial, original)| {
        compose(&original.file, &partial.repair).ok()
    });
    let url = use_object_url((*composed).clone());
    let PartialReport { repair, repaired, errors } = partial;
    html! {
        <div class="paragraphs" data-testid="partial-repair" data-repaired={repaired.to_string()}
            data-errors={errors.to_string()}>
            <p>
                { format!("{repaired} of {errors} errors can be repaired without losing or assuming anything. {}. ", repair.title) }
                { "The copy is still damaged." }
            </p>
            if let Some(url) = url {
                <div class="actions">
                    { download("", "download-partial", "Download the partly repaired copy", url, partial_name(file), on_done) }
                </div>
            }
        </div>
    }
}
