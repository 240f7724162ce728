//! The worker, which the page starts for each reading.

use js_sys::wasm_bindgen::JsCast;
use vhd_analyser_web::worker;
use web_sys::DedicatedWorkerGlobalScope;

fn main() {
    if let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
        worker::serve::serve(scope);
    }
}
