//! The page after a file: the answer, what to do, why, and everything else.

use vhd_analyser_core::report::Verdict;
use yew::prelude::*;

use crate::components::deep_check::DeepCheck;
use crate::components::file_line::FileLine;
use crate::components::findings::Findings;
use crate::components::fixed_copy::FixedCopy;
use crate::components::hashes::Hashes;
use crate::components::plans::Plans;
use crate::components::repair::Repair;
use crate::components::report_text::ReportText;
use crate::components::structures::Structures;
use crate::components::tools::Tools;
use crate::components::verdict::VerdictCard;
use crate::hooks::Analyser;
use crate::state::{Purpose, Shown};

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct ResultViewProps {
    /// The file's report.
    pub shown: Shown,
    /// What can be done about it.
    pub analyser: Analyser,
}

/// Everything that is known about one file.
#[component]
pub fn ResultView(props: &ResultViewProps) -> Html {
    let ResultViewProps { shown, analyser } = props;
    let report = &shown.report;
    let deep_check = html! {
        if let Some(bytes) = report.deep_check {
            <DeepCheck {bytes} running={shown.deep.clone()} on_start={analyser.check_deeply.clone()}
                on_cancel={analyser.cancel.reform(|()| Purpose::DeepCheck)} />
        }
    };
    html! {
        <>
            <FileLine name={report.file.clone()} size={report.size} description={report.description.clone()}
                left_out={analyser.state.left_out.clone()} on_files={analyser.choose.clone()} />
            <VerdictCard report={report.clone()} footer={deep_check}>
                <Plans report={report.clone()} chosen={shown.plan} on_choose={analyser.choose_plan.clone()} />
                if let (Some(original), Some(repair)) = (&analyser.original, shown.repair()) {
                    // A new one for every plan: what was confirmed for one does not hold for another.
                    <FixedCopy key={shown.plan} file={report.file.clone()} size={report.size} repair={repair.clone()}
                        original={original.clone()} copy={shown.copy.clone()} on_check={analyser.check_copy.clone()} />
                }
            </VerdictCard>
            if report.verdict != Verdict::NotAVhd {
                <Tools report={report.clone()} repaired={shown.plan == 0} />
            }
            <Findings report={report.clone()} />
            if let Some(repair) = shown.repair() {
                <Repair key={shown.plan} repair={repair.clone()} size={report.size} />
            }
            if !report.structures.is_empty() {
                <Structures report={report.clone()} />
            }
            <ReportText shown={shown.clone()} on_utc_offset={analyser.print.clone()}>
                <Hashes shown={shown.clone()} on_start={analyser.hash.clone()}
                    on_cancel={analyser.cancel.reform(|()| Purpose::Hash)} />
            </ReportText>
        </>
    }
}
