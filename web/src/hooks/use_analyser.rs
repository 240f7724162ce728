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
use crate::program::Program;
use crate::sample;
use crate::state::{Action, Purpose, Repaired, State};
use crate::worker::{Request, Response, Task};

/// Milliseconds after which reading is worth a progress bar. Anything shorter would only flash.
const SLOW: u32 = 200;

/// What the page shows and what can be done about it.
#[derive(Clone, PartialEq)]
pub struct Analyser {
    /// What the page shows.
    pub state: UseReducerHandle<State>,
    /// The file whose report is shown.
    pub original: Option<Chosen>,
    /// Reads one of these files.
    pub choose: Callback<Vec<Chosen>>,
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
    shown: Option<Reading>,
    report: Option<Reading>,
    deep_check: Option<Reading>,
    copy_check: Option<Reading>,
    hash: Option<Reading>,
}

/// Dropping it stops the reading.
struct Reading {
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
    fn choose(&self, mut files: Vec<Chosen>) {
        let names: Vec<String> = files.iter().map(|chosen| chosen.file.name()).collect();
        let Some(picked) = pick(&names) else { return };
        let file = files.swap_remove(picked);
        let name = file.file.name();
        let left_out = names.into_iter().enumerate().filter(|(i, _)| *i != picked).map(|(_, name)| name).collect();
        // Its report would replace that of this file.
        self.work.borrow_mut().deep_check = None;
        self.dispatch.dispatch(Action::Chosen { name: name.clone(), left_out });
        self.read(Purpose::Report, &file.file.clone().into(), name, file);
    }

    fn choose_repaired(&self, Repaired { file, undo }: Repaired) {
        self.dispatch.dispatch(Action::RepairedInPlace { undo });
        self.choose(vec![file]);
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
                        files.push(Chosen { file, handle: Some(Promise::resolve(&handle)) });
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
        self.read(purpose, &blob(&file.file), name, file);
    }

    fn read(&self, purpose: Purpose, blob: &Blob, name: String, file: Chosen) {
        let mut work = self.work.borrow_mut();
        let (utc_offset, deep) = (work.utc_offset, purpose == Purpose::DeepCheck);
        let request = match purpose {
            Purpose::Hash => Request::Hash,
            _ => Request::Analyse(Task { name: name.clone(), utc_offset, deep }),
        };
        let desk = self.clone();
        let job = Job::start(&work.program, blob, &request, move |response| desk.take(purpose, &name, response));
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
        if purpose == Purpose::Report {
            (work.shown, work.copy_check, work.hash) = (None, None, None);
        }
        self.dispatch.dispatch(Action::Failed { purpose, name, failure });
    }
}

impl Work {
    fn new() -> Self {
        let program = Program::default();
        Self { program, utc_offset: 0, shown: None, report: None, deep_check: None, copy_check: None, hash: None }
    }

    fn reading(&mut self, purpose: Purpose) -> &mut Option<Reading> {
        match purpose {
            Purpose::Report => &mut self.report,
            Purpose::DeepCheck => &mut self.deep_check,
            Purpose::CopyCheck => &mut self.copy_check,
            Purpose::Hash => &mut self.hash,
        }
    }
}

/// Which of several files is read: the first that is called a VHD, otherwise the first.
fn pick(names: &[String]) -> Option<usize> {
    let called_vhd = |name: &String| name.to_ascii_lowercase().ends_with(".vhd");
    names.iter().position(called_vhd).or((!names.is_empty()).then_some(0))
}

#[cfg(test)]
mod tests {
    use super::pick;

    #[test]
    fn of_several_files_the_first_vhd_is_read() {
        let pick = |names: &[&str]| pick(&names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(pick(&["SMlog", "a.VHD", "b.vhd"]), Some(1));
        assert_eq!(pick(&["SMlog", "a.vhdx"]), Some(0));
        assert_eq!(pick(&[]), None);
    }
}
