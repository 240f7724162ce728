//! What is kept of many files once they were read: a disk that is selected then need not be analysed again.

use std::collections::BTreeMap;
use std::iter;

use vhd_analyser_core::analysis::Analysis;
use web_sys::Blob;

use crate::protocol::{DiskChanges, Task};
use crate::worker::named_file::NamedFile;

/// Bytes that are kept at most, by a rough count: thousands of disks may have been chosen.
const ROOM: usize = 16 << 20;
/// Bytes that an analysis takes at least.
const LEAST: usize = 8 << 10;

/// The files, and the analyses of as many of the disks among them as there is room for.
#[derive(Default)]
pub struct Kept {
    files: Vec<NamedFile>,
    analyses: BTreeMap<String, Analysis>,
    taken: usize,
}

impl Kept {
    /// With the files, but nothing of them yet.
    pub fn of(files: &[NamedFile]) -> Self {
        Self { files: files.to_vec(), ..Self::default() }
    }

    /// Keeps what is known of the file under this path, if there is room for it.
    pub fn keep(&mut self, path: &str, analysis: Analysis) {
        if let Some(before) = self.analyses.remove(path) {
            self.taken -= weight(&before);
        }
        let weight = weight(&analysis);
        if self.taken + weight <= ROOM {
            self.taken += weight;
            self.analyses.insert(path.to_owned(), analysis);
        }
    }

    /// What is known of the disk that a task is about, if that is all that the task wants.
    pub fn analysis(&self, task: &Task) -> Option<&Analysis> {
        let wants_more = task.deep || task.journal || task.changes != DiskChanges::default();
        self.analyses.get(&task.siblings.as_ref()?.path).filter(|_| !wants_more)
    }

    /// Whether anything is known of the file under this path.
    pub fn knows(&self, path: &str) -> bool {
        self.analyses.contains_key(path)
    }

    /// The files that a task is about, in the order in which they would come with it: the disk, then its siblings.
    pub fn files_of(&self, task: &Task) -> Vec<Blob> {
        let files: BTreeMap<_, _> = self.files.iter().map(|named| (named.path.as_str(), &named.file)).collect();
        let siblings = task.siblings.iter();
        let paths = siblings.flat_map(|siblings| iter::once(&siblings.path).chain(&siblings.paths));
        paths.filter_map(|path| files.get(path.as_str()).map(|file| (*file).clone())).collect()
    }
}

/// Roughly how many bytes an analysis takes: of what it holds, the BAT's entries and the patches may be many.
fn weight(analysis: &Analysis) -> usize {
    let images = [Some(&analysis.image), analysis.repaired.as_ref()].into_iter().flatten();
    let entries: usize = images.filter_map(|image| image.bat.value()).map(|bat| bat.blocks.len()).sum();
    let repairs = analysis.repairs.iter().chain(analysis.partial.iter().map(|partial| &partial.repair));
    let replaced: usize = repairs.flat_map(|repair| &repair.replaced).map(Vec::len).sum();
    // An entry with what is known of its block; the bytes that are written are about as many as those replaced.
    LEAST + 32 * entries + 3 * replaced
}
