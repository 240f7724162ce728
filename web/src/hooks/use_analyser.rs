//! The page's files and the work on them, behind the reducer.

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use wasm_bindgen_futures::spawn_local;
use web_sys::{Blob, File};
use yew::prelude::*;

use crate::engine::Job;
use crate::failure::Failure;
use crate::program::Program;
use crate::sample;
use crate::state::{Action, State};
use crate::worker::{Analysed, Response, Task};

/// Milliseconds after which reading is worth a progress bar. Anything shorter would only flash.
const SLOW: u32 = 200;

/// What the page shows and what can be done about it.
#[derive(Clone, PartialEq)]
pub struct Analyser {
    /// What the page shows.
    pub state: UseReducerHandle<State>,
    /// The file whose report is shown.
    pub original: Option<File>,
    /// Reads one of these files.
    pub choose: Callback<Vec<File>>,
    /// Reads the sample.
    pub choose_sample: Callback<()>,
    /// Stops reading.
    pub cancel: Callback<()>,
    /// Prints the text of the report with times so many minutes east of UTC.
    pub print: Callback<i32>,
    /// Reads the fixed copy.
    pub check_copy: Callback<Blob>,
}

struct Work {
    program: Program,
    reading: Option<Reading>,
    shown: Option<Reading>,
    copy: Option<Reading>,
    utc_offset: i32,
}

/// Dropping it stops the reading.
struct Reading {
    file: File,
    job: Job,
    _slow: Timeout,
}

/// Everything that happens to files on the page.
#[hook]
pub fn use_analyser() -> Analyser {
    let state = use_reducer(State::default);
    let work =
        use_mut_ref(|| Work { program: Program::find(), reading: None, shown: None, copy: None, utc_offset: 0 });
    let dispatch = state.dispatcher();

    let choose = {
        let (work, dispatch) = (work.clone(), dispatch.clone());
        Callback::from(move |files| choose(files, &work, &dispatch))
    };
    let choose_sample = {
        let (choose, dispatch) = (choose.clone(), dispatch.clone());
        Callback::from(move |()| {
            let (choose, dispatch) = (choose.clone(), dispatch.clone());
            spawn_local(async move {
                match sample::unpack().await {
                    Ok(file) => choose.emit(vec![file]),
                    Err(exception) => dispatch.dispatch(Action::Failed {
                        name: sample::NAME.into(),
                        failure: Failure::NoSample(format!("{exception:?}")),
                    }),
                }
            });
        })
    };
    let cancel = {
        let (work, dispatch) = (work.clone(), dispatch.clone());
        Callback::from(move |()| {
            work.borrow_mut().reading = None;
            dispatch.dispatch(Action::Cancelled);
        })
    };
    let print = {
        let work = work.clone();
        Callback::from(move |utc_offset| {
            let mut work = work.borrow_mut();
            work.utc_offset = utc_offset;
            if let Some(shown) = &work.shown {
                shown.job.print(utc_offset);
            }
        })
    };
    let check_copy = {
        let (work, dispatch) = (work.clone(), dispatch.clone());
        Callback::from(move |copy| check_copy(&copy, &work, &dispatch))
    };
    let original = work.borrow().shown.as_ref().map(|shown| shown.file.clone());
    Analyser { state, original, choose, choose_sample, cancel, print, check_copy }
}

fn choose(mut files: Vec<File>, work: &Rc<RefCell<Work>>, dispatch: &UseReducerDispatcher<State>) {
    let names: Vec<String> = files.iter().map(File::name).collect();
    let Some(picked) = pick(&names) else { return };
    let file = files.swap_remove(picked);
    let name = file.name();
    let left_out = names.into_iter().enumerate().filter(|(i, _)| *i != picked).map(|(_, name)| name).collect();

    let answer = {
        let (work, dispatch, name) = (work.clone(), dispatch.clone(), name.clone());
        move |response| {
            let action = match response {
                Response::Progress(progress) => Action::Progress(progress),
                Response::Printed(printed) => Action::Printed(printed),
                Response::Analysed(analysed) => {
                    let mut work = work.borrow_mut();
                    work.copy = None;
                    work.shown = work.reading.take();
                    Action::Analysed(analysed)
                }
                Response::Failed(failure) => {
                    let mut work = work.borrow_mut();
                    (work.reading, work.shown, work.copy) = (None, None, None);
                    Action::Failed { name: name.clone(), failure }
                }
            };
            dispatch.dispatch(action);
        }
    };
    let mut work = work.borrow_mut();
    // First the one before is stopped, so that the worker is free for this one.
    work.reading = None;
    let task = Task { name: name.clone(), utc_offset: work.utc_offset };
    let job = Job::start(&work.program, &file, task, answer);
    work.reading = Some(Reading { file, job, _slow: after(SLOW, dispatch, Action::Slow) });
    dispatch.dispatch(Action::Chosen { name, left_out });
}

fn check_copy(copy: &Blob, work: &Rc<RefCell<Work>>, dispatch: &UseReducerDispatcher<State>) {
    let mut held = work.borrow_mut();
    let Some(file) = held.shown.as_ref().map(|shown| shown.file.clone()) else { return };
    let answer = {
        let (work, dispatch) = (work.clone(), dispatch.clone());
        move |response| {
            let action = match response {
                Response::Printed(_) => return,
                Response::Progress(progress) => Action::CopyProgress(progress),
                Response::Analysed(Analysed { report, .. }) => {
                    work.borrow_mut().copy = None;
                    Action::CopyAnalysed(report.into())
                }
                Response::Failed(failure) => {
                    let mut work = work.borrow_mut();
                    work.copy = None;
                    Action::CopyFailed(failure)
                }
            };
            dispatch.dispatch(action);
        }
    };
    held.copy = None;
    let name = crate::fixed_copy::fixed_name(&file.name());
    let job = Job::start(&held.program, copy, Task { name, utc_offset: held.utc_offset }, answer);
    held.copy = Some(Reading { file, job, _slow: after(SLOW, dispatch, Action::CopySlow) });
    dispatch.dispatch(Action::CopyChosen);
}

fn after(milliseconds: u32, dispatch: &UseReducerDispatcher<State>, action: Action) -> Timeout {
    let dispatch = dispatch.clone();
    Timeout::new(milliseconds, move || dispatch.dispatch(action))
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
