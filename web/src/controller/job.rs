//! The page's side of the work: every reading, of one file or of several, has a worker of its own.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_events::EventListener;
use js_sys::Array;
use js_sys::wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, ErrorEvent, Event, MessageEvent};

use crate::controller::program::{Program, Started};
use crate::protocol::codec;
use crate::protocol::failure::Failure;
use crate::protocol::{Request, Response};

/// Files in a worker. Dropping it ends the worker at once, whatever it does.
pub struct Job(Rc<RefCell<Option<Running>>>);

struct Running {
    started: Started,
    _listeners: [EventListener; 2],
}

impl Job {
    /// Has files read. `answer` hears everything about them, with what comes along with the answer, and nothing any more
    /// once the job is dropped.
    pub fn start(
        program: &Program,
        files: &[Blob],
        request: &Request,
        answer: impl Fn(Response, JsValue) + 'static,
    ) -> Self {
        let job = Rc::new(RefCell::new(None));
        let (program, waiting) = (program.clone(), Rc::downgrade(&job));
        let request: Array = std::iter::once(codec::encode(request)).chain(files.iter().map(JsValue::from)).collect();
        spawn_local(async move {
            let started = program.start().await;
            // Dropped in the meantime.
            let Some(job) = waiting.upgrade() else { return };
            let sent = started.and_then(|started| match started.worker.post_message(&request) {
                Ok(()) => Ok(started),
                Err(_) => Err(Failure::NoWorker),
            });
            match sent {
                Ok(started) => *job.borrow_mut() = Some(Running::listen(started, answer)),
                Err(failure) => answer(Response::Failed(failure), JsValue::UNDEFINED),
            }
        });
        Self(job)
    }

    /// Asks for something else about the file that was read.
    pub fn ask(&self, request: &Request) {
        if let Some(running) = self.0.borrow().as_ref() {
            let request = Array::of1(&codec::encode(request));
            // It fails only for what cannot be copied, and bytes can.
            let _ = running.started.worker.post_message(&request);
        }
    }
}

impl Running {
    fn listen(started: Started, answer: impl Fn(Response, JsValue) + 'static) -> Self {
        let answer = Rc::new(answer);
        let on_message = EventListener::new(&started.worker, "message", {
            let answer = answer.clone();
            move |event| {
                let parts: Array = event.unchecked_ref::<MessageEvent>().data().unchecked_into();
                answer(codec::decode(parts.get(0)), parts.get(1));
            }
        });
        let on_error = EventListener::new(&started.worker, "error", move |event| {
            answer(Response::Failed(failure(event)), JsValue::UNDEFINED)
        });
        Self { started, _listeners: [on_message, on_error] }
    }
}

/// A worker that runs and fails says why; one that cannot be loaded says nothing.
fn failure(event: &Event) -> Failure {
    match event.dyn_ref::<ErrorEvent>() {
        Some(error) => Failure::Crashed(error.message()),
        None => Failure::NoWorker,
    }
}
