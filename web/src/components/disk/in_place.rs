//! "Repair in place": what will happen, and the steps to it.

use std::rc::Rc;

use js_sys::Promise;
use vhd_analyser_core::report::RepairReport;
use wasm_bindgen_futures::JsFuture;
use web_sys::FileSystemFileHandle;
use yew::prelude::*;

use crate::browser::file_access::{AccessError, choose_file, choose_place};
use crate::browser::picked_file::PickedFile;
use crate::browser::watch::Watch;
use crate::browser::write_in_place::InPlace;
use crate::components::common::callout::{Tone, callout};
use crate::components::common::icon::{Shape, icon};
use crate::components::common::output::output;
use crate::components::disk::repair::extent;
use crate::hooks::{Output, Writer};
use crate::state::Repaired;
use vhd_analyser_core::text::quoted;
use vhd_analyser_core::units;

/// How far somebody has come: a browser wants a click of its own for every file that a page may write to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stage {
    /// The disk, for writing.
    disk: Option<FileSystemFileHandle>,
    /// The name of the undo file, once it is saved.
    undo: Option<String>,
}

/// Says what the repair does, what it needs and how to go back; then does it, step by step.
///
/// `heading` takes the focus, `on_close` closes this, and `on_repaired` hears of the file as it is after the repair.
pub fn in_place(
    repair: &RepairReport,
    original: &PickedFile,
    (stage, writer): (&UseStateHandle<Stage>, &Writer),
    heading: NodeRef,
    on_close: Callback<MouseEvent>,
    on_repaired: &Callback<Repaired>,
) -> Html {
    let on_choose = start(writer, (stage, original), async |stage, _, _| {
        let disk = choose_file().await?;
        stage.set(Stage { disk: Some(disk), undo: None });
        Ok(None)
    });
    let on_save = start(writer, (stage, original), {
        let repair = repair.clone();
        async move |stage, original, watch| {
            let disk = disk(&stage, &original).await?;
            let undo = choose_place(&format!("{}.undo", original.file.name())).await?;
            InPlace { shown: &original.file, repair: &repair, disk: &disk }.save_undo(&undo, &watch).await?;
            stage.set(Stage { disk: Some(disk), undo: Some(undo.name()) });
            Ok(None)
        }
    });
    let on_repair = start(writer, (stage, original), {
        let (repair, on_repaired) = (repair.clone(), on_repaired.clone());
        async move |stage, original, watch| {
            let disk = disk(&stage, &original).await?;
            let file = InPlace { shown: &original.file, repair: &repair, disk: &disk }.run(&watch).await?;
            let file = PickedFile { handle: Some(Promise::resolve(&disk)), ..PickedFile::from(file) };
            on_repaired.emit(Repaired { file, undo: stage.undo.clone().unwrap_or_default() });
            Ok(Some("The disk was repaired."))
        }
    });
    let name = original.file.name();
    let size = original.file.size() as u64;
    let running = matches!(writer.output, Output::Running(_));
    let is_chosen = original.handle.is_some() || stage.disk.is_some();
    html! {
        <section class="in-place" aria-labelledby="in-place-heading">
            <h3 id="in-place-heading" ref={heading} tabindex="-1">{ "Repair this file in place" }</h3>
            { callout(Tone::Warn, Shape::Warning, "in-place-caution", html! {
                <p>{ "Nothing may use the disk: shut down its virtual machine, or detach it. The page cannot see who else \
                      has it open." }</p>
            }) }
            <ol class="steps">
                if original.handle.is_none() {
                    <li>
                        <p>{ "Choose the disk once more: the browser lets a page write only to a file that was chosen or \
                              dropped for that." }</p>
                        { step("choose-in-place", "Choose the disk…", !running, stage.disk.is_some(), on_choose) }
                    </li>
                }
                <li>
                    <p>
                        { "Save the way back: the bytes that the repair replaces, and the length of the file. " }
                        <code>{ format!("vhd-analyser repair {} --undo {}", quoted(&name), quoted(&format!("{name}.undo"))) }</code>
                        { " takes the repair back." }
                    </p>
                    { step("save-undo", "Save the undo file…", is_chosen && !running, stage.undo.is_some(), on_save) }
                </li>
                <li>
                    <p>{ format!("Repair: {} ({}). The browser makes a copy beside the file, changes that, and swaps it in \
                                  at the end. That takes {} of free space there, and as long as copying the disk. Until \
                                  then the file is what it was. Afterwards it is read and checked again.",
                                 repair.title, extent(repair, size), units::size(size.max(repair.new_size))) }</p>
                    { step("start-in-place", "Repair", stage.undo.is_some() && !running, false, on_repair) }
                </li>
            </ol>
            { output("Repairing in place", writer) }
            <div class="actions">
                <button type="button" class="button small" disabled={running} onclick={on_close}>{ "Close" }</button>
            </div>
        </section>
    }
}

fn step(testid: &'static str, label: &'static str, ready: bool, done: bool, onclick: Callback<MouseEvent>) -> Html {
    html! {
        <div class="actions">
            <button type="button" class="button small" data-testid={testid} disabled={!ready} {onclick}>{ label }</button>
            if done {
                <span class="tone-good done">{ icon(Shape::Sound) }{ "done" }</span>
            }
        </div>
    }
}

/// A click that begins a piece of work.
fn start<W>(writer: &Writer, (stage, original): (&UseStateHandle<Stage>, &PickedFile), work: W) -> Callback<MouseEvent>
where
    W: AsyncFn(UseStateHandle<Stage>, PickedFile, Watch) -> Result<Option<&'static str>, AccessError> + 'static,
{
    let (writer, stage, original, work) = (writer.clone(), stage.clone(), original.clone(), Rc::new(work));
    Callback::from(move |_| {
        let (stage, original, work) = (stage.clone(), original.clone(), work.clone());
        writer.start(|watch| async move { Ok(work(stage, original, watch).await?.map(String::from)) });
    })
}

/// The disk, for writing: as it was dropped, or chosen here.
async fn disk(stage: &Stage, original: &PickedFile) -> Result<FileSystemFileHandle, AccessError> {
    match (&stage.disk, &original.handle) {
        (Some(disk), _) => Ok(disk.clone()),
        (None, Some(promise)) => Ok(JsFuture::from(promise.clone()).await?),
        (None, None) => Err(AccessError::OtherFile),
    }
}
