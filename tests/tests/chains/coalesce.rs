//! What a coalesce would do, foreseen: whether it can run, what it takes, and how the parent grows.

use std::collections::BTreeMap;

use vhd_analyser_core::Verdict;
use vhd_analyser_core::report::{CoalesceKind, ParentState};
use vhd_analyser_core::units::size;
use vhd_analyser_tests::analysed::{analysed_with, fixed_copy};
use vhd_analyser_tests::build::{Creator, Random, number32, number64, read_virtual};
use vhd_analyser_tests::bytes::{put, seal};
use vhd_analyser_tests::chain::{Linked, file_name};
use vhd_analyser_tests::coalesced::{Fails, Parent};
use vhd_analyser_tests::corpus::cases;

use super::{Outcome, coalesce, disk, ids, numbered, obstacle, scanned, scanned_with};

/// Bytes from the start of a block that vhd-util appends to that of the next: 2 MiB and a bitmap, on pages.
const STRIDE: u64 = (2 << 20) + 4096;

/// Gives a disk another size, and no more.
fn set_size(bytes: &mut [u8], size: u64) {
    let end = bytes.len() - 512;
    for at in [0, end] {
        put(&mut bytes[at..], 48, &size.to_be_bytes());
        seal(&mut bytes[at..at + 512], 64);
    }
}

/// What stops each case of the corpus, and whether anything does: where vhd-util refuses a disk of the chain, so does
/// the coalesce.
#[test]
fn every_chain_of_the_corpus_is_foreseen() -> Outcome {
    let expected: BTreeMap<&str, &str> = [
        ("chain-child-footer", "footer.primary.cookie"),
        ("chain-child-larger", ""),
        ("chain-locator-beyond-eof", "locator.outside-file"),
        ("chain-locator-code", "locator.code"),
        ("chain-locator-duplicate", "locator.duplicate"),
        ("chain-locator-name", "locator.name"),
        ("chain-locator-space-in-sectors", ""),
        ("chain-middle-footer", "footer.primary.cookie"),
        ("chain-parent-footer", "footer.primary.cookie"),
        ("chain-parent-missing", "chain.parent-missing"),
        ("chain-parent-name-empty", "parent.no-name"),
        ("chain-parent-uuid", "chain.parent-unique-id"),
        ("sound-chain-2", ""),
        ("sound-chain-3", ""),
    ]
    .into();
    let cases = cases()?;
    let chains: Vec<_> = cases.iter().filter(|(name, _)| name.contains("chain-")).collect();
    assert_eq!(chains.len(), expected.len());
    for (name, case) in chains {
        let files = case.files.keys().map(|file| Ok((file.clone(), case.file(file)?)));
        let report = scanned(&files.collect::<Result<Vec<_>, std::io::Error>>()?)?;
        let target = disk(&report, &case.target)?;
        let coalesce = target.coalesce.as_ref().ok_or("no coalesce")?;
        let id = coalesce.obstacle.as_ref().map_or("", |obstacle| &obstacle.id);
        assert_eq!(Some(&id), expected.get(name.as_str()), "{name}");
        assert_eq!(coalesce.runs, case.vhd_util.check_parents.rc == 0, "{name}");
        assert_eq!(target.depth as usize, case.files.len(), "{name}");
        assert_eq!(target.vhd_util.is_none(), case.vhd_util.check.rc == 0, "{name}");
    }
    Ok(())
}

/// A chain as long as XenServer allows: told from the base on, coalesced in that order.
#[test]
fn a_chain_of_thirty_is_coalesced_from_the_base_up() -> Outcome {
    let mut disks: Vec<Linked> = (0..30).map(|number| Linked::new(number, number.checked_sub(1))).collect();
    for disk in &mut disks {
        disk.hidden = disk.number < 29;
        // Each has a block of its own and shares one with all others.
        disk.blocks = 40;
        disk.allocated = vec![0, disk.number as usize + 1];
    }
    let mut files = numbered(&disks);
    files.reverse();
    let report = scanned(&files)?;
    assert_eq!(report.verdict, Verdict::Sound);
    for (number, disk) in (0..).zip(&report.disks) {
        assert_eq!((&disk.file, disk.level, disk.depth), (&file_name(number), u64::from(number), number + 1));
        assert_eq!((disk.hidden, disk.allocated, ids(disk)), (number < 29, 2, Vec::new()));
    }
    let (middle, last) = (coalesce(&report, 5)?, coalesce(&report, 29)?);
    assert_eq!((middle.occasion, last.occasion), (CoalesceKind::Background, CoalesceKind::Leaf));
    assert_eq!((middle.blocks, middle.new_blocks, middle.bytes), (Some(2), Some(1), Some(4 << 20)));
    let [chain] = &report.chains[..] else { return Err("one chain".into()) };
    assert_eq!(chain.into, file_name(0));
    assert_eq!(chain.order, (1..30).map(file_name).collect::<Vec<_>>());
    assert_eq!((chain.stopped_at.as_ref(), chain.obstacle.as_ref()), (None, None));
    let length = |number: usize| files[29 - number].1.len() as u64;
    assert_eq!(chain.size, Some(length(0) + 29 * STRIDE));
    // Room is needed for the first only: each that is deleted leaves more than the next takes.
    assert_eq!(chain.free_needed, STRIDE);
    assert_eq!(chain.net_freed, (1..30).map(length).sum::<u64>() - 29 * STRIDE);
    Ok(())
}

/// A fault in the middle stops it there, and is named.
#[test]
fn a_chain_is_coalesced_up_to_the_first_fault() -> Outcome {
    let mut files = numbered(&[Linked::new(0, None), Linked::new(1, Some(0)), Linked::new(2, Some(1))]);
    let end = files[2].1.len() - 512;
    files[2].1[end..].fill(0);
    let report = scanned(&files)?;
    let [chain] = &report.chains[..] else { return Err("one chain".into()) };
    assert_eq!(chain.order, [file_name(1)]);
    assert_eq!(chain.stopped_at, Some(file_name(2)));
    assert_eq!(coalesce(&report, 1)?.obstacle, None);
    let told = coalesce(&report, 2)?.obstacle.as_ref().ok_or("an obstacle")?;
    assert_eq!(told.file, Some(file_name(2)));
    assert!(told.sentence.contains("primary footer invalid: invalid cookie"), "{}", told.sentence);
    // What it would be without that fault is told, too.
    let repaired = disk(&report, &file_name(2))?.coalesce_repaired.as_ref().ok_or("an answer for after the repair")?;
    assert!(repaired.runs, "{:?}", repaired.obstacle);
    assert_eq!(disk(&report, &file_name(1))?.coalesce_repaired, None);
    let [chain] = &report.chains_repaired[..] else { return Err("one chain after the repair".into()) };
    assert_eq!((&chain.order[..], &chain.stopped_at), (&[file_name(1), file_name(2)][..], &None));
    Ok(())
}

/// The parent grows within its BAT, within the BAT's last sector, or by moving blocks; tapdisk's only.
#[test]
fn a_parent_grows_as_vhd_util_makes_it() -> Outcome {
    let base = Linked { allocated: vec![0, 3], ..Linked::new(0, None) };
    let child = Linked { allocated: vec![1], ..Linked::new(1, Some(0)) };
    // 8 entries of 128 that are in the BAT's sector.
    let within = numbered(&[base.clone(), Linked { blocks: 60, ..child.clone() }]);
    let report = scanned(&within)?;
    let growth = coalesce(&report, 1)?.growth.as_ref().ok_or("growth")?;
    assert_eq!((growth.from, growth.to), (16 << 20, 120 << 20));
    assert_eq!((growth.journalled, growth.metadata_grows, growth.moved_blocks), (true, false, 0));
    let length = within[0].1.len() as u64;
    assert_eq!(coalesce(&report, 1)?.parent_size, Some(length + STRIDE));
    assert_eq!(coalesce(&report, 1)?.free_needed, Some(STRIDE + growth.journal));

    // Blocks of 1 MiB, so that the disk has more than 128 of them and is small.
    let small = Linked { block_size: 1 << 20, blocks: 16, ..base.clone() };
    let beyond = numbered(&[small, Linked { block_size: 1 << 20, blocks: 130, ..child.clone() }]);
    let length = beyond[0].1.len() as u64;
    let report = scanned(&beyond)?;
    let growth = coalesce(&report, 1)?.growth.as_ref().ok_or("growth")?;
    assert_eq!((growth.to, growth.metadata_grows, growth.moved_blocks), (130 << 20, true, 1));
    assert_eq!(coalesce(&report, 1)?.parent_size, Some(length + 2 * (STRIDE - (1 << 20))));

    let windows = Linked { creator: Creator::Windows, ..base };
    let report = scanned(&numbered(&[windows, Linked { blocks: 60, ..child.clone() }]))?;
    assert_eq!(obstacle(&report, 1)?, "not-resizable");
    let report = scanned(&numbered(&[Linked::new(0, None), child]))?;
    assert_eq!(coalesce(&report, 1)?.growth, None);
    Ok(())
}

/// A resize that vhd-util was recorded at, from 64 MiB to 20,000 MiB: the same entries, the same length.
#[test]
fn a_growth_is_foreseen_as_vhd_util_was_recorded_at_it() -> Outcome {
    let case = &cases()?["tap-resize-cut-end"];
    let (resized, journal) = (case.image()?, case.file("disk.vhd.journal")?);
    let analysis = analysed_with(&resized, &journal, &case.target)?;
    let before = fixed_copy(&resized, analysis.plan().ok_or("a plan")?);
    let mut child = Linked::new(1, Some(0)).build();
    set_size(&mut child, 20_000 << 20);
    let report = scanned(&[(file_name(0), before), (file_name(1), child)])?;
    let told = coalesce(&report, 1)?;
    let growth = told.growth.as_ref().ok_or("growth")?;
    assert_eq!((growth.from, growth.to, growth.moved_blocks), (64 << 20, 20_000 << 20, 1));
    assert_eq!(told.parent_size, Some(resized.len() as u64));
    let spare = growth.journal - journal.len() as u64;
    assert!(spare < 10_000, "the journal is {spare} bytes shorter than foreseen");
    Ok(())
}

/// A disk is read through all of its ancestors.
#[test]
fn an_ancestor_that_does_not_open_stops_it() -> Outcome {
    let disks = [(0, None), (1, Some(0)), (2, Some(1)), (3, Some(2))];
    let mut files = numbered(&disks.map(|(number, parent)| Linked::new(number, parent)));
    files[0].1[512..1536].fill(0);
    let report = scanned(&files)?;
    assert_eq!(obstacle(&report, 3)?, "ancestor");
    Ok(())
}

/// With entries to spare no journal is needed.
#[test]
fn a_parent_with_spare_entries_grows_at_once() -> Outcome {
    let base = Linked { blocks: 60, cut_sectors: 20 * 4096, ..Linked::new(0, None) };
    let report = scanned(&numbered(&[base, Linked { blocks: 60, ..Linked::new(1, Some(0)) }]))?;
    let growth = coalesce(&report, 1)?.growth.as_ref().ok_or("growth")?;
    assert_eq!((growth.from, growth.to, growth.journalled, growth.journal), (80 << 20, 120 << 20, false, 0));
    assert_eq!(obstacle(&report, 1)?, "");
    Ok(())
}

/// Blocks that end behind the disk are not read by vhd-util.
#[test]
fn a_block_that_reaches_beyond_the_disk_stops_it() -> Outcome {
    let child = Linked { cut_sectors: 8, allocated: vec![7], ..Linked::new(1, Some(0)) };
    let report = scanned(&numbered(&[Linked::new(0, None), child.clone()]))?;
    assert_eq!(obstacle(&report, 1)?, "reaches-beyond");
    let report = scanned(&numbered(&[Linked::new(0, None), Linked { allocated: vec![6], ..child }]))?;
    assert_eq!(obstacle(&report, 1)?, "");
    Ok(())
}

/// Where every bitmap was read, the bytes are exact.
#[test]
fn a_deep_scan_knows_what_is_copied() -> Outcome {
    let files = numbered(&[Linked::new(0, None), Linked { allocated: vec![2], ..Linked::new(1, Some(0)) }]);
    let shallow = scanned(&files)?;
    let deep = scanned_with(&files, true, None)?;
    let (shallow, deep) = (coalesce(&shallow, 1)?, coalesce(&deep, 1)?);
    assert_eq!((shallow.bytes, shallow.exact, deep.exact), (Some(2 << 20), false, true));
    let bytes = deep.bytes.ok_or("bytes")?;
    assert!(bytes > 0 && bytes < 2 << 20 && bytes.is_multiple_of(512), "{bytes}");
    Ok(())
}

/// Disks with one parent wait for each other; the chain below the branch is one of its own.
#[test]
fn siblings_wait() -> Outcome {
    let disks =
        [(0, None), (1, Some(0)), (2, Some(0)), (3, Some(2))].map(|(number, parent)| Linked::new(number, parent));
    let report = scanned(&numbered(&disks))?;
    assert_eq!([1, 2, 3].map(|number| obstacle(&report, number)), [Ok("siblings"), Ok("siblings"), Ok("")]);
    assert_eq!(report.disks.iter().map(|disk| disk.level).collect::<Vec<_>>(), [0, 1, 1, 2]);
    let [chain] = &report.chains[..] else { return Err("one chain".into()) };
    assert_eq!((&chain.into, &chain.order), (&file_name(2), &vec![file_name(3)]));
    Ok(())
}

/// A raw parent has a null unique id, and is found by its name or taken as there.
#[test]
fn a_raw_parent_is_coalesced_into_as_it_is() -> Outcome {
    let mut child = Linked { allocated: vec![1], ..Linked::new(1, Some(0)) }.build();
    child[512 + 40..512 + 56].fill(0);
    seal(&mut child[512..512 + 1024], 36);
    let report = scanned(&[(file_name(0), vec![7; 16 << 20]), (file_name(1), child.clone())])?;
    assert_eq!(disk(&report, &file_name(1))?.parent_state, ParentState::Raw);
    let told = coalesce(&report, 1)?;
    assert_eq!((told.runs, told.parent_size, told.free_needed), (true, Some(16 << 20), Some(0)));
    let report = scanned(&[(file_name(0), vec![7; 15 << 20]), (file_name(1), child.clone())])?;
    assert_eq!((obstacle(&report, 1)?, coalesce(&report, 1)?.parent_size), ("not-resizable", Some(16 << 20)));
    assert_eq!(ids(disk(&report, &file_name(1))?), ["chain.raw-smaller"]);
    let report = scanned(&[(file_name(1), child)])?;
    assert_eq!(disk(&report, &file_name(1))?.parent, Some(format!("./{}", file_name(0))));
    assert_eq!(disk(&report, &file_name(1))?.parent_state, ParentState::Missing);
    assert_eq!(report.verdict, Verdict::Incomplete);
    Ok(())
}

/// Whatever the sizes say, nothing overflows.
#[test]
fn absurd_sizes_are_survived() -> Outcome {
    let mut files = numbered(&[Linked::new(0, None), Linked::new(1, Some(0)), Linked::new(2, Some(1))]);
    files[1..].iter_mut().for_each(|(_, bytes)| set_size(bytes, u64::MAX));
    let report = scanned(&files)?;
    assert!(!coalesce(&report, 1)?.runs && !coalesce(&report, 2)?.runs);
    Ok(())
}

/// How long a parent's file is once every block of a disk is written into it: each that the parent has not yet comes
/// behind the last, its data on a page.
fn coalesced_length(parent: &[u8], child: &[u8]) -> usize {
    let entry = |disk: &[u8], number: usize| number32(disk, 1536 + number * 4);
    let (entries, block_size) = (number32(parent, 512 + 28) as usize, number32(parent, 512 + 32) as usize);
    let bitmap = (block_size / 512).div_ceil(8).next_multiple_of(512);
    let places = (0..entries).map(|number| entry(parent, number)).filter(|place| *place != u32::MAX);
    let end_of_blocks = places.map(|place| place as usize * 512 + bitmap + block_size).max();
    let mut end = end_of_blocks.unwrap_or(0).max(end_of_metadata(parent));
    for number in 0..number32(child, 512 + 28) as usize {
        if entry(child, number) != u32::MAX && entry(parent, number) == u32::MAX {
            end = (end + bitmap).next_multiple_of(4096) + block_size;
        }
    }
    parent.len().max(end + 512)
}

/// Where the BAT ends, or what lies behind it: a batmap, the parent's paths.
fn end_of_metadata(disk: &[u8]) -> usize {
    let entries = number32(disk, 512 + 28) as usize;
    let table_end = 1536 + (entries * 4).next_multiple_of(512);
    let has_batmap = disk[table_end..].starts_with(b"tdbatmap");
    let map_end = table_end + if has_batmap { 512 + entries.div_ceil(8).next_multiple_of(512) } else { 0 };
    let locators = (0..8).map(|number| 512 + 576 + 24 * number).filter(|at| disk[*at..*at + 4] != [0; 4]);
    let names = locators.map(|at| number64(disk, at + 16) as usize + number32(disk, at + 4) as usize);
    names.max().unwrap_or(0).max(map_end)
}

/// The forecast against plain arithmetic on the bytes, for chains of every manner.
#[test]
fn what_a_coalesce_takes_is_what_writing_the_blocks_takes() -> Outcome {
    let mut random = Random(5);
    let creators = [Creator::Tapdisk01, Creator::Tapdisk11, Creator::Tapdisk13, Creator::Windows];
    for round in 0..400 {
        let block_size = 512 << random.below(5);
        let blocks = 1 + random.below(300) as usize;
        let mut linked = |number: u32, parent| Linked {
            block_size,
            blocks,
            allocated: (0..blocks).filter(|_| random.below(4) == 0).collect(),
            creator: creators[random.below(4) as usize],
            ..Linked::new(number, parent)
        };
        let grandparent = linked(0, None);
        let disks = [grandparent, linked(1, Some(0)), linked(2, Some(1))];
        let files = numbered(&disks);
        let report = scanned_with(&files, true, None)?;
        for number in [1, 2] {
            let (parent, child) = (&files[number - 1].1, &files[number].1);
            let told = coalesce(&report, number as u32)?;
            let place = format!("round {round}: {:?}", &disks[number - 1..=number]);
            let written = read_virtual(child).ok_or("a disk")?.own.iter().filter(|own| **own).count() as u64;
            assert_eq!((told.bytes, told.exact), (Some(written * 512), true), "{place}");
            assert_eq!(told.blocks, Some(disks[number].allocated.len() as u64), "{place}");
            let length = coalesced_length(parent, child);
            assert_eq!(told.parent_size, Some(length as u64), "{place}");
            assert_eq!(told.free_needed, Some((length - parent.len()) as u64), "{place}");
            assert_eq!(told.freed_by_delete, Some(child.len() as u64), "{place}");
            assert_eq!(told.growth, None, "{place}");
        }
    }
    Ok(())
}

/// The sectors that the allocated blocks have: the most that a disk can have written.
fn sectors_of_blocks(disk: &Linked) -> Vec<bool> {
    let per_block = disk.block_size / 512;
    let mut own = vec![false; disk.blocks * per_block - disk.cut_sectors];
    for block in &disk.allocated {
        own[block * per_block..(block + 1) * per_block].fill(true);
    }
    own
}

/// vhd-util sees only some of the blocks of a disk whose blocks are small, be it the parent's or an ancestor's.
#[test]
fn small_blocks_are_not_coalesced() -> Outcome {
    let small = |number, parent| Linked { block_size: 1 << 20, blocks: 16, ..Linked::new(number, parent) };
    let report = scanned(&numbered(&[small(0, None), Linked::new(1, Some(0)), Linked::new(2, Some(1))]))?;
    for number in [1, 2] {
        let told = coalesce(&report, number)?.obstacle.as_ref().ok_or("an obstacle")?;
        assert_eq!((told.id.as_str(), told.file.as_ref()), ("small-blocks", Some(&file_name(0))));
        assert!(told.sentence.contains(&size(1 << 20)), "{}", told.sentence);
    }
    // Of a disk with a single block that is seen.
    let single = Linked { blocks: 1, ..small(1, Some(0)) };
    let report = scanned(&numbered(&[Linked::new(0, None), single.clone()]))?;
    assert_eq!(obstacle(&report, 1)?, "");
    let report = scanned(&numbered(&[Linked::new(0, None), Linked { blocks: 2, ..single }]))?;
    assert_eq!(obstacle(&report, 1)?, "small-blocks");
    Ok(())
}

/// From 10.25 to 10.5 MiB: vhd-util is told 10, and that would be smaller.
#[test]
fn a_parent_does_not_grow_by_less_than_a_mib() -> Outcome {
    let base = Linked { blocks: 6, cut_sectors: 3584, ..Linked::new(0, None) };
    let child = Linked { cut_sectors: 3072, number: 1, parent: Some(0), ..base.clone() };
    let report = scanned(&numbered(&[base, child]))?;
    assert_eq!(obstacle(&report, 1)?, "too-little");
    assert_eq!(coalesce(&report, 1)?.growth, None);
    Ok(())
}

/// The forecast against vhd-util's own steps, for a parent of other blocks and of another size than the disk's.
#[test]
fn growth_and_blocks_of_another_size_are_foreseen_as_vhd_util_does_them() -> Outcome {
    let mut random = Random(7);
    let (mut fast, mut journalled, mut moved, mut differing) = (0, 0, 0, 0);
    for round in 0..250 {
        let mut linked = |number: u32, parent| {
            // Small blocks make long BATs, and blocks of 2 MiB are what vhd-util counts on.
            let block_size = if random.below(8) == 0 { 2 << 20 } else { 4096 << random.below(5) };
            let blocks = 1 + random.below(if block_size > 65536 { 6 } else { 2500 }) as usize;
            let most_cut = (block_size / 512 * blocks) as u64;
            let cut_sectors = if random.below(3) == 0 { random.below(most_cut) as usize } else { 0 };
            let whole = (block_size * blocks - cut_sectors * 512) / block_size;
            Linked {
                block_size,
                blocks,
                cut_sectors,
                allocated: (0..whole).filter(|_| random.below(1 + blocks as u64 / 4) == 0).collect(),
                creator: [Creator::Tapdisk01, Creator::Tapdisk11, Creator::Tapdisk13][random.below(3) as usize],
                ..Linked::new(number, parent)
            }
        };
        let disks = [linked(0, None), linked(1, Some(0)), linked(2, Some(1))];
        let files = numbered(&disks);
        let report = scanned(&files)?;
        for number in [1, 2] {
            let child = &disks[number];
            let place = format!("round {round}: {:?}", &disks[number - 1..=number]);
            let told = coalesce(&report, number as u32)?;
            let before = Parent::of(&files[number - 1].1);
            let mut parent = before.clone();
            let grown = parent.increase(child.blocks * child.block_size - child.cut_sectors * 512);
            let has_small = |disk: &Linked| disk.block_size < 2 << 20 && disk.blocks > 1;
            if disks[..=number].iter().any(has_small) {
                assert!(!told.runs, "{place}");
            }
            if let Err(why) = grown {
                assert!(matches!(why, Fails::SmallerThanBefore | Fails::Shrink), "{why:?} in {place}");
                assert!(!told.runs && told.growth.is_none(), "{place}");
                continue;
            }
            let growth = told.growth.as_ref().map(|growth| (growth.from, growth.to, growth.journalled));
            let expected = (parent.size as u64 > before.size as u64).then_some((
                before.size as u64,
                parent.size as u64,
                parent.journalled,
            ));
            assert_eq!(growth, expected, "{place}");
            if let Some(growth) = &told.growth {
                assert_eq!(growth.moved_blocks, parent.moved as u64, "{place}");
                fast += u32::from(!growth.journalled);
                journalled += u32::from(growth.journalled);
                moved += u32::from(growth.moved_blocks > 0);
            }
            let mut least = parent.clone();
            let own = read_virtual(&files[number].1).ok_or("a disk")?.own;
            let (Ok(written), Ok(most)) = (least.coalesce(&own), parent.coalesce(&sectors_of_blocks(child))) else {
                // Told in whole MiB, the parent does not become as large as the disk.
                assert!(!told.runs, "{place}");
                continue;
            };
            assert_eq!(told.new_blocks, Some(most as u64), "{place}");
            assert!(written <= most, "{place}");
            // Room that was made for the batmap and is not needed stays unused where nothing follows it.
            let length = parent.length.max(before.length) as u64;
            let size = told.parent_size.ok_or("a size")?;
            assert!((length..=length + 512).contains(&size), "{size} for {length} in {place}");
            differing += u32::from(child.block_size != disks[number - 1].block_size && most > 0);
        }
    }
    let counts = [fast, journalled, moved, differing];
    assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
    Ok(())
}
