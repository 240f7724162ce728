//! One program, twice: in a window it is the page, in a worker it reads files for the page.

use js_sys::wasm_bindgen::JsCast;
use vhd_analyser_web::components::app::App;
use vhd_analyser_web::worker;
use web_sys::DedicatedWorkerGlobalScope;

fn main() {
    match js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
        Ok(scope) => worker::serve(scope),
        Err(_) => show_page(),
    }
}

/// Puts the page into the element that `index.html` keeps for it.
fn show_page() {
    let root =
        web_sys::window().and_then(|window| window.document()).and_then(|document| document.get_element_by_id("app"));
    if let Some(root) = root {
        yew::Renderer::<App>::with_root(root).render();
    }
}
