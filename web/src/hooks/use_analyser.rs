//! The page's files and the work on them, behind the reducer.

use vhd_analyser_core::convert::Format;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;
use yew::prelude::*;

use crate::browser::dropped::Dropped;
use crate::browser::picked_file::PickedFile;
use crate::browser::sample;
use crate::controller::work::Work;
use crate::controller::{Change, Controller};
use crate::protocol::failure::Failure;
use crate::protocol::file_set::PASTED;
use crate::protocol::{ExportOptions, Request};
use crate::state::{Action, JobKind, Repaired, State};

/// What the page shows and what can be done about it.
#[derive(Clone, PartialEq)]
pub struct Analyser {
    /// What the page shows.
    pub state: UseReducerHandle<State>,
    /// Where files are taken in and answers come out.
    pub controller: Controller,
    /// The file whose report is shown.
    pub original: Option<PickedFile>,
    /// Reads these files.
    pub choose: Callback<Vec<PickedFile>>,
    /// Reads these files and folders.
    pub choose_dropped: Callback<Dropped>,
    /// Reads these files together with those that are shown.
    pub add: Callback<Vec<PickedFile>>,
    /// Reads a log that was pasted, together with the files that are shown.
    pub add_log: Callback<String>,
    /// Shows another of the disks, by its number in the forest.
    pub select: Callback<usize>,
    /// Plans a change of the disk that is shown.
    pub change: Callback<Change>,
    /// Puts the disk that is shown and all that it is based on together to one image.
    pub flatten: Callback<Format>,
    /// Reads the sample.
    pub choose_sample: Callback<()>,
    /// Stops reading.
    pub cancel: Callback<JobKind>,
    /// Has the report written for others.
    pub export: Callback<ExportOptions>,
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

/// Everything that happens to files on the page.
#[hook]
pub fn use_analyser() -> Analyser {
    let state = use_reducer(State::default);
    let work = use_mut_ref(Work::default);
    let controller = Controller { work: work.clone(), dispatch: state.dispatcher() };
    let selected = state.selected;

    let add = controller.on(|controller, files| controller.add(files));
    let add_log = add.reform(|text: String| PickedFile::text(&text, PASTED).into_iter().collect());
    let choose_sample = controller.on(|controller, ()| {
        let controller = controller.clone();
        spawn_local(async move {
            match sample::unpack().await {
                Ok(file) => controller.choose(vec![file.into()]),
                Err(exception) => {
                    controller.fail(JobKind::Report, sample::NAME.into(), Failure::NoSample(format!("{exception:?}")))
                }
            }
        });
    });
    let read_again =
        |kind| controller.on(move |controller, ()| controller.read_again(kind, |file| file.clone().into()));
    let analyser = Analyser {
        original: work.borrow().shown(),
        choose: controller.on(|controller, files| controller.choose(files)),
        choose_dropped: controller.on(|controller, dropped| controller.choose_dropped(dropped)),
        add,
        add_log,
        select: controller.on(|controller, disk| controller.select(disk)),
        change: controller.on(move |controller, change| controller.change(selected, change)),
        flatten: controller.on(move |controller, format| controller.flatten(selected, format)),
        choose_sample,
        cancel: controller.on(|controller, kind| controller.cancel(kind)),
        export: controller.on(|controller, options| controller.ask(&Request::Export(options))),
        print: controller.on(|controller, utc_offset| controller.print(utc_offset)),
        choose_plan: controller.on(|controller, plan| controller.choose_plan(plan)),
        check_copy: controller.on(|controller, copy: Blob| controller.read_again(JobKind::CopyCheck, |_| copy)),
        check_deeply: read_again(JobKind::DeepCheck),
        read_repaired: controller.on(|controller, repaired| controller.choose_repaired(repaired)),
        hash: read_again(JobKind::Hash),
        write_scripts: controller.on(|controller, plan| controller.write_scripts(plan)),
        note: controller.on(|controller, sentence| controller.dispatch.dispatch(Action::Done(sentence))),
        controller: controller.clone(),
        state,
    };
    {
        let program = work.borrow().program.clone();
        use_effect_with((), move |()| {
            let listeners = web_sys::window().map(|window| program.prepare_ahead(&window));
            move || drop(listeners)
        });
    }
    use_effect_with((), move |()| controller.take_launches());
    analyser
}

impl Controller {
    /// A callback that does this here.
    fn on<T>(&self, react: impl Fn(&Self, T) + 'static) -> Callback<T> {
        let controller = self.clone();
        Callback::from(move |what| react(&controller, what))
    }
}
