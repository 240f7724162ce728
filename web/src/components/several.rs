//! The page after several files: what the logs say, which disks belong together, and what a coalesce would do.

use std::rc::Rc;

use yew::prelude::*;

use crate::components::coalesce::chains;
use crate::components::forest::Forest;
use crate::components::logs::Logs;
use crate::components::overview::Overview;
use crate::gathered::Gathered;
use crate::hooks::Analyser;

/// Everything that is known about several files together. The report of one of the disks stands below it.
pub fn several(gathered: &Rc<Gathered>, analyser: &Analyser) -> Html {
    html! {
        <>
            <Overview gathered={gathered.clone()} on_files={analyser.choose.clone()} on_more={analyser.add.clone()}
                on_log={analyser.add_log.clone()} />
            <Logs gathered={gathered.clone()} on_select={analyser.select.clone()} />
            <Forest gathered={gathered.clone()} selected={analyser.state.selected} on_select={analyser.select.clone()} />
            { chains(&gathered.forest) }
        </>
    }
}
