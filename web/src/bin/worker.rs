//! The worker's program: waits for files to read.

use gloo_worker::Registrable;
use vhd_analyser_web::codec::JsCodec;
use vhd_analyser_web::worker::{AnalysisWorker, report_panics};

fn main() {
    report_panics();
    AnalysisWorker::registrar().encoding::<JsCodec>().register();
}
