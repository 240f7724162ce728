//! The worker: reads one file after the other and answers with reports.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ops::ControlFlow;

use gloo_worker::{HandlerId, Worker, WorkerScope};
use js_sys::wasm_bindgen::JsCast;
use serde::{Deserialize, Serialize};
use vhd_analyser_core::analysis::{self, Analysis, Options};
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::progress::AnalysisError;
use vhd_analyser_core::report::Report;
use web_sys::{Blob, DedicatedWorkerGlobalScope, WorkerGlobalScope};

use crate::failure::Failure;
use crate::permit::PermitWatch;
use crate::source::BlobSource;

/// Milliseconds between two messages of progress.
const PROGRESS_INTERVAL: f64 = 50.0;

/// What the page asks.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// Read a file.
    Analyse(Task),
    /// Print the report of the file that was read last, with its times shifted.
    Print {
        /// Minutes east of UTC.
        utc_offset: i32,
    },
}

/// A file to read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Task {
    /// The file itself, not its bytes.
    #[serde(with = "serde_wasm_bindgen::preserve")]
    pub blob: Blob,
    /// Its name.
    pub name: String,
    /// The printed report's offset from UTC, in minutes east.
    pub utc_offset: i32,
    /// Shows whether the page still wants it; see [`crate::permit`].
    pub permit: String,
}

/// What the worker answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Response {
    /// The worker runs and takes requests.
    Ready,
    /// How far the reading is.
    Progress(Progress),
    /// The end of it.
    Analysed(Analysed),
    /// The report as text.
    Printed(Printed),
    /// There is no report.
    Failed(Failure),
}

/// How far the reading is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being read.
    pub stage: String,
    /// Bytes of it that have been read.
    pub done: u64,
    /// Bytes of it in all.
    pub total: u64,
}

/// A file's report, for the page and as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysed {
    /// What the page shows.
    pub report: Box<Report>,
    /// What `vhd-util` would print.
    pub printed: Printed,
}

/// A report as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    /// Minutes east of UTC of the times in it.
    pub utc_offset: i32,
    /// The text.
    pub text: String,
}

/// The worker. Every bridge to it is one file of the page.
#[derive(Debug)]
pub struct AnalysisWorker {
    /// Kept so that the text can be printed with other times.
    analyses: HashMap<HandlerId, Analysis>,
}

impl Worker for AnalysisWorker {
    type Message = ();
    type Input = Request;
    type Output = Response;

    fn create(_scope: &WorkerScope<Self>) -> Self {
        Self { analyses: HashMap::new() }
    }

    fn update(&mut self, _scope: &WorkerScope<Self>, (): ()) {}

    fn connected(&mut self, scope: &WorkerScope<Self>, id: HandlerId) {
        scope.respond(id, Response::Ready);
    }

    fn received(&mut self, scope: &WorkerScope<Self>, request: Request, id: HandlerId) {
        BUSY_FOR.set(Some((scope.clone(), id)));
        match request {
            Request::Analyse(task) => {
                let utc_offset = task.utc_offset;
                match analyse(task, |progress| scope.respond(id, Response::Progress(progress))) {
                    Ok(analysis) => {
                        scope.respond(
                            id,
                            Response::Analysed(Analysed {
                                report: analysis.report().into(),
                                printed: print(&analysis, utc_offset),
                            }),
                        );
                        self.analyses.insert(id, analysis);
                    }
                    Err(Stopped::Cancelled) => {}
                    Err(Stopped::Failed(failure)) => scope.respond(id, Response::Failed(failure)),
                }
            }
            Request::Print { utc_offset } => {
                if let Some(analysis) = self.analyses.get(&id) {
                    scope.respond(id, Response::Printed(print(analysis, utc_offset)));
                }
            }
        }
        BUSY_FOR.set(None);
    }

    fn disconnected(&mut self, _scope: &WorkerScope<Self>, id: HandlerId) {
        self.analyses.remove(&id);
    }
}

/// Why an analysis has no result.
#[derive(Debug)]
pub enum Stopped {
    /// The page no longer wants it.
    Cancelled,
    /// It could not be done.
    Failed(Failure),
}

impl<E: Into<Failure>> From<AnalysisError<E>> for Stopped {
    fn from(error: AnalysisError<E>) -> Self {
        match error {
            AnalysisError::Cancelled => Self::Cancelled,
            AnalysisError::Read(error) => Self::Failed(error.into()),
        }
    }
}

/// Reads a file to the end, telling how far it is every now and then.
///
/// # Errors
/// Where the page withdrew its permit or the file could not be read.
pub fn analyse(task: Task, tell: impl Fn(Progress)) -> Result<Analysis, Stopped> {
    let source = BlobSource::new(task.blob).map_err(|error| Stopped::Failed(error.into()))?;
    let options = Options { now: now(), fresh_unique_id: random_bytes() };
    let mut permit = PermitWatch::new(task.permit);
    let mut told = js_sys::Date::now();
    let analysis = analysis::analyse(&source, &task.name, &options, &mut |progress| {
        let now = js_sys::Date::now();
        if now - told >= PROGRESS_INTERVAL {
            told = now;
            tell(Progress { stage: progress.stage.to_string(), done: progress.done, total: progress.total });
        }
        if permit.is_withdrawn() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    Ok(analysis)
}

fn print(analysis: &Analysis, utc_offset: i32) -> Printed {
    let bytes = analysis.vhd_util_read(utc_offset);
    Printed { utc_offset, text: String::from_utf8_lossy(&bytes).into_owned() }
}

fn now() -> TimeStamp {
    TimeStamp::from_unix((js_sys::Date::now() / 1000.0) as i64)
}

fn random_bytes() -> [u8; 16] {
    let mut bytes = [0; 16];
    let filled = js_sys::global()
        .dyn_into::<WorkerGlobalScope>()
        .ok()
        .and_then(|scope| scope.crypto().ok())
        .is_some_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
    if !filled {
        // Without the browser's generator an identifier is at least no constant.
        bytes.fill_with(|| (js_sys::Math::random() * 256.0) as u8);
    }
    bytes
}

thread_local! {
    /// Whom to tell when the work ends in a panic, after which the worker answers nobody.
    static BUSY_FOR: RefCell<Option<(WorkerScope<AnalysisWorker>, HandlerId)>> = const { RefCell::new(None) };
}

/// Makes a panic in the worker an answer to the page, which would otherwise wait for ever, and the worker's
/// end. The page then starts another.
pub fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if let Some((scope, id)) = BUSY_FOR.take() {
            scope.respond(id, Response::Failed(Failure::Crashed(panic.to_string())));
        }
        if let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
            scope.close();
        }
    }));
}
