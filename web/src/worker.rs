//! The worker: reads a file and answers with a report.

use std::ops::ControlFlow;

use gloo_events::EventListener;
use js_sys::wasm_bindgen::{JsCast, UnwrapThrowExt};
use js_sys::{Array, Date};
use serde::{Deserialize, Serialize};
use vhd_analyser_core::analysis::{self, Analysis, Options};
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::progress;
use vhd_analyser_core::repair::Request as Changes;
use vhd_analyser_core::report::{Report, fingerprint};
use vhd_analyser_core::script::{Language, Script};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, DedicatedWorkerGlobalScope, MessageEvent, WorkerGlobalScope};

use crate::failure::Failure;
use crate::gather::{Named, gather};
use crate::gathered::Gathered;
use crate::message;
use crate::source::BlobSource;
use crate::version::VERSION;

/// Milliseconds between two messages of progress.
const PROGRESS_INTERVAL: f64 = 50.0;

/// What the page asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// Read the file that comes with the message.
    Analyse(Task),
    /// Hash all of the file that comes with the message.
    Hash,
    /// Write one of the ways to repair the file that was read as scripts.
    Scripts {
        /// Which, the best being 0.
        plan: usize,
    },
    /// Sort the files that come with the message, which have these paths, and read them all.
    Gather(Vec<String>),
    /// Print the report of the file that was read, with its times shifted.
    Print {
        /// Minutes east of UTC.
        utc_offset: i32,
    },
}

/// How a file is to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The file's name.
    pub name: String,
    /// The printed report's offset from UTC, in minutes east.
    pub utc_offset: i32,
    /// Whether every block is read, too.
    pub deep: bool,
}

/// What the worker answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Response {
    /// How far the reading is.
    Progress(Progress),
    /// The end of it.
    Analysed(Analysed),
    /// The end of reading many files.
    Gathered(Box<Gathered>),
    /// A repair as scripts.
    Scripts(Scripts),
    /// The report as text.
    Printed(Printed),
    /// The SHA-256 of the whole file, in hex.
    Hashed(String),
    /// There is no report.
    Failed(Failure),
}

/// How far the reading is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What is being read.
    pub stage: String,
    /// How much of it has been read.
    pub done: u64,
    /// How much of it there is; 0 where nobody knows.
    pub total: u64,
    /// What that counts.
    pub unit: Unit,
}

/// What progress is counted in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Bytes.
    #[default]
    Bytes,
    /// Files.
    Files,
}

/// A file's report, for the page and as text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Analysed {
    /// What the page shows.
    pub report: Box<Report>,
    /// What `vhd-util` would print.
    pub printed: Printed,
    /// When it was read, in seconds since 2000.
    pub date: u32,
}

/// A repair as scripts for the host that has the disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scripts {
    /// For `sh`.
    pub sh: String,
    /// For PowerShell.
    pub powershell: String,
}

/// A report as text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Printed {
    /// Minutes east of UTC of the times in it.
    pub utc_offset: i32,
    /// The text.
    pub text: String,
}

/// Answers the page's requests for as long as the page wants: it ends the worker, the worker never does.
pub fn serve(scope: DedicatedWorkerGlobalScope) {
    report_panics();
    let page = scope.clone();
    // Kept so that the text can be printed with other times.
    let mut read: Option<Analysis> = None;
    EventListener::new(&scope, "message", move |event| {
        let parts = event.unchecked_ref::<MessageEvent>().data().unchecked_into::<Array>();
        let files = || parts.iter().skip(1).map(JsCast::unchecked_into::<Blob>);
        let file = || files().next().unwrap_throw();
        let tell = |progress| respond(&page, &Response::Progress(progress));
        let response = match message::decode(parts.get(0)) {
            Request::Analyse(task) => match analyse(file(), &task, tell) {
                Ok((analysis, report)) => {
                    let printed = print(&analysis, task.utc_offset);
                    read = Some(analysis);
                    Response::Analysed(Analysed { report: report.into(), printed, date: now().0 })
                }
                Err(failure) => Response::Failed(failure),
            },
            Request::Gather(paths) => {
                let files = paths.into_iter().zip(files()).map(|(path, file)| Named { path, file }).collect();
                spawn_local(gather_for(page.clone(), files));
                return;
            }
            Request::Hash => hash(file(), tell).map_or_else(Response::Failed, Response::Hashed),
            Request::Scripts { plan } => match read.as_ref().and_then(|analysis| scripts(analysis, plan)) {
                Some(scripts) => Response::Scripts(scripts),
                None => return,
            },
            Request::Print { utc_offset } => match &read {
                Some(analysis) => Response::Printed(print(analysis, utc_offset)),
                None => return,
            },
        };
        respond(&page, &response);
    })
    .forget();
}

/// Waits for packed files: the browser unpacks them in its own time.
async fn gather_for(page: DedicatedWorkerGlobalScope, files: Vec<Named>) {
    let gathered = gather(&files, &|progress| respond(&page, &Response::Progress(progress))).await;
    respond(&page, &Response::Gathered(gathered.into()));
}

fn respond(page: &DedicatedWorkerGlobalScope, response: &Response) {
    page.post_message(&message::encode(response)).unwrap_throw();
}

/// Reads a file to the end, telling how far it is every now and then.
///
/// # Errors
/// Where the file could not be read.
pub fn analyse(file: Blob, task: &Task, tell: impl Fn(Progress)) -> Result<(Analysis, Report), Failure> {
    let source = BlobSource::new(file)?;
    let analysis = analysis::analyse(&source, &task.name, &options(task.deep), &mut every_now_and_then(tell))?;
    let regions = fingerprint::regions(&source, &analysis.image)?;
    let report = Report { regions, ..analysis.report() };
    Ok((analysis, report))
}

/// What an analysis goes by.
pub(crate) fn options(deep: bool) -> Options {
    Options { now: now(), fresh_unique_id: random_bytes(), deep, request: Changes::default() }
}

fn hash(file: Blob, tell: impl Fn(Progress)) -> Result<String, Failure> {
    Ok(fingerprint::whole_file(&BlobSource::new(file)?, &mut every_now_and_then(tell))?)
}

fn every_now_and_then(tell: impl Fn(Progress)) -> impl FnMut(progress::Progress) -> ControlFlow<()> {
    let mut told = Date::now();
    move |progress| {
        let now = Date::now();
        if now - told >= PROGRESS_INTERVAL {
            told = now;
            let progress::Progress { stage, done, total } = progress;
            tell(Progress { stage: stage.to_string(), done, total, unit: Unit::Bytes });
        }
        // The page ends the whole worker where it no longer wants the answer.
        ControlFlow::Continue(())
    }
}

fn scripts(analysis: &Analysis, plan: usize) -> Option<Scripts> {
    let script = Script { file: &analysis.name, proven: analysis.repairs.get(plan)?, version: VERSION };
    Some(Scripts { sh: script.text(Language::Sh), powershell: script.text(Language::PowerShell) })
}

fn print(analysis: &Analysis, utc_offset: i32) -> Printed {
    let bytes = analysis.vhd_util_read(utc_offset);
    Printed { utc_offset, text: String::from_utf8_lossy(&bytes).into_owned() }
}

fn now() -> TimeStamp {
    TimeStamp::from_unix((Date::now() / 1000.0) as i64)
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

/// Has a panic tell the page its reason: of the trap that ends the worker then, a browser says nothing useful.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
            respond(&scope, &Response::Failed(Failure::Crashed(panic.to_string())));
        }
    }));
}
