//! The page after a file: the answer, what to do, why, and everything else.

use vhd_analyser_core::Verdict;
use vhd_analyser_core::chain::Next;
use yew::prelude::*;

use crate::components::chain::chain_image::ChainImage;
use crate::components::chain::coalesce::forecast;
use crate::components::common::file_line::file_line;
use crate::components::common::file_picker::other_files;
use crate::components::disk::change::{asked_for, change_disk, link_now};
use crate::components::disk::deep_check::deep_check;
use crate::components::disk::findings::findings;
use crate::components::disk::fixed_copy::FixedCopy;
use crate::components::disk::hashes::hashes;
use crate::components::disk::orphans::Orphans;
use crate::components::disk::partial_copy::PartialCopy;
use crate::components::disk::plans::plans;
use crate::components::disk::repair::Repair;
use crate::components::disk::report_text::ReportText;
use crate::components::disk::structures::Structures;
use crate::components::disk::tools::tools;
use crate::components::disk::verdict::VerdictCard;
use crate::hooks::Analyser;
use crate::protocol::DiskChanges;
use crate::protocol::file_set::lacks_parent;
use crate::state::{DiskView, JobKind};

/// Everything that is known about one file.
pub fn result(shown: &DiskView, analyser: &Analyser) -> Html {
    let report = &shown.report;
    let cancel = |purpose| analyser.cancel.reform(move |()| purpose);
    let deep_check = report
        .deep_check
        .map(|bytes| deep_check(bytes, shown.deep.as_ref(), &analyser.check_deeply, &cancel(JobKind::DeepCheck)));
    // Of several files, these stand above all of them.
    let is_one_of_several = analyser.state.file_set.is_some();
    let others = html! {
        if !is_one_of_several {
            { other_files(&analyser.add, &analyser.choose) }
        }
    };
    let forecast = forecast_of(analyser);
    html! {
        <>
            { file_line(report, others) }
            <VerdictCard report={report.clone()} takes_focus={!is_one_of_several || analyser.state.was_selected}
                footer={deep_check.unwrap_or_default()}>
                { link(shown, analyser) }
                { plans(report, shown.plan, &analyser.choose_plan) }
                if let (Some(original), Some(repair)) = (&analyser.original, shown.repair()) {
                    // A new one for every plan: what was confirmed for one does not hold for another.
                    <FixedCopy key={shown.plan} file={report.file.clone()} size={report.size} repair={repair.clone()}
                        original={original.clone()} copy={shown.copy.clone()} on_check={analyser.check_copy.clone()}
                        on_repaired={analyser.read_repaired.clone()} plan={shown.plan} scripts={shown.scripts.clone()}
                        on_scripts={analyser.write_scripts.clone()} on_done={analyser.note.clone()} />
                }
                if let (Some(original), Some(partial)) = (&analyser.original, &report.partial) {
                    <PartialCopy file={report.file.clone()} partial={partial.clone()} original={original.clone()}
                        on_done={analyser.note.clone()} />
                }
            </VerdictCard>
            if report.verdict != Verdict::NotAVhd {
                { tools(report, shown.plan == 0) }
            }
            { findings(report) }
            // A new one for every file: what was entered for one does not hold for another.
            <Orphans key={report.file.clone()} report={report.clone()} changes={shown.changes.clone()}
                on_change={analyser.change.clone()} />
            if let Some(repair) = shown.repair() {
                <Repair key={shown.plan} repair={repair.clone()} size={report.size} />
            }
            if !report.structures.is_empty() {
                <Structures report={report.clone()} />
            }
            { change(shown, analyser) }
            { chain_image(shown, analyser) }
            { hashes(shown, &analyser.hash, &cancel(JobKind::Hash)) }
            <ReportText report={report.clone()} exports={shown.exports.clone()} {forecast} printed={shown.printed.clone()} date={shown.date}
                plan={shown.plan} done={shown.done.clone()} sha256={shown.sha256.clone()} on_export={analyser.export.clone()}
                on_utc_offset={analyser.print.clone()} />
        </>
    }
}

/// What a coalesce would do, which others are told besides the report on the disk, if its parent was looked for.
fn forecast_of(analyser: &Analyser) -> Vec<String> {
    let disk = analyser.state.among().and_then(|(file_set, number)| file_set.forest.disks.get(number));
    disk.filter(|disk| !lacks_parent(disk)).map(forecast).unwrap_or_default()
}

/// The next step for a disk that does not find its parent; or what was asked for, once something was.
fn link(shown: &DiskView, analyser: &Analyser) -> Html {
    match analyser.state.among() {
        _ if shown.changes != DiskChanges::default() => html! { <p>{ asked_for(&shown.changes) }</p> },
        Some((file_set, number)) => link_now(file_set, number, &analyser.change),
        None => Html::default(),
    }
}

/// What can be changed in one of several disks.
fn change(shown: &DiskView, analyser: &Analyser) -> Html {
    match analyser.state.among() {
        Some((file_set, number)) if shown.report.verdict != Verdict::NotAVhd => {
            change_disk(file_set, number, &shown.changes, &analyser.change)
        }
        _ => Html::default(),
    }
}

/// The image of a whole chain, where all of it is here and sound; of a disk by itself, too.
fn chain_image(shown: &DiskView, analyser: &Analyser) -> Html {
    let disks = match analyser.state.among() {
        Some((file_set, number)) => file_set.chain(number).map(|chain| chain.len()),
        // By itself a differencing disk is no image.
        None => (shown.report.chain_end == Next::Base).then_some(1),
    };
    let (Some(disks), Verdict::Sound) = (disks, shown.report.verdict) else { return Html::default() };
    html! {
        <ChainImage file={shown.report.file.clone()} {disks} image={shown.image.clone()}
            on_flatten={analyser.flatten.clone()} on_cancel={analyser.cancel.reform(|()| JobKind::Flatten)}
            on_done={analyser.note.clone()} />
    }
}
