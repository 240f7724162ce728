//! What several files are, in a sentence.

use std::rc::Rc;

use yew::prelude::*;

use crate::components::callout::{Tone, callout};
use crate::components::file_picker::other_files;
use crate::components::icon::Shape;
use crate::components::paste_log::PasteLog;
use crate::file_access::Chosen;
use crate::gathered::Gathered;
use crate::hooks::use_focus_when;
use crate::units;

/// So many files are named each.
const MOST: usize = 10;

/// What is shown, and what can be done.
#[derive(Clone, PartialEq, Properties)]
pub struct OverviewProps {
    /// What the files are.
    pub gathered: Rc<Gathered>,
    /// Reads other files in their place.
    pub on_files: Callback<Vec<Chosen>>,
    /// Reads more files together with them.
    pub on_more: Callback<Vec<Chosen>>,
    /// Reads a pasted log together with them.
    pub on_log: Callback<String>,
}

/// How many disks and logs there are, and how they fare; what was not read; and the way to more files.
#[component]
pub fn Overview(props: &OverviewProps) -> Html {
    let gathered = &props.gathered;
    let heading = use_focus_when(Some(()));
    html! {
        <section class="paragraphs">
            <div class="file-line">
                <div>
                    <h2 ref={heading} tabindex="-1" data-testid="overview">{ gathered.headline() }</h2>
                    <p class="muted small">{ details(gathered) }</p>
                </div>
                { other_files(&props.on_more, &props.on_files) }
            </div>
            { for gathered.lone_journals.iter().take(MOST).map(|(path, disk)| html! {
                <p data-testid="lone-journal">
                    { format!("“{path}” is the journal of a resize of the disk with the unique id {disk}, which is not here: add it.") }
                </p>
            }) }
            <details class="fold small">
                <summary>{ "Paste a log" }</summary>
                <PasteLog on_log={props.on_log.clone()} />
            </details>
            if !gathered.unread.is_empty() {
                { callout(Tone::Bad, Shape::Error, "unread", unread(gathered)) }
            }
        </section>
    }
}

fn details(gathered: &Gathered) -> String {
    let mut parts: Vec<String> = gathered.logs.iter().take(MOST).cloned().collect();
    if let Some(more @ 1..) = gathered.logs.len().checked_sub(MOST) {
        parts.push(format!("{} more", units::decimal(more as u64)));
    }
    if let Some(answer) = &gathered.answer {
        parts.push(format!("{} read", units::count(answer.lines, "line")));
    }
    if gathered.passed_over > 0 {
        parts.push(format!("{} neither a disk nor a log", units::count(gathered.passed_over, "other file")));
    }
    parts.join(" · ")
}

fn unread(gathered: &Gathered) -> Html {
    let line = |(path, failure): &(String, _)| html! { <p><strong>{ path }</strong>{ format!(": {failure}") }</p> };
    let more = gathered.unread.len().saturating_sub(MOST) as u64;
    html! {
        <>
            { for gathered.unread.iter().take(MOST).map(line) }
            if more > 0 {
                <p>{ format!("{} more could not be read.", units::count(more, "file")) }</p>
            }
        </>
    }
}
