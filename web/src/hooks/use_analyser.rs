//! The page's files and the work on them, behind the reducer.

use vhd_analyser_core::convert::Format;
use wasm_bindgen_futures::spawn_local;
use web_sys::Blob;
use yew::prelude::*;

use crate::failure::Failure;
use crate::file_access::Chosen;
use crate::gathered::PASTED;
use crate::hooks::desk::{Change, Desk};
use crate::hooks::use_file_drop::Dropped;
use crate::hooks::work::Work;
use crate::sample;
use crate::state::{Action, Purpose, Repaired, State};
use crate::worker::{ExportOptions, Request};

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
    /// Plans a change of the disk that is shown.
    pub change: Callback<Change>,
    /// Puts the disk that is shown and all that it is based on together to one image.
    pub flatten: Callback<Format>,
    /// Reads the sample.
    pub choose_sample: Callback<()>,
    /// Stops reading.
    pub cancel: Callback<Purpose>,
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
    let desk = Desk { work: work.clone(), dispatch: state.dispatcher() };
    let selected = state.selected;

    let add = desk.on(|desk, files| desk.add(files));
    let add_log = add.reform(|text: String| Chosen::text(&text, PASTED).into_iter().collect());
    let choose_sample = desk.on(|desk, ()| {
        let desk = desk.clone();
        spawn_local(async move {
            match sample::unpack().await {
                Ok(file) => desk.choose(vec![file.into()]),
                Err(exception) => {
                    desk.fail(Purpose::Report, sample::NAME.into(), Failure::NoSample(format!("{exception:?}")))
                }
            }
        });
    });
    let read_again = |purpose| desk.on(move |desk, ()| desk.read_again(purpose, |file| file.clone().into()));
    let analyser = Analyser {
        original: work.borrow().shown(),
        choose: desk.on(|desk, files| desk.choose(files)),
        choose_dropped: desk.on(|desk, dropped| desk.choose_dropped(dropped)),
        add,
        add_log,
        select: desk.on(|desk, disk| desk.select(disk)),
        change: desk.on(move |desk, change| desk.change(selected, change)),
        flatten: desk.on(move |desk, format| desk.flatten(selected, format)),
        choose_sample,
        cancel: desk.on(|desk, purpose| desk.cancel(purpose)),
        export: desk.on(|desk, options| desk.ask(&Request::Export(options))),
        print: desk.on(|desk, utc_offset| desk.print(utc_offset)),
        choose_plan: desk.on(|desk, plan| desk.choose_plan(plan)),
        check_copy: desk.on(|desk, copy: Blob| desk.read_again(Purpose::CopyCheck, |_| copy)),
        check_deeply: read_again(Purpose::DeepCheck),
        read_repaired: desk.on(|desk, repaired| desk.choose_repaired(repaired)),
        hash: read_again(Purpose::Hash),
        write_scripts: desk.on(|desk, plan| desk.write_scripts(plan)),
        note: desk.on(|desk, sentence| desk.dispatch.dispatch(Action::Done(sentence))),
        state,
    };
    {
        let program = work.borrow().program.clone();
        use_effect_with((), move |()| {
            let listeners = web_sys::window().map(|window| program.prepare_ahead(&window));
            move || drop(listeners)
        });
    }
    use_effect_with((), move |()| desk.take_launches());
    analyser
}

impl Desk {
    /// A callback that does this here.
    fn on<T>(&self, react: impl Fn(&Self, T) + 'static) -> Callback<T> {
        let desk = self.clone();
        Callback::from(move |what| react(&desk, what))
    }
}
