//! The page before a file.

use yew::prelude::*;

use crate::components::common::file_picker::{file_picker, folder_picker};
use crate::components::common::help::Topic;
use crate::components::logs::paste_log::PasteLog;
use crate::hooks::Analyser;

/// Where a file goes in, and what to do without one.
pub fn start(analyser: &Analyser, on_help: &Callback<Topic>) -> Html {
    html! {
        <>
            <div class="drop-zone" data-testid="drop-zone">
                <p class="drop-zone-line">
                    { "Drop a .vhd here, or " }
                    { file_picker("Choose files", "button primary", &analyser.choose) }
                    { folder_picker("Choose a folder", "button", &analyser.choose) }
                </p>
                <p class="muted">
                    { "A chain, its journal and a log can come along. Any size: of disks only the bytes that are needed are \
                       read. Nothing is changed unless you ask for it." }
                </p>
                <PasteLog on_log={&analyser.add_log} />
            </div>
            <div class="below-drop-zone small">
                <span class="muted">{ "No disk at hand?" }</span>
                <button type="button" class="button small" data-testid="try-sample"
                    onclick={analyser.choose_sample.reform(|_| ())}>{ "Try a sample" }</button>
                <span class="muted">{ "the disk of a failed coalesce" }</span>
                <span class="push">
                    <button type="button" class="link" onclick={on_help.reform(|_| Topic::Works)}>{ "How it works" }</button>
                    { " · " }
                    <button type="button" class="link" onclick={on_help.reform(|_| Topic::Finds)}>{ "What it finds" }</button>
                </span>
            </div>
        </>
    }
}
