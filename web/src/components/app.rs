//! The whole page.

use yew::prelude::*;

use crate::components::chain::several::several;
use crate::components::common::colophon::colophon;
use crate::components::common::header::Header;
use crate::components::common::help::{Help, Topic};
use crate::components::common::notice::NoticeBox;
use crate::components::common::reading::ReadingView;
use crate::components::common::start::start;
use crate::components::disk::result::result;
use crate::hooks::{use_analyser, use_file_drop, use_update};
use crate::state::JobKind;

/// The whole page.
#[component]
pub fn App() -> Html {
    let analyser = use_analyser();
    let dragging = use_file_drop(analyser.choose_dropped.clone());
    let update = use_update();
    let help = use_state_eq(|| None::<Topic>);
    let on_help = {
        let help = help.clone();
        Callback::from(move |topic| help.set(Some(topic)))
    };
    let on_close = {
        let help = help.clone();
        Callback::from(move |()| help.set(None))
    };
    let state = &analyser.state;

    let slow = state.reading.as_ref().filter(|reading| reading.slow);
    let file_set = state.file_set.as_ref().filter(|_| slow.is_none_or(|reading| reading.disk.is_some()));
    let main = match (slow, &state.shown) {
        (Some(reading), _) => {
            // It is the one or the other: what would be stopped is what is read.
            let purpose = if reading.of_several { JobKind::FileSet } else { JobKind::Report };
            html! { <ReadingView reading={reading.clone()} on_cancel={analyser.cancel.reform(move |()| purpose)} /> }
        }
        (None, Some(shown)) => html! {
            // A new one for every analysis: nothing that was unfolded or confirmed holds for the next file.
            <key={state.analyses}>{ result(shown, &analyser) }</>
        },
        (None, None) if file_set.is_some() => Html::default(),
        (None, None) => start(&analyser, &on_help),
    };
    html! {
        <div class="page">
            <Header {on_help} />
            <main class="page-main">
                if let Some(notice) = &state.notice {
                    <NoticeBox notice={notice.clone()} />
                }
                if let Some(file_set) = file_set {
                    // A new one for all files that are chosen together.
                    <key={state.file_sets}>{ several(file_set, &analyser) }</>
                }
                { main }
                if dragging {
                    <div class="drop-overlay">{ "Drop disks, folders and logs to read them" }</div>
                }
            </main>
            { colophon(update) }
            <p class="visually-hidden" role="status">{ state.announcement() }</p>
            <Help topic={*help} {on_close} />
        </div>
    }
}
