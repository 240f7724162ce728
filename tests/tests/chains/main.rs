//! The forest that disks make, and the coalesce that is foreseen, on numbered disks and on the chains of the corpus.

mod coalesce;

use std::collections::BTreeMap;
use std::error::Error;
use std::ops::ControlFlow;

use vhd_analyser_core::Verdict;
use vhd_analyser_core::analysis::{AnalysisContext, Options, analyse_with};
use vhd_analyser_core::chain::{DiskSummary, Forest, JournalFile};
use vhd_analyser_core::image;
use vhd_analyser_core::journal::Journal;
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::repair::RequestedChanges;
use vhd_analyser_core::report::{CoalesceKind, CoalesceReport, DiskReport, ForestReport, ParentState};
use vhd_analyser_tests::analysed::{NOW, analysed};
use vhd_analyser_tests::bytes::{put, seal};
use vhd_analyser_tests::chain::{Linked, file_name};
use vhd_analyser_tests::corpus::cases;
use vhd_analyser_tests::folder::Folder;

type Outcome = Result<(), Box<dyn Error>>;

/// Scans files that lie in one folder.
fn scanned(files: &[(String, Vec<u8>)]) -> Result<ForestReport, Box<dyn Error>> {
    scanned_with(files, false, None)
}

fn scanned_with(
    files: &[(String, Vec<u8>)],
    deep: bool,
    changed: Option<TimeStamp>,
) -> Result<ForestReport, Box<dyn Error>> {
    let mut folder = Folder(BTreeMap::new());
    for (name, bytes) in files {
        folder.0.insert(name.clone(), image::open(&bytes.as_slice(), &mut |_| ControlFlow::Continue(()))?);
    }
    let options =
        Options { now: NOW, fresh_unique_id: *b"sixteen randoms!", deep, request: RequestedChanges::default() };
    let mut members = Vec::new();
    for (name, bytes) in files {
        let beside = AnalysisContext { parent_lookup: &folder, ..AnalysisContext::NOTHING };
        let analysis = analyse_with(&bytes.as_slice(), &beside, name, &options, &mut |_| ControlFlow::Continue(()))?;
        members.push(DiskSummary::of(&analysis, name, changed));
    }
    Ok(vhd_analyser_core::report::forest(&Forest::of(members)))
}

fn numbered(disks: &[Linked]) -> Vec<(String, Vec<u8>)> {
    disks.iter().map(|disk| (file_name(disk.number), disk.build())).collect()
}

fn disk<'a>(report: &'a ForestReport, name: &str) -> Result<&'a DiskReport, String> {
    report.disks.iter().find(|disk| disk.file == name).ok_or_else(|| format!("{name} is not in the report"))
}

fn coalesce(report: &ForestReport, number: u32) -> Result<&CoalesceReport, String> {
    disk(report, &file_name(number))?.coalesce.as_ref().ok_or_else(|| format!("{number} has no coalesce"))
}

fn obstacle(report: &ForestReport, number: u32) -> Result<&str, String> {
    Ok(coalesce(report, number)?.obstacle.as_ref().map_or("", |obstacle| &obstacle.id))
}

fn ids(disk: &DiskReport) -> Vec<&str> {
    disk.findings.iter().map(|finding| finding.id.as_str()).collect()
}

/// A journal is known by its first sector, and told of the disk that it belongs to.
#[test]
fn a_journal_finds_its_disk() -> Outcome {
    let case = &cases()?["tap-resize-cut-end"];
    let journal = case.file("disk.vhd.journal")?;
    let unique_id = Journal::unique_id(&journal.as_slice())?.ok_or("a journal")?;
    assert_eq!(Journal::unique_id(&&journal[..511])?, None, "not even a sector");
    assert_eq!(Journal::unique_id(&case.image()?.as_slice())?, None, "a disk");
    let members = [(case.image()?, "disk.vhd"), (Linked::new(0, None).build(), "other.vhd")];
    let members = members.iter().map(|(bytes, name)| Ok(DiskSummary::of(&analysed(bytes, name)?, name, None)));
    let members = members.collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let journals = ["b.journal", "a.journal"].map(|name| JournalFile { name: name.into(), unique_id });
    let report = vhd_analyser_core::report::forest(&Forest::of(members).with_journals(journals.into()));
    assert_eq!(disk(&report, "disk.vhd")?.journal.as_deref(), Some("a.journal"));
    assert_eq!(disk(&report, "other.vhd")?.journal, None);
    Ok(())
}

/// The page and JSON have one name for what became of a parent.
#[test]
fn the_state_of_a_parent_has_one_name() -> Outcome {
    use ParentState::{Ambiguous, Found, Loop, Missing, None, NotGiven, Raw, Unknown};
    for state in [None, Found, Missing, NotGiven, Raw, Ambiguous, Loop, Unknown] {
        assert_eq!(serde_json::to_value(state)?, state.name());
    }
    Ok(())
}

/// Two disks on each other, and one on them; a disk on itself.
#[test]
fn loops_are_told_and_end() -> Outcome {
    let links = [(1, Some(2)), (2, Some(1)), (3, Some(2)), (4, Some(4)), (5, None)];
    let report = scanned(&numbered(&links.map(|(number, parent)| Linked::new(number, parent))))?;
    assert_eq!(report.disks.len(), 5, "each once");
    let states = [
        (1, ParentState::Loop),
        (2, ParentState::Loop),
        (3, ParentState::Found),
        (4, ParentState::Loop),
        (5, ParentState::None),
    ];
    for (number, state) in states {
        let disk = disk(&report, &file_name(number))?;
        assert_eq!(disk.parent_state, state, "{number}");
        assert_eq!(ids(disk).contains(&"chain.loop"), state == ParentState::Loop, "{number}");
    }
    assert_eq!(obstacle(&report, 1)?, "chain.loop");
    assert_eq!(report.verdict, Verdict::Unrepairable);
    Ok(())
}

/// Of two disks with the parent's unique id the locators decide; where they name neither, nobody can.
#[test]
fn twins_are_told_apart_by_their_names() -> Outcome {
    let base = Linked::new(0, None).build();
    let child = Linked::new(1, Some(0)).build();
    let files = [(file_name(0), base.clone()), ("copy.vhd".into(), base.clone()), (file_name(1), child.clone())];
    let report = scanned(&files)?;
    assert_eq!(disk(&report, &file_name(1))?.parent, Some(file_name(0)));
    assert!(ids(disk(&report, "copy.vhd")?).contains(&"chain.twin"));
    assert_eq!(report.verdict, Verdict::Sound);

    let files = [("one.vhd".into(), base.clone()), ("two.vhd".into(), base), (file_name(1), child)];
    let report = scanned(&files)?;
    let disk = disk(&report, &file_name(1))?;
    assert_eq!((disk.parent_state, disk.parent.as_ref()), (ParentState::Ambiguous, None));
    assert_eq!(obstacle(&report, 1)?, "chain.parent-ambiguous");
    assert_eq!(report.verdict, Verdict::Unrepairable);
    Ok(())
}

/// A parent under another name is found by its unique id, but not by the tools.
#[test]
fn a_renamed_parent_is_found_by_its_unique_id() -> Outcome {
    let files = [("renamed.vhd".into(), Linked::new(0, None).build()), (file_name(1), Linked::new(1, Some(0)).build())];
    let report = scanned(&files)?;
    assert_eq!(disk(&report, &file_name(1))?.parent.as_deref(), Some("renamed.vhd"));
    assert_eq!(obstacle(&report, 1)?, "chain.parent-elsewhere");
    Ok(())
}

/// What is told of a link besides.
#[test]
fn links_are_checked() -> Outcome {
    let base = Linked { hidden: true, ..Linked::new(0, None) };
    let report = scanned(&numbered(&[base.clone(), Linked::new(1, Some(0))]))?;
    assert_eq!(ids(disk(&report, &file_name(1))?), <[&str; 0]>::default());

    let small_blocks = Linked { block_size: 1 << 20, blocks: 16, ..base.clone() };
    let report = scanned(&numbered(&[small_blocks, Linked::new(1, Some(0))]))?;
    assert_eq!(ids(disk(&report, &file_name(1))?), ["chain.block-size"]);

    let report = scanned(&numbered(&[Linked::new(0, None), Linked::new(1, Some(0))]))?;
    assert_eq!(ids(disk(&report, &file_name(1))?), ["chain.parent-not-hidden"]);

    let files = numbered(&[base.clone(), Linked::new(1, Some(0))]);
    let report = scanned_with(&files, false, Some(NOW))?;
    assert_eq!(ids(disk(&report, &file_name(1))?), ["chain.parent-changed"]);

    let mut files = files;
    let end = files[0].1.len() - 512;
    for at in [0, end] {
        let footer = &mut files[0].1[at..at + 512];
        put(footer, 24, &(NOW.0 - 1000).to_be_bytes());
        seal(footer, 64);
    }
    let report = scanned(&files)?;
    assert_eq!(ids(disk(&report, &file_name(1))?), ["chain.child-older"]);

    let leaf = Linked { hidden: true, ..Linked::new(1, Some(0)) };
    let report = scanned(&numbered(&[base, leaf]))?;
    assert_eq!(ids(disk(&report, &file_name(1))?), ["chain.hidden-leaf"]);
    assert_eq!(disk(&report, &file_name(1))?.findings[0].found, "", "the title says it");
    assert_eq!((coalesce(&report, 1)?.occasion, coalesce(&report, 1)?.runs), (CoalesceKind::Leftover, false));
    assert!(report.chains.is_empty());
    Ok(())
}
