//! Faults of footers and of the end of the file that the corpus does not have: fixed disks, both footers hit at
//! once, bytes behind the data that may be somebody's.

use std::error::Error;

use vhd_analyser_core::Verdict::{self, Repairable, Salvageable, Sound, Unrepairable};
use vhd_analyser_tests::analysed::{analysed, fixed_copy};
use vhd_analyser_tests::bytes::{put, seal};
use vhd_analyser_tests::corpus::cases;

type Outcome = Result<(), Box<dyn Error>>;

const COOKIE: usize = 0;
const DATA_OFFSET: usize = 16;
const DISK_TYPE: usize = 60;
const CHECKSUM: usize = 64;
const UNIQUE_ID: usize = 68;

fn image(name: &str) -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(cases()?[name].image()?)
}

/// The fixed copy of an image whose analysis must give this answer.
fn repaired(image: &[u8], verdict: Verdict) -> Result<Vec<u8>, Box<dyn Error>> {
    let analysis = analysed(image, "disk.vhd")?;
    assert_eq!(analysis.verdict(), verdict, "{:?}", analysis.findings);
    Ok(fixed_copy(image, analysis.plan().ok_or("no plan")?))
}

/// Both footers of a dynamic disk, changed in the same way.
fn change_both(image: &mut [u8], change: impl Fn(&mut [u8])) {
    let end = image.len() - 512;
    change(&mut image[..512]);
    change(&mut image[end..]);
}

#[test]
fn a_fixed_disk_gets_its_footer_back() -> Outcome {
    let sound = image("sound-qemu-fixed")?;
    let end = sound.len() - 512;

    let mut damaged = sound.clone();
    put(&mut damaged, end + COOKIE, &[0; 8]);
    assert!(repaired(&damaged, Repairable)? == sound, "cookie");

    let mut damaged = sound.clone();
    damaged.pop();
    assert!(repaired(&damaged, Repairable)? == sound, "511 bytes");

    for tail in [vec![0; 512], vec![0; 4096], vec![0; 77], b"tail".repeat(200)] {
        let damaged = [sound.clone(), tail].concat();
        assert!(repaired(&damaged, Repairable)? == sound, "trailing bytes");
    }
    Ok(())
}

/// The checksum shows that a field is wrong, but not which: renewing it is an assumption, and named.
#[test]
fn a_fixed_disk_with_a_wrong_checksum_is_mended_on_an_assumption() -> Outcome {
    let mut damaged = image("sound-qemu-fixed")?;
    let end = damaged.len() - 512;
    damaged[end + UNIQUE_ID] ^= 1;
    let analysis = analysed(&damaged, "disk.vhd")?;
    assert_eq!(analysis.verdict(), Salvageable);
    let repair = vhd_analyser_core::report::build(&analysis, None).repair.ok_or("no plan")?;
    assert_eq!((repair.lossless, repair.assumes.len(), repair.loses.len()), (false, 1, 0));
    Ok(())
}

#[test]
fn a_fixed_disk_that_lost_sectors_is_not_called_sound() -> Outcome {
    let mut damaged = image("sound-qemu-fixed")?;
    damaged.drain(4096..8192);
    let analysis = analysed(&damaged, "disk.vhd")?;
    assert_eq!(analysis.verdict(), Unrepairable);
    assert_eq!(analysis.findings[0].id(), "file.truncated");
    Ok(())
}

/// A dynamic disk that calls itself fixed at its end, under a right checksum: vhd-util is content with it.
#[test]
fn a_dynamic_disk_is_not_taken_for_a_fixed_one() -> Outcome {
    let sound = image("sound-tap")?;
    let mut damaged = sound.clone();
    let end = damaged.len() - 512;
    put(&mut damaged, end + DISK_TYPE, &2_u32.to_be_bytes());
    put(&mut damaged, end + DATA_OFFSET, &u64::MAX.to_be_bytes());
    seal(&mut damaged[end..], CHECKSUM);
    assert!(repaired(&damaged, Repairable)? == sound);
    Ok(())
}

#[test]
fn both_footers_may_be_hit() -> Outcome {
    let sound = image("sound-tap")?;
    let end = sound.len() - 512;

    let mut damaged = sound.clone();
    change_both(&mut damaged, |footer| put(footer, COOKIE, &[0; 8]));
    assert!(repaired(&damaged, Repairable)? == sound, "both cookies");

    // Two copies that agree were written like that: an edit without the checksum renewed.
    let mut damaged = sound.clone();
    change_both(&mut damaged, |footer| footer[UNIQUE_ID] ^= 1);
    let copy = repaired(&damaged, Repairable)?;
    assert_eq!(copy[UNIQUE_ID], damaged[UNIQUE_ID], "the fields stay");
    assert!(copy[..512] == copy[end..]);

    // Both hit, in different places: the primary's cookie can be put back, and its checksum proves it.
    let mut damaged = sound.clone();
    damaged[UNIQUE_ID] ^= 1;
    put(&mut damaged, end + COOKIE, b"garbage!");
    assert!(repaired(&damaged, Repairable)? == sound, "cookie and field");
    Ok(())
}

#[test]
fn faults_in_pairs_are_mended_together() -> Outcome {
    let mut damaged = image("tap-null-uuid")?;
    let end = damaged.len() - 512;
    damaged[end..].fill(0);
    damaged.extend([0; 4096]);
    let copy = repaired(&damaged, Repairable)?;
    assert_eq!(copy.len(), end + 512);
    assert_ne!(copy[UNIQUE_ID..UNIQUE_ID + 16], [0; 16]);
    assert!(copy[..512] == copy[end..]);

    let mut damaged = image("tap-header-checksum")?;
    let end = damaged.len() - 512;
    damaged[..512].fill(0);
    let copy = repaired(&damaged, Repairable)?;
    assert!(copy[..512] == copy[end..]);
    assert!(copy[1536..end] == damaged[1536..end]);
    Ok(())
}

/// A BAT entry that leads nowhere, and the primary footer gone: the block is linked again, since nothing of it is lost.
#[test]
fn a_wild_entry_is_no_lost_end() -> Outcome {
    for name in ["tap-bat-beyond-eof", "qemu-bat-beyond-eof"] {
        let mut damaged = image(name)?;
        let end = damaged.len() - 512;
        damaged[end..].fill(0xA5);
        let analysis = analysed(&damaged, "disk.vhd")?;
        assert_eq!(analysis.verdict(), Repairable, "{name}: {:?}", analysis.findings);
    }
    Ok(())
}

/// A block whose BAT entry was lost, and the primary footer with it: what may be somebody's data stays.
#[test]
fn a_tail_that_may_hold_a_block_is_kept() -> Outcome {
    for name in ["tap-bat-orphan", "qemu-bat-orphan"] {
        let mut damaged = image(name)?;
        let end = damaged.len() - 512;
        damaged[end..].fill(0xA5);
        let analysis = analysed(&damaged, "disk.vhd")?;
        let plan = analysis.plan().ok_or("no plan")?;
        assert_eq!(plan.cut, None, "{name}");
        let copy = fixed_copy(&damaged, plan);
        // Behind the metadata nothing is changed, and the footer follows.
        assert!(copy[4096..damaged.len()] == damaged[4096..], "{name}");
        assert!(copy[damaged.len()..] == copy[..512], "{name}");
    }
    Ok(())
}

/// On a logical volume the footer stands at the volume's end, far behind the data.
#[test]
fn a_gap_before_the_footer_is_no_fault() -> Outcome {
    let sound = image("sound-tap")?;
    let (data, footer) = sound.split_at(sound.len() - 512);
    let volume = [data, &[0; 8 << 20], footer].concat();
    assert_eq!(analysed(&volume, "disk.vhd")?.verdict(), Sound);

    // There the footer is put back, and the volume keeps its length.
    let mut damaged = volume.clone();
    let end = damaged.len() - 512;
    put(&mut damaged, end + COOKIE, &[0; 8]);
    assert!(repaired(&damaged, Repairable)? == volume);
    damaged = volume.clone();
    damaged[..512].fill(0);
    assert!(repaired(&damaged, Repairable)? == volume);
    Ok(())
}

/// Without its journal, a poisoned disk is given back on an assumption, if everything in it fits together; with one
/// of its footers gone as well, the resize was in the middle of things.
#[test]
fn a_poisoned_disk_is_not_mended_silently() -> Outcome {
    let mut damaged = image("tap-poisoned")?;
    let analysis = analysed(&damaged, "disk.vhd")?;
    assert_eq!(analysis.verdict(), Salvageable);
    assert_eq!(analysis.repairs[0].plan.assumes.len(), 1);
    let end = damaged.len() - 512;
    damaged[end..].fill(0);
    assert!(analysed(&damaged, "disk.vhd")?.plan().is_none());
    Ok(())
}
