//! Files dropped anywhere on the page.

use gloo_events::{EventListener, EventListenerOptions};
use js_sys::wasm_bindgen::JsCast;
use web_sys::{DragEvent, Event};
use yew::prelude::*;

use crate::browser::dropped::Dropped;

/// Hands dropped files on; tells whether some are being dragged over the page.
#[hook]
pub fn use_file_drop(on_files: Callback<Dropped>) -> bool {
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

fn react(event: &Event, dragging: &UseStateHandle<bool>) -> Option<Dropped> {
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
            Some(Dropped::of(&data))
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
