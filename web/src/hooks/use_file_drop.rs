//! Files dropped anywhere on the page.

use gloo_events::{EventListener, EventListenerOptions};
use js_sys::wasm_bindgen::JsCast;
use web_sys::{DataTransfer, DragEvent, Event};
use yew::prelude::*;

use crate::components::file_picker::files_of;
use crate::file_access::{Chosen, handle_of_dropped};

/// Hands dropped files on; tells whether some are being dragged over the page.
#[hook]
pub fn use_file_drop(on_files: Callback<Vec<Chosen>>) -> bool {
    let dragging = use_state_eq(|| false);
    use_effect_with(on_files, {
        let dragging = dragging.clone();
        move |on_files| {
            let on_files = on_files.clone();
            let listeners = web_sys::window().map(|window| {
                ["dragenter", "dragover", "dragleave", "drop"].map(|kind| {
                    let (dragging, on_files) = (dragging.clone(), on_files.clone());
                    // Without this the browser would open the file in place of the page.
                    let options = EventListenerOptions::enable_prevent_default();
                    EventListener::new_with_options(&window, kind, options, move |event| {
                        if let Some(files) = react(event, &dragging) {
                            on_files.emit(files);
                        }
                    })
                })
            });
            move || drop(listeners)
        }
    });
    *dragging
}

fn react(event: &Event, dragging: &UseStateHandle<bool>) -> Option<Vec<Chosen>> {
    let event = event.dyn_ref::<DragEvent>()?;
    let data = event.data_transfer()?;
    // Dragged text and links are none of ours.
    if !data.types().includes(&"Files".into(), 0) {
        return None;
    }
    event.prevent_default();
    match event.type_().as_str() {
        "drop" => {
            dragging.set(false);
            Some(dropped(&data))
        }
        "dragleave" => {
            // Leaving one element for another is not leaving the window.
            if event.related_target().is_none() {
                dragging.set(false);
            }
            None
        }
        _ => {
            dragging.set(true);
            None
        }
    }
}

/// The files with their handles, which the browser gives now or never.
fn dropped(data: &DataTransfer) -> Vec<Chosen> {
    let items = data.items();
    let items: Vec<_> = (0..items.length()).filter_map(|i| items.get(i)).filter(|item| item.kind() == "file").collect();
    let mut files = files_of(data.files());
    if items.len() == files.len() {
        for (file, item) in files.iter_mut().zip(items) {
            file.handle = handle_of_dropped(&item);
        }
    }
    files
}
