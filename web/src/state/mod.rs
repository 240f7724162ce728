//! What the page shows, and everything that can change it.
//!
//! Plain data: the files themselves and the work on them are kept by [`crate::hooks::use_analyser`].

mod action;
mod notice;
mod shown;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use yew::Reducible;

pub use self::action::{Action, Purpose, Repaired};
pub use self::notice::Notice;
pub use self::shown::{ChainImage, CopyCheck, Shown};
use crate::gathered::Gathered;
use crate::units;
use crate::worker::{Analysed, Progress, Unit, Wish};

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
            Action::Analysed(purpose, analysed) => {
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
                let repaired = self.notice.iter().filter(|notice| matches!(notice, Notice::RepairedInPlace { .. }));
                let repaired = repaired.map(Notice::title).collect();
                let now = Shown { wish, ..Shown::new(analysed) };
                self.shown = Some(match before {
                    // It is still the same file.
                    Some(Shown { sha256, hashing, done, image, .. }) => Shown { sha256, hashing, done, image, ..now },
                    None => Shown { done: repaired, ..now },
                });
            }
            Action::Exported(exports) => with(self.shown.as_mut(), |shown| shown.exports = Some(exports.into())),
            Action::Hashed(sha256) => with(self.shown.as_mut(), |shown| {
                shown.hashing = None;
                shown.exports = None;
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
            Action::Done(sentence) => with(self.shown.as_mut(), |shown| {
                shown.exports = None;
                shown.done.push(sentence);
            }),
            Action::NotPrinted(failure) => self.notice = Some(Notice::NotPrinted(failure)),
            Action::NotChanged(failure) => {
                self.reading = None;
                self.notice = Some(Notice::NotChanged(failure));
            }
            Action::RepairedInPlace { undo } => self.repaired = Some(Notice::RepairedInPlace { undo }),
            Action::PlanChosen(plan) => with(self.shown.as_mut(), |shown| {
                shown.plan = plan;
                (shown.scripts, shown.exports) = (None, None);
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
            Some(Shown { report, .. }) => format!("{}: {}", report.file, report.headline),
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
