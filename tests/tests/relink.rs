//! Disks linked to parents that were moved, renamed or replaced.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::process::{Command, Stdio};

use vhd_analyser_core::Verdict;
use vhd_analyser_core::analysis::{Analysis, AnalysisContext, Options, analyse, analyse_with};
use vhd_analyser_core::chain::DiskSummary;
use vhd_analyser_core::compat::{ParentUse, Tool};
use vhd_analyser_core::image::{self, Image};
use vhd_analyser_core::layout::footer::DiskType;
use vhd_analyser_core::repair::{Content, LinkRefusal, ParentDisk, RequestedChanges};
use vhd_analyser_tests::analysed::{NOW, analysed, fixed_copy, patched_in_place, undone};
use vhd_analyser_tests::build::{BAT_AT, Creator, Disk, Fill, HEADER_AT, Kind, read_virtual};
use vhd_analyser_tests::bytes::{put, seal};
use vhd_analyser_tests::corpus::cases;
use vhd_analyser_tests::folder::Folder;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// The unique id of the parent of built disks.
const PARENT_ID: [u8; 16] = *b"its parent's id!";

fn opened(bytes: &[u8]) -> Outcome<Image> {
    Ok(image::open(&bytes, &mut |_| ControlFlow::Continue(()))?)
}

fn linking(bytes: &[u8], parent: &ParentDisk) -> Outcome<Analysis> {
    let request = RequestedChanges { parent: Some(parent.clone()), ..RequestedChanges::default() };
    asked(bytes, request)
}

fn asked(bytes: &[u8], request: RequestedChanges) -> Outcome<Analysis> {
    let options = Options { now: NOW, fresh_unique_id: *b"sixteen randoms!", deep: false, request };
    Ok(analyse(&bytes, "child.vhd", &options, &mut |_| ControlFlow::Continue(()))?)
}

/// A disk between its neighbours, as a scan keeps it.
fn in_place(bytes: &[u8], parent: &str, parent_image: Image) -> Outcome<(Analysis, DiskSummary)> {
    let folder = Folder(BTreeMap::from([(parent.trim_start_matches("./").to_owned(), parent_image)]));
    let options = Options { now: NOW, fresh_unique_id: [1; 16], deep: true, request: RequestedChanges::default() };
    let beside = AnalysisContext { parent_lookup: &folder, ..AnalysisContext::NOTHING };
    let analysis = analyse_with(&bytes, &beside, "child.vhd", &options, &mut |_| ControlFlow::Continue(()))?;
    let member = DiskSummary::of(&analysis, "child.vhd", None);
    Ok((analysis, member))
}

/// Whether vhd-util saw the right parent where the disk says that it is.
fn finds_parent(analysis: &Analysis) -> bool {
    let vhd_util = analysis.answers.iter().find(|answer| answer.tool == Tool::VhdUtil);
    vhd_util.is_some_and(|answer| answer.accepts && answer.parent != ParentUse::Assumed)
}

fn sound_parent() -> Outcome<Vec<u8>> {
    Ok(cases()?["sound-chain-2"].file("parent.vhd")?)
}

fn long(letters: usize) -> String {
    format!("{}.vhd", "n".repeat(letters))
}

/// A disk of which every property matters here and every block is allocated.
fn built(creator: Creator, allocated: &[(usize, Fill)]) -> Disk {
    Disk {
        creator,
        kind: Kind::Differencing,
        block_size: 4096,
        blocks: 8,
        cut_sectors: 0,
        spare_entries: 0,
        allocated: allocated.to_vec(),
        gap_sectors: 0,
        seed: 3,
    }
}

/// A parent for built disks.
fn built_parent() -> Outcome<Image> {
    let bytes = Disk { kind: Kind::Dynamic, ..built(Creator::Tapdisk13, &[]) }.build().bytes;
    opened(&with_unique_id(&bytes, &PARENT_ID))
}

fn with_unique_id(disk: &[u8], unique_id: &[u8]) -> Vec<u8> {
    let mut bytes = disk.to_vec();
    let end = bytes.len() - 512;
    for at in [0, end] {
        put(&mut bytes[at..], 68, unique_id);
        seal(&mut bytes[at..at + 512], 64);
    }
    bytes
}

/// Every chain of the corpus with its parent under other names: what damaged the names is mended with it, and nothing
/// is assumed that the given parent answers.
#[test]
fn every_chain_of_the_corpus_finds_its_parent() -> Outcome {
    let parent = sound_parent()?;
    let names = ["./p.vhd", "./a name with spaces.vhd", "../other/folder/parent-that-was-moved.vhd", "/srv/parent.vhd"];
    let cases = cases()?;
    let mut linked = 0;
    for (name, case) in cases.iter().filter(|(name, _)| name.starts_with("chain-") || name.as_str() == "sound-chain-2")
    {
        // The parent is one of three, or another disk.
        if ["chain-middle-footer", "chain-parent-uuid"].contains(&name.as_str()) {
            continue;
        }
        let child = case.image()?;
        let parent = if case.files.contains_key("parent.vhd") {
            case.file("parent.vhd")?
        } else {
            with_unique_id(&parent, &child[HEADER_AT + 40..HEADER_AT + 56])
        };
        for path in names {
            let place = format!("{name}, {path}");
            let given = ParentDisk::of(&opened(&parent)?, path.into(), NOW)?;
            let analysis = linking(&child, &given)?;
            let plan = analysis.plan().ok_or_else(|| format!("{place}: no plan"))?;
            assert!(plan.is_lossless(), "{place}: {:?} assumes {:?}", plan.steps, plan.assumes);
            let copy = fixed_copy(&child, plan);
            assert!(copy == patched_in_place(&child, plan) && undone(&child, plan) == child, "{place}");
            let header_and_names = HEADER_AT..HEADER_AT + 1024;
            let before = opened(&child)?;
            let names: Vec<_> = before.locators().map(|(_, locator, _)| locator.data_offset.get() as usize).collect();
            let footers = [0..512, copy.len() - 512..copy.len()];
            let may_differ = |at: usize| {
                let is_footer = name == "chain-child-footer" && footers.iter().any(|range| range.contains(&at));
                header_and_names.contains(&at)
                    || names.iter().any(|name| (*name..name + 512).contains(&at))
                    || is_footer
            };
            assert_eq!(copy.len(), child.len(), "{place}");
            let stray = (0..copy.len()).find(|at| copy[*at] != child[*at] && !may_differ(*at));
            assert_eq!(stray, None, "{place}: {:?}", plan.steps);

            let (after, _) = in_place(&copy, path, opened(&parent)?)?;
            assert_eq!(after.verdict(), Verdict::Sound, "{place}: {:?}", after.findings);
            let answer = &after.answers.iter().find(|answer| answer.tool == Tool::VhdUtil).ok_or("an answer")?.says;
            assert!(finds_parent(&after), "{place}: {answer}");
            assert_eq!(linking(&copy, &given)?.plan(), None, "{place}: it is linked now");
            assert!(given.is_named_by(&after.image) && !given.is_named_by(&analysis.image), "{place}");
            linked += 1;
        }
    }
    assert_eq!(linked, 11 * names.len());
    Ok(())
}

/// Names that do not fit where the old ones were: laid out anew, with blocks moved that are in the way. Every sector of
/// the disk stays what it was.
#[test]
fn long_names_get_room() -> Outcome {
    let parent = built_parent()?;
    let allocated = [(3, Fill::Some), (0, Fill::Full), (5, Fill::Some)];
    let paths = [
        long(240),
        format!("../{}/{}/{}", "d".repeat(200), "e".repeat(200), long(200)),
        format!("../{}p.vhd", "folder-of-some-depth/".repeat(400)),
    ];
    let mut moved = 0;
    for creator in [Creator::Tapdisk01, Creator::Tapdisk11, Creator::Tapdisk13, Creator::Windows] {
        for allocated in [&allocated[..], &[]] {
            let image = built(creator, allocated).build();
            for path in &paths {
                let place = format!("{creator:?}, {} letters, {allocated:?}", path.len());
                let given = ParentDisk { unique_id: PARENT_ID, time_stamp: NOW, path: path.clone() };
                let analysis = linking(&image.bytes, &given)?;
                let plan = analysis.plan().ok_or_else(|| format!("{place}: no plan"))?;
                assert!(plan.is_lossless() && plan.is_orderly(), "{place}");
                moved += usize::from(plan.patches().iter().any(|patch| matches!(patch.content, Content::Copy { .. })));
                let copy = fixed_copy(&image.bytes, plan);
                assert!(copy == patched_in_place(&image.bytes, plan), "{place}");
                assert!(undone(&image.bytes, plan) == image.bytes, "{place}");
                assert!(read_virtual(&copy).is_some_and(|content| content == image.content), "{place}");
                let (after, _) = in_place(&copy, path, parent.clone())?;
                assert_eq!(after.verdict(), Verdict::Sound, "{place}: {:?}", after.findings);
                // vhd-util no longer opens disks of the first tapdisk.
                let is_opened = creator != Creator::Tapdisk01;
                assert!(!is_opened || finds_parent(&after), "{place}: {:?}", after.answers);
                assert_eq!(after.findings, [], "{place}");
            }
        }
    }
    assert!(moved >= 6, "{moved} disks had blocks moved");
    Ok(())
}

/// A block whose BAT entry is lost stays where it is, byte for byte, whatever the names would need.
#[test]
fn a_lost_block_is_not_written_over() -> Outcome {
    let sectors = |share: fn(usize) -> bool| (0..8).filter(|sector| share(*sector)).collect::<Vec<_>>();
    for creator in [Creator::Tapdisk13, Creator::Windows] {
        for written in [sectors(|_| true), sectors(|sector| sector > 5), sectors(|sector| sector == 7)] {
            let image = built(creator, &[(2, Fill::Full), (4, Fill::Full)]).build();
            let (_, lost_at) = image.blocks_at[0];
            let mut bytes = image.bytes.clone();
            put(&mut bytes, BAT_AT + 2 * 4, &[0xFF; 4]);
            let bits = written.iter().map(|sector| 0x80 >> sector).sum();
            put(&mut bytes, lost_at, &[bits]);
            for sector in (0..8).filter(|sector| !written.contains(sector)) {
                put(&mut bytes, lost_at + 512 * (sector + 1), &[0; 512]);
            }
            if let Some(at) = image.batmap_at {
                bytes[at + 512] &= !(0x80 >> 2);
                image.seal_batmap(&mut bytes);
            }
            for path in ["base.vhd".to_owned(), format!("../{}/{}", "d".repeat(250), long(240)), "x/".repeat(700) + "p"]
            {
                let given = ParentDisk { unique_id: PARENT_ID, time_stamp: NOW, path };
                for proven in linking(&bytes, &given)?.repairs {
                    let copy = fixed_copy(&bytes, &proven.plan);
                    let lost = lost_at..lost_at + 512 * 9;
                    assert!(copy[lost.clone()] == bytes[lost], "{creator:?}, {written:?}, {:?}", proven.plan.patches());
                }
            }
        }
    }
    Ok(())
}

/// Umlauts and signs that URLs have a meaning for: our own reading and Windows' find the parent; vhd-util takes ASCII.
#[test]
fn names_are_not_read_in_two_ways() -> Outcome {
    let parent = built_parent()?;
    for (name, to_vhd_util) in [("Grüße 💾.vhd", false), ("100%41.vhd", true), ("a%b#c?.vhd", true)] {
        let image = built(Creator::Tapdisk13, &[(0, Fill::Some)]).build();
        let given = ParentDisk { unique_id: PARENT_ID, time_stamp: NOW, path: name.into() };
        let analysis = linking(&image.bytes, &given)?;
        let copy = fixed_copy(&image.bytes, analysis.plan().ok_or("no plan")?);
        let (after, member) = in_place(&copy, name, parent.clone())?;
        assert_eq!(after.verdict(), Verdict::Sound, "{name}");
        assert!(after.image.parent_paths().all(|path| path == format!("./{name}")), "{name}");
        assert_eq!(after.image.parent_name().as_deref(), Some(name));
        assert_eq!(finds_parent(&after), to_vhd_util, "{name}: {:?}", member.refusal);
        // In a URL, `%41` would be a letter to some.
        assert_eq!(after.image.parent_paths().count(), if name.contains("%41") { 2 } else { 3 }, "{name}");
    }
    Ok(())
}

/// A disk whose locators are gone gets three, as tapdisk writes them; so does one whose header is lost with them.
#[test]
fn a_disk_without_locators_gets_them() -> Outcome {
    let parent = built_parent()?;
    let given = ParentDisk { unique_id: PARENT_ID, time_stamp: NOW, path: "../base.vhd".into() };
    for creator in [Creator::Tapdisk13, Creator::Windows] {
        // Of the usual size, which is what is taken for granted where two blocks do not show it.
        let image = Disk { block_size: 2 << 20, ..built(creator, &[(1, Fill::Full), (2, Fill::Some)]) }.build();
        let mut without = image.bytes.clone();
        put(&mut without, HEADER_AT + 576, &[0; 8 * 24]);
        seal(&mut without[HEADER_AT..HEADER_AT + 1024], 36);
        let mut lost = image.bytes.clone();
        lost[HEADER_AT..HEADER_AT + 1024].fill(0);
        image.locators_at.iter().for_each(|at| lost[*at..*at + 512].fill(0));
        for (damaged, is_lossless) in [(without, true), (lost, false)] {
            assert!(analysed(&damaged, "child.vhd")?.plan().is_none(), "{creator:?}: nobody knows the parent");
            let analysis = linking(&damaged, &given)?;
            let plan = analysis.plan().ok_or_else(|| format!("{creator:?}: no plan"))?;
            assert_eq!(plan.is_lossless(), is_lossless, "{creator:?}: {:?}", plan.assumes);
            let copy = fixed_copy(&damaged, plan);
            assert!(
                read_virtual(&copy).is_some_and(|content| content == image.content),
                "{creator:?}: {:?}",
                plan.steps
            );
            let (after, _) = in_place(&copy, "../base.vhd", parent.clone())?;
            assert!(after.verdict() == Verdict::Sound && finds_parent(&after), "{creator:?}: {:?}", after.findings);
            let codes: Vec<_> = after.image.locators().map(|(_, locator, _)| locator.platform_code).collect();
            assert_eq!(codes, [*b"MacX", *b"W2ku", *b"W2ru"], "{creator:?}");
        }
    }
    Ok(())
}

/// Another unique id is an assumption that names both and says the risk; nobody makes it unasked.
#[test]
fn another_parent_has_its_price() -> Outcome {
    let case = &cases()?["chain-parent-uuid"];
    let (child, parent) = (case.image()?, opened(&case.file("parent.vhd")?)?);
    assert!(analysed(&child, "child.vhd")?.plan().is_none());
    let given = ParentDisk::of(&parent, "./parent.vhd".into(), NOW)?;
    let analysis = linking(&child, &given)?;
    let plan = analysis.plan().ok_or("no plan")?;
    assert_eq!((plan.assumes.len(), plan.loses.len()), (1, 0));
    let named = analysis.image.header.value().ok_or("a header")?.parent_unique_id;
    let mut words = vhd_analyser_core::report::build(&analysis, None).repair.ok_or("a plan")?.assumes.concat();
    for id in [named, given.unique_id] {
        let id = format!("{:032x}", u128::from_be_bytes(id));
        words.retain(|letter| letter != '-');
        assert!(words.contains(&id), "{words} lacks {id}");
    }
    assert_eq!(plan.steps.len(), 1);
    assert!(plan.steps[0].contains("“parent.vhd”"), "{:?}", plan.steps);
    let copy = fixed_copy(&child, plan);
    let stray = (0..copy.len()).find(|at| copy[*at] != child[*at] && !(512..4608).contains(at));
    assert_eq!((stray, copy.len()), (None, child.len()));
    assert!(finds_parent(&in_place(&copy, "parent.vhd", parent)?.0));
    Ok(())
}

/// A raw parent has no unique id: the disk is linked by name, and only one that was made on a raw image.
#[test]
fn a_raw_parent_is_linked_by_name() -> Outcome {
    let mut on_raw = built(Creator::Tapdisk13, &[(0, Fill::Some)]).build().bytes;
    put(&mut on_raw, HEADER_AT + 40, &[0; 16]);
    seal(&mut on_raw[HEADER_AT..HEADER_AT + 1024], 36);
    let raw = opened(&[7; 4096])?;
    let given = ParentDisk::of(&raw, "../disk.raw".into(), NOW)?;
    assert_eq!(given.unique_id, [0; 16]);
    let analysis = linking(&on_raw, &given)?;
    let plan = analysis.plan().ok_or("no plan")?;
    assert!(plan.is_lossless());
    let copy = fixed_copy(&on_raw, plan);
    let (after, member) = in_place(&copy, "../disk.raw", raw)?;
    assert!(finds_parent(&after) && after.verdict() == Verdict::Sound, "{:?}", member.refusal);
    assert_eq!(after.image.header.value().ok_or("a header")?.parent_unique_id, [0; 16]);

    let on_vhd = built(Creator::Tapdisk13, &[]).build().bytes;
    assert_eq!(given.check(&opened(&on_vhd)?), Err(LinkRefusal::NotAVhd));
    assert!(linking(&on_vhd, &given)?.plan().is_none());
    // A VHD in a raw image's place is another disk.
    let vhd = ParentDisk { unique_id: PARENT_ID, ..given };
    let analysis = linking(&on_raw, &vhd)?;
    let plan = analysis.plan().ok_or("no plan")?;
    assert_eq!((plan.assumes.len(), plan.is_lossless()), (1, false), "{:?}", plan.assumes);
    Ok(())
}

/// What cannot be a parent, and names that cannot be written.
#[test]
fn what_cannot_be_is_refused() -> Outcome {
    let child = opened(&built(Creator::Tapdisk13, &[]).build().bytes)?;
    let given = |path: &str| ParentDisk { unique_id: PARENT_ID, time_stamp: NOW, path: path.into() };
    assert_eq!(given("a.vhd").check(&child), Ok(()));
    for path in ["", "..", "a/", "a\\b.vhd", "a\0.vhd"] {
        assert_eq!(given(path).check(&child), Err(LinkRefusal::Name(path.into())));
    }
    assert_eq!(given(&long(251)).check(&child), Ok(()));
    assert_eq!(given(&long(252)).check(&child), Err(LinkRefusal::TooLong(long(252))));
    let own = child.footer().ok_or("a footer")?.unique_id;
    let itself = ParentDisk { unique_id: own, ..given("a.vhd") };
    assert_eq!(itself.check(&child), Err(LinkRefusal::Itself));
    for (case, kind) in [("sound-tap", DiskType::Dynamic), ("sound-qemu-fixed", DiskType::Fixed)] {
        let disk = cases()?[case].image()?;
        assert_eq!(given("a.vhd").check(&opened(&disk)?), Err(LinkRefusal::HasNoParent(kind)));
        assert!(linking(&disk, &given("a.vhd"))?.plan().is_none());
    }
    let of = |case: &str| -> Outcome<_> { Ok(ParentDisk::of(&opened(&cases()?[case].image()?)?, "p".into(), NOW)) };
    assert_eq!(of("tap-both-footers-zeroed")?, Err(LinkRefusal::NoFooter));
    assert_eq!(of("tap-null-uuid")?, Err(LinkRefusal::NoUniqueId));
    assert!(of("tap-primary-cookie")?.is_ok(), "the backup tells");
    Ok(())
}

/// A link, a repair and the hidden flag in one plan; a time stamp that is to come is not written.
#[test]
fn a_link_goes_with_everything_else() -> Outcome {
    let image = built(Creator::Tapdisk13, &[(0, Fill::Some)]).build();
    let mut damaged = image.bytes.clone();
    let end = damaged.len() - 512;
    damaged[end] = 0;
    let late = vhd_analyser_core::layout::time::TimeStamp(NOW.0 + 86_400);
    let parent = ParentDisk { unique_id: PARENT_ID, time_stamp: late, path: "base.vhd".into() };
    let analysis =
        asked(&damaged, RequestedChanges { hidden: Some(true), parent: Some(parent), ..RequestedChanges::default() })?;
    let plan = analysis.plan().ok_or("no plan")?;
    assert!(plan.is_lossless());
    assert_eq!(plan.steps.len(), 3, "a repair, a link and the flag: {:?}", plan.steps);
    let (after, member) = in_place(&fixed_copy(&damaged, plan), "base.vhd", built_parent()?)?;
    assert!(after.verdict() == Verdict::Sound && finds_parent(&after) && member.is_hidden());
    assert_eq!(after.image.header.value().ok_or("a header")?.parent_time_stamp.get(), NOW.0);
    // A block entry that leads astray: mended in the same plan.
    let mut astray = image.bytes.clone();
    put(&mut astray, BAT_AT + 4, &[0, 0, 0, 3]);
    let given = ParentDisk { unique_id: PARENT_ID, time_stamp: NOW, path: "base.vhd".into() };
    let analysis = linking(&astray, &given)?;
    let plan = analysis.plan().ok_or("no plan")?;
    assert!(finds_parent(&in_place(&fixed_copy(&astray, plan), "base.vhd", built_parent()?)?.0));
    Ok(())
}

/// libvhdi and QEMU open what was linked, and libvhdi reads the parent's name.
#[test]
fn linked_disks_open_elsewhere() -> Outcome {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("child.vhd");
    let image = Disk { block_size: 2 << 20, ..built(Creator::Windows, &[(0, Fill::Some), (1, Fill::Some)]) }.build();
    for name in ["base.vhd".to_owned(), long(240)] {
        let given = ParentDisk { unique_id: PARENT_ID, time_stamp: NOW, path: format!("../elsewhere/{name}") };
        let analysis = linking(&image.bytes, &given)?;
        fs::write(&path, fixed_copy(&image.bytes, analysis.plan().ok_or("no plan")?))?;
        for (program, arguments) in [("qemu-img", &["info", "-f", "vpc"][..]), ("vhdiinfo", &[])] {
            let output = Command::new(program).args(arguments).arg(&path).stdin(Stdio::null()).output()?;
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
            assert!(program != "vhdiinfo" || said.contains(&name), "{said}");
        }
    }
    Ok(())
}
