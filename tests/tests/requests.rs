//! Changes on request: a disk hidden or shown, a raw disk made a fixed VHD.

use std::error::Error;
use std::ops::ControlFlow;

use vhd_analyser_core::Verdict;
use vhd_analyser_core::analysis::{Analysis, Options, analyse};
use vhd_analyser_core::repair::{FixedDisk, RequestedChanges};
use vhd_analyser_tests::analysed::{NOW, analysed, fixed_copy};
use vhd_analyser_tests::corpus::cases;

const HIDDEN: usize = 85;

fn asked(image: &[u8], request: RequestedChanges) -> Result<Analysis, Box<dyn Error>> {
    let options = Options { now: NOW, fresh_unique_id: *b"sixteen randoms!", deep: false, request };
    Ok(analyse(&image, "disk.vhd", &options, &mut |_| ControlFlow::Continue(()))?)
}

#[test]
fn a_disk_is_hidden_and_shown() -> Result<(), Box<dyn Error>> {
    let hide = |hidden| RequestedChanges { hidden: Some(hidden), ..RequestedChanges::default() };
    let shown = cases()?["sound-tap"].image()?;
    let analysis = asked(&shown, hide(true))?;
    assert_eq!(analysis.verdict(), Verdict::Sound);
    let hidden = fixed_copy(&shown, analysis.plan().ok_or("no plan")?);
    let end = hidden.len() - 512;
    assert_eq!((hidden[HIDDEN], hidden[end + HIDDEN]), (1, 1));
    assert!(hidden[512..end] == shown[512..end]);
    assert_eq!(analysed(&hidden, "disk.vhd")?.verdict(), Verdict::Sound);
    // There and back again, and nothing to do where it is so already.
    let back = fixed_copy(&hidden, asked(&hidden, hide(false))?.plan().ok_or("no plan")?);
    assert!(back == shown);
    assert!(asked(&shown, hide(false))?.plan().is_none());
    // Together with a repair.
    let damaged = cases()?["tap-primary-cookie"].image()?;
    let copy = fixed_copy(&damaged, asked(&damaged, hide(true))?.plan().ok_or("no plan")?);
    assert_eq!((copy[HIDDEN], analysed(&copy, "disk.vhd")?.verdict()), (1, Verdict::Sound));
    Ok(())
}

#[test]
fn a_raw_disk_becomes_a_fixed_one() -> Result<(), Box<dyn Error>> {
    let sound = cases()?["sound-qemu-fixed"].image()?;
    let raw = &sound[..sound.len() - 512];
    let request = RequestedChanges { fixed: Some(FixedDisk { creator: *b"win " }), ..RequestedChanges::default() };
    let analysis = asked(raw, request.clone())?;
    assert_eq!(analysis.verdict(), Verdict::NotAVhd);
    let plan = analysis.plan().ok_or("no plan")?;
    assert_eq!(plan.assumes.len(), 1);
    let copy = fixed_copy(raw, plan);
    assert_eq!(analysed(&copy, "disk.vhd")?.verdict(), Verdict::Sound);
    assert!(copy[..raw.len()] == *raw);
    // Unasked, nothing of the kind is offered; and an empty file is no disk.
    assert!(analysed(raw, "disk.vhd")?.plan().is_none());
    assert!(asked(&[], request)?.plan().is_none());
    Ok(())
}
