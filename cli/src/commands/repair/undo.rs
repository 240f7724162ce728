//! The undo file of a repair in place: a file with the bytes that the repair writes over or cuts off.
//!
//! [`vhd_analyser_core::repair::undo`] has its format.

use std::fmt;
use std::fs::{File, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::ops::ControlFlow;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use vhd_analyser_core::repair::Plan;
use vhd_analyser_core::repair::undo::{FORMAT, head};

use super::exclusive::open;
use vhd_analyser_core::units::count;

use crate::error::Failure;
use crate::os::atomic_file::{AtomicFile, Existing};
use crate::os::disk::Disk;
use crate::os::file_error::FileError;
use crate::os::sparse_copy::{Copy, CopyError, Zeros};
use crate::ui::progress::Watch;

/// The longest first line that is read, in bytes.
const LONGEST_HEAD: u64 = 64 << 20;

/// The first line.
#[derive(Debug, Deserialize)]
struct Head {
    format: String,
    /// The disk's length before the repair, in bytes.
    old_length: u64,
    /// The disk's length after it.
    new_length: u64,
    ranges: Vec<Range>,
}

/// A range of the disk before the repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
struct Range {
    /// First byte.
    offset: u64,
    /// How many.
    length: u64,
}

/// Saves what a plan writes over or cuts off, from the disk open as `file`, and answers where.
///
/// # Errors
/// Where there is an undo file already, or a file fails. Then there is none.
pub fn write(disk: &Disk, file: &File, plan: &Plan) -> Result<PathBuf, Failure> {
    let path = undo_path(disk);
    // Only its owner: it holds bytes of the disk.
    let draft = AtomicFile::beside(&path, Permissions::from_mode(0o600), Existing::Keep).map_err(taken)?;
    fill(&draft, disk, file, plan)?;
    draft.sync()?;
    draft.publish(Existing::Keep).map_err(taken)?;
    Ok(path)
}

fn fill(draft: &AtomicFile, disk: &Disk, file: &File, plan: &Plan) -> Result<(), Failure> {
    let failed = |error| draft.failed(error);
    let ranges = plan.replaced();
    let line = head(&disk.path().to_string_lossy(), plan.old_length, plan.new_length(), &ranges);
    draft.file().write_all_at(line.as_bytes(), 0).map_err(failed)?;
    let mut watch = Watch::new();
    let mut at = line.len() as u64;
    for (offset, length) in ranges {
        let range = offset..offset.saturating_add(length);
        let copy = Copy { from: file, range, to: draft.file(), at, zeros: Zeros::Leave };
        copy.run(&mut |done| watch.at("saving the undo file", done, length)).map_err(|error| match error {
            CopyError::Read(error) => Failure::File(FileError::Read { path: disk.path().to_owned(), error }),
            CopyError::Write(error) => failed(error).into(),
            CopyError::Interrupted => Failure::File(FileError::Interrupted),
        })?;
        at = at.saturating_add(length);
    }
    Ok(draft.file().set_len(at).map_err(failed)?)
}

/// An undo file in the way is the only means to undo an earlier repair.
fn taken(error: FileError) -> Failure {
    match error {
        FileError::Exists { path } => Failure::UndoExists { path },
        other => other.into(),
    }
}

/// An undo file, whole.
#[derive(Debug)]
pub struct Undo {
    path: PathBuf,
    file: File,
    head: Head,
    /// Where the bytes of the first range begin.
    bytes_at: u64,
}

impl Undo {
    /// Opens an undo file.
    ///
    /// # Errors
    /// Where it cannot be read, or is not whole.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let unreadable = |error| Failure::File(FileError::Read { path: path.to_owned(), error });
        let not_an_undo = || Failure::NotAnUndo { path: path.to_owned() };
        let file = File::open(path).map_err(|error| Failure::File(FileError::Open { path: path.to_owned(), error }))?;
        let mut line = Vec::new();
        BufReader::new(&file).take(LONGEST_HEAD).read_until(b'\n', &mut line).map_err(unreadable)?;
        let head: Head = serde_json::from_slice(&line).map_err(|_| not_an_undo())?;
        let length = file.metadata().map_err(unreadable)?.len();
        let bytes_at = line.len() as u64;
        if !head.describes(length, bytes_at) {
            return Err(not_an_undo());
        }
        Ok(Self { path: path.to_owned(), file, head, bytes_at })
    }

    /// Its name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The disk's length before the repair, in bytes.
    pub fn old_length(&self) -> u64 {
        self.head.old_length
    }

    /// Puts everything back. A repair that was cut off anywhere is taken back too, and so is an undo that was.
    ///
    /// # Errors
    /// Where the disk is in use or seems to be another (unless `force`), or a file fails.
    pub fn apply(&self, disk: &Disk, force: bool) -> Result<(), Failure> {
        let Head { old_length, new_length, .. } = self.head;
        let fits = (old_length.min(new_length)..=old_length.max(new_length)).contains(&disk.length());
        if !fits && !force {
            return Err(Failure::UndoDoesNotFit { path: disk.path().to_owned(), length: disk.length() });
        }
        let file = open(disk, force)?;
        let half_changed =
            |error| Failure::HalfChanged { path: disk.path().to_owned(), undo: self.path.clone(), error };
        let mut at = self.bytes_at;
        for range in &self.head.ranges {
            self.put_back(*range, at, disk, &file).map_err(|error| match error {
                CopyError::Read(error) => Failure::File(FileError::Read { path: self.path.clone(), error }),
                CopyError::Write(error) => half_changed(error),
                CopyError::Interrupted => Failure::File(FileError::Interrupted),
            })?;
            at = at.saturating_add(range.length);
        }
        file.sync_all().map_err(half_changed)?;
        if !disk.is_device() {
            file.set_len(old_length).and_then(|()| file.sync_all()).map_err(half_changed)?;
        }
        Ok(())
    }

    /// Puts a range back whose bytes are at `at`. Behind the end of the disk, holes stay holes.
    fn put_back(&self, range: Range, at: u64, disk: &Disk, file: &File) -> Result<(), CopyError> {
        let within = disk.length().saturating_sub(range.offset).min(range.length);
        let end = at + range.length;
        let parts =
            [(at..at + within, range.offset, Zeros::Write), (at + within..end, range.offset + within, Zeros::Leave)];
        for (range, at, zeros) in parts {
            let copy = Copy { from: &self.file, range, to: file, at, zeros };
            copy.run(&mut |_| ControlFlow::Continue(()))?;
        }
        Ok(())
    }
}

/// What it would do, after the name of the disk.
impl fmt::Display for Undo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: u64 = self.head.ranges.iter().map(|range| range.length).sum();
        let ranges = self.head.ranges.len();
        write!(
            f,
            "would get {} in {} back, and be {} long",
            count(bytes, "byte"),
            count(ranges as u64, "place"),
            count(self.head.old_length, "byte")
        )
    }
}

impl Head {
    /// Whether the head fits an undo file of `length` bytes, whose first range begins at `bytes_at`: every range lies
    /// in the disk, in order, and all their bytes are there.
    fn describes(&self, length: u64, bytes_at: u64) -> bool {
        let mut end_on_disk = 0;
        let mut end = bytes_at;
        for range in &self.ranges {
            let ends = (range.offset.checked_add(range.length), end.checked_add(range.length));
            let (Some(range_end), Some(bytes_end)) = ends else {
                return false;
            };
            if range.offset < end_on_disk || range_end > self.old_length {
                return false;
            }
            (end_on_disk, end) = (range_end, bytes_end);
        }
        self.format == FORMAT && end == length
    }
}

/// The place of the undo file: beside the disk, and for a device, beside which nothing lasts, in the current folder.
pub fn undo_path(disk: &Disk) -> PathBuf {
    let beside = if disk.is_device() { disk.path().file_name().map(Path::new) } else { None };
    let mut name = beside.unwrap_or(disk.path()).as_os_str().to_owned();
    name.push(".undo");
    name.into()
}
