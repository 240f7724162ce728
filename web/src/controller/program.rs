//! The worker's program, which the page fetches when it is first needed.
//!
//! It is the text of a script, and a module that is compiled once. Each worker is handed both as they are, so that
//! it starts at once, without the network, and from a page that was opened as a file.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_events::EventListener;
use gloo_file::{Blob, ObjectUrl};
use js_sys::wasm_bindgen::{JsCast, JsValue};
use js_sys::{Array, Function, Promise, Reflect, WebAssembly};
use wasm_bindgen_futures::{JsFuture, future_to_promise};
use web_sys::{Event, HtmlInputElement, Response, Window, Worker};

use crate::protocol::failure::Failure;

/// Added to the program's text in a worker: it waits for the module and runs it.
const START: &str =
    "\naddEventListener('message', ({ data }) => wasm_bindgen.initSync({ module: data }), { once: true });\n";

/// The worker's program.
#[derive(Clone, Default)]
pub struct Program(Rc<RefCell<Option<Promise>>>);

/// A program that runs in a worker.
pub struct Started {
    /// The worker, which takes messages.
    pub worker: Worker,
    /// How many jobs it has had besides the first.
    jobs: Cell<u32>,
    /// Where its text stands, as long as it may be loading.
    _text: ObjectUrl,
}

impl Program {
    /// Fetches it, unless it is there or on its way. Whoever starts it hears of a failure.
    pub fn prepare(&self) {
        let _ = self.fetched();
    }

    /// Prepares it when somebody is about to choose a file or drags one over the page, for as long as the listeners live.
    pub fn prepare_ahead(&self, window: &Window) -> [EventListener; 3] {
        ["focusin", "click", "dragenter"].map(|kind| {
            let program = self.clone();
            EventListener::new(window, kind, move |event| {
                if event.type_() == "dragenter" || is_about_to_choose(event) {
                    program.prepare();
                }
            })
        })
    }

    /// Starts it as a worker.
    ///
    /// # Errors
    /// [`Failure::NotLoaded`] where it could not be fetched, which is tried again the next time, and
    /// [`Failure::NoWorker`] where the browser allows no workers.
    pub async fn start(&self) -> Result<Started, Failure> {
        // It never rejects; what it resolves to is no array where it failed.
        let fetched = JsFuture::from(self.fetched()).await.unwrap_or_else(|exception| exception);
        let parts: Array = fetched.dyn_into().map_err(|exception| Failure::NotLoaded(reason(&exception)))?;
        Started::new(&parts.get(0), &parts.get(1)).map_err(|_| Failure::NoWorker)
    }

    /// The text and the module, or the exception that kept them from being fetched: nobody may be waiting for it.
    fn fetched(&self) -> Promise {
        let fetch = || {
            let program = self.clone();
            future_to_promise(async move {
                let fetched = fetch().await;
                if fetched.is_err() {
                    program.0.take();
                }
                fetched.or_else(Ok)
            })
        };
        self.0.borrow_mut().get_or_insert_with(fetch).clone()
    }
}

impl Started {
    fn new(text: &JsValue, module: &JsValue) -> Result<Self, JsValue> {
        let text = text.as_string().unwrap_or_default() + START;
        let url = ObjectUrl::from(Blob::new_with_options(text.as_str(), Some("text/javascript")));
        let worker = Worker::new(&url)?;
        worker.post_message(module)?;
        Ok(Self { worker, jobs: Cell::default(), _text: url })
    }

    /// A number for another job; that of the first is 0.
    pub fn next_job(&self) -> u32 {
        self.jobs.set(self.jobs.get().wrapping_add(1));
        self.jobs.get()
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        self.worker.terminate();
    }
}

/// Whether this is about an input for files.
fn is_about_to_choose(event: &Event) -> bool {
    event
        .target()
        .is_some_and(|target| target.dyn_ref::<HtmlInputElement>().is_some_and(|input| input.type_() == "file"))
}

/// The text of the script and the compiled module.
async fn fetch() -> Result<JsValue, JsValue> {
    let responses = Promise::all(&Array::of2(&part("worker-script")?, &part("worker-module")?));
    let responses: Array = JsFuture::from(responses).await?.dyn_into()?;
    let (script, module): (Response, Response) = (responses.get(0).dyn_into()?, responses.get(1).dyn_into()?);
    let text = JsFuture::from(script.text()?).await?;
    let bytes = JsFuture::from(module.array_buffer()?).await?;
    let module = JsFuture::from(WebAssembly::compile(&bytes)).await?;
    Ok(Array::of2(&text, &module).into())
}

/// A promise of a part of the program, from wherever the page has it: `index.html` knows.
fn part(id: &str) -> Result<JsValue, JsValue> {
    let global = js_sys::global();
    let load: Function = Reflect::get(&global, &"loadPart".into())?.dyn_into()?;
    load.call1(&global, &id.into())
}

/// What the browser says went wrong.
fn reason(exception: &JsValue) -> String {
    match exception.dyn_ref::<js_sys::Error>() {
        Some(error) => error.message().into(),
        None => format!("{exception:?}"),
    }
}
