//! Every image of the corpus: what is found, what the answer is, what vhd-util would print, and that the fixed
//! copy is what it should be.

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::AddAssign;

use vhd_analyser_core::Verdict::{self, NotAVhd, Repairable, Salvageable, Sound, Unrepairable};
use vhd_analyser_core::analysis::VerifiedRepair;
use vhd_analyser_core::compat::vhd_util;
use vhd_analyser_core::finding::Severity;
use vhd_analyser_core::repair::Plan;
use vhd_analyser_tests::analysed::{NOW, analysed, analysed_deep, analysed_with, fixed_copy};
use vhd_analyser_tests::bytes::sha256_of;
use vhd_analyser_tests::corpus::{Case, cases, of_another_project};
use vhd_analyser_tests::folder::Folder;

/// What must be said of the cases with one fault, whoever made the disk: the answer, and the findings that are
/// errors, worst first.
const EXPECTED: &[(&str, Verdict, &[&str])] = &[
    ("primary-cookie", Repairable, &["footer.primary.cookie"]),
    ("primary-overwritten", Repairable, &["footer.primary.cookie"]),
    ("primary-missing", Repairable, &["footer.primary.cookie"]),
    ("primary-bitflip", Repairable, &["footer.primary.checksum"]),
    ("backup-bitflip", Repairable, &["footer.backup.checksum"]),
    ("backup-zeroed", Repairable, &["footer.backup.cookie"]),
    ("footers-differ", Repairable, &["footer.mismatch"]),
    ("trailing-zeros", Repairable, &["file.trailing-bytes", "footer.primary.cookie"]),
    ("trailing-garbage", Repairable, &["footer.primary.cookie", "file.trailing-bytes"]),
    ("short-footer", Repairable, &["file.short-footer"]),
    ("null-uuid", Repairable, &["footer.backup.unique-id", "footer.primary.unique-id"]),
    ("both-footers-zeroed", Salvageable, &["footer.backup.cookie", "footer.primary.cookie"]),
    ("future-timestamp", Repairable, &["footer.backup.time-stamp", "footer.primary.time-stamp"]),
    ("feature-reserved-clear", Repairable, &["footer.backup.reserved-feature", "footer.primary.reserved-feature"]),
    ("feature-extra", Repairable, &["footer.backup.extra-features", "footer.primary.extra-features"]),
    ("disk-type", Repairable, &["footer.backup.disk-type", "footer.primary.disk-type"]),
    ("version", Repairable, &["footer.backup.version", "footer.primary.version"]),
    ("saved-state", Repairable, &["footer.backup.saved-state", "footer.primary.saved-state"]),
    ("reserved-bytes", Repairable, &["footer.backup.reserved", "footer.primary.reserved"]),
    ("poisoned", Salvageable, &["footer.backup.poisoned", "footer.primary.poisoned"]),
    ("resize-cut-end", Salvageable, &["footer.backup.poisoned", "footer.primary.poisoned"]),
    ("resize-cut-data-moved", Unrepairable, &["footer.backup.poisoned", "footer.primary.cookie"]),
    ("resize-cut-metadata-moved", Unrepairable, &["footer.backup.poisoned", "footer.primary.cookie"]),
    ("header-cookie", Repairable, &["header.cookie"]),
    ("header-checksum", Repairable, &["header.checksum"]),
    ("header-zeroed", Repairable, &["header.cookie"]),
    ("header-huge-bat", Repairable, &["header.table-outside-file"]),
    ("header-block-size-0", Repairable, &["header.block-size"]),
    ("header-block-size-odd", Repairable, &["header.block-size"]),
    ("header-table-beyond-eof", Repairable, &["header.table-outside-file", "bat.outside-file"]),
    ("header-table-unaligned", Repairable, &["header.table-offset"]),
    ("footer-data-offset", Repairable, &["header.outside-file"]),
    ("bat-beyond-eof", Repairable, &["bat.entry.outside-file"]),
    ("bat-on-header", Repairable, &["bat.entry.on-metadata"]),
    ("bat-duplicate", Salvageable, &["bat.entry.duplicate"]),
    ("bat-overlap", Repairable, &["bat.entry.overlap"]),
    ("batmap-cookie", Repairable, &["batmap.cookie"]),
    ("batmap-checksum", Repairable, &["batmap.checksum"]),
    ("batmap-unallocated-full", Repairable, &["batmap.unallocated-full"]),
    ("bitmap-cleared", Salvageable, &["block.hidden-data"]),
    ("written-by-qemu", Repairable, &["batmap.overwritten"]),
    ("1.1-hidden-quirk", Sound, &[]),
    ("hidden", Sound, &[]),
];

/// The cases that are told by their whole names.
const EXPECTED_BY_NAME: &[(&str, Verdict, &[&str])] = &[
    ("tap-size-over-bat", Repairable, &["header.too-few-entries"]),
    (
        "qemu-size-over-bat",
        Repairable,
        &["footer.backup.geometry", "header.too-few-entries", "footer.primary.geometry"],
    ),
    ("tap-bat-orphan", Repairable, &["batmap.unallocated-full"]),
    // Nothing in the file says which block it is: a warning names it.
    ("qemu-bat-orphan", Sound, &[]),
    // What is gone was never written.
    ("tap-truncated", Repairable, &["bat.entry.outside-file", "footer.primary.cookie"]),
    ("qemu-truncated", Salvageable, &["bat.entry.outside-file", "footer.primary.cookie"]),
    ("chain-child-footer", Repairable, &["footer.primary.cookie"]),
    ("chain-child-larger", Sound, &[]),
    ("chain-locator-beyond-eof", Repairable, &["locator.outside-file"]),
    ("chain-locator-code", Repairable, &["locator.code"]),
    ("chain-locator-duplicate", Repairable, &["locator.duplicate"]),
    ("chain-locator-name", Repairable, &["locator.name"]),
    ("chain-locator-space-in-sectors", Sound, &[]),
    ("chain-parent-name-empty", Repairable, &["parent.no-name"]),
    ("sound-chain-2", Sound, &[]),
    ("sound-chain-3", Sound, &[]),
    ("sound-qemu-dynamic", Sound, &[]),
    ("sound-qemu-fixed", Sound, &[]),
    ("sound-qemu-force-size", Sound, &[]),
    ("sound-tap", Sound, &[]),
    ("sound-tap-empty", Sound, &[]),
    // The fault is in the parent, which is not looked at here.
    ("chain-middle-footer", Sound, &[]),
    ("chain-parent-footer", Sound, &[]),
    ("chain-parent-missing", Sound, &[]),
    ("chain-parent-uuid", Sound, &[]),
    ("other-511-bytes", NotAVhd, &[]),
    ("other-empty", NotAVhd, &[]),
    ("other-only-footer", Unrepairable, &["header.outside-file"]),
    ("other-qcow2", NotAVhd, &[]),
    ("other-text", NotAVhd, &[]),
    ("other-vdi", NotAVhd, &[]),
    ("other-vhdx", NotAVhd, &[]),
    ("other-vmdk", NotAVhd, &[]),
    ("other-zeros", NotAVhd, &[]),
];

/// A case's fault, without who made the disk.
fn fault(name: &str) -> &str {
    name.strip_prefix("tap-").or_else(|| name.strip_prefix("qemu-")).unwrap_or(name)
}

#[test]
fn every_case_is_answered_as_expected() -> Result<(), Box<dyn Error>> {
    let expected: BTreeMap<_, _> =
        EXPECTED.iter().chain(EXPECTED_BY_NAME).map(|(name, verdict, errors)| (*name, (*verdict, *errors))).collect();
    for (name, case) in cases()? {
        let analysis = analysed_deep(&case.image()?, &case.target)?;
        let errors: Vec<_> = analysis
            .findings
            .iter()
            .filter(|finding| finding.severity() == Severity::Error)
            .map(|finding| finding.id())
            .collect();
        let answer = Some((analysis.verdict(), errors.as_slice()));
        let by_name = expected.get(name.as_str()).or_else(|| expected.get(fault(&name)));
        assert_eq!(answer, by_name.copied(), "{name}: {}", case.fault);
    }
    Ok(())
}

/// Where vhd-util's repair gives a valid disk without losing anything, ours gives the same disk, byte for byte.
#[test]
fn fixed_copies_are_those_of_vhd_util() -> Result<(), Box<dyn Error>> {
    // There vhd-util fills lost data with zeros, or gives a random unique id.
    const OTHERWISE: [&str; 3] = ["bat-beyond-eof", "truncated", "null-uuid"];
    let mut compared = 0;
    for (name, case) in cases()? {
        let valid = case.vhd_util.repair.check_after.as_ref().is_some_and(|check| check.rc == 0);
        let image = case.image()?;
        let analysis = analysed(&image, &case.target)?;
        let (Some(plan), true, false) = (analysis.plan(), valid, OTHERWISE.contains(&fault(&name))) else {
            continue;
        };
        let copy = fixed_copy(&image, plan);
        assert_eq!(Some(sha256_of(&copy)), case.vhd_util.repair.sha256, "{name}");
        compared += 1;
    }
    // Ten faults of the footers and of the end of the file, by two creators, and the child's footer.
    assert_eq!(compared, 21);
    Ok(())
}

/// A fixed copy is sound for itself, not only through the plan, and every other plan's copy is, too.
#[test]
fn fixed_copies_are_sound() -> Result<(), Box<dyn Error>> {
    let mut mended = 0;
    for (name, case) in cases()? {
        let image = case.image()?;
        let repairs = analysed_deep(&image, &case.target)?.repairs;
        mended += usize::from(!repairs.is_empty());
        for VerifiedRepair { plan, .. } in repairs {
            let copy = analysed_deep(&fixed_copy(&image, &plan), &case.target)?;
            assert_eq!(copy.verdict(), Sound, "{name}: {:?}", plan.steps);
            assert!(copy.plan().is_none(), "{name}: nothing is left to repair");
        }
    }
    // Of the 90 damaged images, without a parent or a journal at hand.
    assert_eq!(mended, 82);
    Ok(())
}

/// How a family of faults fares, in images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Tally {
    damaged: usize,
    found: usize,
    /// So that vhd-util, asked about the disk and all its ancestors, calls it valid.
    mended: usize,
    /// Of these, without losing or assuming anything.
    without_loss: usize,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.damaged += other.damaged;
        self.found += other.found;
        self.mended += other.mended;
        self.without_loss += other.without_loss;
    }
}

/// The family of a case's fault, for the table.
fn family(name: &str) -> &'static str {
    const FAMILIES: [(&str, &[&str]); 6] = [
        ("chain and parent", &["chain-"]),
        ("cut-off resize", &["poisoned", "resize-"]),
        ("dynamic header", &["header-", "footer-data-offset"]),
        ("BAT and size", &["bat-", "size-over-bat"]),
        ("batmap and bitmaps", &["batmap-", "bitmap-", "written-by-qemu"]),
        ("end of the file", &["trailing-", "short-footer", "truncated"]),
    ];
    let fault = fault(name);
    let of = |(_, prefixes): &&(_, &[&str])| prefixes.iter().any(|prefix| fault.starts_with(prefix));
    FAMILIES.iter().find(of).map_or("footers", |(family, _)| family)
}

/// What comes of one case: with the journal that lies beside the disk, every block read, and a parent mended as well.
fn fares(case: &Case) -> Result<Tally, Box<dyn Error>> {
    let journal = case.files.keys().find(|file| file.ends_with(".journal"));
    let journal = journal.map(|file| case.file(file)).transpose()?;
    let mut folder = Folder::default();
    let (mut is_found, mut is_mended, mut is_lossless) = (false, false, true);
    for file in case.files.keys().filter(|file| file.ends_with(".vhd")) {
        let image = case.file(file)?;
        let analysis = match &journal {
            Some(journal) => analysed_with(&image, journal, file)?,
            None => analysed_deep(&image, file)?,
        };
        // A warning is enough where no tool minds.
        is_found |= analysis.findings.iter().any(|finding| finding.severity() >= Severity::Warning);
        is_found |= analysis.findings.iter().any(|finding| finding.id() == "footer.primary.resized");
        is_mended |= analysis.plan().is_some();
        is_lossless &= analysis.plan().is_none_or(Plan::is_lossless);
        let mended = analysis.plan().map_or_else(|| image.clone(), |plan| fixed_copy(&image, plan));
        folder.0.insert(file.clone(), analysed(&mended, file)?.image);
    }
    let disk = folder.disk(&case.target).ok_or("no target")?;
    let accepts = vhd_util::check_parents(&disk, NOW).accepts;
    let is_mended = is_mended && accepts;
    Ok(Tally {
        damaged: 1,
        found: usize::from(is_found || !accepts),
        mended: usize::from(is_mended),
        without_loss: usize::from(is_mended && is_lossless),
    })
}

/// Everything that is damaged is found, and nearly all of it mended. Prints a line for each family of faults.
#[test]
fn of_ninety_damaged_images_86_are_mended() -> Result<(), Box<dyn Error>> {
    // Sound, or no disk at all.
    let is_damaged = |name: &str| {
        let sound = ["tap-hidden", "tap-1.1-hidden-quirk", "chain-locator-space-in-sectors"];
        !name.starts_with("sound-") && !name.starts_with("other-") && !sound.contains(&name)
    };
    let (mut families, mut all, mut unmended) = (BTreeMap::<_, Tally>::new(), Tally::default(), Vec::new());
    for (name, case) in cases()?.into_iter().filter(|(name, _)| is_damaged(name)) {
        let tally = fares(&case)?;
        *families.entry(family(&name)).or_default() += tally;
        all += tally;
        if tally.mended == 0 {
            unmended.push(name);
        }
    }
    println!("{:<20}{:>8}{:>8}{:>8}{:>14}", "", "damaged", "found", "mended", "without loss");
    for (family, Tally { damaged, found, mended, without_loss }) in families.into_iter().chain([("all", all)]) {
        println!("{family:<20}{damaged:>8}{found:>8}{mended:>8}{without_loss:>14}");
    }
    assert_eq!(all, Tally { damaged: 90, found: 90, mended: 86, without_loss: 79 });
    // Nobody knows which block the orphan is, where the parent is, or which disk it was; and a child that was made
    // larger than its parent is no damage.
    let known = ["chain-child-larger", "chain-parent-missing", "chain-parent-uuid", "qemu-bat-orphan"];
    assert_eq!(unmended, known);
    Ok(())
}

/// A cut-off resize is taken back with its journal, just as vhd-util reverts it.
#[test]
fn journals_take_a_resize_back() -> Result<(), Box<dyn Error>> {
    for (name, case) in cases()? {
        let Some(reverted) = &case.revert else {
            continue;
        };
        let image = case.image()?;
        let journal = case.file("disk.vhd.journal")?;
        let analysis = analysed_with(&image, &journal, &case.target)?;
        assert_eq!(analysis.verdict(), Repairable, "{name}");
        let plan = analysis.plan().ok_or("no plan")?;
        assert_eq!(sha256_of(&fixed_copy(&image, plan)), reverted.sha256, "{name}");
    }
    Ok(())
}

/// What neither the disk nor its journal has is not made up.
#[test]
fn a_journal_does_not_replace_the_end_of_a_disk() -> Result<(), Box<dyn Error>> {
    for (name, case) in cases()?.iter().filter(|(_, case)| case.revert.is_some()) {
        let (image, journal) = (case.image()?, case.file("disk.vhd.journal")?);
        let cut = image.get(..2048).ok_or("a short image")?;
        let findings = analysed_with(cut, &journal, &case.target)?.findings;
        assert!(findings.iter().any(|finding| finding.id() == "journal.end-missing"), "{name}: {findings:?}");
    }
    Ok(())
}

/// A null unique id becomes a random one of the right version, the same in both footers, and nothing else changes.
#[test]
fn a_null_unique_id_becomes_a_random_one() -> Result<(), Box<dyn Error>> {
    for name in ["tap-null-uuid", "qemu-null-uuid"] {
        let case = &cases()?[name];
        let image = case.image()?;
        let plan = analysed(&image, &case.target)?.plan().cloned().ok_or("no plan")?;
        let copy = fixed_copy(&image, &plan);
        let end = copy.len() - 512;
        assert_eq!(copy[..512], copy[end..]);
        assert_ne!(copy[68..84], [0; 16]);
        assert_eq!((copy[68 + 6] >> 4, copy[68 + 8] >> 6), (4, 0b10), "a random UUID");
        assert!(copy[512..end] == image[512..end]);
    }
    Ok(())
}

#[test]
fn the_text_is_what_vhd_util_prints() -> Result<(), Box<dyn Error>> {
    for (name, case) in cases()? {
        let text = vhd_analyser_core::report::vhd_util_read::render(&analysed(&case.image()?, &case.target)?, 0);
        let text = String::from_utf8_lossy(&text);
        assert_eq!(text, case.vhd_util.read_headers.text, "{name}");
    }
    Ok(())
}

/// Two images that other people's tools made, where they are at hand: none has an error.
#[test]
fn disks_of_other_tools_are_sound() -> Result<(), Box<dyn Error>> {
    for name in ["ext2.vhd", "fat-differential.vhd"] {
        let Some(image) = of_another_project(name)? else { continue };
        let analysis = analysed(&image, name)?;
        assert_eq!(analysis.verdict(), Sound, "{name}: {:?}", analysis.findings);
    }
    Ok(())
}
