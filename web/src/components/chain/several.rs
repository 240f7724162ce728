//! The page after several files: what the logs say, which disks belong together, and what a coalesce would do.

use std::rc::Rc;

use yew::prelude::*;

use crate::components::chain::coalesce::chains;
use crate::components::chain::forest::Forest;
use crate::components::chain::overview::Overview;
use crate::components::chain::save_all::SaveAll;
use crate::components::logs::answer::Logs;
use crate::hooks::Analyser;
use crate::protocol::file_set::FileSet;

/// Everything that is known about several files together. The report of one of the disks stands below it.
pub fn several(file_set: &Rc<FileSet>, analyser: &Analyser) -> Html {
    html! {
        <>
            <Overview file_set={file_set.clone()} on_files={analyser.choose.clone()} on_more={analyser.add.clone()}
                on_log={analyser.add_log.clone()} />
            <SaveAll file_set={file_set.clone()} controller={analyser.controller.clone()} />
            <Logs file_set={file_set.clone()} on_select={analyser.select.clone()} />
            <Forest file_set={file_set.clone()} selected={analyser.state.selected} on_select={analyser.select.clone()} />
            { chains(&file_set.forest) }
        </>
    }
}
