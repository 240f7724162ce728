//! What the worker does, in a worker of a real browser.

#![cfg(target_arch = "wasm32")]

use vhd_analyser_core::Verdict;
use vhd_analyser_web::browser::compose::compose;
use vhd_analyser_web::browser::sample;
use vhd_analyser_web::protocol::blob::zeros;
use vhd_analyser_web::protocol::codec;
use vhd_analyser_web::protocol::failure::Failure;
use vhd_analyser_web::protocol::{Analysed, Printed, Progress, Request, Response, Siblings, Task, Unit};
use vhd_analyser_web::worker::analyse::analyse;
use vhd_analyser_web::worker::kept::Kept;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Blob;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn task() -> Task {
    Task { name: "disk.vhd".into(), ..Task::default() }
}

/// What was kept of a disk is told again without the disk; what goes beyond it takes the disk.
#[wasm_bindgen_test]
async fn what_was_kept_is_not_found_out_again() {
    let file = sample::unpack().await.unwrap();
    let siblings = Siblings { path: "sr/disk.vhd".into(), ..Siblings::default() };
    let task = Task { siblings: Some(siblings), ..task() };
    let (analysis, report) = analyse(&[file.clone().into()], &task, &Kept::default(), |_| ()).unwrap();
    assert_eq!(report.own, Verdict::Repairable);
    let mut kept = Kept::default();
    kept.keep("sr/disk.vhd", analysis);
    assert!(kept.knows("sr/disk.vhd") && !kept.knows("disk.vhd"));

    // Other bytes of the same length: whoever looks at them sees no VHD.
    let zeros = || zeros(file.size() as u64).unwrap();
    let (_, again) = analyse(&[zeros()], &task, &kept, |_| ()).unwrap();
    assert_eq!((again.own, again.repair), (Verdict::Repairable, report.repair));
    let (_, deep) = analyse(&[zeros()], &Task { deep: true, ..task.clone() }, &kept, |_| ()).unwrap();
    assert_eq!(deep.own, Verdict::NotAVhd);
    let (_, unknown) = analyse(&[zeros()], &task, &Kept::default(), |_| ()).unwrap();
    assert_eq!(unknown.own, Verdict::NotAVhd);
}

#[wasm_bindgen_test]
async fn the_sample_is_repairable_and_its_fixed_copy_is_sound() {
    let file = sample::unpack().await.unwrap();
    let (_, report) = analyse(&[file.clone().into()], &task(), &Kept::default(), |_| ()).unwrap();
    assert_eq!(report.verdict, Verdict::Repairable);
    assert_eq!(report.file, "disk.vhd");
    assert!(report.findings.iter().any(|finding| finding.id == "footer.primary.cookie"));

    let copy = compose(&file, &report.repair.unwrap()).unwrap();
    let (_, report) = analyse(&[copy], &task(), &Kept::default(), |_| ()).unwrap();
    assert_eq!((report.own, report.verdict), (Verdict::Sound, Verdict::Incomplete), "its parent was not given");
}

#[wasm_bindgen_test]
async fn a_deep_check_reads_what_the_quick_one_left() {
    let file: Blob = sample::unpack().await.unwrap().into();
    let (_, quick) = analyse(std::slice::from_ref(&file), &task(), &Kept::default(), |_| ()).unwrap();
    let (_, deep) = analyse(&[file], &Task { deep: true, ..task() }, &Kept::default(), |_| ()).unwrap();
    assert!(quick.deep_check.is_some_and(|bytes| bytes > 0));
    assert_eq!(deep.deep_check, None);
    assert_ne!(quick.scope, deep.scope);
}

#[wasm_bindgen_test]
fn requests_arrive_as_they_were_sent() {
    let Request::Analyse(received) = codec::decode(codec::encode(&Request::Analyse(task()))) else {
        panic!("another request")
    };
    assert_eq!(received, task());
}

#[wasm_bindgen_test]
async fn answers_keep_every_number_of_a_broken_file() {
    let file = sample::unpack().await.unwrap();
    let (_, mut report) = analyse(&[file.into()], &task(), &Kept::default(), |_| ()).unwrap();
    report.findings[0].offset = u64::MAX;
    let printed = Printed { utc_offset: -570, text: "<b>\0é".into() };
    for response in [
        Response::Progress(Progress { stage: "footers".into(), done: 0, total: u64::MAX, unit: Unit::Bytes }),
        Response::Printed(printed.clone()),
        Response::Failed(Failure::Unreadable("NotFoundError".into())),
        Response::Analysed(Analysed { report: report.into(), printed, date: u32::MAX }),
    ] {
        assert_eq!(codec::decode::<Response>(codec::encode(&response)), response);
    }
}
