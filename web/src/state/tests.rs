//! What each action makes of the page.

use vhd_analyser_core::chain::Next;
use vhd_analyser_core::report::{NextStep, Report, Scope, Verdict};

use super::*;
use crate::protocol::failure::Failure;
use crate::protocol::{DiskChanges, Progress, Unit};
use crate::protocol::{Printed, Scripts};

fn state(actions: impl IntoIterator<Item = Action>) -> State {
    let start = Rc::new(State::default());
    Rc::unwrap_or_clone(actions.into_iter().fold(start, |state, action| state.reduce(action)))
}

fn chosen(name: &str) -> Action {
    Action::Picked { name: name.into(), disk: None, changes: DiskChanges::default() }
}

fn report(headline: &str) -> Report {
    Report {
        file: "a.vhd".into(),
        size: 512,
        verdict: Verdict::Sound,
        description: String::new(),
        headline: headline.into(),
        explanation: vec![],
        explains_first: false,
        next: NextStep::None,
        cautions: vec![],
        scope: Scope::default(),
        own: Verdict::Sound,
        chain: vec![],
        chain_end: Next::Base,
        findings: vec![],
        tools: vec![],
        repair: None,
        alternatives: vec![],
        partial: None,
        orphans: vec![],
        structures: vec![],
        regions: vec![],
        deep_check: None,
    }
}

fn analysed(headline: &str) -> Action {
    read_for(JobKind::Report, headline)
}

fn read_for(kind: JobKind, headline: &str) -> Action {
    let printed = Printed { utc_offset: 0, text: "text".into() };
    Action::Analysed(kind, Analysed { report: report(headline).into(), printed, date: 1 })
}

fn failed(kind: JobKind) -> Action {
    Action::Failed { kind, name: "a.vhd".into(), failure: failure() }
}

fn failure() -> Failure {
    Failure::Unreadable("NotReadableError".into())
}

fn progress() -> Progress {
    Progress { stage: "footers".into(), done: 512, total: 1536, unit: Unit::Bytes }
}

#[test]
fn a_fast_file_shows_no_progress() {
    let state = state([chosen("a.vhd"), Action::Progress(JobKind::Report, progress())]);
    assert!(state.reading.as_ref().is_some_and(|reading| !reading.slow));
    assert_eq!(state.announcement(), "");
}

#[test]
fn a_slow_file_is_announced_once() {
    let before = state([chosen("a.vhd"), Action::Slow(JobKind::Report)]);
    let after = state([chosen("a.vhd"), Action::Slow(JobKind::Report), Action::Progress(JobKind::Report, progress())]);
    assert_eq!(before.announcement(), "Reading a.vhd");
    assert_eq!(after.announcement(), before.announcement());
    assert_eq!(progress().amount(), "512 bytes of 1.5 KiB, 1 KiB left");
}

#[test]
fn the_verdict_replaces_the_progress() {
    let state = state([chosen("a.vhd"), Action::Slow(JobKind::Report), analysed("Sound")]);
    assert_eq!(state.reading, None);
    assert_eq!(state.announcement(), "a.vhd: Sound");
}

#[test]
fn cancelling_leaves_the_file_before_as_it_was() {
    let before = state([chosen("a.vhd"), analysed("Sound")]);
    let after = state([
        chosen("a.vhd"),
        analysed("Sound"),
        chosen("b.vhd"),
        Action::Slow(JobKind::Report),
        Action::Cancelled(JobKind::Report),
    ]);
    assert_eq!(after.shown, before.shown);
    assert_eq!(after.reading, None);
    assert_eq!(after.announcement(), "Reading of “b.vhd” was cancelled.");
}

#[test]
fn answers_after_cancelling_change_nothing() {
    let cancelled = state([chosen("a.vhd"), Action::Cancelled(JobKind::Report)]);
    let late = state([
        chosen("a.vhd"),
        Action::Cancelled(JobKind::Report),
        Action::Slow(JobKind::Report),
        Action::Progress(JobKind::Report, progress()),
    ]);
    assert_eq!(late, cancelled);
}

#[test]
fn a_failure_leaves_the_page_ready_for_the_next_file() {
    let after = state([chosen("a.vhd"), failed(JobKind::Report)]);
    assert_eq!(after.notice, Some(Notice::Failed { name: "a.vhd".into(), failure: failure() }));
    assert_eq!(after.reading, None);
    let next = state([chosen("a.vhd"), failed(JobKind::Report), chosen("b.vhd"), analysed("Sound")]);
    assert_eq!(next.notice, None);
    assert!(next.shown.is_some());
}

#[test]
fn a_checked_copy_belongs_to_its_original() {
    let copy = JobKind::CopyCheck;
    let checked = [analysed("Damaged"), Action::Again(copy), Action::Slow(copy), read_for(copy, "Sound")];
    let after = state(checked.clone());
    assert_eq!(after.announcement(), "Fixed copy: Sound");
    let next = state(checked.into_iter().chain([analysed("Other")]));
    assert_eq!(next.shown.map(|shown| shown.copy), Some(CopyCheck::Unchecked));
}

#[test]
fn a_checked_copy_belongs_to_its_plan() {
    let copy = JobKind::CopyCheck;
    let shown = state([analysed("Damaged"), read_for(copy, "Sound"), Action::PlanChosen(1)]).shown;
    assert_eq!(shown.map(|shown| (shown.plan, shown.copy)), Some((1, CopyCheck::Unchecked)));
}

#[test]
fn scripts_belong_to_their_plan() {
    let scripts = |plan| Action::Scripts(Scripts { plan, sh: String::new(), powershell: String::new() });
    let written = |action| state([analysed("Damaged"), Action::PlanChosen(1), action]).shown.map(|shown| shown.scripts);
    assert_eq!(written(scripts(0)), Some(None));
    assert!(written(scripts(1)).flatten().is_some());
}

#[test]
fn a_deep_check_leaves_the_image_of_the_chain() {
    let failed = Action::Failed { kind: JobKind::Flatten, name: String::new(), failure: failure() };
    let after = state([analysed("Sound"), failed, read_for(JobKind::DeepCheck, "Sound")]);
    assert_eq!(after.shown.map(|shown| shown.image), Some(ChainImage::Failed(failure())));
}

#[test]
fn a_copy_without_original_is_ignored() {
    let copy = JobKind::CopyCheck;
    assert_eq!(state([Action::Again(copy), Action::Progress(copy, progress())]), State::default());
}

#[test]
fn a_deep_check_keeps_the_report_until_it_has_another() {
    let deep = JobKind::DeepCheck;
    let before = state([analysed("Sound")]);
    let running = [analysed("Sound"), Action::Again(deep), Action::Slow(deep), Action::Progress(deep, progress())];
    let during = state(running.clone());
    assert_eq!(during.announcement(), "Deep check: reading every block");
    assert_eq!(during.shown.as_ref().map(|shown| &shown.report), before.shown.as_ref().map(|shown| &shown.report));

    let and_then = |action| state(running.iter().cloned().chain([action]));
    assert_eq!(and_then(Action::Cancelled(deep)), before);
    assert_eq!(and_then(failed(deep)).shown, before.shown);
    assert_eq!(and_then(read_for(deep, "Damaged")).announcement(), "a.vhd: Damaged");
    assert_eq!(and_then(chosen("b.vhd")).shown, before.shown);
}

#[test]
fn a_hash_belongs_to_its_file() {
    let hash = JobKind::Hash;
    let hashing = [analysed("Sound"), Action::Again(hash), Action::Slow(hash), Action::Progress(hash, progress())];
    let and_then = |action| state(hashing.iter().cloned().chain([action]));
    let sha256 = |state: &State| state.shown.as_ref().and_then(|shown| shown.sha256.clone());
    assert_eq!(state(hashing.clone()).announcement(), "Reading the whole file");
    assert_eq!(and_then(Action::Cancelled(hash)), state([analysed("Sound")]));
    assert_eq!(and_then(failed(hash)).shown, state([analysed("Sound")]).shown);

    let hashed = and_then(Action::Hashed("abc".into()));
    assert_eq!(sha256(&hashed).as_deref(), Some("abc"));
    let again = |kind| {
        let actions = hashing.iter().cloned().chain([Action::Hashed("abc".into()), read_for(kind, "Damaged")]);
        sha256(&state(actions))
    };
    assert_eq!(again(JobKind::DeepCheck).as_deref(), Some("abc"));
    assert_eq!(again(JobKind::Report), None);
}

#[test]
fn a_report_that_cannot_be_printed_again_stays() {
    let before = state([analysed("Sound")]);
    let after = state([analysed("Sound"), Action::NotPrinted(failure())]);
    assert_eq!(after.shown, before.shown);
    assert_eq!(after.notice, Some(Notice::NotPrinted(failure())));
}
