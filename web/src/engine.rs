//! The page's side of the worker: starts it, gives it files, hears its answers.

use std::cell::Cell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use gloo_worker::{Spawnable, WorkerBridge};
use web_sys::Blob;

use crate::codec::JsCodec;
use crate::failure::Failure;
use crate::permit::Permit;
use crate::worker::{AnalysisWorker, Request, Response, Task};

/// The worker's program, beside the page.
pub const WORKER: &str = "worker.js";
/// How long a worker may take to load and to answer, in milliseconds: the first visit over a slow line.
const PATIENCE: u32 = 20_000;

/// A worker that waits for files. It is started with the page, so that the page needs no network later.
pub struct Engine(WorkerBridge<AnalysisWorker>);

impl Engine {
    /// Starts the worker whose program is at `path`.
    pub fn start(path: &str) -> Self {
        Self(AnalysisWorker::spawner().encoding::<JsCodec>().spawn(path))
    }

    /// Has a file read. `answer` hears everything about it, and nothing any more once the job is dropped.
    pub fn read(&self, blob: &Blob, name: &str, utc_offset: i32, answer: impl Fn(Response) + 'static) -> Job {
        let answer = Rc::new(answer);
        let ready = Rc::new(Cell::new(false));
        let bridge = self.0.fork(Some({
            let (answer, ready) = (answer.clone(), ready.clone());
            move |response| match response {
                Response::Ready => ready.set(true),
                response => answer(response),
            }
        }));
        let permit = Permit::grant();
        bridge.send(Request::Analyse(Task {
            blob: blob.clone(),
            name: name.to_owned(),
            utc_offset,
            permit: permit.url(),
        }));
        let watchdog = Timeout::new(PATIENCE, move || {
            if !ready.get() {
                answer(Response::Failed(Failure::NoWorker));
            }
        });
        Job { bridge, _permit: permit, _watchdog: watchdog }
    }
}

/// One file in the worker. Dropping it stops its reading and frees what the worker keeps of it.
pub struct Job {
    bridge: WorkerBridge<AnalysisWorker>,
    _permit: Permit,
    _watchdog: Timeout,
}

impl Job {
    /// Asks for the text of the report, with its times `utc_offset` minutes east of UTC.
    pub fn print(&self, utc_offset: i32) {
        self.bridge.send(Request::Print { utc_offset });
    }
}
