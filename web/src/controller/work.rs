//! The files that are shown, and what is being done with them in workers.

use std::rc::Rc;

use gloo_timers::callback::Timeout;
use js_sys::wasm_bindgen::JsValue;
use vhd_analyser_core::report::Report;
use web_sys::Blob;

use crate::browser::picked_file::PickedFile;
use crate::controller::job::Job;
use crate::controller::program::Program;
use crate::protocol::codec;
use crate::protocol::failure::Failure;
use crate::protocol::file_set::{Corrected, FileSet};
use crate::protocol::{DiskChanges, Siblings};
use crate::state::JobKind;

/// The files and their workers.
#[derive(Default)]
pub struct Work {
    /// What runs in the workers.
    pub program: Program,
    pub(super) utc_offset: i32,
    /// How often files were chosen: what was begun for one choice is of no use after the next.
    pub(super) choices: u32,
    /// The files that are shown.
    pub(super) files: Rc<Vec<PickedFile>>,
    /// What they are, if they are several.
    pub(super) file_set: Option<Rc<FileSet>>,
    /// The same as it was sent: what is shown elsewhere is not changed, and to copy all of it takes more program.
    pub(super) sent: Option<Sent>,
    /// The worker that read them, with what it kept.
    pub(super) set_job: Option<Job>,
    /// What deep checks found in files that are not sound. Whenever these are read again, it is as deeply.
    pub(super) corrected: Vec<(PickedFile, Corrected)>,
    pub(super) shown: Option<Reading>,
    pub(super) report: Option<Reading>,
    pub(super) read_set: Option<Reading>,
    pub(super) deep_check: Option<Reading>,
    pub(super) copy_check: Option<Reading>,
    pub(super) hash: Option<Reading>,
    pub(super) flatten: Option<Reading>,
}

/// What several files are, as the worker sent it.
pub(super) struct Sent {
    pub(super) packed: JsValue,
    /// What was lost before it came to the worker.
    pub(super) lost: Vec<(String, Failure)>,
}

/// Dropping it stops the reading.
pub(super) struct Reading {
    /// The file; of several the first.
    pub(super) file: PickedFile,
    pub(super) with: With,
    pub(super) job: Job,
    pub(super) _slow: Timeout,
}

/// What a disk is read with.
#[derive(Clone, Debug, Default)]
pub(super) struct With {
    pub(super) changes: DiskChanges,
    /// The parent that the changes speaks of.
    pub(super) parent: Option<Blob>,
    /// The journal of a resize that was cut off.
    pub(super) journal: Option<Blob>,
    /// What was chosen together with it.
    pub(super) siblings: Option<(Siblings, Vec<Blob>)>,
    /// Whether the worker that read all of them kept its analysis.
    pub(super) is_kept: bool,
}

impl With {
    /// Whether what was kept of the disk says everything that is asked now.
    pub(super) fn is_known(&self) -> bool {
        let ancestors = self.siblings.iter().flat_map(|(siblings, _)| &siblings.ancestors);
        self.is_kept
            && self.changes == DiskChanges::default()
            && self.journal.is_none()
            && ancestors.into_iter().all(|ancestor| !ancestor.deep)
    }

    /// What the repaired copy of a disk is read with, which takes the disk's place.
    pub(super) fn in_place_of(with: &Self) -> Self {
        let mut siblings = with.siblings.clone();
        if let Some((siblings, _)) = &mut siblings {
            siblings.ancestors = Vec::new();
        }
        Self { siblings, ..Self::default() }
    }
}

impl Work {
    /// Ends what would replace the answer to the choice that begins, and gives its number.
    pub(super) fn begin(&mut self) -> u32 {
        (self.report, self.read_set, self.deep_check) = (None, None, None);
        self.choices += 1;
        self.choices
    }

    /// The file that is shown, if any.
    pub fn shown(&self) -> Option<PickedFile> {
        self.shown.as_ref().map(|shown| shown.file.clone())
    }

    /// What a deep check found in a file, if that made a difference.
    pub(super) fn correction(&self, file: &PickedFile) -> Option<&Corrected> {
        self.corrected.iter().find(|(other, _)| other == file).map(|(_, found)| found)
    }

    /// Notes what a deep check found in a file, and gives what is known of all of them then, if that is something else.
    pub(super) fn correct(&mut self, file: &PickedFile, report: &Report) -> Option<Rc<FileSet>> {
        let found = Corrected::by(report)?;
        self.corrected.push((file.clone(), found));
        self.file_set.as_ref().filter(|_| self.files.contains(file))?;
        self.file_set = Some(self.unpack(self.sent.as_ref()?, &self.files).into());
        self.file_set.clone()
    }

    /// What several files are, with what deep checks found in them.
    pub(super) fn unpack(&self, sent: &Sent, files: &[PickedFile]) -> FileSet {
        let mut file_set: FileSet = codec::decode(sent.packed.clone());
        file_set.unread.extend(sent.lost.clone());
        for file in files {
            if let Some(found) = self.correction(file) {
                file_set.correct(&file.path, found);
            }
        }
        file_set
    }

    pub(super) fn forget_shown(&mut self) {
        (self.shown, self.copy_check, self.deep_check) = (None, None, None);
        (self.hash, self.flatten) = (None, None);
    }

    /// Forgets the files that were chosen together, unless the one that is shown is one of them.
    pub(super) fn keep_only_shown(&mut self) {
        if let Some(shown) = self.shown.as_ref().filter(|shown| !self.files.contains(&shown.file)) {
            self.files = vec![shown.file.clone()].into();
            (self.file_set, self.set_job) = (None, None);
        }
    }

    pub(super) fn reading(&mut self, kind: JobKind) -> &mut Option<Reading> {
        match kind {
            JobKind::Report => &mut self.report,
            JobKind::FileSet => &mut self.read_set,
            JobKind::DeepCheck => &mut self.deep_check,
            JobKind::CopyCheck => &mut self.copy_check,
            JobKind::Hash => &mut self.hash,
            JobKind::Flatten => &mut self.flatten,
        }
    }
}
