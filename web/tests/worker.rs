//! What the worker does, in a worker of a real browser.

#![cfg(target_arch = "wasm32")]

use gloo_timers::future::TimeoutFuture;
use gloo_worker::Codec;
use js_sys::Date;
use vhd_analyser_core::report::Verdict;
use vhd_analyser_web::codec::JsCodec;
use vhd_analyser_web::failure::Failure;
use vhd_analyser_web::fixed_copy::compose;
use vhd_analyser_web::permit::{Permit, PermitWatch};
use vhd_analyser_web::sample;
use vhd_analyser_web::worker::{Analysed, Printed, Progress, Request, Response, Task, analyse};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::Blob;

wasm_bindgen_test_configure!(run_in_dedicated_worker);

fn task(blob: Blob, permit: &Permit) -> Task {
    Task { blob, name: "disk.vhd".into(), utc_offset: 0, permit: permit.url() }
}

#[wasm_bindgen_test]
async fn the_sample_is_repairable_and_its_fixed_copy_is_sound() {
    let permit = Permit::grant();
    let file = sample::unpack().await.unwrap();
    let analysis = analyse(task(file.clone().into(), &permit), |_| ()).unwrap();
    let report = analysis.report();
    assert_eq!(report.verdict, Verdict::Repairable);
    assert_eq!(report.file, "disk.vhd");
    assert!(report.findings.iter().any(|finding| finding.id == "footer.primary.cookie"));

    let copy = compose(&file, &report.repair.unwrap()).unwrap();
    let analysis = analyse(task(copy, &permit), |_| ()).unwrap();
    assert_eq!(analysis.report().verdict, Verdict::Sound);
}

#[wasm_bindgen_test]
async fn a_file_goes_to_the_worker_as_itself() {
    let file = sample::unpack().await.unwrap();
    let request = Request::Analyse(task(file.clone().into(), &Permit::grant()));
    let Request::Analyse(task) = JsCodec::decode(JsCodec::encode(request)) else { panic!("another request") };
    assert_eq!(task.name, "disk.vhd");
    assert_eq!(task.blob, Blob::from(file));
}

#[wasm_bindgen_test]
async fn answers_keep_every_number_of_a_broken_file() {
    let file = sample::unpack().await.unwrap();
    let mut report = analyse(task(file.into(), &Permit::grant()), |_| ()).unwrap().report();
    report.findings[0].offset = u64::MAX;
    let printed = Printed { utc_offset: -570, text: "<b>\0é".into() };
    for response in [
        Response::Ready,
        Response::Progress(Progress { stage: "footers".into(), done: 0, total: u64::MAX }),
        Response::Printed(printed.clone()),
        Response::Failed(Failure::Unreadable("NotFoundError".into())),
        Response::Analysed(Analysed { report: report.into(), printed }),
    ] {
        assert_eq!(JsCodec::decode::<Response>(JsCodec::encode(response.clone())), response);
    }
}

#[wasm_bindgen_test]
async fn a_withdrawn_permit_is_seen_by_a_worker_that_hears_nothing() {
    let permit = Permit::grant();
    let mut watch = PermitWatch::new(permit.url());
    TimeoutFuture::new(300).await;
    assert!(!watch.is_withdrawn());
    drop(permit);
    // As long as nothing is awaited no message could arrive.
    let start = Date::now();
    while !watch.is_withdrawn() {
        assert!(Date::now() - start < 2000.0, "the worker saw nothing");
    }
}

#[wasm_bindgen_test]
async fn a_permit_that_nobody_can_see_stops_nothing() {
    let mut watch = PermitWatch::new("blob:null/nowhere".into());
    TimeoutFuture::new(300).await;
    assert!(!watch.is_withdrawn());
}
