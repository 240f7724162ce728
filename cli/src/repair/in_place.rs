//! The disk mended where it is: the way back first, then the changes, each on the disk before the next begins.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use vhd_analyser_core::analysis::{Analysis, Options};
use vhd_analyser_core::repair::{Content, Patch, Plan};
use vhd_analyser_core::report::Verdict;

use super::undo;
use crate::disk::Disk;
use crate::failure::Failure;
use crate::in_use::{Holder, open_alone};
use crate::interrupt;
use crate::sparse::{Copy, CopyError, Zeros, write_zeros};

/// Carries the plan of an analysis out on the disk itself, and answers with the undo file.
///
/// Ctrl-C is heard until the first change is written; from there on all of them are.
///
/// # Errors
/// Where the disk is in use (unless `force`), has changed since the analysis, cannot be changed in place, or fails.
pub fn repair(disk: &Disk, analysis: &Analysis, options: &Options, force: bool) -> Result<PathBuf, Failure> {
    let Some(plan) = &analysis.plan else {
        return Err(Failure::NotOrderly);
    };
    if !plan.is_orderly() {
        return Err(Failure::NotOrderly);
    }
    if disk.is_device() && plan.new_length() != disk.length() {
        return Err(Failure::FixedLength { path: disk.path().to_owned(), new_length: plan.new_length() });
    }
    let file = open(disk, force)?;
    let undo = undo::write(disk, &file, plan)?;
    if let Err(failure) = expect_unchanged(disk, &file, analysis).and_then(|()| interrupt::stop_if_requested()) {
        // Nothing was changed that it could lead back from.
        let _ = fs::remove_file(&undo);
        return Err(failure);
    }
    let half_changed = |error| Failure::HalfChanged { path: disk.path().to_owned(), undo: undo.clone(), error };
    change(&file, plan).map_err(half_changed)?;
    let again = Disk::open(disk.path())?.analyse(options, &mut |_| ControlFlow::Continue(()))?;
    match again.verdict() {
        Verdict::Sound => Ok(undo),
        _ => Err(Failure::NotSound { path: disk.path().to_owned(), undo }),
    }
}

/// Opens the disk for writing, unless somebody else uses it.
///
/// # Errors
/// Where somebody does (unless `force`), it is another file than before, or may not be written to.
pub fn open(disk: &Disk, force: bool) -> Result<File, Failure> {
    let path = || disk.path().to_owned();
    let in_use = |holders| Failure::InUse { path: path(), holders };
    let holders = disk.holders();
    if !holders.is_empty() && !force {
        return Err(in_use(holders));
    }
    let file = match open_alone(disk.path()) {
        Err(_) if force => File::options().read(true).write(true).open(disk.path()),
        opened => opened,
    };
    let file = file.map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => in_use(vec![Holder::Lock]),
        ErrorKind::ResourceBusy => in_use(vec![Holder::System]),
        _ => Failure::Open { path: path(), error },
    })?;
    match disk.is_unchanged(&file) {
        Ok(true) => Ok(file),
        Ok(false) => Err(Failure::Changed { path: path() }),
        Err(error) => Err(Failure::Read { path: path(), error }),
    }
}

/// Makes sure that the disk is what was analysed: as long and as old, and with the bytes that are to be replaced.
fn expect_unchanged(disk: &Disk, file: &File, analysis: &Analysis) -> Result<(), Failure> {
    match is_unchanged(disk, file, analysis) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Changed { path: disk.path().to_owned() }),
        Err(error) => Err(Failure::Read { path: disk.path().to_owned(), error }),
    }
}

fn is_unchanged(disk: &Disk, file: &File, analysis: &Analysis) -> io::Result<bool> {
    if !disk.is_unchanged(file)? {
        return Ok(false);
    }
    let patches = analysis.plan.iter().flat_map(Plan::patches);
    for (patch, before) in patches.zip(&analysis.replaced) {
        let mut now = vec![0; before.len()];
        file.read_exact_at(&mut now, patch.offset)?;
        if now != *before {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Makes the changes. What is copied is safe on the disk before anything points at it or writes over it, and the
/// length is set last.
fn change(file: &File, plan: &Plan) -> io::Result<()> {
    let patches = plan.patches();
    for group in patches.chunk_by(|a, b| is_copy(a) == is_copy(b)) {
        for patch in group {
            apply(file, patch)?;
        }
        file.sync_all()?;
    }
    if plan.new_length() != plan.old_length {
        file.set_len(plan.new_length())?;
        file.sync_all()?;
    }
    Ok(())
}

fn is_copy(patch: &Patch) -> bool {
    matches!(patch.content, Content::Copy { .. })
}

fn apply(file: &File, patch: &Patch) -> io::Result<()> {
    match &patch.content {
        Content::Bytes(bytes) => file.write_all_at(bytes, patch.offset),
        Content::Zeros(_) => write_zeros(file, patch.offset..patch.end()),
        Content::Copy { offset, length } => {
            let range = *offset..offset.saturating_add(*length);
            let copy = Copy { from: file, range, to: file, at: patch.offset, zeros: Zeros::Write };
            copy.run(&mut |_| ControlFlow::Continue(())).map_err(|error| match error {
                CopyError::Read(error) | CopyError::Write(error) => error,
                CopyError::Interrupted => ErrorKind::Interrupted.into(),
            })
        }
    }
}

/// The place of the undo file: beside the disk, and for a device, beside which nothing lasts, in the current folder.
pub fn undo_path(disk: &Disk) -> PathBuf {
    let beside = if disk.is_device() { disk.path().file_name().map(Path::new) } else { None };
    let mut name = beside.unwrap_or(disk.path()).as_os_str().to_owned();
    name.push(".undo");
    name.into()
}
