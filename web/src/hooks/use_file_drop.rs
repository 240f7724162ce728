//! Files dropped anywhere on the page.

use gloo_events::{EventListener, EventListenerOptions};
use js_sys::wasm_bindgen::JsCast;
use web_sys::{DataTransfer, DragEvent, Event, FileSystemDirectoryEntry};
use yew::prelude::*;

use crate::components::file_picker::files_of;
use crate::file_access::{Chosen, handle_of_dropped};

/// What was dropped.
pub struct Dropped {
    /// The files, with their handles where the browser gives any.
    pub files: Vec<Chosen>,
    /// The folders, which take some time to be looked through.
    pub folders: Vec<FileSystemDirectoryEntry>,
}

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

/// The browser gives handles and folders now or never.
fn dropped(data: &DataTransfer) -> Dropped {
    let items = data.items();
    let items = (0..items.length()).filter_map(|i| items.get(i)).filter(|item| item.kind() == "file");
    let mut dropped = Dropped { files: Vec::new(), folders: Vec::new() };
    for item in items {
        let entry = item.webkit_get_as_entry().ok().flatten();
        match (entry, item.get_as_file()) {
            (Some(entry), _) if entry.is_directory() => dropped.folders.push(entry.unchecked_into()),
            (_, Ok(Some(file))) => {
                dropped.files.push(Chosen { handle: handle_of_dropped(&item), ..Chosen::from(file) });
            }
            _ => {}
        }
    }
    if dropped.files.is_empty() && dropped.folders.is_empty() {
        dropped.files = files_of(data.files());
    }
    dropped
}
