//! Where files are taken in and answers come out: the files themselves, and the workers that read them.

pub mod job;
pub mod program;
pub mod work;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::iter;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::Promise;
use js_sys::wasm_bindgen::prelude::Closure;
use js_sys::wasm_bindgen::{JsCast, JsValue};
use vhd_analyser_core::Verdict;
use vhd_analyser_core::convert::Format;
use vhd_analyser_core::repair::Assignment;
use vhd_analyser_core::report::{DiskReport, ParentState, Report};
use vhd_analyser_core::text::printable;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{Blob, File};
use yew::UseReducerDispatcher;

use crate::browser::compose::{compose, fixed_name};
use crate::browser::directory::files_in;
use crate::browser::dropped::Dropped;
use crate::browser::file_access::{file_of, launched, on_launch};
use crate::browser::picked_file::PickedFile;
use crate::controller::job::Job;
use crate::controller::work::{Reading, Sent, With, Work};
use crate::protocol::failure::Failure;
use crate::protocol::file_set::{FileSet, is_called_disk, is_in_folder, way};
use crate::protocol::{Ancestor, DiskChanges, Request, Response, Siblings, Task};
use crate::state::{self, Action, JobKind, Repaired, State};
use vhd_analyser_core::units;

/// Milliseconds after which reading is worth a progress bar. Anything shorter would only flash.
const SLOW: u32 = 200;

/// What somebody wants changed in a disk besides what is wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// tapdisk's hidden flag, to be set or taken away.
    pub hidden: Option<bool>,
    /// The disk to link it to, by its number in the forest.
    pub parent: Option<usize>,
    /// Orphaned blocks, each assigned to its number.
    pub assign: Vec<Assignment>,
}

/// What comes of reading a disk for its report.
type ReportAnswer = Result<Box<Report>, Failure>;

/// The repaired copy of a disk, that nothing had to be assumed for.
pub struct RepairedCopy {
    /// What it is to be called.
    pub name: String,
    /// What it is made of.
    pub content: Blob,
}

impl PartialEq for Controller {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.work, &other.work)
    }
}

/// Where files are taken in and answers come out.
#[derive(Clone)]
pub struct Controller {
    /// The files and their workers.
    pub work: Rc<RefCell<Work>>,
    /// Changes what the page shows.
    pub dispatch: UseReducerDispatcher<State>,
}

impl Controller {
    /// Reads a disk by itself, or what several files are, or a file that may be a log.
    pub fn choose(&self, files: Vec<PickedFile>) {
        match &files[..] {
            [] => {}
            [disk] if is_called_disk(&disk.path) => self.choose_one(disk.clone()),
            _ => self.read_file_set(files, Vec::new(), |_| None),
        }
    }

    fn choose_one(&self, file: PickedFile) {
        self.work.borrow_mut().begin();
        self.report(file, None, With::default());
    }

    /// Reads files and all that is in folders.
    pub fn choose_dropped(&self, Dropped { mut files, folders }: Dropped) {
        let [folder, ..] = &folders[..] else { return self.choose(files) };
        let name = printable(&folder.name()).into_owned();
        let choice = self.work.borrow_mut().begin();
        self.dispatch.dispatch(Action::ManyChosen(name.clone()));
        // There may be thousands in it.
        let slow = self.slow(JobKind::FileSet);
        let controller = self.clone();
        spawn_local(async move {
            let found = files_in(folders).await;
            drop(slow);
            // Something else was chosen meanwhile.
            if controller.work.borrow().choices != choice {
                return;
            }
            files.extend(found.files);
            match found.lost.first() {
                None if files.is_empty() => controller.dispatch.dispatch(Action::Empty(name)),
                Some((_, failure)) if files.is_empty() => controller.fail(JobKind::FileSet, name, failure.clone()),
                _ => controller.read_file_set(files, found.lost, |_| None),
            }
        });
    }

    /// Reads files together with those that are there, of which those of the same path are replaced.
    pub fn add(&self, files: Vec<PickedFile>) {
        let before = self.work.borrow().files.clone();
        let is_new = |path: &str| files.iter().all(|file| file.path != path);
        let kept = before.iter().filter(|file| is_new(&file.path)).cloned();
        self.choose(kept.chain(files.clone()).collect());
    }

    /// Reads a disk again that was repaired in place.
    pub fn choose_repaired(&self, Repaired { file, undo }: Repaired) {
        self.dispatch.dispatch(Action::RepairedInPlace { undo });
        let work = self.work.borrow();
        let before = work.shown.as_ref().filter(|_| work.file_set.is_some()).map(|shown| shown.file.path.clone());
        let Some(path) = before else {
            drop(work);
            return self.choose_one(file);
        };
        // The others are read anew, too: what is said of them depends on this one.
        let repaired =
            |before: &PickedFile| PickedFile { place: before.place.clone(), path: path.clone(), ..file.clone() };
        let files = work.files.iter().map(|file| if file.path == path { repaired(file) } else { file.clone() });
        let files = files.collect();
        drop(work);
        self.read_file_set(files, Vec::new(), move |file_set| file_set.disk_at(&path));
    }

    /// Reads all files, and then the disk that is chosen, by its number in the forest, or the one to look at first. With
    /// them it tells of those that are lost already.
    fn read_file_set(
        &self,
        files: Vec<PickedFile>,
        lost: Vec<(String, Failure)>,
        choose: impl Fn(&FileSet) -> Option<usize> + 'static,
    ) {
        let files = with_paths_of_their_own(files);
        let Some(first) = files.first().cloned() else { return };
        let name =
            if files.len() == 1 { first.path.clone() } else { units::count(files.len() as u64, "file").to_string() };
        let blobs: Vec<Blob> = files.iter().map(|file| file.file.clone().into()).collect();
        let request = Request::FileSet(files.iter().map(|file| file.path.clone()).collect());
        self.work.borrow_mut().begin();
        self.dispatch.dispatch(Action::ManyChosen(name.clone()));
        let (controller, files) = (self.clone(), Rc::new(files));
        self.start(
            JobKind::FileSet,
            &blobs,
            &request,
            (first, With::default()),
            move |response, packed| match response {
                Response::FileSet => controller.file_set_read(Sent { packed, lost: lost.clone() }, &files, &choose),
                response => controller.on_response(JobKind::FileSet, &name, response),
            },
        );
    }

    fn file_set_read(&self, sent: Sent, files: &Rc<Vec<PickedFile>>, choose: &dyn Fn(&FileSet) -> Option<usize>) {
        let file_set = self.work.borrow().unpack(&sent, files);
        if let ([file], true) = (&files[..], file_set.is_one_thing() && file_set.unread.len() < 2) {
            return self.choose_one(file.clone());
        }
        let file_set = Rc::new(file_set);
        let disk = choose(&file_set).or_else(|| file_set.first_disk());
        {
            let mut work = self.work.borrow_mut();
            work.set_job = work.read_set.take().map(|reading| reading.job);
            work.begin();
            work.forget_shown();
            (work.files, work.sent, work.file_set) = (files.clone(), Some(sent), Some(file_set.clone()));
        }
        let next = disk.and_then(|disk| Some((disk, self.file_of(disk)?)));
        let reading = next.as_ref().map(|(disk, file)| state::Reading {
            name: file.name(),
            disk: Some(*disk),
            ..state::Reading::default()
        });
        self.dispatch.dispatch(Action::FileSet(file_set, reading));
        if let Some((disk, file)) = next {
            let with = self.with(disk);
            self.read(JobKind::Report, file.file.clone().into(), file.name(), (file, with));
        }
    }

    /// Shows another of the disks, by its number in the forest.
    pub fn select(&self, disk: usize) {
        let Some(file) = self.file_of(disk) else { return };
        self.work.borrow_mut().begin();
        self.report(file, Some(disk), self.with(disk));
    }

    /// The repaired copy of one of the disks, by its number in the forest; none where every repair loses or assumes
    /// something. What is shown stays as it is.
    ///
    /// # Errors
    /// Where the disk can no longer be read.
    pub async fn repaired_copy(&self, disk: usize) -> Result<Option<RepairedCopy>, Failure> {
        let Some(file) = self.file_of(disk) else { return Ok(None) };
        let report = self.report_on(&file, self.with(disk)).await?;
        let Some(repair) = report.repair.filter(|repair| repair.lossless) else { return Ok(None) };
        let content = compose(&file.file, &repair).map_err(|exception| Failure::Crashed(format!("{exception:?}")))?;
        Ok(Some(RepairedCopy { name: fixed_name(&file.name()), content }))
    }

    /// Reads a disk for its report alone.
    async fn report_on(&self, file: &PickedFile, with: With) -> ReportAnswer {
        let answer: Rc<RefCell<Option<ReportAnswer>>> = Rc::default();
        let mut job = None;
        let answered = Promise::new(&mut |resolve, _| {
            let answer = answer.clone();
            let take = move |response, _| {
                let found = match response {
                    Response::Analysed(analysed) => Ok(analysed.report),
                    Response::Failed(failure) => Err(failure),
                    _ => return,
                };
                *answer.borrow_mut() = Some(found);
                // Whoever waits for it sees the answer.
                let _ = resolve.call0(&JsValue::NULL);
            };
            job = Some(self.analyse(JobKind::Report, file.file.clone().into(), file.name(), (file, &with), take));
        });
        let _ = JsFuture::from(answered).await;
        drop(job);
        answer.take().unwrap_or(Err(Failure::NoWorker))
    }

    /// Plans a change of the disk that is shown, which is the one with this number in the forest if it is one of several.
    pub fn change(&self, disk: Option<usize>, change: Change) {
        let Some(file) = self.work.borrow().shown.as_ref().map(|shown| shown.file.clone()) else { return };
        let parent = change.parent.and_then(|parent| self.file_of(parent));
        let path = parent.as_ref().map(|parent| way(&file.place, &parent.place));
        let with = With {
            changes: DiskChanges { hidden: change.hidden, parent: path, assign: change.assign },
            parent: parent.map(|parent| parent.file.into()),
            ..disk.map(|disk| self.with(disk)).unwrap_or_default()
        };
        self.work.borrow_mut().begin();
        self.report(file, disk, with);
    }

    /// Puts the disk that is shown and all that it is based on together to one image.
    pub fn flatten(&self, disk: Option<usize>, format: Format) {
        let work = self.work.borrow();
        let Some(shown) = work.shown.as_ref().map(|shown| shown.file.clone()) else { return };
        let chain = match (disk, &work.file_set) {
            (Some(disk), Some(file_set)) => file_set.chain(disk).unwrap_or_default(),
            _ => Vec::new(),
        };
        drop(work);
        let files: Vec<PickedFile> = match &chain[..] {
            [] => vec![shown.clone()],
            chain => chain.iter().filter_map(|disk| self.file_of(*disk)).collect(),
        };
        let blobs: Vec<Blob> = files.iter().map(|file| file.file.clone().into()).collect();
        let request = Request::Flatten(files.iter().map(|file| file.path.clone()).collect(), format);
        self.dispatch.dispatch(Action::Again(JobKind::Flatten));
        let (controller, name) = (self.clone(), shown.name());
        self.start(JobKind::Flatten, &blobs, &request, (shown, With::default()), move |response, image| {
            match (response, image.dyn_into()) {
                (Response::Flattened, Ok(image)) => {
                    controller.work.borrow_mut().flatten = None;
                    controller.dispatch.dispatch(Action::Flattened(format, image));
                }
                (response, _) => controller.on_response(JobKind::Flatten, &name, response),
            }
        });
    }

    /// Reads what the installed page is opened with by the file manager.
    pub fn take_launches(self) {
        let consumer = Closure::<dyn Fn(JsValue)>::new(move |params| {
            let controller = self.clone();
            spawn_local(async move {
                let mut files = Vec::new();
                for handle in launched(params) {
                    // A file that is gone by now is not there to be read.
                    if let Ok(file) = file_of(&handle).await {
                        files.push(PickedFile { handle: Some(Promise::resolve(&handle)), ..PickedFile::from(file) });
                    }
                }
                controller.choose(files);
            });
        });
        on_launch(consumer.as_ref().unchecked_ref());
        // Files may come for as long as the page is there.
        consumer.forget();
    }

    /// Stops reading.
    pub fn cancel(&self, kind: JobKind) {
        let mut work = self.work.borrow_mut();
        *work.reading(kind) = None;
        if kind == JobKind::FileSet {
            // Folders may still be looked through.
            work.begin();
        }
        drop(work);
        self.dispatch.dispatch(Action::Cancelled(kind));
    }

    /// Prints the text of the report with times so many minutes east of UTC.
    pub fn print(&self, utc_offset: i32) {
        self.work.borrow_mut().utc_offset = utc_offset;
        self.ask(&Request::Print { utc_offset });
    }

    /// Asks the worker that read the file that is shown.
    pub fn ask(&self, request: &Request) {
        if let Some(shown) = &self.work.borrow().shown {
            shown.job.ask(request);
        }
    }

    /// Writes one of the ways to repair the file that is shown as scripts.
    pub fn write_scripts(&self, plan: usize) {
        let file = self.work.borrow().shown().map(|shown| shown.file.name());
        if let Some(file) = file {
            self.ask(&Request::Scripts { plan, file });
        }
    }

    /// Goes by another of the ways to repair the file.
    pub fn choose_plan(&self, plan: usize) {
        self.work.borrow_mut().copy_check = None;
        self.dispatch.dispatch(Action::PlanChosen(plan));
    }

    /// Reads the file that is shown, or what is made of it.
    pub fn read_again(&self, kind: JobKind, blob: impl FnOnce(&File) -> Blob) {
        let shown = self.work.borrow().shown.as_ref().map(|shown| (shown.file.clone(), shown.with.clone()));
        let Some((file, with)) = shown else { return };
        let (name, with) = match kind {
            // What was wished for has been done in it. It takes the disk's place.
            JobKind::CopyCheck => (fixed_name(&file.name()), With::in_place_of(&with)),
            _ => (file.name(), with),
        };
        self.dispatch.dispatch(Action::Again(kind));
        self.read(kind, blob(&file.file), name, (file, with));
    }

    fn report(&self, file: PickedFile, disk: Option<usize>, with: With) {
        let name = file.name();
        self.dispatch.dispatch(Action::Picked { name: name.clone(), disk, changes: with.changes.clone() });
        self.read(JobKind::Report, file.file.clone().into(), name, (file, with));
    }

    fn read(&self, kind: JobKind, blob: Blob, name: String, (file, with): (PickedFile, With)) {
        let controller = self.clone();
        let answer = {
            let name = name.clone();
            move |response, _| controller.on_response(kind, &name, response)
        };
        let job = self.analyse(kind, blob, name, (&file, &with), answer);
        *self.work.borrow_mut().reading(kind) = Some(Reading { file, with, job, _slow: self.slow(kind) });
    }

    /// Has a file read: by the worker that knows it, where one does.
    fn analyse(
        &self,
        kind: JobKind,
        blob: Blob,
        name: String,
        (file, with): (&PickedFile, &With),
        answer: impl Fn(Response, JsValue) + Clone + 'static,
    ) -> Job {
        let work = self.work.borrow();
        let deep = kind == JobKind::DeepCheck || work.correction(file).is_some();
        let (siblings, others) = with.siblings.clone().unzip();
        let (changes, journal) = (with.changes.clone(), with.journal.is_some());
        let task = Task { name, utc_offset: work.utc_offset, deep, changes, journal, siblings };
        if let (JobKind::Report, false, true, Some(set_job)) = (kind, deep, with.is_known(), &work.set_job)
            && let Some(job) = set_job.another(&Request::Select(task.clone()), answer.clone())
        {
            return job;
        }
        let request = if kind == JobKind::Hash { Request::Hash } else { Request::Analyse(task) };
        let itself = [Some(blob), with.parent.clone(), with.journal.clone()].into_iter().flatten();
        let files: Vec<Blob> = itself.chain(others.into_iter().flatten()).collect();
        Job::start(&work.program, &files, &request, answer)
    }

    fn start(
        &self,
        kind: JobKind,
        files: &[Blob],
        request: &Request,
        (file, with): (PickedFile, With),
        answer: impl Fn(Response, JsValue) + 'static,
    ) {
        let mut work = self.work.borrow_mut();
        let job = Job::start(&work.program, files, request, answer);
        *work.reading(kind) = Some(Reading { file, with, job, _slow: self.slow(kind) });
    }

    /// Says that reading takes its time, once it does.
    fn slow(&self, kind: JobKind) -> Timeout {
        let dispatch = self.dispatch.clone();
        Timeout::new(SLOW, move || dispatch.dispatch(Action::Slow(kind)))
    }

    fn on_response(&self, kind: JobKind, name: &str, response: Response) {
        let mut held = self.work.borrow_mut();
        let work = &mut *held;
        let action = match response {
            Response::Progress(progress) => Action::Progress(kind, progress),
            Response::Printed(printed) => Action::Printed(printed),
            Response::Exported(exports) => Action::Exported(exports),
            Response::Scripts(scripts) => Action::Scripts(scripts),
            // Who asks for these takes the answer himself.
            Response::FileSet | Response::Flattened => return,
            Response::Hashed(sha256) => {
                work.hash = None;
                Action::Hashed(sha256)
            }
            Response::Analysed(analysed) => {
                let read = work.reading(kind).take();
                if let (JobKind::DeepCheck, Some(read)) = (kind, &read)
                    && let Some(file_set) = work.correct(&read.file, &analysed.report)
                {
                    self.dispatch.dispatch(Action::Corrected(file_set));
                }
                match kind {
                    JobKind::CopyCheck => {}
                    JobKind::DeepCheck => (work.shown, work.copy_check) = (read, None),
                    _ => {
                        work.forget_shown();
                        work.shown = read;
                        work.keep_only_shown();
                    }
                }
                Action::Analysed(kind, analysed)
            }
            // What was found before holds on.
            Response::Failed(failure @ (Failure::NotLinked(_) | Failure::NotAssigned(_))) => {
                *work.reading(kind) = None;
                Action::NotChanged(failure)
            }
            // The file has been read long since; what failed is the printing of its report.
            Response::Failed(failure) if work.reading(kind).is_none() => Action::NotPrinted(failure),
            Response::Failed(failure) => {
                drop(held);
                return self.fail(kind, name.into(), failure);
            }
        };
        drop(held);
        self.dispatch.dispatch(action);
    }

    /// Ends a reading that failed.
    pub fn fail(&self, kind: JobKind, name: String, failure: Failure) {
        let mut work = self.work.borrow_mut();
        *work.reading(kind) = None;
        // The worker that was asked may be one that crashed.
        work.set_job = None;
        if matches!(kind, JobKind::Report | JobKind::FileSet) {
            work.forget_shown();
            if work.file_set.is_none() {
                // Nothing is shown any more that something could be added to.
                work.files = Rc::default();
            }
        }
        self.dispatch.dispatch(Action::Failed { kind, name, failure });
    }

    /// The file of a disk in the forest.
    fn file_of(&self, disk: usize) -> Option<PickedFile> {
        let work = self.work.borrow();
        let number = *work.file_set.as_ref()?.disks.get(disk)?;
        work.files.get(number).cloned()
    }

    /// What lies beside a disk in the forest.
    fn with(&self, disk: usize) -> With {
        let work = self.work.borrow();
        let Some((file_set, told)) =
            work.file_set.as_ref().and_then(|file_set| Some((file_set, file_set.forest.disks.get(disk)?)))
        else {
            return With::default();
        };
        let journal = told.journal.as_ref().and_then(|journal| work.files.iter().find(|file| file.path == *journal));
        let knows_parent = |disk: &DiskReport| is_in_folder(disk) || disk.parent_state == ParentState::Found;
        // A raw image is no disk of its own that could be told of.
        let ancestors = file_set.ancestors(disk).filter_map(|disk| Some((disk, file_set.forest.disks.get(disk)?)));
        let ancestors = ancestors.take_while(|(_, disk)| disk.verdict != Verdict::NotAVhd);
        let ancestor = |(number, disk): (usize, &DiskReport)| Ancestor {
            path: disk.file.clone(),
            is_complete: knows_parent(disk),
            lineage: file_set.lineage(number).without_ancestors(),
            deep: work.files.iter().any(|file| file.path == disk.file && work.correction(file).is_some()),
        };
        let disks = || file_set.disks.iter().filter_map(|number| work.files.get(*number));
        let siblings = Siblings {
            path: told.file.clone(),
            paths: disks().map(|file| file.path.clone()).collect(),
            is_complete: knows_parent(told),
            lineage: Some(file_set.lineage(disk)),
            ancestors: ancestors.map(ancestor).collect(),
        };
        With {
            journal: journal.map(|journal| journal.file.clone().into()),
            siblings: Some((siblings, disks().map(|file| file.file.clone().into()).collect())),
            is_kept: file_set.kept.get(disk).is_some_and(|kept| *kept),
            ..With::default()
        }
    }
}

/// Files of one name may come from a search through several folders: then their paths are told apart by numbers.
fn with_paths_of_their_own(mut files: Vec<PickedFile>) -> Vec<PickedFile> {
    let mut passed = BTreeSet::new();
    for file in &mut files {
        let (stem, end) = match file.path.rfind('.') {
            Some(dot) => file.path.split_at(dot),
            None => (file.path.as_str(), ""),
        };
        let numbered = (2..).map(|number| format!("{stem} ({number}){end}"));
        let path = iter::once(file.path.clone()).chain(numbered).find(|path| !passed.contains(path));
        file.path = path.unwrap_or_default();
        passed.insert(file.path.clone());
    }
    files
}
