//! What the page shows, and everything that can change it.
//!
//! Plain data: the files themselves and the work on them are kept by [`crate::hooks::use_analyser`].

use std::rc::Rc;

use vhd_analyser_core::report::Report;
use yew::Reducible;

use crate::failure::Failure;
use crate::units;
use crate::worker::{Analysed, Printed, Progress};

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The last finished analysis, if any.
    pub shown: Option<Shown>,
    /// How many files have been read. Tells one analysis from the next, however alike they are.
    pub analyses: u32,
    /// The file being read now, if any.
    pub reading: Option<Reading>,
    /// Something to say above everything else.
    pub notice: Option<Notice>,
    /// Files that were chosen together with the one that is read.
    pub left_out: Vec<String>,
}

/// A file being read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Its name.
    pub name: String,
    /// Whether it has taken so long that progress is worth showing.
    pub slow: bool,
    /// How far it is, as soon as the worker has told it.
    pub progress: Option<Progress>,
}

/// A file that has been read.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// What was found.
    pub report: Rc<Report>,
    /// The report as text.
    pub printed: Printed,
    /// What is known of its fixed copy.
    pub copy: CopyCheck,
}

/// What is known of a fixed copy.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum CopyCheck {
    /// Nothing: it has not been looked at.
    #[default]
    Unchecked,
    /// It is being read.
    Reading(Reading),
    /// It was read.
    Checked(Rc<Report>),
    /// It could not be read.
    Failed(Failure),
}

/// Something to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// The user stopped the reading of a file.
    Cancelled {
        /// The file's name.
        name: String,
    },
    /// A file could not be read to the end.
    Failed {
        /// The file's name.
        name: String,
        /// Why.
        failure: Failure,
    },
}

/// Everything that changes the page.
#[derive(Clone, Debug)]
pub enum Action {
    /// A file was chosen.
    Chosen {
        /// Its name.
        name: String,
        /// The names of those that were chosen with it.
        left_out: Vec<String>,
    },
    /// The file takes longer than a blink.
    Slow,
    /// The worker told how far it is.
    Progress(Progress),
    /// The file has been read.
    Analysed(Analysed),
    /// The file could not be read.
    Failed {
        /// Its name.
        name: String,
        /// Why.
        failure: Failure,
    },
    /// The user stopped the reading.
    Cancelled,
    /// The text of the report came with other times.
    Printed(Printed),
    /// The fixed copy is to be read.
    CopyChosen,
    /// The fixed copy takes longer than a blink.
    CopySlow,
    /// How far the reading of the fixed copy is.
    CopyProgress(Progress),
    /// The fixed copy has been read.
    CopyAnalysed(Rc<Report>),
    /// The fixed copy could not be read.
    CopyFailed(Failure),
}

impl Reducible for State {
    type Action = Action;

    fn reduce(self: Rc<Self>, action: Action) -> Rc<Self> {
        let mut state = Rc::unwrap_or_clone(self);
        state.apply(action);
        state.into()
    }
}

impl State {
    fn apply(&mut self, action: Action) {
        match action {
            Action::Chosen { name, left_out } => {
                self.reading = Some(Reading { name, ..Reading::default() });
                self.notice = None;
                self.left_out = left_out;
            }
            Action::Slow => with(&mut self.reading, |reading| reading.slow = true),
            Action::Progress(progress) => {
                with(&mut self.reading, |reading| reading.progress = Some(progress));
            }
            Action::Analysed(Analysed { report, printed }) => {
                self.reading = None;
                self.analyses += 1;
                self.shown = Some(Shown { report: report.into(), printed, copy: CopyCheck::Unchecked });
            }
            Action::Failed { name, failure } => {
                let notice = Some(Notice::Failed { name, failure });
                *self = Self { notice, analyses: self.analyses, ..Self::default() };
            }
            Action::Cancelled => {
                if let Some(Reading { name, .. }) = self.reading.take() {
                    self.notice = Some(Notice::Cancelled { name });
                    self.left_out.clear();
                }
            }
            Action::Printed(printed) => with(&mut self.shown, |shown| shown.printed = printed),
            Action::CopyChosen => self.set_copy(CopyCheck::Reading(Reading::default())),
            Action::CopySlow => self.with_copy(|reading| reading.slow = true),
            Action::CopyProgress(progress) => self.with_copy(|reading| reading.progress = Some(progress)),
            Action::CopyAnalysed(report) => self.set_copy(CopyCheck::Checked(report)),
            Action::CopyFailed(failure) => self.set_copy(CopyCheck::Failed(failure)),
        }
    }

    fn set_copy(&mut self, copy: CopyCheck) {
        with(&mut self.shown, |shown| shown.copy = copy);
    }

    fn with_copy(&mut self, change: impl FnOnce(&mut Reading)) {
        if let Some(Shown { copy: CopyCheck::Reading(reading), .. }) = &mut self.shown {
            change(reading);
        }
    }

    /// What a screen reader is told when it changes.
    pub fn announcement(&self) -> String {
        if let Some(reading) = &self.reading {
            return if reading.slow { format!("Reading {}", reading.name) } else { String::new() };
        }
        if let Some(notice) = &self.notice {
            return notice.title();
        }
        match &self.shown {
            None => String::new(),
            Some(Shown { copy: CopyCheck::Checked(copy), .. }) => format!("Fixed copy: {}", copy.headline),
            Some(Shown { copy: CopyCheck::Failed(_), .. }) => "The fixed copy could not be read.".into(),
            Some(Shown { copy: CopyCheck::Reading(_), .. }) => "Reading the fixed copy".into(),
            Some(Shown { report, .. }) => format!("{}: {}", report.file, report.headline),
        }
    }
}

impl Notice {
    /// What happened, in a sentence.
    pub fn title(&self) -> String {
        match self {
            Self::Cancelled { name } => format!("Reading of “{name}” was cancelled."),
            Self::Failed { name, .. } => format!("“{name}” could not be read to the end."),
        }
    }
}

impl Progress {
    /// How much is left: "2.4 MiB of 6.5 MiB, 4.1 MiB left".
    pub fn amount(&self) -> String {
        let left = self.total.saturating_sub(self.done);
        format!("{} of {}, {} left", units::size(self.done), units::size(self.total), units::size(left))
    }
}

/// Late answers find nothing to change.
fn with<T>(place: &mut Option<T>, change: impl FnOnce(&mut T)) {
    if let Some(value) = place {
        change(value);
    }
}

#[cfg(test)]
mod tests {
    use vhd_analyser_core::report::Verdict;

    use super::*;

    fn state(actions: impl IntoIterator<Item = Action>) -> State {
        let start = Rc::new(State::default());
        Rc::unwrap_or_clone(actions.into_iter().fold(start, |state, action| state.reduce(action)))
    }

    fn chosen(name: &str) -> Action {
        Action::Chosen { name: name.into(), left_out: vec!["b.log".into()] }
    }

    fn report(headline: &str) -> Report {
        Report {
            file: "a.vhd".into(),
            size: 512,
            verdict: Verdict::Sound,
            description: String::new(),
            headline: headline.into(),
            explanation: vec![],
            cautions: vec![],
            scope: vec![],
            findings: vec![],
            repair: None,
            structures: vec![],
        }
    }

    fn analysed(headline: &str) -> Action {
        let printed = Printed { utc_offset: 0, text: "text".into() };
        Action::Analysed(Analysed { report: report(headline).into(), printed })
    }

    fn progress() -> Progress {
        Progress { stage: "footers".into(), done: 512, total: 1536 }
    }

    #[test]
    fn a_fast_file_shows_no_progress() {
        let state = state([chosen("a.vhd"), Action::Progress(progress())]);
        assert!(state.reading.as_ref().is_some_and(|reading| !reading.slow));
        assert_eq!(state.announcement(), "");
        assert_eq!(state.left_out, ["b.log"]);
    }

    #[test]
    fn a_slow_file_is_announced_once() {
        let before = state([chosen("a.vhd"), Action::Slow]);
        let after = state([chosen("a.vhd"), Action::Slow, Action::Progress(progress())]);
        assert_eq!(before.announcement(), "Reading a.vhd");
        assert_eq!(after.announcement(), before.announcement());
        assert_eq!(progress().amount(), "512 bytes of 1.5 KiB, 1 KiB left");
    }

    #[test]
    fn the_verdict_replaces_the_progress() {
        let state = state([chosen("a.vhd"), Action::Slow, analysed("Sound")]);
        assert_eq!(state.reading, None);
        assert_eq!(state.announcement(), "a.vhd: Sound");
    }

    #[test]
    fn cancelling_leaves_the_file_before_as_it_was() {
        let before = state([chosen("a.vhd"), analysed("Sound")]);
        let after = state([chosen("a.vhd"), analysed("Sound"), chosen("b.vhd"), Action::Slow, Action::Cancelled]);
        assert_eq!(after.shown, before.shown);
        assert_eq!(after.reading, None);
        assert_eq!(after.announcement(), "Reading of “b.vhd” was cancelled.");
    }

    #[test]
    fn answers_after_cancelling_change_nothing() {
        let cancelled = state([chosen("a.vhd"), Action::Cancelled]);
        let late = state([chosen("a.vhd"), Action::Cancelled, Action::Slow, Action::Progress(progress())]);
        assert_eq!(late, cancelled);
    }

    #[test]
    fn a_failure_leaves_the_page_ready_for_the_next_file() {
        let failure = Failure::Unreadable("NotReadableError".into());
        let failed = Action::Failed { name: "a.vhd".into(), failure: failure.clone() };
        let after = state([chosen("a.vhd"), failed.clone()]);
        assert_eq!(after.notice, Some(Notice::Failed { name: "a.vhd".into(), failure }));
        let next = state([chosen("a.vhd"), failed, chosen("b.vhd"), analysed("Sound")]);
        assert_eq!(next.notice, None);
        assert!(next.shown.is_some());
    }

    #[test]
    fn a_checked_copy_belongs_to_its_original() {
        let copy = Rc::new(report("Sound"));
        let checked = [analysed("Damaged"), Action::CopyChosen, Action::CopySlow, Action::CopyAnalysed(copy)];
        let after = state(checked.clone());
        assert_eq!(after.announcement(), "Fixed copy: Sound");
        let next = state(checked.into_iter().chain([analysed("Other")]));
        assert_eq!(next.shown.map(|shown| shown.copy), Some(CopyCheck::Unchecked));
    }

    #[test]
    fn a_copy_without_original_is_ignored() {
        assert_eq!(state([Action::CopyChosen, Action::CopyProgress(progress())]), State::default());
    }
}
