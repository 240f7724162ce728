//! Repaired disks before independent judges: QEMU's and libvhdi's own readers, and the bytes that were there before.
//!
//! Needs `qemu-img` (Debian: qemu-utils) and `vhdiinfo` (Debian: libvhdi-utils), which `cargo xtask test` installs.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use vhd_analyser_core::repair::Plan;
use vhd_analyser_tests::analysed::{analysed, analysed_deep, analysed_with, fixed_copy, undone};
use vhd_analyser_tests::bytes::sha256;
use vhd_analyser_tests::corpus::{Case, cases};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Cases whose best plan loses or assumes something. Of those that `true` is said of, the virtual disk is nevertheless
/// what it was before.
const NOT_LOSSLESS: &[(&str, bool)] = &[
    // The footer is rebuilt from the header and the BAT: the assumptions are about identity and size. QEMU's disk
    // ended within its last block, and now ends with it.
    ("tap-both-footers-zeroed", true),
    ("qemu-both-footers-zeroed", false),
    // The resize had not begun or had ended; that it had is an assumption without the journal.
    ("tap-poisoned", true),
    ("tap-resize-cut-end", true),
    // The bits are set again for every sector with data: that it is no leftover is assumed.
    ("tap-bitmap-cleared", true),
    ("qemu-bitmap-cleared", true),
    // Which of two entries is the wrong one is assumed, from the order of the blocks.
    ("tap-bat-duplicate", true),
    ("qemu-bat-duplicate", true),
    // Sectors that had been written are behind the new end of the file.
    ("qemu-truncated", false),
];

/// Cases that the recorded sum of the virtual disk says nothing of.
const NOT_COMPARED: &[&str] = &[
    // Their sum needs the parent's data, and the parent lies elsewhere.
];

/// Every plan for every case, with what it is for. A case with a journal is mended with it as well.
fn plans() -> Outcome<Vec<(Case, Vec<u8>, Plan, bool)>> {
    let mut plans = Vec::new();
    for case in cases()?.into_values() {
        let image = case.image()?;
        let mut analyses = vec![analysed(&image, &case.target)?, analysed_deep(&image, &case.target)?];
        if case.revert.is_some() {
            analyses.push(analysed_with(&image, &case.file("disk.vhd.journal")?, &case.target)?);
        }
        let mut found: Vec<(Plan, bool)> = Vec::new();
        for analysis in analyses {
            for (rank, proven) in analysis.repairs.into_iter().enumerate() {
                if found.iter().all(|(plan, _)| *plan != proven.plan) {
                    found.push((proven.plan, rank == 0));
                }
            }
        }
        let case = &case;
        plans.extend(found.into_iter().map(|(plan, best)| (case.clone(), image.clone(), plan, best)));
    }
    Ok(plans)
}

fn answer(program: &str, arguments: &[&str], file: &Path) -> Outcome<Output> {
    let output = Command::new(program).args(arguments).arg(file).stdin(Stdio::null()).output();
    Ok(output.map_err(|error| format!("{program} could not be started ({error}): run `cargo xtask setup`"))?)
}

/// The fixed copy of an image as a file, in a folder with the other files of its case.
fn written(folder: &TempDir, case: &Case, copy: &[u8]) -> Outcome<PathBuf> {
    let path = folder.path().join(&case.target);
    fs::write(&path, copy)?;
    Ok(path)
}

/// Both tools open every repaired file; a differencing disk's parent is not looked for.
#[test]
fn repaired_files_open_elsewhere() -> Outcome {
    let folder = tempfile::tempdir()?;
    let mut opened = 0;
    for (case, image, plan, _) in plans()? {
        let path = written(&folder, &case, &fixed_copy(&image, &plan))?;
        for (program, arguments) in [("qemu-img", &["info", "-f", "vpc"][..]), ("vhdiinfo", &[])] {
            let output = answer(program, arguments, &path)?;
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{program} on {}, {:?}: {said}", case.name, plan.steps);
        }
        opened += 1;
    }
    assert!(opened >= 85, "only {opened} plans were tried");
    Ok(())
}

/// What QEMU reads of a repaired disk is what it was before the fault, wherever the plan says that nothing is lost.
#[test]
fn repaired_disks_hold_what_they_held() -> Outcome {
    let folder = tempfile::tempdir()?;
    let exceptions: BTreeMap<_, _> = NOT_LOSSLESS.iter().copied().collect();
    let (mut compared, mut otherwise) = (0, Vec::new());
    for (case, image, plan, best) in plans()? {
        let Some(expected) = &case.virtual_sha256_before_fault else {
            continue;
        };
        if !best || NOT_COMPARED.contains(&case.name.as_str()) {
            continue;
        }
        let holds = match exceptions.get(case.name.as_str()) {
            Some(holds) => *holds,
            None => plan.is_lossless(),
        };
        let path = written(&folder, &case, &fixed_copy(&image, &plan))?;
        let raw = folder.path().join("disk.raw");
        let output = Command::new("qemu-img")
            .args(["convert", "-f", "vpc", "-O", "raw"])
            .args([&path, &raw])
            .stdin(Stdio::null())
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}, {:?}: {said}", case.name, plan.steps);
        if (sha256(&raw)? == *expected) != holds {
            otherwise.push(format!("{}: {:?}, assuming {:?}", case.name, plan.steps, plan.assumes));
        }
        compared += 1;
    }
    assert_eq!(otherwise, Vec::<String>::new(), "not as expected");
    assert!(compared >= 60, "only {compared} disks were compared");
    Ok(())
}

/// The bytes that a plan replaces, put back, give the damaged file again.
#[test]
fn every_repair_can_be_undone() -> Outcome {
    for (case, image, plan, _) in plans()? {
        assert!(undone(&image, &plan) == image, "{}: {:?}", case.name, plan.steps);
    }
    Ok(())
}
