//! The page's side of the work, with workers of a real browser that run a stand-in for the worker's program.

#![cfg(target_arch = "wasm32")]

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use gloo_events::EventListener;
use gloo_timers::future::TimeoutFuture;
use js_sys::Date;
use vhd_analyser_web::controller::job::Job;
use vhd_analyser_web::controller::program::Program;
use vhd_analyser_web::protocol::codec;
use vhd_analyser_web::protocol::failure::Failure;
use vhd_analyser_web::protocol::{Printed, Progress, Request, Response, Task, Unit};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Blob, BroadcastChannel};

wasm_bindgen_test_configure!(run_in_browser);

type Heard = Rc<RefCell<Vec<Response>>>;

/// Has the page find the parts of programs in this way from now on.
fn parts(load: &str) {
    js_sys::eval(&format!("globalThis.loadPart = {load}")).unwrap();
}

/// A program whose script is `text`, beside an empty module.
async fn program(text: &str) -> Program {
    parts(&format!(
        "async (id) => new Response(id === 'worker-script' ? {text:?} : new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]))"
    ));
    let program = Program::default();
    program.prepare();
    // It is asked for by then.
    TimeoutFuture::new(0).await;
    program
}

/// A program that does `work` with every `message` that comes after the module, and with the `page` to answer to.
async fn worker(work: &str) -> Program {
    program(&format!(
        "const page = self; const wasm_bindgen = {{}};
        wasm_bindgen.initSync = ({{ module }}) => {{
            if (!(module instanceof WebAssembly.Module)) throw new Error('no module');
            addEventListener('message', ({{ data: message }}) => {{ {work} }});
        }};"
    ))
    .await
}

fn start(program: &Program, heard: &Heard) -> Job {
    let heard = heard.clone();
    let request = Request::Analyse(Task { name: "disk.vhd".into(), ..Task::default() });
    Job::start(program, &[Blob::new().unwrap()], &request, move |response, _| heard.borrow_mut().push(response))
}

async fn hears(heard: &Heard, count: usize) {
    let start = Date::now();
    while heard.borrow().len() < count {
        assert!(Date::now() - start < 5000.0, "heard only {:?}", heard.borrow());
        TimeoutFuture::new(10).await;
    }
}

/// JavaScript that answers with `response`.
fn answer(response: &Response) -> String {
    let bytes = js_sys::Uint8Array::from(codec::encode(response)).to_vec();
    format!("page.postMessage([new Uint8Array({bytes:?})]);")
}

#[wasm_bindgen_test]
async fn a_worker_gets_the_module_the_task_and_the_file() {
    let progress = Response::Progress(Progress { stage: "footers".into(), done: 1, total: 2, unit: Unit::Bytes });
    let work = format!("if (message[2] instanceof Blob) {{ {} }}", answer(&progress));
    let heard = Heard::default();
    let _job = start(&worker(&work).await, &heard);
    hears(&heard, 1).await;
    assert_eq!(*heard.borrow(), [progress]);
}

/// Each of a worker's jobs hears what bears its number, and what concerns them all.
#[wasm_bindgen_test]
async fn a_worker_has_several_jobs() {
    let printed = Response::Printed(Printed { utc_offset: 0, text: "there".into() });
    let bytes = js_sys::Uint8Array::from(codec::encode(&printed)).to_vec();
    // It answers with the number that a request bears, unless that is the end of a job.
    let work = format!("if (message[0].length > 1) page.postMessage([new Uint8Array({bytes:?}), message[1]]);");
    let (first, second) = (Heard::default(), Heard::default());
    let job = start(&worker(&work).await, &first);
    hears(&first, 1).await;
    let other = {
        let second = second.clone();
        let request = Request::Print { utc_offset: 420 };
        job.another(&request, move |response, _| second.borrow_mut().push(response)).unwrap()
    };
    hears(&second, 1).await;
    other.ask(&Request::Print { utc_offset: 60 });
    hears(&second, 2).await;
    assert_eq!(first.borrow().len(), 1, "the first job hears only its own answer");
    // The worker lives as long as one of them.
    drop(job);
    other.ask(&Request::Print { utc_offset: 60 });
    hears(&second, 3).await;
    assert_eq!(first.borrow().len(), 1);
}

#[wasm_bindgen_test]
async fn a_crash_of_one_worker_leaves_the_others_alone() {
    let printed = Response::Printed(Printed { utc_offset: 420, text: "15:48".into() });
    let (first, second) = (Heard::default(), Heard::default());
    let steady = start(&worker(&answer(&printed)).await, &first);
    let _crashing = start(&worker("throw new Error('out of memory')").await, &second);
    hears(&first, 1).await;
    hears(&second, 1).await;
    let [Response::Failed(Failure::Crashed(reason))] = &second.borrow()[..] else { panic!("{second:?}") };
    assert!(reason.contains("out of memory"), "{reason}");

    steady.ask(&Request::Print { utc_offset: 420 });
    hears(&first, 2).await;
    assert_eq!(*first.borrow(), [printed.clone(), printed]);
}

#[wasm_bindgen_test]
async fn a_program_that_does_not_come_is_asked_for_again_with_the_next_file() {
    parts("async () => { throw new Error('worker.js: 404 Not Found') }");
    let program = Program::default();
    program.prepare();
    TimeoutFuture::new(50).await;
    let heard = Heard::default();
    let _job = start(&program, &heard);
    hears(&heard, 1).await;
    assert_eq!(*heard.borrow(), [Response::Failed(Failure::NotLoaded("worker.js: 404 Not Found".into()))]);

    let printed = Response::Printed(Printed { utc_offset: 0, text: "there".into() });
    worker(&answer(&printed)).await;
    let _job = start(&program, &heard);
    hears(&heard, 2).await;
    assert_eq!(heard.borrow()[1], printed);
}

#[wasm_bindgen_test]
async fn what_comes_in_the_place_of_a_module_is_no_program() {
    parts("async () => new Response('<!doctype html>')");
    let heard = Heard::default();
    let _job = start(&Program::default(), &heard);
    hears(&heard, 1).await;
    let [Response::Failed(Failure::NotLoaded(reason))] = &heard.borrow()[..] else { panic!("{heard:?}") };
    assert!(reason.contains("WebAssembly"), "{reason}");
}

#[wasm_bindgen_test]
async fn a_program_that_does_not_run_says_why() {
    let heard = Heard::default();
    let _job = start(&program("this is no program").await, &heard);
    hears(&heard, 1).await;
    let [Response::Failed(Failure::Crashed(reason))] = &heard.borrow()[..] else { panic!("{heard:?}") };
    assert!(reason.contains("SyntaxError"), "{reason}");
}

#[wasm_bindgen_test]
async fn a_dropped_job_is_heard_no_more_and_its_worker_is_ended() {
    // Heard by everybody, and not only by the page's side of the job.
    let beats = BroadcastChannel::new("beats").unwrap();
    let count = Rc::new(Cell::new(0));
    let _listener = EventListener::new(&beats, "message", {
        let count = count.clone();
        move |_| count.set(count.get() + 1)
    });
    let answer = answer(&Response::Printed(Printed { utc_offset: 0, text: "beat".into() }));
    let beating = worker(&format!(
        "const beats = new BroadcastChannel('beats'); setInterval(() => {{ beats.postMessage(1); {answer} }}, 20);"
    ))
    .await;
    let heard = Heard::default();
    let job = start(&beating, &heard);
    hears(&heard, 2).await;
    assert!(count.get() > 0);

    drop(job);
    // Dropped before its worker has started.
    drop(start(&beating, &heard));
    let answers = heard.borrow().len();
    TimeoutFuture::new(100).await;
    count.set(0);
    TimeoutFuture::new(300).await;
    assert_eq!((count.get(), heard.borrow().len()), (0, answers));
}
