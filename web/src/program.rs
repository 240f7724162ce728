//! The page's own program, to be started once more as a worker.
//!
//! A worker needs what the page has loaded already: the text of the program's script, and the compiled module
//! beside it. Both are handed over as they are, so that a worker starts at once, without the network, and from
//! a page that was opened as a file.

use gloo_file::{Blob, ObjectUrl};
use js_sys::Promise;
use js_sys::wasm_bindgen::{self, JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{HtmlScriptElement, Response, Worker};

/// Added to the program's text in a worker: it waits for the module and runs it.
const START: &str =
    "\naddEventListener('message', ({ data }) => wasm_bindgen.initSync({ module: data }), { once: true });\n";

/// The page's own program.
#[derive(Clone)]
pub struct Program {
    text: Promise,
}

/// A program that runs in a worker.
pub struct Started {
    /// The worker, which takes messages.
    pub worker: Worker,
    /// Where its text stands, as long as it may be loading.
    _text: ObjectUrl,
}

impl Program {
    /// Finds the program, while the network is there.
    pub fn find() -> Self {
        Self { text: future_to_promise(text()) }
    }

    /// Starts it as a worker.
    ///
    /// # Errors
    /// The browser's exception, where the program was not found or the browser allows no workers.
    pub async fn start(&self) -> Result<Started, JsValue> {
        let text = JsFuture::from(self.text.clone()).await?.as_string().unwrap_or_default();
        let url = ObjectUrl::from(Blob::new_with_options((text + START).as_str(), Some("text/javascript")));
        let worker = Worker::new(&url)?;
        worker.post_message(&wasm_bindgen::module())?;
        Ok(Started { worker, _text: url })
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// The text of the page's element `program`: a script that lies beside the page, or in it where all is one file.
async fn text() -> Result<JsValue, JsValue> {
    let window = web_sys::window().ok_or("a worker is started by the page")?;
    let element = window.document().and_then(|document| document.get_element_by_id("program"));
    let script: HtmlScriptElement = element.ok_or("the page does not name its program")?.unchecked_into();
    if script.src().is_empty() {
        return Ok(script.text()?.into());
    }
    let response: Response = JsFuture::from(window.fetch_with_str(&script.src())).await?.dyn_into()?;
    if !response.ok() {
        return Err(response.status_text().into());
    }
    JsFuture::from(response.text()?).await
}
