//! The page's side of the work: every reading, of one file or of several, has a worker of its own. What a worker knows
//! already it can be asked by another job.

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

/// Files in a worker. Dropping it ends the worker at once, whatever it does, unless another job has it, too.
pub struct Job(Rc<RefCell<Option<Running>>>);

struct Running {
    started: Rc<Started>,
    /// Which of the worker's jobs it is: requests and answers bear it.
    number: u32,
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
        let number = 0;
        let request: Array = message(request, number).iter().chain(files.iter().map(JsValue::from)).collect();
        spawn_local(async move {
            let started = program.start().await;
            // Dropped in the meantime.
            let Some(job) = waiting.upgrade() else { return };
            let sent = started.and_then(|started| match started.worker.post_message(&request) {
                Ok(()) => Ok(started.into()),
                Err(_) => Err(Failure::NoWorker),
            });
            match sent {
                Ok(started) => *job.borrow_mut() = Some(Running::listen(started, number, answer)),
                Err(failure) => answer(Response::Failed(failure), JsValue::UNDEFINED),
            }
        });
        Self(job)
    }

    /// Has the same worker do something else with the files that it has. `answer` is as that of [`Self::start`]. None
    /// where no worker runs.
    pub fn another(&self, request: &Request, answer: impl Fn(Response, JsValue) + 'static) -> Option<Self> {
        let started = self.0.borrow().as_ref()?.started.clone();
        let job = Running::listen(started.clone(), started.next_job(), answer);
        job.ask(request);
        Some(Self(Rc::new(RefCell::new(Some(job)))))
    }

    /// Asks for something else about the file that was read.
    pub fn ask(&self, request: &Request) {
        if let Some(running) = self.0.borrow().as_ref() {
            running.ask(request);
        }
    }
}

/// A request by one of a worker's jobs; the files follow.
fn message(request: &Request, number: u32) -> Array {
    Array::of2(&codec::encode(request), &number.into())
}

impl Running {
    fn ask(&self, request: &Request) {
        // It fails only for what cannot be copied, and bytes can.
        let _ = self.started.worker.post_message(&message(request, self.number));
    }

    fn listen(started: Rc<Started>, number: u32, answer: impl Fn(Response, JsValue) + 'static) -> Self {
        let answer = Rc::new(answer);
        let on_message = EventListener::new(&started.worker, "message", {
            let answer = answer.clone();
            move |event| {
                let parts: Array = event.unchecked_ref::<MessageEvent>().data().unchecked_into();
                // What bears no number concerns them all.
                if parts.get(1).as_f64().is_none_or(|other| other == f64::from(number)) {
                    answer(codec::decode(parts.get(0)), parts.get(2));
                }
            }
        });
        let on_error = EventListener::new(&started.worker, "error", move |event| {
            answer(Response::Failed(failure(event)), JsValue::UNDEFINED)
        });
        Self { started, number, _listeners: [on_message, on_error] }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.ask(&Request::Forget);
    }
}

/// A worker that runs and fails says why; one that cannot be loaded says nothing.
fn failure(event: &Event) -> Failure {
    match event.dyn_ref::<ErrorEvent>() {
        Some(error) => Failure::Crashed(error.message()),
        None => Failure::NoWorker,
    }
}
