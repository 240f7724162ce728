//! What can be done about a broken disk.

use std::rc::Rc;

use vhd_analyser_core::report::RepairReport;
use vhd_analyser_core::script::Language;
use web_sys::{Blob, HtmlInputElement};
use yew::prelude::*;

use crate::browser::compose::{compose, fixed_name};
use crate::browser::file_access;
use crate::browser::picked_file::PickedFile;
use crate::components::common::callout::{Tone, callout};
use crate::components::common::icon::Shape;
use crate::components::common::reading::progress_line;
use crate::components::common::save_file::save_file;
use crate::components::disk::in_place::{Stage, in_place};
use crate::components::disk::repair::extent;
use crate::components::disk::verdict;
use crate::hooks::{use_focus_when, use_object_url, use_output, use_saved};
use crate::protocol::Scripts;
use crate::state::{CopyCheck, Repaired};

/// What is offered.
#[derive(Clone, PartialEq, Properties)]
pub struct FixedCopyProps {
    /// The file's name.
    pub file: AttrValue,
    /// The length of the file now, in bytes.
    pub size: u64,
    /// The way to repair it.
    pub repair: RepairReport,
    /// The file.
    pub original: PickedFile,
    /// What is known of the copy.
    pub copy: CopyCheck,
    /// Reads the copy.
    pub on_check: Callback<Blob>,
    /// Hears of the file as it is after a repair in place.
    pub on_repaired: Callback<Repaired>,
    /// Which of the ways to repair it this is, the best being 0.
    pub plan: usize,
    /// The repair as scripts, once they are written.
    pub scripts: Option<Rc<Scripts>>,
    /// Writes it as scripts.
    pub on_scripts: Callback<usize>,
    /// Hears what was done, a sentence each time.
    pub on_done: Callback<String>,
}

/// The fixed copy: to download, and to check without saving it.
#[component]
pub fn FixedCopy(props: &FixedCopyProps) -> Html {
    let FixedCopyProps { file, size, repair, original, copy, on_check, on_repaired, scripts, on_done, .. } = props;
    let composed =
        use_memo((repair.clone(), original.clone()), |(repair, original)| compose(&original.file, repair).ok());
    let url = use_object_url((*composed).clone());
    let read_losses = use_state_eq(|| false);
    let opened = use_state_eq(|| false);
    let writable = use_memo((), |()| file_access::is_available());
    let (saving, repairing) = (use_output(), use_output());
    let stage = use_state_eq(Stage::default);
    let in_place_heading = use_focus_when(Some(*opened));
    use_effect_with((props.plan, props.on_scripts.clone()), |(plan, on_scripts)| on_scripts.emit(*plan));
    let script =
        |text: fn(&Scripts) -> &String| scripts.as_ref().map(|scripts| text(scripts).clone()).unwrap_or_default();
    let sh = use_saved(&script(|scripts| &scripts.sh).into());
    let powershell = use_saved(&script(|scripts| &scripts.powershell).into());
    let unlocked = repair.lossless || *read_losses;
    let (Some(blob), Some(url)) = ((*composed).clone(), url) else {
        let sorry = "This browser could not put the fixed copy together. Reload the page and choose the file again.";
        return callout(Tone::Bad, Shape::Error, "notice", html! { <p>{ sorry }</p> });
    };

    let checking = matches!(copy, CopyCheck::Reading(_));
    let onclick = {
        let (on_check, blob) = (on_check.clone(), blob.clone());
        Callback::from(move |_| on_check.emit(blob.clone()))
    };
    let open = |open: bool| {
        let opened = opened.clone();
        Callback::from(move |_| opened.set(open))
    };
    html! {
        <>
            if !repair.lossless {
                { confirmation(repair, &read_losses) }
            }
            <div class="actions">
                if unlocked {
                    { download("primary", "download-fixed", "Download fixed copy", url, fixed_name(file), on_done) }
                } else {
                    <button type="button" class="button primary" data-testid="download-fixed" disabled=true>
                        { "Download fixed copy" }
                    </button>
                }
                if *writable {
                    { save_file(blob, fixed_name(file), ("save-fixed", "Save fixed copy…"), unlocked, (&saving, on_done)) }
                    <button type="button" class="button" data-testid="repair-in-place" disabled={!unlocked}
                        onclick={open(true)}>{ "Repair in place…" }</button>
                }
                <button type="button" class="button" data-testid="check-fixed" disabled={!unlocked || checking}
                    {onclick}>{ "Check the fixed copy" }</button>
                <span class="push muted small">{ extent(repair, *size) }</span>
            </div>
            if unlocked && scripts.is_some() {
                <div class="actions">
                    <span class="small">{ "Where the disk cannot be moved, a script repairs it on its host, and can undo that:" }</span>
                    { download("small", "download-script-sh", "Script for sh", sh, Language::Sh.file_name(file), on_done) }
                    { download("small", "download-script-powershell", "Script for PowerShell", powershell,
                               Language::PowerShell.file_name(file), on_done) }
                </div>
            }
            if *opened && unlocked {
                { in_place(repair, original, (&stage, &repairing), in_place_heading, open(false), on_repaired) }
            }
            { copy_verdict(copy) }
        </>
    }
}

/// A link that saves a file, and says so.
pub fn download(
    class: &'static str,
    testid: &'static str,
    label: &'static str,
    url: AttrValue,
    name: String,
    on_done: &Callback<String>,
) -> Html {
    let sentence = format!("“{name}” was downloaded.");
    let onclick = on_done.reform(move |_| sentence.clone());
    html! {
        <a class={classes!("button", class)} data-testid={testid} href={url} download={name} {onclick}>{ label }</a>
    }
}

/// Nothing with a loss is to be had before somebody has said that they know.
fn confirmation(repair: &RepairReport, read_losses: &UseStateHandle<bool>) -> Html {
    let sentence = match (repair.loses.is_empty(), repair.assumes.is_empty()) {
        (false, true) => "I have read what is lost",
        (true, false) => "I have read what is assumed",
        _ => "I have read what is lost and what is assumed",
    };
    let checked = **read_losses;
    let read_losses = read_losses.clone();
    let onchange = Callback::from(move |event: Event| {
        read_losses.set(event.target_unchecked_into::<HtmlInputElement>().checked());
    });
    html! {
        <label class="confirm">
            <input type="checkbox" data-testid="confirm-loss" {checked} {onchange} />
            <span>{ sentence }</span>
        </label>
    }
}

fn copy_verdict(copy: &CopyCheck) -> Html {
    match copy {
        CopyCheck::Unchecked => Html::default(),
        CopyCheck::Reading(reading) if !reading.slow => Html::default(),
        CopyCheck::Reading(reading) => html! { <div class="paragraphs">{ progress_line(reading) }</div> },
        CopyCheck::Checked(report) => {
            let content = html! {
                <>
                    // By itself: it takes the place of the disk, parent and all.
                    <p data-testid="fixed-verdict" data-verdict={report.own.name()}>
                        <strong>{ "The fixed copy: " }{ &report.headline }</strong>
                    </p>
                    <p class="small muted">
                        { "It was put together from the original and the changes below, and read like any other disk." }
                    </p>
                </>
            };
            callout(verdict::tone(report.verdict), Shape::from(report.verdict), "fixed-check", content)
        }
        CopyCheck::Failed(failure) => {
            let content = html! {
                <>
                    <p><strong>{ "The fixed copy could not be read." }</strong></p>
                    <p>{ failure.to_string() }</p>
                </>
            };
            callout(Tone::Bad, Shape::Error, "notice", content)
        }
    }
}
