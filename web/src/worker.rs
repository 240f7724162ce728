//! The worker: reads files and answers with what they are.

use std::iter;
use std::ops::ControlFlow;

use gloo_events::EventListener;
use js_sys::wasm_bindgen::{JsCast, UnwrapThrowExt};
use js_sys::{Array, Date};
use serde::{Deserialize, Serialize};
use vhd_analyser_core::analysis::{Analysis, AnalysisContext, Options, analyse_with};
use vhd_analyser_core::chain::Lineage;
use vhd_analyser_core::compat::Place;
use vhd_analyser_core::convert::Format;
use vhd_analyser_core::image;
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::progress;
use vhd_analyser_core::repair::{ParentDisk, Request as Changes};
use vhd_analyser_core::report::json::{self, Layout};
use vhd_analyser_core::report::{self, FindingReport, Report, ReportExport, fingerprint, markdown};
use vhd_analyser_core::script::{Language, Script};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, DedicatedWorkerGlobalScope, MessageEvent, WorkerGlobalScope};

use crate::failure::Failure;
use crate::file_access::marked;
use crate::flatten::flatten;
use crate::gather::{Named, gather};
use crate::message;
use crate::neighbours::Folder;
use crate::source::BlobSource;
use crate::version::{COMMIT, VERSION};

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
        /// The name of the file on its host.
        file: String,
    },
    /// Sort the files that come with the message, which have these paths, and read them all.
    Gather(Vec<String>),
    /// Put the files of a chain, the last child first, which have these names, together to one image.
    Flatten(Vec<String>, Format),
    /// Write the report on the file that was read for others.
    Export(ExportOptions),
    /// Print the report of the file that was read, with its times shifted.
    Print {
        /// Minutes east of UTC.
        utc_offset: i32,
    },
}

/// What is to be said in a report for others besides what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportOptions {
    /// Which of the ways to repair the file was chosen, the best being 0.
    pub plan: usize,
    /// The SHA-256 of the whole file in hex, where it is known.
    pub sha256: Option<String>,
    /// What was done about the file, a sentence each.
    pub done: Vec<String>,
    /// What coalescing it into its parent would do, a sentence each.
    pub forecast: Vec<String>,
}

/// A report for others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exports {
    /// For a ticket.
    pub markdown: String,
    /// For scripts.
    pub json: String,
}

/// How a file is to be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// The file's name.
    pub name: String,
    /// The printed report's offset from UTC, in minutes east.
    pub utc_offset: i32,
    /// Whether every block is read, too.
    pub deep: bool,
    /// What is to be changed in it besides what is wrong.
    pub wish: Wish,
    /// Whether the journal of a resize that was cut off comes with it, as the next file.
    pub journal: bool,
    /// What was chosen together with it, if anything was.
    pub siblings: Option<Siblings>,
}

/// What was chosen together with a disk. The files come last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Siblings {
    /// The disk's own path.
    pub path: String,
    /// The paths of all files.
    pub paths: Vec<String>,
    /// Whether its parent would be among them if it were anywhere.
    pub is_complete: bool,
    /// The disk's place among them.
    pub lineage: Option<Lineage>,
    /// The disks that it is based on, the parent first.
    pub ancestors: Vec<Ancestor>,
}

/// A disk that another is based on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ancestor {
    /// Its path.
    pub path: String,
    /// Whether its own parent would be among the files if it were anywhere.
    pub is_complete: bool,
    /// Its own place among them.
    pub lineage: Lineage,
    /// Whether every block of it is read, too.
    pub deep: bool,
}

/// What is to be changed in a disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// tapdisk's hidden flag, to be set or taken away.
    pub hidden: Option<bool>,
    /// The path under which the disk shall find its parent, which comes with it as the second file.
    pub parent: Option<String>,
}

/// What the worker answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Response {
    /// How far the reading is.
    Progress(Progress),
    /// The end of it.
    Analysed(Analysed),
    /// The end of reading many files. What they are comes with the message.
    Gathered,
    /// A repair as scripts.
    Scripts(Scripts),
    /// The report for others.
    Exported(Exports),
    /// The report as text.
    Printed(Printed),
    /// The SHA-256 of the whole file, in hex.
    Hashed(String),
    /// The image of a chain, which comes with the message.
    Flattened,
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
    /// Which of the ways to repair the file they go, the best being 0.
    pub plan: usize,
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
    // Kept so that the report can be written in other forms.
    let mut read: Option<ReadFile> = None;
    EventListener::new(&scope, "message", move |event| {
        let parts = event.unchecked_ref::<MessageEvent>().data().unchecked_into::<Array>();
        let files = || parts.iter().skip(1).map(JsCast::unchecked_into::<Blob>);
        let file = || files().next().unwrap_throw();
        let tell = |progress| respond(&page, &Response::Progress(progress));
        let response = match message::decode(parts.get(0)) {
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
            Request::Gather(paths) => {
                spawn_local(gather_for(page.clone(), named(paths, files())));
                return;
            }
            Request::Flatten(names, format) => match flatten(&named(names, files()), format, tell) {
                Ok(image) => return post(&page, &Array::of2(&message::encode(&Response::Flattened), &image)),
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
async fn gather_for(page: DedicatedWorkerGlobalScope, files: Vec<Named>) {
    let gathered = gather(&files, &|progress| respond(&page, &Response::Progress(progress))).await;
    post(&page, &Array::of2(&message::encode(&Response::Gathered), &message::encode(&gathered)));
}

fn named(paths: Vec<String>, files: impl Iterator<Item = Blob>) -> Vec<Named> {
    paths.into_iter().zip(files).map(|(path, file)| Named { path, file }).collect()
}

fn respond(page: &DedicatedWorkerGlobalScope, response: &Response) {
    post(page, &Array::of1(&message::encode(response)));
}

fn post(page: &DedicatedWorkerGlobalScope, parts: &Array) {
    page.post_message(parts).unwrap_throw();
}

/// Reads a file to the end, telling how far it is every now and then; behind it come the parent, the journal and the
/// siblings, if the task speaks of them.
///
/// # Errors
/// Where a file could not be read, or the disk cannot be linked to the parent.
pub fn analyse(files: &[Blob], task: &Task, tell: impl Fn(Progress)) -> Result<(Analysis, Report), Failure> {
    let mut files = files.iter().cloned();
    let mut next = || BlobSource::new(files.next().unwrap_throw());
    let source = next()?;
    let (hidden, mut parent) = (task.wish.hidden, None);
    if let Some(path) = &task.wish.parent {
        parent = Some(parent_disk(&next()?, path)?);
    }
    let journal = if task.journal { Some(next()?) } else { None };
    let options = Options { request: Changes { hidden, parent, ..Changes::default() }, ..options(task.deep) };
    let Siblings { path, paths, is_complete, lineage, .. } = task.siblings.clone().unwrap_or_default();
    let place = Place::of(Folder::of(&path, named(paths, files), is_complete));
    let beside = AnalysisContext { journal: journal.as_ref(), parent_lookup: &place, ..AnalysisContext::NOTHING };
    let analysis = analyse_with(&source, &beside, &task.name, &options, &mut every_now_and_then(tell))?;
    if let Some(parent) = &options.request.parent {
        parent.check(&analysis.image)?;
    }
    let regions = fingerprint::regions(&source, &analysis.image)?;
    // What is known of the disk itself is more than when the others were read.
    let lineage = lineage.map(|lineage| lineage.with_own(analysis.verdict()));
    let mut report = Report { regions, ..report::build(&analysis, lineage.as_ref()) };
    mark(&mut report);
    Ok((analysis, report))
}

/// Marks in what is told of a disk what would turn the direction of writing, as in the files' own names: a disk names its
/// parent, and is quoted.
fn mark(report: &mut Report) {
    mark_findings(&mut report.findings);
    report.tools.iter_mut().for_each(|tool| mark_text(&mut tool.says));
    mark_text(&mut report.headline);
    report.explanation.iter_mut().for_each(mark_text);
    let fields = report.structures.iter_mut().flat_map(|structure| &mut structure.fields);
    fields.for_each(|field| mark_text(&mut field.value));
    for repair in report.repair.iter_mut().chain(&mut report.alternatives) {
        repair.assumes.iter_mut().for_each(mark_text);
        repair.loses.iter_mut().for_each(mark_text);
    }
}

pub(crate) fn mark_findings(findings: &mut [FindingReport]) {
    for finding in findings {
        mark_text(&mut finding.title);
        mark_text(&mut finding.found);
        mark_text(&mut finding.expected);
    }
}

#[inline(never)]
pub(crate) fn mark_text(text: &mut String) {
    *text = marked(text);
}

/// Reads the disks that a disk is based on. None where it was chosen by itself, or one of them can no longer be read.
pub fn ancestors(files: &[Blob], task: &Task) -> Option<Vec<Report>> {
    let siblings = task.siblings.as_ref()?;
    let others = files.get(files.len().checked_sub(siblings.paths.len())?..)?;
    let read = |Ancestor { path, is_complete, lineage, deep }: &Ancestor| {
        let itself = others.get(siblings.paths.iter().position(|other| other == path)?)?;
        let files: Vec<Blob> = iter::once(itself).chain(others).cloned().collect();
        let siblings = Siblings {
            path: path.clone(),
            paths: siblings.paths.clone(),
            is_complete: *is_complete,
            lineage: Some(lineage.clone()),
            ancestors: Vec::new(),
        };
        let task = Task { name: path.clone(), deep: *deep, siblings: Some(siblings), ..Task::default() };
        Some(analyse(&files, &task, |_| ()).ok()?.1)
    };
    siblings.ancestors.iter().map(read).collect()
}

/// What a disk is to be told of the parent that it finds under a path.
fn parent_disk(source: &BlobSource, path: &str) -> Result<ParentDisk, Failure> {
    let image = image::open(source, &mut |_| ControlFlow::Continue(()))?;
    Ok(ParentDisk::of(&image, path.to_owned(), source.changed().unwrap_or_else(now))?)
}

/// What an analysis goes by.
pub(crate) fn options(deep: bool) -> Options {
    Options { now: now(), fresh_unique_id: random_bytes(), deep, request: Changes::default() }
}

fn hash(file: Blob, tell: impl Fn(Progress)) -> Result<String, Failure> {
    Ok(fingerprint::whole_file(&BlobSource::new(file)?, &mut every_now_and_then(tell))?)
}

pub(crate) fn every_now_and_then(tell: impl Fn(Progress)) -> impl FnMut(progress::Progress) -> ControlFlow<()> {
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

fn scripts(analysis: &Analysis, plan: usize, file: &str) -> Option<Scripts> {
    let script = Script { file, proven: analysis.repairs.get(plan)?, version: VERSION };
    Some(Scripts { plan, sh: script.text(Language::Sh), powershell: script.text(Language::PowerShell) })
}

fn print(analysis: &Analysis, utc_offset: i32) -> Printed {
    let bytes = report::vhd_util_read::render(analysis, utc_offset);
    let text: Vec<String> = String::from_utf8_lossy(&bytes).split('\n').map(marked).collect();
    Printed { utc_offset, text: text.join("\n") }
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
