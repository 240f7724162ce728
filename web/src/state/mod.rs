//! What the page shows, and everything that can change it.
//!
//! Plain data: the files themselves and the work on them are kept by [`crate::hooks::use_analyser`].

mod action;
mod disk_view;
mod notice;
mod reading;
#[cfg(test)]
mod tests;

use std::rc::Rc;

use yew::Reducible;

pub use self::action::{Action, JobKind, Repaired};
pub use self::disk_view::{ChainImage, CopyCheck, DiskView};
pub use self::notice::Notice;
pub use self::reading::Reading;
use crate::protocol::Analysed;
use crate::protocol::file_set::FileSet;

/// What the page shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct State {
    /// The last finished analysis, if any.
    pub shown: Option<DiskView>,
    /// How many files have been read. Tells one analysis from the next, however alike they are.
    pub analyses: u32,
    /// The file being read now, if any.
    pub reading: Option<Reading>,
    /// Something to say above everything else.
    pub notice: Option<Notice>,
    /// How often several files have been read, likewise.
    pub file_sets: u32,
    /// What to say of the next file that is read, if it is one that was repaired in place.
    pub repaired: Option<Notice>,
    /// What the files are that were chosen together, if several were.
    pub file_set: Option<Rc<FileSet>>,
    /// Which of their disks is shown, by its number in the forest.
    pub selected: Option<usize>,
    /// Whether the user chose it, and not the page.
    pub was_selected: bool,
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
            Action::Picked { name, disk, changes } => {
                self.was_selected = disk.is_some();
                self.read(Reading { name, disk, changes, ..Reading::default() });
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
            Action::FileSet(file_set, next) => {
                self.file_sets += 1;
                (self.shown, self.selected, self.was_selected) = (None, None, false);
                self.file_set = Some(file_set);
                self.reading = next;
            }
            Action::Corrected(file_set) => self.file_set = Some(file_set),
            Action::Again(kind) => {
                self.notice = None;
                self.set_reading(kind, Some(Reading::default()));
            }
            Action::Slow(kind) => with(self.reading_mut(kind), |reading| reading.slow = true),
            Action::Progress(kind, progress) => {
                with(self.reading_mut(kind), |reading| reading.progress = Some(progress));
            }
            Action::Analysed(JobKind::CopyCheck, Analysed { report, .. }) => {
                with(self.shown.as_mut(), |shown| shown.copy = CopyCheck::Checked(report.into()));
            }
            Action::Analysed(kind, analysed) => {
                let mut changes = self.shown.as_ref().map(|shown| shown.changes.clone()).unwrap_or_default();
                if let Some(reading) = self.reading.take() {
                    self.selected = reading.disk;
                    // A file that was chosen by itself is not one of them.
                    self.file_set.take_if(|_| reading.disk.is_none());
                    changes = reading.changes;
                }
                self.notice.take_if(|notice| !matches!(notice, Notice::RepairedInPlace { .. }));
                self.analyses += 1;
                let before = self.shown.take().filter(|_| kind == JobKind::DeepCheck);
                let repaired = self.notice.iter().filter(|notice| matches!(notice, Notice::RepairedInPlace { .. }));
                let repaired = repaired.map(Notice::title).collect();
                let now = DiskView { changes, ..DiskView::new(analysed) };
                self.shown = Some(match before {
                    // It is still the same file.
                    Some(DiskView { sha256, hashing, done, image, .. }) => {
                        DiskView { sha256, hashing, done, image, ..now }
                    }
                    None => DiskView { done: repaired, ..now },
                });
            }
            Action::Exported(exports) => with(self.shown.as_mut(), |shown| shown.exports = Some(exports.into())),
            Action::Hashed(sha256) => with(self.shown.as_mut(), |shown| {
                shown.hashing = None;
                shown.exports = None;
                shown.sha256 = Some(sha256.into());
            }),
            Action::Failed { kind: JobKind::CopyCheck, failure, .. } => {
                with(self.shown.as_mut(), |shown| shown.copy = CopyCheck::Failed(failure));
            }
            Action::Flattened(format, blob) => {
                with(self.shown.as_mut(), |shown| shown.image = ChainImage::Made(format, blob));
            }
            Action::Failed { kind: JobKind::Flatten, failure, .. } => {
                with(self.shown.as_mut(), |shown| shown.image = ChainImage::Failed(failure));
            }
            Action::Failed { kind, name, failure } => {
                self.set_reading(kind, None);
                self.notice = Some(Notice::Failed { name, failure });
                if matches!(kind, JobKind::Report | JobKind::FileSet) {
                    (self.shown, self.selected) = (None, None);
                }
            }
            Action::Cancelled(kind) => {
                if let (JobKind::Report | JobKind::FileSet, Some(Reading { name, .. })) = (kind, &self.reading) {
                    self.notice = Some(Notice::Cancelled { name: name.clone() });
                }
                self.set_reading(kind, None);
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
        self.set_reading(JobKind::DeepCheck, None);
    }

    fn reading_mut(&mut self, kind: JobKind) -> Option<&mut Reading> {
        match kind {
            JobKind::Report | JobKind::FileSet => self.reading.as_mut(),
            JobKind::DeepCheck => self.shown.as_mut()?.deep.as_mut(),
            JobKind::Hash => self.shown.as_mut()?.hashing.as_mut(),
            JobKind::CopyCheck => match &mut self.shown.as_mut()?.copy {
                CopyCheck::Reading(reading) => Some(reading),
                _ => None,
            },
            JobKind::Flatten => match &mut self.shown.as_mut()?.image {
                ChainImage::Reading(reading) => Some(reading),
                _ => None,
            },
        }
    }

    fn set_reading(&mut self, kind: JobKind, reading: Option<Reading>) {
        match (kind, &mut self.shown) {
            (JobKind::Report | JobKind::FileSet, _) => self.reading = reading,
            (JobKind::DeepCheck, Some(shown)) => shown.deep = reading,
            (JobKind::Hash, Some(shown)) => shown.hashing = reading,
            (JobKind::CopyCheck, Some(shown)) => shown.copy = reading.map_or(CopyCheck::Unchecked, CopyCheck::Reading),
            (JobKind::Flatten, Some(shown)) => {
                shown.image = reading.map_or(ChainImage::None, ChainImage::Reading);
            }
            (_, None) => {}
        }
    }

    /// The files that were chosen together, and which of their disks is shown, by its number in the forest.
    pub fn among(&self) -> Option<(&Rc<FileSet>, usize)> {
        self.file_set.as_ref().zip(self.selected)
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
            None => self.file_set.as_ref().map_or(String::new(), |file_set| file_set.headline()),
            Some(DiskView { deep: Some(_), .. }) => "Deep check: reading every block".into(),
            Some(DiskView { hashing: Some(_), .. }) => "Reading the whole file".into(),
            Some(DiskView { copy: CopyCheck::Checked(copy), .. }) => format!("Fixed copy: {}", copy.headline),
            Some(DiskView { copy: CopyCheck::Failed(_), .. }) => "The fixed copy could not be read.".into(),
            Some(DiskView { copy: CopyCheck::Reading(_), .. }) => "Reading the fixed copy".into(),
            Some(DiskView { image: ChainImage::Reading(_), .. }) => "Putting the image together".into(),
            Some(DiskView { image: ChainImage::Made(..), .. }) => "The image is ready to be saved.".into(),
            Some(DiskView { image: ChainImage::Failed(failure), .. }) => failure.to_string(),
            Some(DiskView { report, .. }) => format!("{}: {}", report.file, report.headline),
        }
    }
}

/// Late answers find nothing to change.
fn with<T>(place: Option<&mut T>, change: impl FnOnce(&mut T)) {
    if let Some(value) = place {
        change(value);
    }
}
