//! The page's files and the work on them, behind the reducer.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::Promise;
use js_sys::wasm_bindgen::prelude::Closure;
use js_sys::wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, File};
use yew::prelude::*;

use crate::engine::Job;
use crate::failure::Failure;
use crate::file_access::{Chosen, file_of, launched, on_launch};
use crate::fixed_copy::fixed_name;
use crate::folders::files_in;
use crate::gathered::{Gathered, PASTED, is_called_disk};
use crate::hooks::Dropped;
use crate::program::Program;
use crate::source::ReadError;
use crate::state::{self, Action, Purpose, Repaired, State};
use crate::worker::{Request, Response, Task};
use crate::{sample, units};

/// Milliseconds after which reading is worth a progress bar. Anything shorter would only flash.
const SLOW: u32 = 200;

/// What the page shows and what can be done about it.
#[derive(Clone, PartialEq)]
pub struct Analyser {
    /// What the page shows.
    pub state: UseReducerHandle<State>,
    /// The file whose report is shown.
    pub original: Option<Chosen>,
    /// Reads these files.
    pub choose: Callback<Vec<Chosen>>,
    /// Reads these files and folders.
    pub choose_dropped: Callback<Dropped>,
    /// Reads these files together with those that are shown.
    pub add: Callback<Vec<Chosen>>,
    /// Reads a log that was pasted, together with the files that are shown.
    pub add_log: Callback<String>,
    /// Shows another of the disks, by its number in the forest.
    pub select: Callback<usize>,
    /// Reads the sample.
    pub choose_sample: Callback<()>,
    /// Stops reading.
    pub cancel: Callback<Purpose>,
    /// Prints the text of the report with times so many minutes east of UTC.
    pub print: Callback<i32>,
    /// Goes by another of the ways to repair the file.
    pub choose_plan: Callback<usize>,
    /// Reads the fixed copy.
    pub check_copy: Callback<Blob>,
    /// Reads the file once more, with its blocks.
    pub check_deeply: Callback<()>,
    /// Reads the file that was repaired in place.
    pub read_repaired: Callback<Repaired>,
    /// Hashes all of the file.
    pub hash: Callback<()>,
    /// Writes one of the ways to repair the file as scripts.
    pub write_scripts: Callback<usize>,
    /// Notes what was done about the file, in a sentence.
    pub note: Callback<String>,
}

/// The files and their workers.
struct Work {
    program: Program,
    utc_offset: i32,
    /// How often files were chosen: what was begun for one choice is of no use after the next.
    choices: u32,
    /// The files that are shown.
    files: Rc<Vec<Chosen>>,
    /// What they are, if they are several.
    gathered: Option<Rc<Gathered>>,
    shown: Option<Reading>,
    report: Option<Reading>,
    gather: Option<Reading>,
    deep_check: Option<Reading>,
    copy_check: Option<Reading>,
    hash: Option<Reading>,
}

/// Dropping it stops the reading.
struct Reading {
    /// The file; of several the first.
    file: Chosen,
    job: Job,
    _slow: Timeout,
}

/// Everything that happens to files on the page.
#[hook]
pub fn use_analyser() -> Analyser {
    let state = use_reducer(State::default);
    let work = use_mut_ref(Work::new);
    let desk = Desk { work: work.clone(), dispatch: state.dispatcher() };

    let choose = {
        let desk = desk.clone();
        Callback::from(move |files| desk.choose(files))
    };
    let choose_dropped = {
        let desk = desk.clone();
        Callback::from(move |dropped| desk.choose_dropped(dropped))
    };
    let add = {
        let desk = desk.clone();
        Callback::from(move |files| desk.add(files))
    };
    let add_log = add.reform(|text: String| Chosen::text(&text, PASTED).into_iter().collect());
    let select = {
        let desk = desk.clone();
        Callback::from(move |disk| desk.select(disk))
    };
    let choose_sample = {
        let desk = desk.clone();
        Callback::from(move |()| {
            let desk = desk.clone();
            spawn_local(async move {
                match sample::unpack().await {
                    Ok(file) => desk.choose(vec![file.into()]),
                    Err(exception) => {
                        desk.fail(Purpose::Report, sample::NAME.into(), Failure::NoSample(format!("{exception:?}")))
                    }
                }
            });
        })
    };
    let cancel = {
        let desk = desk.clone();
        Callback::from(move |purpose| {
            *desk.work.borrow_mut().reading(purpose) = None;
            desk.dispatch.dispatch(Action::Cancelled(purpose));
        })
    };
    let print = {
        let desk = desk.clone();
        Callback::from(move |utc_offset| {
            let mut work = desk.work.borrow_mut();
            work.utc_offset = utc_offset;
            if let Some(shown) = &work.shown {
                shown.job.ask(&Request::Print { utc_offset });
            }
        })
    };
    let choose_plan = {
        let desk = desk.clone();
        Callback::from(move |plan| {
            desk.work.borrow_mut().copy_check = None;
            desk.dispatch.dispatch(Action::PlanChosen(plan));
        })
    };
    let check_copy = {
        let desk = desk.clone();
        Callback::from(move |copy: Blob| desk.read_again(Purpose::CopyCheck, |_| copy))
    };
    let read_again = |purpose| {
        let desk = desk.clone();
        Callback::from(move |()| desk.read_again(purpose, |file| file.clone().into()))
    };
    let (check_deeply, hash) = (read_again(Purpose::DeepCheck), read_again(Purpose::Hash));
    let read_repaired = {
        let desk = desk.clone();
        Callback::from(move |repaired| desk.choose_repaired(repaired))
    };
    let write_scripts = {
        let work = work.clone();
        Callback::from(move |plan| {
            if let Some(shown) = &work.borrow().shown {
                shown.job.ask(&Request::Scripts { plan });
            }
        })
    };
    let note = {
        let dispatch = desk.dispatch.clone();
        Callback::from(move |sentence| dispatch.dispatch(Action::Done(sentence)))
    };
    {
        let program = work.borrow().program.clone();
        use_effect_with((), move |()| {
            let listeners = web_sys::window().map(|window| program.prepare_ahead(&window));
            move || drop(listeners)
        });
    }
    use_effect_with((), move |()| desk.take_launches());
    let original = work.borrow().shown.as_ref().map(|shown| shown.file.clone());
    Analyser {
        state,
        original,
        choose,
        choose_dropped,
        add,
        add_log,
        select,
        choose_sample,
        cancel,
        print,
        choose_plan,
        check_copy,
        check_deeply,
        read_repaired,
        hash,
        write_scripts,
        note,
    }
}

/// Where files are taken in and answers come out.
#[derive(Clone)]
struct Desk {
    work: Rc<RefCell<Work>>,
    dispatch: UseReducerDispatcher<State>,
}

impl Desk {
    /// Reads a disk by itself, or what several files are, or a file that may be a log.
    fn choose(&self, files: Vec<Chosen>) {
        match &files[..] {
            [] => {}
            [disk] if is_called_disk(&disk.path) => self.choose_one(disk.clone()),
            _ => self.gather(files, |_| None),
        }
    }

    fn choose_one(&self, file: Chosen) {
        self.work.borrow_mut().begin();
        let name = file.file.name();
        self.dispatch.dispatch(Action::Chosen { name: name.clone(), disk: None });
        self.read(Purpose::Report, &[file.file.clone().into()], name, file);
    }

    fn choose_dropped(&self, Dropped { mut files, folders }: Dropped) {
        let [folder, ..] = &folders[..] else { return self.choose(files) };
        let name = folder.name();
        self.work.borrow_mut().begin();
        self.dispatch.dispatch(Action::ManyChosen(name.clone()));
        let choice = self.work.borrow().choices;
        let desk = self.clone();
        spawn_local(async move {
            let found = files_in(folders).await;
            // Something else was chosen meanwhile.
            if desk.work.borrow().choices != choice {
                return;
            }
            match found {
                Ok(found) => {
                    files.extend(found);
                    desk.gather(files, |_| None);
                }
                Err(exception) => desk.fail(Purpose::Gather, name, ReadError::from(exception).into()),
            }
        });
    }

    /// Reads files together with those that are there, of which those of the same path are replaced.
    fn add(&self, files: Vec<Chosen>) {
        let before = self.work.borrow().files.clone();
        let is_new = |path: &str| files.iter().all(|file| file.path != path);
        let kept = before.iter().filter(|file| is_new(&file.path)).cloned();
        self.choose(kept.chain(files.clone()).collect());
    }

    fn choose_repaired(&self, Repaired { file, undo }: Repaired) {
        self.dispatch.dispatch(Action::RepairedInPlace { undo });
        let work = self.work.borrow();
        let Some(before) = work.shown.as_ref().filter(|_| work.gathered.is_some()).map(|shown| &shown.file) else {
            drop(work);
            return self.choose(vec![file]);
        };
        // The others are read anew, too: what is said of them depends on this one.
        let path = before.path.clone();
        let repaired = Chosen { path: path.clone(), ..file };
        let files = work.files.iter().map(|file| if file.path == path { repaired.clone() } else { file.clone() });
        let files = files.collect();
        drop(work);
        self.gather(files, move |gathered| gathered.disk_at(&path));
    }

    /// Reads all files, and then the disk that is chosen, by its number in the forest, or the one to look at first.
    fn gather(&self, files: Vec<Chosen>, choose: impl Fn(&Gathered) -> Option<usize> + 'static) {
        let Some(first) = files.first().cloned() else { return };
        let name = if files.len() == 1 { first.path.clone() } else { units::count(files.len() as u64, "file") };
        let blobs: Vec<Blob> = files.iter().map(|file| file.file.clone().into()).collect();
        let request = Request::Gather(files.iter().map(|file| file.path.clone()).collect());
        self.work.borrow_mut().begin();
        self.dispatch.dispatch(Action::ManyChosen(name.clone()));
        let (desk, files) = (self.clone(), Rc::new(files));
        self.start(Purpose::Gather, &blobs, &request, first, move |response| match response {
            Response::Gathered(gathered) => desk.take_gathered(*gathered, &files, &choose),
            response => desk.take(Purpose::Gather, &name, response),
        });
    }

    fn take_gathered(&self, gathered: Gathered, files: &Rc<Vec<Chosen>>, choose: &dyn Fn(&Gathered) -> Option<usize>) {
        if let ([file], true) = (&files[..], gathered.is_some_text()) {
            return self.choose_one(file.clone());
        }
        let gathered = Rc::new(gathered);
        let disk = choose(&gathered).or_else(|| gathered.first_disk());
        {
            let mut work = self.work.borrow_mut();
            work.begin();
            (work.files, work.gathered) = (files.clone(), Some(gathered.clone()));
            (work.shown, work.copy_check, work.hash) = (None, None, None);
        }
        let next = disk.and_then(|disk| Some((disk, self.file_of(disk)?)));
        let reading = next.as_ref().map(|(disk, file)| state::Reading {
            name: file.file.name(),
            disk: Some(*disk),
            ..state::Reading::default()
        });
        self.dispatch.dispatch(Action::Gathered(gathered, reading));
        if let Some((_, file)) = next {
            self.read(Purpose::Report, &[file.file.clone().into()], file.file.name(), file);
        }
    }

    /// Shows another of the disks.
    fn select(&self, disk: usize) {
        let Some(file) = self.file_of(disk) else { return };
        self.work.borrow_mut().begin();
        let name = file.file.name();
        self.dispatch.dispatch(Action::Chosen { name: name.clone(), disk: Some(disk) });
        self.read(Purpose::Report, &[file.file.clone().into()], name, file);
    }

    /// The file of a disk in the forest.
    fn file_of(&self, disk: usize) -> Option<Chosen> {
        let work = self.work.borrow();
        let number = *work.gathered.as_ref()?.disks.get(disk)?;
        work.files.get(number).cloned()
    }

    /// Reads what the installed page is opened with by the file manager.
    fn take_launches(self) {
        let consumer = Closure::<dyn Fn(JsValue)>::new(move |params| {
            let desk = self.clone();
            spawn_local(async move {
                let mut files = Vec::new();
                for handle in launched(params) {
                    // A file that is gone by now is not there to be read.
                    if let Ok(file) = file_of(&handle).await {
                        files.push(Chosen { handle: Some(Promise::resolve(&handle)), ..Chosen::from(file) });
                    }
                }
                desk.choose(files);
            });
        });
        on_launch(consumer.as_ref().unchecked_ref());
        // Files may come for as long as the page is there.
        consumer.forget();
    }

    /// Reads the file that is shown, or what is made of it.
    fn read_again(&self, purpose: Purpose, blob: impl FnOnce(&File) -> Blob) {
        let Some(file) = self.work.borrow().shown.as_ref().map(|shown| shown.file.clone()) else { return };
        let name = match purpose {
            Purpose::CopyCheck => fixed_name(&file.file.name()),
            _ => file.file.name(),
        };
        self.dispatch.dispatch(Action::Again(purpose));
        self.read(purpose, &[blob(&file.file)], name, file);
    }

    fn read(&self, purpose: Purpose, files: &[Blob], name: String, file: Chosen) {
        let (utc_offset, deep) = (self.work.borrow().utc_offset, purpose == Purpose::DeepCheck);
        let request = match purpose {
            Purpose::Hash => Request::Hash,
            _ => Request::Analyse(Task { name: name.clone(), utc_offset, deep }),
        };
        let desk = self.clone();
        self.start(purpose, files, &request, file, move |response| desk.take(purpose, &name, response));
    }

    fn start(
        &self,
        purpose: Purpose,
        files: &[Blob],
        request: &Request,
        file: Chosen,
        answer: impl Fn(Response) + 'static,
    ) {
        let mut work = self.work.borrow_mut();
        let job = Job::start(&work.program, files, request, answer);
        let dispatch = self.dispatch.clone();
        let slow = Timeout::new(SLOW, move || dispatch.dispatch(Action::Slow(purpose)));
        *work.reading(purpose) = Some(Reading { file, job, _slow: slow });
    }

    fn take(&self, purpose: Purpose, name: &str, response: Response) {
        let mut held = self.work.borrow_mut();
        let work = &mut *held;
        let action = match response {
            Response::Progress(progress) => Action::Progress(purpose, progress),
            Response::Printed(printed) => Action::Printed(printed),
            Response::Scripts(scripts) => Action::Scripts(scripts),
            // Only a request to gather is answered so, and that takes its answer itself.
            Response::Gathered(_) => return,
            Response::Hashed(sha256) => {
                work.hash = None;
                Action::Hashed(sha256)
            }
            Response::Analysed(analysed) => {
                let read = work.reading(purpose).take();
                if purpose != Purpose::CopyCheck {
                    (work.shown, work.copy_check, work.deep_check) = (read, None, None);
                }
                if purpose == Purpose::Report {
                    work.hash = None;
                    work.keep_only_shown();
                }
                Action::Analysed(purpose, analysed)
            }
            // The file has been read long since; what failed is the printing of its report.
            Response::Failed(failure) if work.reading(purpose).is_none() => Action::NotPrinted(failure),
            Response::Failed(failure) => {
                drop(held);
                return self.fail(purpose, name.into(), failure);
            }
        };
        drop(held);
        self.dispatch.dispatch(action);
    }

    fn fail(&self, purpose: Purpose, name: String, failure: Failure) {
        let mut work = self.work.borrow_mut();
        *work.reading(purpose) = None;
        if matches!(purpose, Purpose::Report | Purpose::Gather) {
            (work.shown, work.copy_check, work.hash) = (None, None, None);
        }
        self.dispatch.dispatch(Action::Failed { purpose, name, failure });
    }
}

impl Work {
    fn new() -> Self {
        Self {
            program: Program::default(),
            utc_offset: 0,
            choices: 0,
            files: Rc::default(),
            gathered: None,
            shown: None,
            report: None,
            gather: None,
            deep_check: None,
            copy_check: None,
            hash: None,
        }
    }

    /// Ends what would replace the answer to the choice that begins.
    fn begin(&mut self) {
        self.choices += 1;
        (self.report, self.gather, self.deep_check) = (None, None, None);
    }

    /// Forgets the files that were chosen together, unless the one that is shown is one of them.
    fn keep_only_shown(&mut self) {
        if let Some(shown) = self.shown.as_ref().filter(|shown| !self.files.contains(&shown.file)) {
            self.files = vec![shown.file.clone()].into();
            self.gathered = None;
        }
    }

    fn reading(&mut self, purpose: Purpose) -> &mut Option<Reading> {
        match purpose {
            Purpose::Report => &mut self.report,
            Purpose::Gather => &mut self.gather,
            Purpose::DeepCheck => &mut self.deep_check,
            Purpose::CopyCheck => &mut self.copy_check,
            Purpose::Hash => &mut self.hash,
        }
    }
}
