//! The repaired copy: streamed out of the disk and new bytes, complete or not there at all.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use vhd_analyser_core::analysis::VerifiedRepair;
use vhd_analyser_core::report::Segment;

use super::job::Job;
use crate::error::Failure;
use crate::os::atomic_file::{AtomicFile, Existing};
use crate::os::disk::{Companions, Disk};
use crate::os::file_error::FileError;
use crate::os::holders::same;
use crate::os::signals;
use crate::os::sparse_copy::{Copy, CopyError, Zeros, write_data};
use crate::ui::progress::Watch;

/// Writes the repaired copy to `out`.
///
/// # Errors
/// Where a file fails, the disk changes meanwhile, or Ctrl-C stops it. Then there is no `out`, or the one that was
/// there before.
pub fn write(job: &Job<'_>, out: &Path, existing: Existing) -> Result<(), Failure> {
    let Job { disk, options, leaves, proven: VerifiedRepair { plan, .. } } = *job;
    let draft = begin(disk, out, permissions(disk), existing)?;
    fill(&draft, disk, &plan.segments(), plan.new_length())?;
    let unchanged = disk.is_unchanged(disk.file()).map_err(|error| unreadable(disk, error))?;
    if !unchanged {
        return Err(Failure::Changed { path: disk.path().to_owned() });
    }
    let copy = Disk::open(draft.path())?.analyse(Companions::default(), options, &mut Watch::new().analysis())?;
    if copy.errors() != leaves || copy.foreign.is_some() {
        return Err(Failure::CopyNotSound);
    }
    signals::stop_if_requested()?;
    Ok(draft.publish(existing)?)
}

/// Begins a file that is not to take the disk's own place.
///
/// # Errors
/// Where it would, or as [`AtomicFile::beside`].
pub fn begin(disk: &Disk, out: &Path, permissions: Permissions, existing: Existing) -> Result<AtomicFile, Failure> {
    if fs::symlink_metadata(out).is_ok_and(|there| same(&there, disk.metadata())) {
        return Err(Failure::OntoItself { path: out.to_owned() });
    }
    Ok(AtomicFile::beside(out, permissions, existing)?)
}

/// Writes the pieces of the copy one after the other, and waits until they are on the disk.
fn fill(draft: &AtomicFile, disk: &Disk, segments: &[Segment], length: u64) -> Result<(), Failure> {
    let mut watch = Watch::new();
    let mut at = 0_u64;
    for segment in segments {
        let long = match segment {
            Segment::Source { offset, length: long } => {
                let range = *offset..offset.saturating_add(*long);
                let copy = Copy { from: disk.file(), range, to: draft.file(), at, zeros: Zeros::Leave };
                let mut progress = |done| watch.at("writing the copy", at + done, length);
                copy.run(&mut progress).map_err(|error| failed(draft, disk, error))?;
                *long
            }
            Segment::Bytes(bytes) => {
                write_data(draft.file(), bytes, at).map_err(|error| draft.failed(error))?;
                bytes.len() as u64
            }
            // What is not written is zero.
            Segment::Zeros(long) => *long,
        };
        at = at.saturating_add(long);
    }
    draft.file().set_len(length).map_err(|error| draft.failed(error))?;
    match watch.at("waiting for the disk", length, length) {
        ControlFlow::Continue(()) => Ok(draft.sync()?),
        ControlFlow::Break(()) => Err(Failure::File(FileError::Interrupted)),
    }
}

fn failed(draft: &AtomicFile, disk: &Disk, error: CopyError) -> Failure {
    match error {
        CopyError::Read(error) => unreadable(disk, error),
        CopyError::Write(error) => draft.failed(error).into(),
        CopyError::Interrupted => Failure::File(FileError::Interrupted),
    }
}

fn unreadable(disk: &Disk, error: io::Error) -> Failure {
    let path = disk.path().to_owned();
    match error.kind() {
        // It was long enough when it was analysed.
        ErrorKind::UnexpectedEof => Failure::Changed { path },
        _ => Failure::File(FileError::Read { path, error }),
    }
}

/// Whoever may read and write the disk may do so with the copy, as far as the umask allows.
fn permissions(disk: &Disk) -> Permissions {
    Permissions::from_mode(disk.metadata().permissions().mode() & 0o777)
}
