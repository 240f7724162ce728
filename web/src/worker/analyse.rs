//! One disk, read to its end, with what it is based on.

use std::iter;
use std::ops::ControlFlow;

use js_sys::wasm_bindgen::UnwrapThrowExt;
use vhd_analyser_core::analysis::{Analysis, AnalysisContext, Options, analyse_with};
use vhd_analyser_core::compat::ParentResolver;
use vhd_analyser_core::image;
use vhd_analyser_core::repair::{ParentDisk, RequestedChanges, check_assignments};
use vhd_analyser_core::report::{self, Report, ReportOptions, fingerprint};
use web_sys::Blob;

use crate::protocol::failure::Failure;
use crate::protocol::{Ancestor, Progress, Siblings, Task};
use crate::worker::blob_source::BlobSource;
use crate::worker::context::{every_now_and_then, now, options};
use crate::worker::kept::Kept;
use crate::worker::marks::mark;
use crate::worker::named_file::named;
use crate::worker::parents::Folder;

/// Reads a file to the end, telling how far it is every now and then; after it come the parent, the journal and the
/// siblings, if the task speaks of them. What was kept of it is not found out again.
///
/// # Errors
/// Where a file could not be read, or the disk cannot be linked to the parent.
pub fn analyse(
    files: &[Blob],
    task: &Task,
    kept: &Kept,
    on_progress: impl Fn(Progress),
) -> Result<(Analysis, Report), Failure> {
    let mut files = files.iter().cloned();
    let mut next = || BlobSource::new(files.next().unwrap_throw());
    let source = next()?;
    let (hidden, mut parent) = (task.changes.hidden, None);
    if let Some(path) = &task.changes.parent {
        parent = Some(parent_disk(&next()?, path)?);
    }
    let assign = task.changes.assign.clone();
    let journal = if task.journal { Some(next()?) } else { None };
    let options = Options {
        request: RequestedChanges { hidden, parent, assign, ..RequestedChanges::default() },
        ..options(task.deep)
    };
    let Siblings { path, paths, is_complete, lineage, .. } = task.siblings.clone().unwrap_or_default();
    let place = ParentResolver::of(Folder::of(&path, named(paths, files), is_complete));
    let beside = AnalysisContext { journal: journal.as_ref(), parent_lookup: &place, ..AnalysisContext::NOTHING };
    let mut progress = every_now_and_then(on_progress);
    let analysis = match kept.analysis(task) {
        Some(known) => {
            let mut analysis = Analysis { name: task.name.clone(), ..known.clone() };
            analysis.ask_again(&source, &beside, options.now, &mut progress)?;
            analysis
        }
        None => analyse_with(&source, &beside, &task.name, &options, &mut progress)?,
    };
    if let Some(parent) = &options.request.parent {
        parent.check(&analysis.image)?;
    }
    check_assignments(&analysis.image, &options.request.assign)?;
    let regions = fingerprint::regions(&source, &analysis.image)?;
    // What is known of the disk itself is more than when the others were read.
    let lineage = lineage.map(|lineage| lineage.with_own(analysis.verdict()));
    let options = ReportOptions { regions, ..ReportOptions::default() };
    let mut report = report::build_for(&analysis, lineage.as_ref(), options);
    mark(&mut report);
    Ok((analysis, report))
}

/// Reads the disks that a disk is based on. None where it was chosen by itself, or one of them can no longer be read.
pub fn ancestors(files: &[Blob], task: &Task, kept: &Kept) -> Option<Vec<Report>> {
    let siblings = task.siblings.as_ref()?;
    let others = files.get(files.len().checked_sub(siblings.paths.len())?..)?;
    let read = |Ancestor { path, is_complete, lineage, deep }: &Ancestor| {
        let itself = others.get(siblings.paths.iter().position(|other| other == path)?)?;
        let files: Vec<Blob> = iter::once(itself).chain(others).cloned().collect();
        let siblings = Siblings {
            path: path.clone(),
            paths: siblings.paths.clone(),
            is_complete: *is_complete,
            lineage: Some(lineage.clone()),
            ancestors: Vec::new(),
        };
        let task = Task { name: path.clone(), deep: *deep, siblings: Some(siblings), ..Task::default() };
        Some(analyse(&files, &task, kept, |_| ()).ok()?.1)
    };
    siblings.ancestors.iter().map(read).collect()
}

/// What a disk is to be told of the parent that it finds under a path.
fn parent_disk(source: &BlobSource, path: &str) -> Result<ParentDisk, Failure> {
    let image = image::open(source, &mut |_| ControlFlow::Continue(()))?;
    Ok(ParentDisk::of(&image, path.to_owned(), source.changed().unwrap_or_else(now))?)
}
