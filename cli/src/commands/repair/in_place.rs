//! The disk repaired where it is: the undo file first, then the changes, each fsynced before the next begins.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::ops::ControlFlow;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use vhd_analyser_core::Verdict;
use vhd_analyser_core::analysis::VerifiedRepair;
use vhd_analyser_core::repair::{Content, Patch, Plan};

use super::exclusive::open;
use super::job::Job;
use super::undo;
use crate::error::Failure;
use crate::os::disk::{Companions, Disk};
use crate::os::file_error::FileError;
use crate::os::signals;
use crate::os::sparse_copy::{Copy, CopyError, Zeros, write_zeros};

/// Carries a plan out on the disk itself, and answers with the undo file.
///
/// Ctrl-C is heard until the first change is written; from there on all of them are.
///
/// # Errors
/// Where the disk is in use (unless `force`), has changed since the analysis, cannot be changed in place, or fails.
pub fn repair(job: &Job<'_>, force: bool) -> Result<PathBuf, Failure> {
    let Job { disk, options, proven: VerifiedRepair { plan, .. }, .. } = *job;
    if !plan.is_orderly() {
        return Err(Failure::NotOrderly);
    }
    if disk.is_device() && plan.new_length() != disk.length() {
        return Err(Failure::FixedLength { path: disk.path().to_owned(), new_length: plan.new_length() });
    }
    let file = open(disk, force)?;
    let undo = undo::write(disk, &file, plan)?;
    if let Err(failure) = expect_unchanged(job, &file).and_then(|()| Ok(signals::stop_if_requested()?)) {
        // Nothing was changed that it could lead back from.
        let _ = fs::remove_file(&undo);
        return Err(failure);
    }
    let half_changed = |error| Failure::HalfChanged { path: disk.path().to_owned(), undo: undo.clone(), error };
    change(&file, plan).map_err(half_changed)?;
    let again = Disk::open(disk.path())?.analyse(Companions::default(), options, &mut |_| ControlFlow::Continue(()))?;
    match again.verdict() {
        Verdict::Sound => Ok(undo),
        _ => Err(Failure::NotSound { path: disk.path().to_owned(), undo }),
    }
}

/// Makes sure that the disk is what was analysed: as long and as old, and with the bytes that are to be replaced.
fn expect_unchanged(job: &Job<'_>, file: &File) -> Result<(), Failure> {
    let path = || job.disk.path().to_owned();
    match is_unchanged(job, file) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Changed { path: path() }),
        Err(error) => Err(Failure::File(FileError::Read { path: path(), error })),
    }
}

fn is_unchanged(job: &Job<'_>, file: &File) -> io::Result<bool> {
    if !job.disk.is_unchanged(file)? {
        return Ok(false);
    }
    for (patch, before) in job.proven.plan.patches().iter().zip(&job.proven.replaced) {
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

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use vhd_analyser_core::analysis::Analysis;
    use vhd_analyser_core::repair::{Segment, Step};
    use vhd_analyser_tests::corpus::cases;

    use super::super::undo::Undo;
    use std::path::Path;

    use super::*;
    use crate::os::disk::options;
    use crate::os::holders::Holder;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    fn bytes(offset: u64, bytes: &[u8]) -> Patch {
        Patch { offset, content: Content::Bytes(bytes.to_vec()), reason: String::new() }
    }

    fn copy(offset: u64, from: u64, length: u64) -> Patch {
        Patch { offset, content: Content::Copy { offset: from, length }, reason: String::new() }
    }

    fn plan(patches: Vec<Patch>, length: u64, new_length: u64) -> Plan {
        let step = Step { title: "".into(), patches, new_length, cut: None, evidence: Vec::new(), loses: Vec::new() };
        Plan::nothing(length).then(step)
    }

    fn repaired(original: &[u8], plan: &Plan) -> Vec<u8> {
        let mut repaired = Vec::new();
        for segment in plan.segments() {
            match segment {
                Segment::Source { offset, length } => repaired.extend(&original[offset as usize..][..length as usize]),
                Segment::Bytes(bytes) => repaired.extend(bytes),
                Segment::Zeros(length) => repaired.resize(repaired.len() + length as usize, 0),
            }
        }
        repaired
    }

    /// Plans that move, write, lengthen and cut; each done, and taken back from wherever it was cut off.
    #[test]
    fn every_change_can_be_taken_back_from_any_point() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("disk");
        let original: Vec<u8> = (0..20_000_u32).map(|index| (index % 251) as u8).collect();
        let length = original.len() as u64;
        let zeros = Patch { offset: 100, content: Content::Zeros(5000), reason: String::new() };
        let plans = [
            plan(vec![bytes(3, b"abc")], length, length),
            plan(vec![copy(length, 1000, 4000), bytes(1000, b"over"), bytes(24_000, b"end")], length, 24_003),
            plan(vec![bytes(0, b"short"), zeros], length, 6000),
            plan(vec![copy(0, 15_000, 4096)], length, 10_000),
            plan(vec![], length, length + 5000),
        ];
        for (index, plan) in plans.iter().enumerate() {
            fs::write(&path, &original)?;
            let disk = Disk::open(&path)?;
            let file = open(&disk, true)?;
            let undo = Undo::open(&undo::write(&disk, &file, plan)?)?;
            change(&file, plan)?;
            // With its lock.
            drop(file);
            assert!(fs::read(&path)? == repaired(&original, plan), "plan {index} is carried out");
            undo.apply(&Disk::open(&path)?, true)?;
            assert!(fs::read(&path)? == original, "plan {index} is taken back");

            let file = File::options().read(true).write(true).open(&path)?;
            for done in 0..=plan.patches().len() {
                for patch in plan.patches().iter().take(done) {
                    apply(&file, patch)?;
                }
                undo.apply(&Disk::open(&path)?, false)?;
                assert!(fs::read(&path)? == original, "plan {index} is taken back after {done} patches");
            }
            fs::remove_file(undo.path())?;
        }
        Ok(())
    }

    /// A damaged disk, opened and analysed, then changed by `change`, then repaired.
    fn repaired_after(
        change: impl FnOnce(&Path) -> io::Result<()>,
    ) -> Result<(Outcome, usize), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("disk.vhd");
        fs::write(&path, cases()?["tap-primary-cookie"].image()?)?;
        let options = options(None, false)?;
        let disk = Disk::open(&path)?;
        let analysis: Analysis = disk.analyse(Companions::default(), &options, &mut |_| ControlFlow::Continue(()))?;
        let proven = analysis.repairs.first().ok_or("no plan")?;
        change(&path)?;
        let before = fs::read(&path)?;
        let outcome = repair(&Job { disk: &disk, proven, leaves: 0, options: &options }, true);
        if outcome.is_err() {
            assert!(fs::read(&path)? == before, "nothing was written");
        }
        let files = fs::read_dir(folder.path())?.count();
        Ok((outcome.map(drop).map_err(Into::into), files))
    }

    #[test]
    fn a_disk_that_changed_since_it_was_analysed_is_left_alone() -> Outcome {
        let (outcome, files) = repaired_after(|_| Ok(()))?;
        assert!(outcome.is_ok() && files == 2, "the disk and its undo file: {outcome:?}");

        let end_of = |path: &Path| Ok::<_, io::Error>(fs::metadata(path)?.len());
        let written = |path: &Path, at: u64, bytes: &[u8]| {
            let file = File::options().write(true).open(path)?;
            file.write_all_at(bytes, at).map(|()| file)
        };
        let longer = repaired_after(|path| written(path, end_of(path)?, &[0; 512]).map(drop))?;
        let younger = repaired_after(|path| written(path, 4096, b"new")?.set_modified(SystemTime::now()))?;
        // Even where the time stamp was put back: what would be written over is not what was seen.
        let in_secret = repaired_after(|path| {
            let stamp = fs::metadata(path)?.modified()?;
            written(path, end_of(path)? - 100, b"new")?.set_modified(stamp)
        })?;
        let another = repaired_after(|path| {
            fs::copy(path, path.with_extension("new"))?;
            fs::rename(path.with_extension("new"), path)
        })?;
        for (outcome, files) in [longer, younger, in_secret, another] {
            let failure = outcome.err().ok_or("it was repaired")?;
            assert!(matches!(failure.downcast_ref(), Some(Failure::Changed { .. })), "{failure}");
            assert_eq!(files, 1, "no undo file is left");
        }
        Ok(())
    }

    #[test]
    fn a_plan_that_moves_bytes_over_one_another_is_refused() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("disk.vhd");
        fs::write(&path, cases()?["tap-primary-cookie"].image()?)?;
        let options = options(None, false)?;
        let disk = Disk::open(&path)?;
        let plan = plan(vec![copy(0, 4096, 4096), copy(4096, 0, 4096)], disk.length(), disk.length());
        let proven = VerifiedRepair { plan, replaced: Vec::new() };
        let outcome = repair(&Job { disk: &disk, proven: &proven, leaves: 0, options: &options }, false);
        assert!(matches!(outcome, Err(Failure::NotOrderly)));
        Ok(())
    }

    #[test]
    fn a_locked_disk_is_refused() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("disk");
        fs::write(&path, "disk")?;
        let other = File::open(&path)?;
        other.lock()?;
        let disk = Disk::open(&path)?;
        assert!(matches!(open(&disk, false), Err(Failure::InUse { holders, .. }) if holders == [Holder::Lock]));
        assert!(open(&disk, true).is_ok());
        Ok(())
    }
}
