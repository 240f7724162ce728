//! Properties of every repair, tried on images of every shape with one fault or two.
//!
//! `VHD_ANALYSER_CASES=5000 cargo test -p vhd-analyser-tests --test properties` tries more than the usual number.

use std::env;
use std::ops::{ControlFlow, Range};
use std::process::{Command, Stdio};

use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use proptest::test_runner::TestCaseResult;
use vhd_analyser_core::Verdict;
use vhd_analyser_core::analysis::{Analysis, Options, PartialRepair, VerifiedRepair, analyse};
use vhd_analyser_core::finding::Severity;
use vhd_analyser_core::repair::{Content, ParentDisk, Plan, RequestedChanges};
use vhd_analyser_tests::analysed::{NOW, analysed, analysed_deep, fixed_copy, patched_in_place, undone};
use vhd_analyser_tests::build::{Built, Creator, Disk, Fill, Kind, SECTOR, Virtual, read_virtual};
use vhd_analyser_tests::build_faults::{BitmapEdit, Doubt, Edit, EntryEdit, Fault, Structure};

const NAME: &str = "disk.vhd";

/// So many cases, always the same ones, unless the environment asks for another number of others: a test that fails now
/// and then for nobody's change is of no use, and a long search is of much.
fn config(cases: u32) -> ProptestConfig {
    let asked = env::var("VHD_ANALYSER_CASES").ok().and_then(|cases| cases.parse().ok());
    ProptestConfig {
        rng_seed: if asked.is_some() { RngSeed::Random } else { RngSeed::Fixed(2006) },
        cases: asked.unwrap_or(cases),
        failure_persistence: None,
        max_shrink_iters: 500,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config(300))]

    /// No alarm on a sound image, and its virtual disk is what it was built from.
    #[test]
    fn sound_images_are_sound(disk in disks()) {
        let built = disk.build();
        for deep in [false, true] {
            let analysis = analysis_of(&built.bytes, deep)?;
            prop_assert_eq!(analysis.verdict(), Verdict::Sound, "{:?}", errors(&analysis));
            prop_assert!(analysis.repairs.is_empty());
        }
        prop_assert!(read_virtual(&built.bytes).is_some_and(|content| content == built.content));
    }
}

proptest! {
    #![proptest_config(config(1500))]

    /// Everything that is said in this file, for one fault.
    #[test]
    fn one_fault_is_found_and_mended(disk in disks(), fault in faults(), deep: bool) {
        let built = disk.build();
        let faults = [fault];
        let must_be_found = faults[0].must_be_found(&built, deep);
        try_faults(&built, &faults, must_be_found, deep)?;
    }

    /// The same for two at once. Which two cancel each other is not known beforehand.
    #[test]
    fn two_faults_are_mended_together(disk in disks(), first in faults(), second in faults(), deep: bool) {
        try_faults(&disk.build(), &[first, second], false, deep)?;
    }
}

proptest! {
    #![proptest_config(config(24))]

    /// QEMU calls the images of this test sound, too, and reads the same virtual disk from them.
    #[test]
    fn sound_images_are_sound_to_qemu(disk in disks().prop_filter("not for QEMU", is_for_qemu)) {
        let built = disk.build();
        let folder = tempfile::tempdir()?;
        let (image, raw) = (folder.path().join(NAME), folder.path().join("disk.raw"));
        std::fs::write(&image, &built.bytes)?;
        let status = Command::new("qemu-img").args(["convert", "-q", "-f", "vpc", "-O", "raw"]).args([&image, &raw])
            .stdin(Stdio::null()).status()?;
        prop_assert!(status.success());
        prop_assert!(std::fs::read(&raw)? == built.content.data);
    }
}

proptest! {
    #![proptest_config(config(600))]

    /// A disk is linked to a parent at any path, whatever lies where: nothing but names, a block that made room and the
    /// footer is written, every sector is what it was, and every place that names the parent names this one.
    #[test]
    fn a_disk_is_linked_to_any_path(
        disk in disks().prop_filter("with a parent", |disk| disk.kind == Kind::Differencing),
        path in paths(),
        fault in option::weighted(0.3, faults()),
        deep: bool,
    ) {
        let built = disk.build();
        let mut image = built.bytes.clone();
        fault.iter().for_each(|fault| fault.apply(&built, &mut image));
        let header = &built.bytes[512..];
        let unique_id = header[40..56].try_into().map_err(|_| TestCaseError::fail("a unique id"))?;
        let parent = ParentDisk { unique_id, time_stamp: NOW, path };
        let request = RequestedChanges { parent: Some(parent.clone()), ..RequestedChanges::default() };
        let options = Options { now: NOW, fresh_unique_id: *b"sixteen randoms!", deep, request };
        let analyse = |bytes: &[u8]| {
            analyse(&bytes, NAME, &options, &mut |_| ControlFlow::Continue(()))
                .map_err(|error| TestCaseError::fail(error.to_string()))
        };
        let analysis = analyse(&image)?;
        prop_assert!(fault.is_some() || analysis.plan().is_some_and(Plan::is_lossless));
        // What the disk holds as it is, or after any repair without a link, with what that assumes: where a footer has no
        // room for the batmap that it asks for, there may be another repair with a link.
        let plain = analysis_of(&image, deep)?;
        let mut unlinked: Vec<_> =
            plain.repairs.iter().map(|VerifiedRepair { plan, .. }| (plan.assumes.clone(), read_virtual(&fixed_copy(&image, plan)))).collect();
        unlinked.extend((plain.verdict() == Verdict::Sound).then(|| (Vec::new(), read_virtual(&image))));
        prop_assert!(fault.is_some() || unlinked == [(Vec::new(), Some(built.content.clone()))]);
        for VerifiedRepair { plan, .. } in &analysis.repairs {
            let copy = fixed_copy(&image, plan);
            prop_assert!(copy == patched_in_place(&image, plan), "{}", described(plan));
            prop_assert!(undone(&image, plan) == image, "{}", described(plan));
            let content = read_virtual(&copy);
            prop_assert!(content.is_some(), "{}", described(plan));
            let mut alike = unlinked.iter().filter(|(assumes, _)| *assumes == plan.assumes).peekable();
            prop_assert!(
                alike.peek().is_none() || alike.any(|(_, other)| *other == content),
                "{}", described(plan)
            );
            let after = analyse(&copy)?;
            prop_assert!(after.verdict() == Verdict::Sound && after.repairs.is_empty(), "{}", described(plan));
            prop_assert!(parent.is_named_by(&after.image), "{}", described(plan));
        }
    }
}

/// Ways to a parent: short and long, up and down, with letters of any kind.
fn paths() -> impl Strategy<Value = String> {
    let name = "[a-zA-Z0-9 %äß💾._-]{1,200}\\.vhd";
    let folders = prop_oneof![4 => Just(0usize), 2 => 1..4usize, 1 => 4..60usize];
    (name, folders, "[a-z ]{1,40}", 0..4usize).prop_map(|(name, folders, folder, up)| {
        format!("{}{}{name}", "../".repeat(up), format!("{folder}/").repeat(folders))
    })
}

/// Faults that were once mended wrongly, or with more loss than was named.
#[test]
fn what_was_once_mended_wrongly() -> Result<(), TestCaseError> {
    use Creator::{Tapdisk01, Tapdisk11, Windows};
    use Structure::{Footers, Header};
    let disk = |creator, block_size, blocks, allocated: &[(usize, Fill)]| Disk {
        creator,
        kind: Kind::Dynamic,
        block_size,
        blocks,
        cut_sectors: 0,
        spare_entries: 0,
        allocated: allocated.to_vec(),
        gap_sectors: 0,
        seed: 1,
    };
    let few = [(2, Fill::Some), (1, Fill::Full), (3, Fill::Some), (5, Fill::Nothing)];
    let full = [(0, Fill::Full), (1, Fill::Full), (2, Fill::Full), (3, Fill::Full)];
    let cases = [
        // A dynamic disk whose footers call it fixed became a fixed disk of metadata.
        (disk(Tapdisk11, 1024, 4, &full), vec![Fault::Changed(Footers, Edit::Put(60, vec![0, 0, 0, 2]), true)]),
        // A data offset that led into a block put a header there.
        (
            disk(Windows, 65_536, 24, &full),
            vec![Fault::Changed(Footers, Edit::Put(16, vec![0, 0, 0, 0, 0, 0, 0x20, 0]), true)],
        ),
        (
            disk(Tapdisk11, 65_536, 24, &full),
            vec![Fault::Changed(Footers, Edit::Put(16, vec![0, 0, 0, 0, 0, 0, 0x20, 0]), false)],
        ),
        // Another block size, or another place of the BAT, got a right checksum and hid all data.
        (disk(Tapdisk11, 4096, 18, &few), vec![Fault::Changed(Header, Edit::Put(32, vec![4, 0, 0, 0]), false)]),
        (
            Disk { spare_entries: 130, ..disk(Windows, 65_536, 31, &few) },
            vec![Fault::Changed(Header, Edit::Put(32, vec![0, 32, 0, 0]), false)],
        ),
        (disk(Windows, 4096, 18, &few), vec![Fault::Changed(Header, Edit::Put(22, vec![7, 0]), false)]),
        // The wrong entry's bitmap was written over another block's data.
        (
            disk(Tapdisk11, 1024, 29, &[(15, Fill::Full), (16, Fill::Some), (24, Fill::Full)]),
            vec![Fault::Trailing(1, Some(9)), Fault::Entry(27, EntryEdit::OnFooter(1))],
        ),
        // Ones between the entries were taken for an empty BAT.
        (
            Disk { spare_entries: 130, ..disk(Windows, 512, 6, &[(0, Fill::Some)]) },
            vec![Fault::Changed(Header, Edit::Put(28, vec![0xFF; 4]), false), Fault::Entry(1, EntryEdit::SameAs(0))],
        ),
        // The last bytes of a block were gone, and its entry was found again as if they were not.
        (
            disk(Tapdisk01, 1024, 7, &[(1, Fill::Nothing), (4, Fill::Nothing), (0, Fill::Full)]),
            vec![Fault::Truncated(518), Fault::Entry(0, EntryEdit::Into(1, 0))],
        ),
        // More wrong entries than are cleared, and a batmap to be made from bitmaps outside of the file.
        (
            disk(Tapdisk11, 512, 1200, &few),
            vec![Fault::Changed(Structure::Map, Edit::Zeros, false), Fault::Entries(0, 1200, Some(3))],
        ),
        // Blocks whose entries led to the start of the file were moved away from there, metadata and all.
        (
            disk(Tapdisk11, 16_384, 5, &[(4, Fill::Some)]),
            vec![Fault::Entries(0, 5, None), Fault::Changed(Structure::Map, Edit::Flip(34), false)],
        ),
    ];
    for (disk, faults) in cases {
        for deep in [false, true] {
            try_faults(&disk.build(), &faults, true, deep)?;
        }
    }
    Ok(())
}

/// QEMU follows no parents, and has no room for the bitmap of a block that is smaller than a page.
fn is_for_qemu(disk: &Disk) -> bool {
    disk.kind != Kind::Differencing && disk.block_size >= 4096
}

fn analysis_of(image: &[u8], deep: bool) -> Result<Analysis, TestCaseError> {
    let analyse = if deep { analysed_deep } else { analysed };
    analyse(image, NAME).map_err(|error| TestCaseError::fail(error.to_string()))
}

fn errors(analysis: &Analysis) -> Vec<&'static str> {
    let errors = analysis.findings.iter().filter(|finding| finding.severity() == Severity::Error);
    errors.map(|finding| finding.id()).collect()
}

/// Puts the faults into an image and holds the analysis and all its plans against what is promised.
fn try_faults(built: &Built, faults: &[Fault], must_be_found: bool, deep: bool) -> TestCaseResult {
    let mut image = built.bytes.clone();
    for fault in faults {
        fault.apply(built, &mut image);
    }
    let analysis = analysis_of(&image, deep)?;
    // Neither of these may panic.
    let _ = (
        vhd_analyser_core::report::build(&analysis, None),
        vhd_analyser_core::report::vhd_util_read::render(&analysis, 0),
    );
    prop_assert!(!must_be_found || analysis.verdict() != Verdict::Sound, "the fault was not found");
    let seals = faults.iter().any(|fault| fault.seals(built));
    let as_left = faults.iter().map(|fault| if seals { fault.sealed() } else { fault.clone() });
    let mut doubt = as_left.map(|fault| fault.doubt(built, deep)).fold(Doubt::default(), Doubt::and);
    if doubt.size || faults.iter().filter(|fault| fault.makes_room()).count() > 1 {
        // An entry that leads to another block's place is in order once that one's leads elsewhere, or is behind the end
        // of the disk, and so is one that leads behind the end of the file once there is something.
        doubt.blocks.extend(faults.iter().flat_map(|fault| fault.moved(built)));
    }
    // A dynamic disk without a data offset is a fixed one, if its type says so, too; and a checksum does not tell which
    // two fields are wrong.
    let of_footers = |fault: &Fault| matches!(fault, Fault::Changed(Structure::Primary | Structure::Footers, ..));
    let of_headers = |fault: &Fault| matches!(fault, Fault::Changed(..)) && !of_footers(fault);
    let are_two =
        |faults: &[Fault], kind: &dyn Fn(&Fault) -> bool| faults.iter().filter(|fault| kind(fault)).count() > 1;
    doubt.everything |= are_two(faults, &of_footers) || are_two(faults, &of_headers);
    // What was cut off and what follows the end now are one run of bytes in the place of data.
    let is_replaced = |pair: &[Fault]| matches!(pair, [Fault::Truncated(_), Fault::Trailing(..)]);
    doubt.everything |= is_replaced(faults);
    if let Some(partial) = &analysis.partial {
        try_partial(built, &image, &analysis, partial, &doubt, deep).map_err(|error| {
            TestCaseError::fail(format!("{error}\n{}\n{faults:?}", described(&partial.repair.plan)))
        })?;
    }
    for proven in &analysis.repairs {
        try_plan(built, &image, &proven.plan, &doubt, deep).map_err(|error| match error {
            TestCaseError::Fail(reason) => {
                TestCaseError::fail(format!("{reason}\n{}\n{:?}\n{faults:?}", described(&proven.plan), built.disk))
            }
            other => other,
        })?;
    }
    Ok(())
}

fn described(plan: &Plan) -> String {
    let patches: Vec<_> =
        plan.patches().iter().map(|patch| (patch.offset, patch.end(), patch.reason.clone())).collect();
    format!("{:?}\nassumes {:?}\nloses {:?}\nwrites {patches:?}", plan.steps, plan.assumes, plan.loses)
}

fn try_plan(built: &Built, image: &[u8], plan: &Plan, doubt: &Doubt, deep: bool) -> TestCaseResult {
    let copy = fixed_copy(image, plan);
    prop_assert_eq!(copy.len() as u64, plan.new_length());
    let again = analysis_of(&copy, deep)?;
    prop_assert_eq!(again.verdict(), Verdict::Sound, "the copy has {:?}", errors(&again));
    prop_assert!(again.repairs.is_empty(), "a repaired disk is repaired once more");

    prop_assert!(undone(image, plan) == image, "undo");
    prop_assert!(plan.is_orderly());
    prop_assert!(patched_in_place(image, plan) == copy, "patches and segments differ");
    if doubt.everything {
        return Ok(());
    }
    leaves_blocks_alone(built, image, plan, doubt)?;
    keeps_the_disk(built, &copy, plan, doubt)
}

/// A partial repair leaves the errors that it says, and touches nothing that could be read.
fn try_partial(
    built: &Built,
    image: &[u8],
    analysis: &Analysis,
    partial: &PartialRepair,
    doubt: &Doubt,
    deep: bool,
) -> TestCaseResult {
    let plan = &partial.repair.plan;
    prop_assert!(analysis.repairs.is_empty() && plan.is_lossless() && plan.is_orderly());
    prop_assert_eq!(errors(analysis).len(), partial.errors);
    let copy = fixed_copy(image, plan);
    prop_assert!(undone(image, plan) == image && patched_in_place(image, plan) == copy);
    // A deep check reads the blocks only where the metadata is sound, as it is not here.
    let again = analysis_of(&copy, false)?;
    prop_assert!(deep || errors(&again).len() == partial.errors - partial.repaired, "{:?} are left", errors(&again));
    if read_virtual(image).is_some_and(|content| content == built.content) {
        prop_assert!(read_virtual(&copy).is_some_and(|content| content == built.content), "what could be read changed");
    }
    if doubt.everything { Ok(()) } else { leaves_blocks_alone(built, image, plan, doubt) }
}

/// No patch writes over a block's data, unless it says that it is about that block, or the block is moved or named as lost.
fn leaves_blocks_alone(built: &Built, image: &[u8], plan: &Plan, doubt: &Doubt) -> TestCaseResult {
    for patch in plan.patches() {
        // A block whose entry leads elsewhere, with nothing that denies it, is mended there.
        if doubt.blocks.iter().any(|block| patch.reason.contains(&format!("block {block},"))) {
            continue;
        }
        for (number, at) in &built.blocks_at {
            let data = at + built.disk.bitmap_length()..at + built.disk.block_length();
            let hit = (patch.offset as usize).max(data.start)..(patch.end() as usize).min(data.end).min(image.len());
            // What is zero and written over by nothing that matters is no loss: a block that lost everything else.
            if hit.is_empty() || image[hit].iter().all(|byte| *byte == 0) || matches!(patch.content, Content::Zeros(_))
            {
                continue;
            }
            let is_lost = plan.loses.iter().any(|sentence| sentence.starts_with(&format!("Block {number}:")));
            let is_moved = plan.patches().iter().any(|patch| {
                matches!(patch.content, Content::Copy { .. }) && patch.reason.contains(&format!("block {number},"))
            });
            let named = is_lost || is_moved || patch.reason.contains(&format!("block {number}"));
            prop_assert!(named, "data of block {number} is written over: {}", patch.reason);
        }
    }
    Ok(())
}

/// The virtual disk is what it was, outside of what the plan says that it loses; and what is lost is not there, rather
/// than something else in its place.
fn keeps_the_disk(built: &Built, copy: &[u8], plan: &Plan, doubt: &Doubt) -> TestCaseResult {
    let Some(content) = read_virtual(copy) else {
        return Err(TestCaseError::fail("the copy cannot be read"));
    };
    if !plan.assumes.is_empty() {
        return Ok(());
    }
    let lost: Vec<Range<usize>> = plan
        .loses
        .iter()
        .map(|sentence| lost_range(sentence))
        .collect::<Option<_>>()
        .ok_or_else(|| TestCaseError::fail("a loss that does not say which bytes"))?;
    let sectors_of_a_block = built.disk.block_size / SECTOR;
    let is_lost = |sector: usize| lost.iter().any(|range| range.contains(&(sector * SECTOR)));
    let is_doubtful = |sector: usize| doubt.blocks.contains(&(sector / sectors_of_a_block));
    let size = content.data.len();
    prop_assert!(doubt.size || size == built.content.data.len(), "the size is now {size}");
    prop_assert!(built.content.agrees(&content, |sector| is_lost(sector) || is_doubtful(sector)), "data has changed");
    let gone = Virtual { data: vec![0; size], own: vec![built.disk.kind != Kind::Differencing; size / SECTOR] };
    let is_there = |sector: usize| {
        built.content.agrees(&content, |other| other != sector) || gone.agrees(&content, |other| other != sector)
    };
    let mut wrong = (0..size / SECTOR).filter(|sector| is_lost(*sector) && !is_doubtful(*sector) && !is_there(*sector));
    prop_assert!(wrong.next().is_none(), "something else in the place of what is lost");
    Ok(())
}

/// Of "Block 3: …, bytes 0x6000 to 0x7fff of the virtual disk: …" the bytes.
fn lost_range(sentence: &str) -> Option<Range<usize>> {
    let number = |text: &str| usize::from_str_radix(text.strip_prefix("0x")?, 16).ok();
    let (_, rest) = sentence.split_once("bytes ")?;
    let (start, rest) = rest.split_once(" to ")?;
    let (end, _) = rest.split_once(" of the virtual disk")?;
    Some(number(start)?..number(end)? + 1)
}

fn disks() -> BoxedStrategy<Disk> {
    let small = select(vec![512, 1024, 4096, 4096, 16_384, 65_536]);
    let large = select(vec![512 << 10, 2 << 20]);
    let kinds = select(vec![Kind::Dynamic, Kind::Dynamic, Kind::Differencing, Kind::Fixed]);
    let creators = select(vec![
        Creator::Tapdisk01,
        Creator::Tapdisk11,
        Creator::Tapdisk13,
        Creator::Tapdisk13,
        Creator::TapdiskGrown,
        Creator::Windows,
        Creator::WindowsGrown,
        Creator::MiniVhd,
    ]);
    let shapes = prop_oneof![60 => (small, 1..40usize, Just(12usize)), 1 => (large, 1..6usize, Just(3usize))];
    (shapes, kinds, creators, 0..3usize, any::<u64>(), any::<u8>(), gaps())
        .prop_flat_map(|((block_size, blocks, most), kind, creator, spare, seed, cut, gap_sectors)| {
            let spare_entries = [0, 0, 130][spare];
            // Few disks end within a block.
            let cut_sectors = if cut % 4 == 0 { usize::from(cut / 4) % (block_size / SECTOR) } else { 0 };
            allocations(blocks, most).prop_map(move |allocated| Disk {
                creator,
                kind,
                block_size,
                blocks,
                cut_sectors,
                spare_entries,
                allocated,
                gap_sectors,
                seed,
            })
        })
        .boxed()
}

fn gaps() -> BoxedStrategy<usize> {
    prop_oneof![3 => Just(0usize), 1 => 1..300usize].boxed()
}

/// Some of the blocks, in any order, as full as they may be.
fn allocations(blocks: usize, most: usize) -> BoxedStrategy<Vec<(usize, Fill)>> {
    let numbers = Just((0..blocks).collect::<Vec<_>>());
    let in_order = prop::sample::subsequence((0..blocks).collect::<Vec<_>>(), 0..=blocks.min(most));
    let chosen = prop_oneof![
        2 => in_order,
        1 => (numbers.prop_shuffle(), 0..=blocks.min(most))
            .prop_map(|(numbers, count)| numbers.into_iter().take(count).collect()),
    ];
    chosen
        .prop_flat_map(|numbers| {
            let fills = select(vec![Fill::Nothing, Fill::Some, Fill::Some, Fill::Some, Fill::Full, Fill::Full]);
            prop::collection::vec(fills, numbers.len())
                .prop_map(move |fills| numbers.iter().copied().zip(fills).collect())
        })
        .boxed()
}

fn faults() -> BoxedStrategy<Fault> {
    let index = || 0..64usize;
    let seed = || prop::option::of(any::<u64>());
    prop_oneof![
        4 => (select(vec![Structure::Primary, Structure::Backup, Structure::Footers]), footer_edits(), any::<bool>())
            .prop_map(|(structure, edit, sealed)| Fault::Changed(structure, edit, sealed)),
        4 => (header_edits(), any::<bool>()).prop_map(|(edit, sealed)| Fault::Changed(Structure::Header, edit, sealed)),
        2 => (select(vec![Structure::BatmapHeader, Structure::Map]), batmap_edits(), any::<bool>())
            .prop_map(|(structure, edit, sealed)| Fault::Changed(structure, edit, sealed)),
        4 => (index(), entry_edits()).prop_map(|(block, edit)| Fault::Entry(block, edit)),
        1 => (index(), index(), seed()).prop_map(|(first, count, seed)| Fault::Entries(first, count, seed)),
        2 => (index(), bitmap_edits()).prop_map(|(block, edit)| Fault::Bitmap(block, edit)),
        1 => (index(), seed()).prop_map(|(locator, seed)| Fault::LocatorData(locator, seed)),
        2 => lengths().prop_map(Fault::Truncated),
        2 => (lengths(), seed()).prop_map(|(bytes, seed)| Fault::Trailing(bytes, seed)),
    ]
    .boxed()
}

fn lengths() -> BoxedStrategy<usize> {
    prop_oneof![1..3usize, 500..520usize, 1..5000usize, (1..400usize).prop_map(|sectors| sectors * SECTOR)].boxed()
}

fn entry_edits() -> BoxedStrategy<EntryEdit> {
    let index = || 0..64usize;
    prop_oneof![
        prop_oneof![0..10u32, any::<u32>()].prop_map(EntryEdit::BehindFile),
        any::<u32>().prop_map(EntryEdit::OnMetadata),
        any::<u32>().prop_map(EntryEdit::OnFooter),
        index().prop_map(EntryEdit::SameAs),
        (index(), any::<u32>()).prop_map(|(other, sectors)| EntryEdit::Into(other, sectors)),
        Just(EntryEdit::Cleared),
    ]
    .boxed()
}

fn bitmap_edits() -> BoxedStrategy<BitmapEdit> {
    prop_oneof![Just(BitmapEdit::Cleared), (0..4096usize).prop_map(BitmapEdit::Flip), Just(BitmapEdit::Full)].boxed()
}

/// Numbers that a field could hold in place of its own.
fn numbers() -> BoxedStrategy<u64> {
    prop_oneof![
        Just(0),
        Just(u64::MAX),
        1..16u64,
        (0..64u32).prop_map(|power| 1 << power),
        (0..4096u64).prop_map(|sectors| sectors * SECTOR as u64),
        any::<u64>()
    ]
    .boxed()
}

/// A field of 4 or 8 bytes with another number.
fn field(at: usize, length: usize) -> BoxedStrategy<Edit> {
    numbers()
        .prop_map(move |number| {
            let bytes = number.to_be_bytes();
            // A large number in a small field is all ones, rather than its lower half.
            let small = if number > u64::from(u32::MAX) { [0xFF; 4] } else { (number as u32).to_be_bytes() };
            Edit::Put(at, if length == 8 { bytes.to_vec() } else { small.to_vec() })
        })
        .boxed()
}

fn anywhere(bytes: usize) -> BoxedStrategy<Edit> {
    prop_oneof![
        4 => (0..bytes * 8).prop_map(Edit::Flip),
        1 => Just(Edit::Zeros),
        1 => any::<u64>().prop_map(Edit::Garbage),
    ]
    .boxed()
}

fn footer_edits() -> BoxedStrategy<Edit> {
    let fixed = vec![
        Edit::Put(0, b"garbage!".to_vec()),
        Edit::Put(0, b"v_poison".to_vec()),
        Edit::Put(0, vec![0; 8]),
        Edit::Put(8, vec![0; 4]),
        Edit::Put(24, (NOW.0 + 10_000).to_be_bytes().to_vec()),
        Edit::Put(32, 0x0001_0004_u32.to_be_bytes().to_vec()),
        Edit::Put(56, vec![0xFF, 0xFF, 16, 255]),
        Edit::Put(56, vec![0xFF, 0xFF, 0xFF, 0xFF]),
        Edit::Put(60, vec![0, 0, 0, 2]),
        Edit::Put(60, vec![0, 0, 0, 3]),
        Edit::Put(60, vec![0, 0, 0, 4]),
        Edit::Put(60, vec![0, 0, 0, 7]),
        Edit::Put(64, vec![1, 2, 3, 4]),
        Edit::Put(68, vec![0; 16]),
        Edit::Put(84, vec![2]),
        Edit::Put(85, vec![1]),
        Edit::Put(85, vec![9]),
        Edit::Put(300, vec![7; 9]),
    ];
    prop_oneof![
        3 => select(fixed),
        1 => anywhere(SECTOR),
        1 => field(16, 8),
        1 => field(40, 8),
        1 => field(48, 8),
        1 => prop_oneof![field(8, 4), field(12, 4), field(24, 4), field(56, 4), field(60, 4)],
    ]
    .boxed()
}

fn header_edits() -> BoxedStrategy<Edit> {
    let fixed = vec![
        Edit::Put(0, vec![0; 8]),
        Edit::Put(36, vec![1, 2, 3, 4]),
        Edit::Put(40, vec![0; 16]),
        Edit::Put(40, b"another parent's".to_vec()),
        Edit::Put(56, (NOW.0 + 10_000).to_be_bytes().to_vec()),
        Edit::Put(60, vec![1]),
        Edit::Put(64, vec![0; 512]),
        Edit::Put(64, b"\0a\0.\0v\0h\0d\0\0".to_vec()),
        Edit::Put(64, vec![0xD8; 64]),
        Edit::Put(900, vec![7; 9]),
    ];
    let locators = (0..8usize, 0..6usize, numbers()).prop_map(|(locator, field, number)| {
        let at = 576 + 24 * locator + 4 * field;
        Edit::Put(at, number.to_be_bytes()[4..].to_vec())
    });
    prop_oneof![
        3 => select(fixed),
        2 => anywhere(1024),
        1 => field(8, 8),
        2 => field(16, 8),
        2 => field(28, 4),
        2 => field(32, 4),
        1 => field(24, 4),
        2 => locators,
    ]
    .boxed()
}

fn batmap_edits() -> BoxedStrategy<Edit> {
    prop_oneof![
        1 => Just(Edit::Put(0, b"garbage!".to_vec())),
        1 => field(8, 8),
        1 => field(16, 4),
        1 => field(20, 4),
        1 => field(24, 4),
        3 => (0..64usize).prop_map(Edit::Flip),
        1 => anywhere(SECTOR),
    ]
    .boxed()
}
