//! After a host's crash many disks lost their footers: all that can be repaired without loss, repaired at once.

use std::rc::Rc;

use vhd_analyser_core::Verdict;
use vhd_analyser_core::units;
use yew::prelude::*;

use crate::browser::file_access::{AccessError, choose_folder, has_folders, save_new};
use crate::browser::watch::Watch;
use crate::components::common::output::output;
use crate::controller::Controller;
use crate::hooks::use_output;
use crate::protocol::file_set::FileSet;

/// What is offered.
#[derive(Clone, PartialEq, Properties)]
pub struct SaveAllProps {
    /// What the files are.
    pub file_set: Rc<FileSet>,
    /// Where the copies come from.
    pub controller: Controller,
}

/// The repaired copies of all disks that can be repaired without loss, saved into a folder; nothing where there are fewer
/// than two.
#[component]
pub fn SaveAll(props: &SaveAllProps) -> Html {
    let writer = use_output();
    let disks = props.file_set.forest.disks.iter().enumerate();
    let disks = disks.filter(|(_, disk)| disk.verdict == Verdict::Repairable);
    let disks: Vec<(usize, String)> = disks.map(|(number, disk)| (number, disk.file.clone())).collect();
    if disks.len() < 2 {
        return Html::default();
    }
    let count = units::count(disks.len() as u64, "disk").to_string();
    let outcome = output("Saving the repaired copies", &writer);
    let onclick = {
        let (writer, controller) = (writer.clone(), props.controller.clone());
        Callback::from(move |_: MouseEvent| {
            let (controller, disks) = (controller.clone(), disks.clone());
            writer.start(|watch| async move { save_all(&controller, &disks, &watch).await.map(Some) });
        })
    };
    html! {
        <section class="paragraphs" data-testid="save-all-copies">
            <p>{ format!("{count} can be repaired without losing data. Each is judged by itself; your files are not modified.") }</p>
            if has_folders() {
                <div class="actions">
                    <button type="button" class="button" data-testid="save-all" {onclick}>
                        { "Save all repaired copies…" }
                    </button>
                </div>
                { outcome }
            } else {
                <p class="small muted">
                    { "This browser cannot save into a folder. Repair them one by one, or on the command line: " }
                    <code>{ "vhd-analyser repair FILE… -o FOLDER/" }</code>
                </p>
            }
        </section>
    }
}

/// Saves one after the other, and answers with a summary, of a run that was stopped, too. A disk that cannot be saved does
/// not keep the others from it.
async fn save_all(controller: &Controller, disks: &[(usize, String)], watch: &Watch) -> Result<String, AccessError> {
    let folder = choose_folder().await?;
    let (mut saved, mut left) = (0_u64, Vec::new());
    for (number, file) in disks {
        if watch.report(file, 0, 0).is_err() {
            left.push(format!(" It was stopped before “{file}”."));
            break;
        }
        let reason = match controller.repaired_copy(*number).await {
            Err(failure) => failure.to_string(),
            Ok(None) => "its repair loses or assumes something: look at it by itself.".into(),
            Ok(Some(copy)) => match save_new(&folder, &copy.name, &copy.content, watch).await {
                Err(error) => error.to_string(),
                Ok(false) => format!("the folder has a file “{}” already.", copy.name),
                Ok(true) => {
                    saved += 1;
                    continue;
                }
            },
        };
        left.push(format!(" “{file}” was not saved: {reason}"));
    }
    Ok(format!("{} saved into “{}”.{}", units::count(saved, "repaired copy"), folder.name(), left.concat()))
}
