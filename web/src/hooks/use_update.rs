//! The service worker, which keeps the page for use without a network, and new versions of the page.

use std::cell::Cell;
use std::rc::Rc;

use gloo_events::EventListener;
use js_sys::wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{ServiceWorker, ServiceWorkerContainer, ServiceWorkerRegistration, ServiceWorkerState, Window};
use yew::prelude::*;

/// A new version that was taken as a whole, and takes over when this is called; none while there is none.
#[hook]
pub fn use_update() -> Option<Callback<()>> {
    let waiting = use_state(|| None::<ServiceWorker>);
    use_effect_with((), {
        let waiting = waiting.setter();
        move |()| {
            spawn_local(async move {
                // Without a service worker, as in a page that was opened as a file, everything else works as well.
                let _ = register(waiting).await;
            });
        }
    });
    let waiting = (*waiting).clone()?;
    Some(Callback::from(move |()| {
        // It fails only for what cannot be copied, and a string can.
        let _ = waiting.post_message(&"take over".into());
    }))
}

async fn register(waiting: UseStateSetter<Option<ServiceWorker>>) -> Result<(), JsValue> {
    let window = web_sys::window().ok_or("a page has a window")?;
    let location = window.location();
    let is_served = location.protocol()?.starts_with("http") && !is_one_file(&window);
    if !is_served || !window.is_secure_context() {
        return Ok(());
    }
    let container = window.navigator().service_worker();
    let registration: ServiceWorkerRegistration =
        JsFuture::from(container.register("service-worker.js")).await?.unchecked_into();
    reload_when_it_takes_over(&container);
    // One that takes over now was there before; the first of all has nothing to replace.
    let offer = Rc::new(move |worker: ServiceWorker| {
        if container.controller().is_some() {
            waiting.set(Some(worker));
        }
    });
    if let Some(worker) = registration.waiting() {
        offer(worker);
    }
    let found = registration.clone();
    EventListener::new(&registration, "updatefound", move |_| {
        let (Some(worker), offer) = (found.installing(), offer.clone()) else { return };
        let installing = worker.clone();
        EventListener::new(&worker, "statechange", move |_| {
            if installing.state() == ServiceWorkerState::Installed {
                offer(installing.clone());
            }
        })
        .forget();
    })
    .forget();
    Ok(())
}

/// A page whose version was replaced is loaded anew, once; a page that was not kept before stays as it is.
fn reload_when_it_takes_over(container: &ServiceWorkerContainer) {
    let was_kept = Cell::new(container.controller().is_some());
    EventListener::new(container, "controllerchange", move |_| {
        if was_kept.replace(true)
            && let Some(window) = web_sys::window()
        {
            // A page that cannot be loaded anew goes on as it is.
            let _ = window.location().reload();
        }
    })
    .forget();
}

/// Whether everything is in this one file.
pub fn is_one_file(window: &Window) -> bool {
    let module = window.document().and_then(|document| document.get_element_by_id("page-module"));
    module.is_some_and(|module| !module.has_attribute("data-src"))
}
