//! What the page shows, and everything that can change it.
//!
//! Plain data: the files themselves and the work on them are kept by [`crate::hooks::use_analyser`].

use std::rc::Rc;

use vhd_analyser_core::chain::Format;
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::report::{RepairReport, Report};
use web_sys::Blob;
use yew::{AttrValue, Reducible};

use crate::failure::Failure;
use crate::file_access::Chosen;
use crate::gathered::{Gathered, answer};
use crate::units;
use crate::worker::{Analysed, Printed, Progress, Scripts, Unit, Wish};

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
    /// How often several files have been read, likewise.
    pub gatherings: u32,
    /// What to say of the next file that is read, if it is one that was repaired in place.
    pub repaired: Option<Notice>,
    /// What the files are that were chosen together, if several were.
    pub gathered: Option<Rc<Gathered>>,
    /// Which of their disks is shown, by its number in the forest.
    pub selected: Option<usize>,
    /// Whether the user chose it, and not the page.
    pub was_selected: bool,
}

/// A file being read, or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Its name, or how many they are.
    pub name: String,
    /// Whether they are several.
    pub of_several: bool,
    /// Which of the disks it is that were chosen together, by its number in the forest.
    pub disk: Option<usize>,
    /// What is to be changed in it besides what is wrong.
    pub wish: Wish,
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
    /// When it was read.
    pub date: TimeStamp,
    /// Which of the ways to repair it was chosen, the best being 0.
    pub plan: usize,
    /// The repair as scripts, once they are written.
    pub scripts: Option<Rc<Scripts>>,
    /// What was done about the file, a sentence each.
    pub done: Vec<String>,
    /// What is known of its fixed copy.
    pub copy: CopyCheck,
    /// What is known of the image of its whole chain.
    pub image: ChainImage,
    /// What was to be changed in it besides what is wrong.
    pub wish: Wish,
    /// The reports on what it is based on, the parent first, once they are there.
    pub ancestors: Option<Rc<Vec<Report>>>,
    /// How far the deep check is, while it runs.
    pub deep: Option<Reading>,
    /// The SHA-256 of the whole file in hex, once it was asked for.
    pub sha256: Option<AttrValue>,
    /// How far it is, while it is computed.
    pub hashing: Option<Reading>,
}

/// What a file is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To show its report.
    Report,
    /// To see what it is, and how it belongs to others.
    Gather,
    /// To show its report again, with what its blocks hold.
    DeepCheck,
    /// To see whether the fixed copy is sound.
    CopyCheck,
    /// To hash all of it.
    Hash,
    /// To put its whole chain together to one image.
    Flatten,
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

/// What is known of the image of a whole chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ChainImage {
    /// Nothing: nobody asked for it.
    #[default]
    None,
    /// It is being put together.
    Reading(Reading),
    /// It is there.
    Made(Format, Blob),
    /// It could not be put together.
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
    /// The report could not be printed with other times.
    NotPrinted(Failure),
    /// The change that was asked for cannot be made.
    NotChanged(Failure),
    /// There is no file in a folder.
    Empty {
        /// The folder's name.
        name: String,
    },
    /// The file was repaired in place, and is what is shown now.
    RepairedInPlace {
        /// The name of the undo file.
        undo: String,
    },
}

/// A file after its repair in place.
#[derive(Clone, Debug, PartialEq)]
pub struct Repaired {
    /// The file as it is now.
    pub file: Chosen,
    /// The name of the undo file.
    pub undo: String,
}

/// Everything that changes the page.
#[derive(Clone, Debug)]
pub enum Action {
    /// A file was chosen, by itself or out of several.
    Chosen {
        /// Its name.
        name: String,
        /// Which of the disks it is that were chosen together, by its number in the forest.
        disk: Option<usize>,
        /// What is to be changed in it besides what is wrong.
        wish: Wish,
    },
    /// Several files were chosen, which this describes.
    ManyChosen(String),
    /// A folder of this name was chosen, in which there is no file.
    Empty(String),
    /// They have been read, and one of the disks, if any, is read next.
    Gathered(Rc<Gathered>, Option<Reading>),
    /// More is known of them now.
    Corrected(Rc<Gathered>),
    /// The file that is shown is read once more, deeply, or its fixed copy is.
    Again(Purpose),
    /// The reading takes longer than a blink.
    Slow(Purpose),
    /// The worker told how far it is.
    Progress(Purpose, Progress),
    /// It has been read.
    Analysed(Purpose, Analysed),
    /// What the disk is based on has been read, too.
    Ancestors(Vec<Report>),
    /// All of it has been hashed, to this SHA-256 in hex.
    Hashed(String),
    /// It could not be read.
    Failed {
        /// What it was read for.
        purpose: Purpose,
        /// The file's name.
        name: String,
        /// Why.
        failure: Failure,
    },
    /// The user stopped the reading.
    Cancelled(Purpose),
    /// The image of its chain is there.
    Flattened(Format, Blob),
    /// The text of the report came with other times.
    Printed(Printed),
    /// The text of the report did not come.
    NotPrinted(Failure),
    /// The change that was asked for cannot be made.
    NotChanged(Failure),
    /// The repair came as scripts.
    Scripts(Scripts),
    /// Something was done about the file: a sentence.
    Done(String),
    /// Another way to repair the file was chosen.
    PlanChosen(usize),
    /// The file was repaired in place, and will be read again.
    RepairedInPlace {
        /// The name of the undo file.
        undo: String,
    },
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
            Action::Chosen { name, disk, wish } => {
                self.was_selected = disk.is_some();
                self.read(Reading { name, disk, wish, ..Reading::default() });
            }
            Action::ManyChosen(name) => {
                // First their folders are looked through, then they are read: it is one wait.
                let slow = self.reading.as_ref().is_some_and(|reading| reading.of_several && reading.slow);
                self.read(Reading { name, of_several: true, slow, ..Reading::default() });
            }
            Action::Empty(name) => {
                self.reading = None;
                self.notice = Some(Notice::Empty { name });
            }
            Action::Gathered(gathered, next) => {
                self.gatherings += 1;
                (self.shown, self.selected, self.was_selected) = (None, None, false);
                self.gathered = Some(gathered);
                self.reading = next;
            }
            Action::Corrected(gathered) => self.gathered = Some(gathered),
            Action::Again(purpose) => {
                self.notice = None;
                self.set_reading(purpose, Some(Reading::default()));
            }
            Action::Slow(purpose) => with(self.reading_mut(purpose), |reading| reading.slow = true),
            Action::Progress(purpose, progress) => {
                with(self.reading_mut(purpose), |reading| reading.progress = Some(progress));
            }
            Action::Analysed(Purpose::CopyCheck, Analysed { report, .. }) => {
                with(self.shown.as_mut(), |shown| shown.copy = CopyCheck::Checked(report.into()));
            }
            Action::Analysed(purpose, mut analysed) => {
                let mut wish = self.shown.as_ref().map(|shown| shown.wish.clone()).unwrap_or_default();
                if let Some(reading) = self.reading.take() {
                    self.selected = reading.disk;
                    // A file that was chosen by itself is not one of them.
                    self.gathered.take_if(|_| reading.disk.is_none());
                    wish = reading.wish;
                }
                self.notice.take_if(|notice| !matches!(notice, Notice::RepairedInPlace { .. }));
                self.analyses += 1;
                let before = self.shown.take().filter(|_| purpose == Purpose::DeepCheck);
                if let Some((gathered, disk)) = self.among() {
                    gathered.place_in_chain(&mut analysed.report, disk);
                }
                let repaired = self.notice.iter().filter(|notice| matches!(notice, Notice::RepairedInPlace { .. }));
                let repaired = repaired.map(Notice::title).collect();
                let now = Shown { wish, ..Shown::new(analysed) };
                self.shown = Some(match before {
                    // It is still the same file.
                    Some(Shown { sha256, hashing, done, ancestors, image, .. }) => {
                        Shown { sha256, hashing, done, ancestors, image, ..now }
                    }
                    None => Shown { done: repaired, ..now },
                });
            }
            Action::Ancestors(reports) => with(self.shown.as_mut(), |shown| shown.ancestors = Some(reports.into())),
            Action::Hashed(sha256) => with(self.shown.as_mut(), |shown| {
                shown.hashing = None;
                shown.sha256 = Some(sha256.into());
            }),
            Action::Failed { purpose: Purpose::CopyCheck, failure, .. } => {
                with(self.shown.as_mut(), |shown| shown.copy = CopyCheck::Failed(failure));
            }
            Action::Flattened(format, blob) => {
                with(self.shown.as_mut(), |shown| shown.image = ChainImage::Made(format, blob));
            }
            Action::Failed { purpose: Purpose::Flatten, failure, .. } => {
                with(self.shown.as_mut(), |shown| shown.image = ChainImage::Failed(failure));
            }
            Action::Failed { purpose, name, failure } => {
                self.set_reading(purpose, None);
                self.notice = Some(Notice::Failed { name, failure });
                if matches!(purpose, Purpose::Report | Purpose::Gather) {
                    (self.shown, self.selected) = (None, None);
                }
            }
            Action::Cancelled(purpose) => {
                if let (Purpose::Report | Purpose::Gather, Some(Reading { name, .. })) = (purpose, &self.reading) {
                    self.notice = Some(Notice::Cancelled { name: name.clone() });
                }
                self.set_reading(purpose, None);
            }
            Action::Printed(printed) => {
                self.notice.take_if(|notice| matches!(notice, Notice::NotPrinted(_)));
                with(self.shown.as_mut(), |shown| shown.printed = printed);
            }
            Action::Scripts(scripts) => {
                // Of another plan, which was left while they were written, they are of no use.
                let shown = self.shown.as_mut().filter(|shown| shown.plan == scripts.plan);
                with(shown, |shown| shown.scripts = Some(scripts.into()));
            }
            Action::Done(sentence) => with(self.shown.as_mut(), |shown| shown.done.push(sentence)),
            Action::NotPrinted(failure) => self.notice = Some(Notice::NotPrinted(failure)),
            Action::NotChanged(failure) => {
                self.reading = None;
                self.notice = Some(Notice::NotChanged(failure));
            }
            Action::RepairedInPlace { undo } => self.repaired = Some(Notice::RepairedInPlace { undo }),
            Action::PlanChosen(plan) => with(self.shown.as_mut(), |shown| {
                shown.plan = plan;
                shown.scripts = None;
                shown.copy = CopyCheck::Unchecked;
            }),
        }
    }

    fn read(&mut self, reading: Reading) {
        self.reading = Some(reading);
        self.notice = self.repaired.take();
        // It would replace the report of this file.
        self.set_reading(Purpose::DeepCheck, None);
    }

    fn reading_mut(&mut self, purpose: Purpose) -> Option<&mut Reading> {
        match purpose {
            Purpose::Report | Purpose::Gather => self.reading.as_mut(),
            Purpose::DeepCheck => self.shown.as_mut()?.deep.as_mut(),
            Purpose::Hash => self.shown.as_mut()?.hashing.as_mut(),
            Purpose::CopyCheck => match &mut self.shown.as_mut()?.copy {
                CopyCheck::Reading(reading) => Some(reading),
                _ => None,
            },
            Purpose::Flatten => match &mut self.shown.as_mut()?.image {
                ChainImage::Reading(reading) => Some(reading),
                _ => None,
            },
        }
    }

    fn set_reading(&mut self, purpose: Purpose, reading: Option<Reading>) {
        match (purpose, &mut self.shown) {
            (Purpose::Report | Purpose::Gather, _) => self.reading = reading,
            (Purpose::DeepCheck, Some(shown)) => shown.deep = reading,
            (Purpose::Hash, Some(shown)) => shown.hashing = reading,
            (Purpose::CopyCheck, Some(shown)) => shown.copy = reading.map_or(CopyCheck::Unchecked, CopyCheck::Reading),
            (Purpose::Flatten, Some(shown)) => {
                shown.image = reading.map_or(ChainImage::None, ChainImage::Reading);
            }
            (_, None) => {}
        }
    }

    /// The files that were chosen together, and which of their disks is shown, by its number in the forest.
    pub fn among(&self) -> Option<(&Rc<Gathered>, usize)> {
        self.gathered.as_ref().zip(self.selected)
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
            None => self.gathered.as_ref().map_or(String::new(), |gathered| gathered.headline()),
            Some(Shown { deep: Some(_), .. }) => "Deep check: reading every block".into(),
            Some(Shown { hashing: Some(_), .. }) => "Reading the whole file".into(),
            Some(Shown { copy: CopyCheck::Checked(copy), .. }) => format!("Fixed copy: {}", copy.headline),
            Some(Shown { copy: CopyCheck::Failed(_), .. }) => "The fixed copy could not be read.".into(),
            Some(Shown { copy: CopyCheck::Reading(_), .. }) => "Reading the fixed copy".into(),
            Some(Shown { image: ChainImage::Reading(_), .. }) => "Putting the image together".into(),
            Some(Shown { image: ChainImage::Made(..), .. }) => "The image is ready to be saved.".into(),
            Some(Shown { image: ChainImage::Failed(failure), .. }) => failure.to_string(),
            Some(Shown { report, .. }) => {
                let place = self.among().and_then(|(all, disk)| all.place(disk));
                let verdict = place.map_or(report.verdict, |(verdict, _)| verdict);
                format!("{}: {}", report.file, answer(report, verdict))
            }
        }
    }
}

impl Shown {
    /// A file that has just been read.
    pub fn new(Analysed { report, printed, date }: Analysed) -> Self {
        Self {
            report: report.into(),
            printed,
            date: TimeStamp(date),
            plan: 0,
            scripts: None,
            done: Vec::new(),
            copy: CopyCheck::Unchecked,
            image: ChainImage::None,
            wish: Wish::default(),
            ancestors: None,
            deep: None,
            sha256: None,
            hashing: None,
        }
    }

    /// The way to repair it that was chosen, if there is any.
    pub fn repair(&self) -> Option<&RepairReport> {
        self.report.repairs().nth(self.plan)
    }
}

impl Notice {
    /// What happened, in a sentence.
    pub fn title(&self) -> String {
        match self {
            Self::Cancelled { name } => format!("Reading of “{name}” was cancelled."),
            Self::Failed { name, .. } => format!("“{name}” could not be read to the end."),
            Self::RepairedInPlace { undo } => {
                format!(
                    "Repaired in place, and read again. “{undo}” takes the repair back; keep it until the disk has proved itself."
                )
            }
            Self::NotChanged(_) => "The change cannot be made.".into(),
            Self::Empty { name } => format!("There is no file in “{name}”."),
            Self::NotPrinted(_) => "The report could not be printed with other times.".into(),
        }
    }
}

impl Progress {
    /// How much is left: "2.4 MiB of 6.5 MiB, 4.1 MiB left", "12 of 2,000 files".
    pub fn amount(&self) -> String {
        match self.unit {
            Unit::Bytes => {
                let left = self.total.saturating_sub(self.done);
                format!("{} of {}, {} left", units::size(self.done), units::size(self.total), units::size(left))
            }
            Unit::Files => format!("{} of {}", units::decimal(self.done), units::count(self.total, "file")),
        }
    }
}

/// Late answers find nothing to change.
fn with<T>(place: Option<&mut T>, change: impl FnOnce(&mut T)) {
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
        Action::Chosen { name: name.into(), disk: None, wish: Wish::default() }
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
            tools: vec![],
            repair: None,
            alternatives: vec![],
            structures: vec![],
            regions: vec![],
            deep_check: None,
        }
    }

    fn analysed(headline: &str) -> Action {
        read_for(Purpose::Report, headline)
    }

    fn read_for(purpose: Purpose, headline: &str) -> Action {
        let printed = Printed { utc_offset: 0, text: "text".into() };
        Action::Analysed(purpose, Analysed { report: report(headline).into(), printed, date: 1 })
    }

    fn failed(purpose: Purpose) -> Action {
        Action::Failed { purpose, name: "a.vhd".into(), failure: failure() }
    }

    fn failure() -> Failure {
        Failure::Unreadable("NotReadableError".into())
    }

    fn progress() -> Progress {
        Progress { stage: "footers".into(), done: 512, total: 1536, unit: Unit::Bytes }
    }

    #[test]
    fn a_fast_file_shows_no_progress() {
        let state = state([chosen("a.vhd"), Action::Progress(Purpose::Report, progress())]);
        assert!(state.reading.as_ref().is_some_and(|reading| !reading.slow));
        assert_eq!(state.announcement(), "");
    }

    #[test]
    fn a_slow_file_is_announced_once() {
        let before = state([chosen("a.vhd"), Action::Slow(Purpose::Report)]);
        let after =
            state([chosen("a.vhd"), Action::Slow(Purpose::Report), Action::Progress(Purpose::Report, progress())]);
        assert_eq!(before.announcement(), "Reading a.vhd");
        assert_eq!(after.announcement(), before.announcement());
        assert_eq!(progress().amount(), "512 bytes of 1.5 KiB, 1 KiB left");
    }

    #[test]
    fn the_verdict_replaces_the_progress() {
        let state = state([chosen("a.vhd"), Action::Slow(Purpose::Report), analysed("Sound")]);
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
            Action::Slow(Purpose::Report),
            Action::Cancelled(Purpose::Report),
        ]);
        assert_eq!(after.shown, before.shown);
        assert_eq!(after.reading, None);
        assert_eq!(after.announcement(), "Reading of “b.vhd” was cancelled.");
    }

    #[test]
    fn answers_after_cancelling_change_nothing() {
        let cancelled = state([chosen("a.vhd"), Action::Cancelled(Purpose::Report)]);
        let late = state([
            chosen("a.vhd"),
            Action::Cancelled(Purpose::Report),
            Action::Slow(Purpose::Report),
            Action::Progress(Purpose::Report, progress()),
        ]);
        assert_eq!(late, cancelled);
    }

    #[test]
    fn a_failure_leaves_the_page_ready_for_the_next_file() {
        let after = state([chosen("a.vhd"), failed(Purpose::Report)]);
        assert_eq!(after.notice, Some(Notice::Failed { name: "a.vhd".into(), failure: failure() }));
        assert_eq!(after.reading, None);
        let next = state([chosen("a.vhd"), failed(Purpose::Report), chosen("b.vhd"), analysed("Sound")]);
        assert_eq!(next.notice, None);
        assert!(next.shown.is_some());
    }

    #[test]
    fn a_checked_copy_belongs_to_its_original() {
        let copy = Purpose::CopyCheck;
        let checked = [analysed("Damaged"), Action::Again(copy), Action::Slow(copy), read_for(copy, "Sound")];
        let after = state(checked.clone());
        assert_eq!(after.announcement(), "Fixed copy: Sound");
        let next = state(checked.into_iter().chain([analysed("Other")]));
        assert_eq!(next.shown.map(|shown| shown.copy), Some(CopyCheck::Unchecked));
    }

    #[test]
    fn a_checked_copy_belongs_to_its_plan() {
        let copy = Purpose::CopyCheck;
        let shown = state([analysed("Damaged"), read_for(copy, "Sound"), Action::PlanChosen(1)]).shown;
        assert_eq!(shown.map(|shown| (shown.plan, shown.copy)), Some((1, CopyCheck::Unchecked)));
    }

    #[test]
    fn scripts_belong_to_their_plan() {
        let scripts = |plan| Action::Scripts(Scripts { plan, sh: String::new(), powershell: String::new() });
        let written =
            |action| state([analysed("Damaged"), Action::PlanChosen(1), action]).shown.map(|shown| shown.scripts);
        assert_eq!(written(scripts(0)), Some(None));
        assert!(written(scripts(1)).flatten().is_some());
    }

    #[test]
    fn a_deep_check_leaves_the_image_of_the_chain() {
        let failed = Action::Failed { purpose: Purpose::Flatten, name: String::new(), failure: failure() };
        let after = state([analysed("Sound"), failed, read_for(Purpose::DeepCheck, "Sound")]);
        assert_eq!(after.shown.map(|shown| shown.image), Some(ChainImage::Failed(failure())));
    }

    #[test]
    fn a_copy_without_original_is_ignored() {
        let copy = Purpose::CopyCheck;
        assert_eq!(state([Action::Again(copy), Action::Progress(copy, progress())]), State::default());
    }

    #[test]
    fn a_deep_check_keeps_the_report_until_it_has_another() {
        let deep = Purpose::DeepCheck;
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
        let hash = Purpose::Hash;
        let hashing = [analysed("Sound"), Action::Again(hash), Action::Slow(hash), Action::Progress(hash, progress())];
        let and_then = |action| state(hashing.iter().cloned().chain([action]));
        let sha256 = |state: &State| state.shown.as_ref().and_then(|shown| shown.sha256.clone());
        assert_eq!(state(hashing.clone()).announcement(), "Reading the whole file");
        assert_eq!(and_then(Action::Cancelled(hash)), state([analysed("Sound")]));
        assert_eq!(and_then(failed(hash)).shown, state([analysed("Sound")]).shown);

        let hashed = and_then(Action::Hashed("abc".into()));
        assert_eq!(sha256(&hashed).as_deref(), Some("abc"));
        let again = |purpose| {
            let actions = hashing.iter().cloned().chain([Action::Hashed("abc".into()), read_for(purpose, "Damaged")]);
            sha256(&state(actions))
        };
        assert_eq!(again(Purpose::DeepCheck).as_deref(), Some("abc"));
        assert_eq!(again(Purpose::Report), None);
    }

    #[test]
    fn a_report_that_cannot_be_printed_again_stays() {
        let before = state([analysed("Sound")]);
        let after = state([analysed("Sound"), Action::NotPrinted(failure())]);
        assert_eq!(after.shown, before.shown);
        assert_eq!(after.notice, Some(Notice::NotPrinted(failure())));
    }
}
