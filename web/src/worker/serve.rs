//! The worker's program: answers the page's requests.

use gloo_events::EventListener;
use js_sys::Array;
use js_sys::wasm_bindgen::{JsCast, UnwrapThrowExt};
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
use crate::protocol::{Analysed, ExportOptions, Exports, Printed, Progress, Request, Response, Scripts};
use crate::worker::analyse::{analyse, ancestors};
use crate::worker::blob_source::BlobSource;
use crate::worker::context::{every_now_and_then, now};
use crate::worker::file_set;
use crate::worker::flatten::flatten;
use crate::worker::named_file::{NamedFile, named};

/// Answers the page's requests for as long as the page wants: it ends the worker, the worker never does.
pub fn serve(scope: DedicatedWorkerGlobalScope) {
    report_panics();
    let page = scope.clone();
    // Kept so that the report can be written in other forms.
    let mut read: Option<ReadFile> = None;
    EventListener::new(&scope, "message", move |event| {
        let parts = event.unchecked_ref::<MessageEvent>().data().unchecked_into::<Array>();
        let files = || parts.iter().skip(1).map(JsCast::unchecked_into::<Blob>);
        let file = || files().next().unwrap_throw();
        let tell = |progress| respond(&page, &Response::Progress(progress));
        let response = match codec::decode(parts.get(0)) {
            Request::Analyse(task) => {
                let files: Vec<Blob> = files().collect();
                match analyse(&files, &task, tell) {
                    Ok((analysis, report)) => {
                        let printed = print(&analysis, task.utc_offset);
                        let date = now();
                        let analysed = Analysed { report: report.clone().into(), printed, date: date.0 };
                        respond(&page, &Response::Analysed(analysed));
                        // Nobody waits for these.
                        let ancestors = ancestors(&files, &task);
                        read = Some(ReadFile { analysis, report, ancestors, date });
                        return;
                    }
                    Err(failure) => Response::Failed(failure),
                }
            }
            Request::FileSet(paths) => {
                spawn_local(send_file_set(page.clone(), named(paths, files())));
                return;
            }
            Request::Flatten(names, format) => match flatten(&named(names, files()), format, tell) {
                Ok(image) => return post(&page, &Array::of2(&codec::encode(&Response::Flattened), &image)),
                Err(failure) => Response::Failed(failure),
            },
            Request::Hash => hash(file(), tell).map_or_else(Response::Failed, Response::Hashed),
            Request::Scripts { plan, file } => {
                match read.as_ref().and_then(|read| scripts(&read.analysis, plan, &file)) {
                    Some(scripts) => Response::Scripts(scripts),
                    None => return,
                }
            }
            Request::Export(options) => match &read {
                Some(read) => Response::Exported(read.export(&options)),
                None => return,
            },
            Request::Print { utc_offset } => match &read {
                Some(read) => Response::Printed(print(&read.analysis, utc_offset)),
                None => return,
            },
        };
        respond(&page, &response);
    })
    .forget();
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

/// Waits for packed files: the browser unpacks them in its own time.
async fn send_file_set(page: DedicatedWorkerGlobalScope, files: Vec<NamedFile>) {
    let found = file_set::read(&files, &|progress| respond(&page, &Response::Progress(progress))).await;
    post(&page, &Array::of2(&codec::encode(&Response::FileSet), &codec::encode(&found)));
}

fn respond(page: &DedicatedWorkerGlobalScope, response: &Response) {
    post(page, &Array::of1(&codec::encode(response)));
}

fn post(page: &DedicatedWorkerGlobalScope, parts: &Array) {
    page.post_message(parts).unwrap_throw();
}

fn hash(file: Blob, tell: impl Fn(Progress)) -> Result<String, Failure> {
    Ok(fingerprint::whole_file(&BlobSource::new(file)?, &mut every_now_and_then(tell))?)
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
            respond(&scope, &Response::Failed(Failure::Crashed(panic.to_string())));
        }
    }));
}
