//! "Repair in place": what will happen first, then the repair.

use js_sys::Promise;
use vhd_analyser_core::report::RepairReport;
use wasm_bindgen_futures::JsFuture;
use yew::prelude::*;

use crate::components::callout::{Tone, callout};
use crate::components::icon::Shape;
use crate::components::output::output;
use crate::components::repair::extent;
use crate::file_access::{Chosen, choose_file, choose_place};
use crate::hooks::{Output, Writer};
use crate::in_place::InPlace;
use crate::state::Repaired;
use crate::units;

/// Says what the repair does, what it needs and how to go back; then does it.
///
/// `heading` takes the focus, `on_close` closes this, and `on_repaired` hears of the file as it is after the repair.
pub fn in_place(
    repair: &RepairReport,
    original: &Chosen,
    writer: &Writer,
    heading: NodeRef,
    on_close: Callback<MouseEvent>,
    on_repaired: &Callback<Repaired>,
) -> Html {
    let onclick = {
        let (repair, original, on_repaired, writer) =
            (repair.clone(), original.clone(), on_repaired.clone(), writer.clone());
        Callback::from(move |_| {
            let (repair, original, on_repaired) = (repair.clone(), original.clone(), on_repaired.clone());
            writer.start(|watch| async move {
                let undo = choose_place(&undo_name(&original.file.name())).await?;
                let handle = match original.handle {
                    Some(handle) => JsFuture::from(handle).await?,
                    None => choose_file().await?,
                };
                let job = InPlace { shown: &original.file, repair: &repair, handle: &handle, undo: &undo };
                let file = job.run(&watch).await?;
                let handle = Some(Promise::resolve(&handle));
                on_repaired.emit(Repaired { file: Chosen { file, handle }, undo: undo.name() });
                Ok("Repaired.".into())
            });
        })
    };
    let size = original.file.size() as u64;
    let running = matches!(writer.output, Output::Running(_));
    html! {
        <section class="in-place" aria-labelledby="in-place-heading">
            <h3 id="in-place-heading" ref={heading} tabindex="-1">{ "Repair this file in place" }</h3>
            <ol class="steps">
                <li>
                    { "You choose where the undo file goes: it keeps what the repair replaces, and the length of the file. " }
                    <span class="mono">{ format!("vhd-analyser repair {} --undo …", original.file.name()) }</span>
                    { " goes back with it." }
                </li>
                if original.handle.is_none() {
                    <li>{ "You choose the disk once more: this browser lets a page write only to a file chosen for that." }</li>
                }
                <li>{ format!("{}: {}.", repair.title, extent(repair, size)) }</li>
                <li>
                    { format!("The browser does this in a copy beside the file and swaps it in at the end. That takes {} of \
                               free space there, and as long as copying the disk; until then the file is what it was.",
                              units::size(size.max(repair.new_size))) }
                </li>
                <li>{ "The file is read and checked again." }</li>
            </ol>
            { callout(Tone::Warn, Shape::Warning, "in-place-caution", html! {
                <p>{ "Nothing may use the disk: shut down its virtual machine, or detach it. The page cannot see who else \
                      has it open." }</p>
            }) }
            <div class="actions">
                <button type="button" class="button primary" data-testid="start-in-place" disabled={running} {onclick}>
                    { "Save the undo file and repair" }
                </button>
                <button type="button" class="button" disabled={running} onclick={on_close}>{ "Close" }</button>
            </div>
            { output("Repairing in place", writer) }
        </section>
    }
}

/// `disk.vhd` goes back with `disk.vhd.undo`.
fn undo_name(name: &str) -> String {
    format!("{name}.undo")
}
