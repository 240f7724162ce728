//! What several files are, in a sentence.

use std::rc::Rc;

use yew::prelude::*;

use crate::browser::picked_file::PickedFile;
use crate::components::common::callout::{Tone, callout};
use crate::components::common::file_picker::other_files;
use crate::components::common::icon::Shape;
use crate::components::logs::paste_log::PasteLog;
use crate::hooks::use_focus_when;
use crate::protocol::file_set::FileSet;
use vhd_analyser_core::units;

/// So many files are named each.
const MOST: usize = 10;

/// What is shown, and what can be done.
#[derive(Clone, PartialEq, Properties)]
pub struct OverviewProps {
    /// What the files are.
    pub file_set: Rc<FileSet>,
    /// Reads other files in their place.
    pub on_files: Callback<Vec<PickedFile>>,
    /// Reads more files together with them.
    pub on_more: Callback<Vec<PickedFile>>,
    /// Reads a pasted log together with them.
    pub on_log: Callback<String>,
}

/// How many disks and logs there are, and how they fare; what was not read; and the way to more files.
#[component]
pub fn Overview(props: &OverviewProps) -> Html {
    let file_set = &props.file_set;
    let heading = use_focus_when(Some(()));
    let counts = file_set.counts();
    html! {
        <section class="paragraphs">
            <div class="file-line">
                <div>
                    <h2 ref={heading} tabindex="-1" data-testid="overview" data-disks={counts.disks.to_string()}
                        data-damaged={counts.damaged.to_string()} data-broken={counts.broken.to_string()}
                        data-incomplete={counts.incomplete.to_string()} data-foreign={counts.foreign.to_string()}
                        data-logs={counts.logs.to_string()} data-troubles={counts.troubles.to_string()}
                        data-unread={counts.unread.to_string()} data-others={file_set.passed_over.to_string()}>
                        { file_set.headline() }
                    </h2>
                    <p class="muted small">{ details(file_set) }</p>
                </div>
                { other_files(&props.on_more, &props.on_files) }
            </div>
            { for file_set.lone_journals.iter().take(MOST).map(|(path, disk)| html! {
                <p data-testid="lone-journal" data-disk={disk.clone()}>
                    { format!("“{path}” is the journal of a resize of the disk with the unique id {disk}, which is not here: add it.") }
                </p>
            }) }
            <details class="fold small">
                <summary>{ "Paste a log" }</summary>
                <PasteLog on_log={props.on_log.clone()} />
            </details>
            if !file_set.unread.is_empty() {
                { callout(Tone::Bad, Shape::Error, "unread", unread(file_set)) }
            }
        </section>
    }
}

fn details(file_set: &FileSet) -> String {
    let mut parts: Vec<String> = file_set.logs.iter().take(MOST).cloned().collect();
    if let Some(more @ 1..) = file_set.logs.len().checked_sub(MOST) {
        parts.push(format!("{} more", units::decimal(more as u64)));
    }
    if let Some(answer) = &file_set.answer {
        parts.push(format!("{} read", units::count(answer.lines, "line")));
    }
    if file_set.passed_over > 0 {
        parts.push(format!("{} neither a disk nor a log", units::count(file_set.passed_over, "other file")));
    }
    parts.join(" · ")
}

fn unread(file_set: &FileSet) -> Html {
    let line = |(path, failure): &(String, _)| html! { <p><strong>{ path }</strong>{ format!(": {failure}") }</p> };
    let more = file_set.unread.len().saturating_sub(MOST) as u64;
    html! {
        <>
            { for file_set.unread.iter().take(MOST).map(line) }
            if more > 0 {
                <p>{ format!("{} more could not be read.", units::count(more, "file")) }</p>
            }
        </>
    }
}
