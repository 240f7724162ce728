//! The worker's program: answers the page's requests.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use gloo_events::EventListener;
use js_sys::Array;
use js_sys::wasm_bindgen::{JsCast, JsValue, UnwrapThrowExt};
use vhd_analyser_core::analysis::Analysis;
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::report::json::{self, Layout};
use vhd_analyser_core::report::{self, Report, ReportExport, fingerprint, markdown};
use vhd_analyser_core::script::{Language, Script};
use vhd_analyser_core::text::printable;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, DedicatedWorkerGlobalScope, MessageEvent};

use crate::protocol::codec;
use crate::protocol::failure::Failure;
use crate::protocol::version::{COMMIT, VERSION};
use crate::protocol::{Analysed, ExportOptions, Exports, Printed, Progress, Request, Response, Scripts, Task};
use crate::worker::analyse::{analyse, ancestors};
use crate::worker::blob_source::BlobSource;
use crate::worker::context::{every_now_and_then, now};
use crate::worker::file_set;
use crate::worker::flatten::flatten;
use crate::worker::kept::Kept;
use crate::worker::named_file::{NamedFile, named};

/// Answers the page's requests for as long as the page wants: it ends the worker, the worker never does.
pub fn serve(scope: DedicatedWorkerGlobalScope) {
    report_panics();
    let page = scope.clone();
    // Kept so that the report can be written in other forms, for each job by its number.
    let mut read: BTreeMap<u32, ReadFile> = BTreeMap::new();
    let kept: Rc<RefCell<Kept>> = Rc::default();
    EventListener::new(&scope, "message", move |event| {
        let parts = event.unchecked_ref::<MessageEvent>().data().unchecked_into::<Array>();
        let number = parts.get(1).as_f64().unwrap_or_default() as u32;
        let reply = Reply { page: page.clone(), number };
        let files = || parts.iter().skip(2).map(JsCast::unchecked_into::<Blob>);
        let file = || files().next().unwrap_throw();
        let on_progress = |progress| reply.respond(&Response::Progress(progress));
        let of_job = read.get(&number);
        let response = match codec::decode(parts.get(0)) {
            Request::Analyse(task) => {
                return read_file(&mut read, &reply, &files().collect::<Vec<_>>(), &task, &Kept::default());
            }
            Request::Select(task) => {
                let kept = kept.borrow();
                return read_file(&mut read, &reply, &kept.files_of(&task), &task, &kept);
            }
            Request::FileSet(paths) => {
                spawn_local(send_file_set(reply, named(paths, files()), kept.clone()));
                return;
            }
            Request::Flatten(names, format) => match flatten(&named(names, files()), format, on_progress) {
                Ok(image) => return reply.send(&Response::Flattened, &image),
                Err(failure) => Response::Failed(failure),
            },
            Request::Hash => hash(file(), on_progress).map_or_else(Response::Failed, Response::Hashed),
            Request::Scripts { plan, file } => match of_job.and_then(|read| scripts(&read.analysis, plan, &file)) {
                Some(scripts) => Response::Scripts(scripts),
                None => return,
            },
            Request::Export(options) => match of_job {
                Some(read) => Response::Exported(read.export(&options)),
                None => return,
            },
            Request::Print { utc_offset } => match of_job {
                Some(read) => Response::Printed(print(&read.analysis, utc_offset)),
                None => return,
            },
            Request::Forget => {
                read.remove(&number);
                return;
            }
        };
        reply.respond(&response);
    })
    .forget();
}

/// Where the answers to a request go.
#[derive(Clone)]
struct Reply {
    page: DedicatedWorkerGlobalScope,
    /// The job that asks, which knows its answers by it.
    number: u32,
}

impl Reply {
    fn respond(&self, response: &Response) {
        self.send(response, &JsValue::UNDEFINED);
    }

    /// With what does not go into a message of bytes.
    fn send(&self, response: &Response, with: &JsValue) {
        let parts = Array::of3(&codec::encode(response), &self.number.into(), with);
        self.page.post_message(&parts).unwrap_throw();
    }
}

/// A file that was read.
struct ReadFile {
    analysis: Analysis,
    report: Report,
    /// The reports on what it is based on, the parent first, where it was picked together with others.
    ancestors: Option<Vec<Report>>,
    date: TimeStamp,
}

impl ReadFile {
    fn export(&self, options: &ExportOptions) -> Exports {
        let of = |report| ReportExport {
            report,
            sha256: None,
            date: self.date,
            version: VERSION,
            commit: COMMIT,
            plan: 0,
            done: &[],
            chain: None,
            forecast: &[],
        };
        let chain: Option<Vec<_>> = self.ancestors.as_ref().map(|reports| reports.iter().map(of).collect());
        let export = ReportExport {
            sha256: options.sha256.as_deref(),
            plan: options.plan,
            done: &options.done,
            chain: chain.as_deref(),
            forecast: &options.forecast,
            ..of(&self.report)
        };
        Exports { markdown: markdown::render(&export), json: json::render(&export, Layout::Lines) }
    }
}

/// Reads a file and answers with its report. Nobody waits for what is read after that.
fn read_file(read: &mut BTreeMap<u32, ReadFile>, reply: &Reply, files: &[Blob], task: &Task, kept: &Kept) {
    match analyse(files, task, kept, |progress| reply.respond(&Response::Progress(progress))) {
        Ok((analysis, report)) => {
            let (date, printed) = (now(), print(&analysis, task.utc_offset));
            let analysed = Analysed { report: report.clone().into(), printed, date: date.0 };
            reply.respond(&Response::Analysed(analysed));
            let ancestors = ancestors(files, task, kept);
            read.insert(reply.number, ReadFile { analysis, report, ancestors, date });
        }
        Err(failure) => reply.respond(&Response::Failed(failure)),
    }
}

/// Waits for packed files: the browser unpacks them in its own time.
async fn send_file_set(reply: Reply, files: Vec<NamedFile>, kept: Rc<RefCell<Kept>>) {
    let (found, known) = file_set::read(&files, &|progress| reply.respond(&Response::Progress(progress))).await;
    *kept.borrow_mut() = known;
    reply.send(&Response::FileSet, &codec::encode(&found));
}

fn hash(file: Blob, on_progress: impl Fn(Progress)) -> Result<String, Failure> {
    Ok(fingerprint::whole_file(&BlobSource::new(file)?, &mut every_now_and_then(on_progress))?)
}

fn scripts(analysis: &Analysis, plan: usize, file: &str) -> Option<Scripts> {
    let script = Script { file, proven: analysis.repairs.get(plan)?, version: VERSION };
    Some(Scripts { plan, sh: script.text(Language::Sh), powershell: script.text(Language::PowerShell) })
}

fn print(analysis: &Analysis, utc_offset: i32) -> Printed {
    let bytes = report::vhd_util_read::render(analysis, utc_offset);
    let text: Vec<String> =
        String::from_utf8_lossy(&bytes).split('\n').map(|line| printable(line).into_owned()).collect();
    Printed { utc_offset, text: text.join("\n") }
}

/// Has a panic tell the page its reason: of the trap that ends the worker then, a browser says nothing useful.
fn report_panics() {
    std::panic::set_hook(Box::new(|panic| {
        if let Ok(scope) = js_sys::global().dyn_into::<DedicatedWorkerGlobalScope>() {
            // It concerns all jobs.
            let failed = codec::encode(&Response::Failed(Failure::Crashed(panic.to_string())));
            scope.post_message(&Array::of1(&failed)).unwrap_throw();
        }
    }));
}
