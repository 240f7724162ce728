//! Every single wrong BAT entry of a kind, and every flipped bit of the metadata, on images of every writer: what was
//! repaired exactly, what was told, and that nothing was promised that is not so.
//!
//! The truth is known from the builder; the result is read by a reader that knows nothing of the core.

use std::collections::BTreeMap;
use std::error::Error;

use vhd_analyser_core::{Analysis, Verdict};
use vhd_analyser_tests::analysed::{analysed, analysed_deep, fixed_copy, unexplained_refusals};
use vhd_analyser_tests::build::{
    BAT_AT, Built, Creator, Disk, Fill, Kind, SECTOR, UNALLOCATED, number32, read_virtual,
};
use vhd_analyser_tests::bytes::put;

type Outcome = Result<(), Box<dyn Error>>;

/// What became of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// The virtual disk is what it was, and so is every entry.
    Exact,
    /// Something is lost, assumed or not repaired, and said to be.
    Told,
    /// Nothing changed that anybody reads.
    Harmless,
    /// A promise that is not so.
    Wrong,
}

const CREATORS: [Creator; 7] = [
    Creator::Tapdisk11,
    Creator::Tapdisk13,
    Creator::TapdiskGrown,
    Creator::Windows,
    Creator::WindowsGrown,
    Creator::Windows10,
    Creator::MiniVhd,
];

fn images() -> Vec<Built> {
    let mut images = Vec::new();
    let orders: [&[(usize, Fill)]; 3] = [
        &[(0, Fill::Some), (1, Fill::Some), (2, Fill::Full), (3, Fill::Some), (5, Fill::Some)],
        &[(4, Fill::Some), (0, Fill::Some), (6, Fill::Full), (2, Fill::Some)],
        &[(3, Fill::Some)],
    ];
    for creator in CREATORS {
        for (seed, allocated) in orders.iter().enumerate() {
            for kind in [Kind::Dynamic, Kind::Differencing] {
                let disk = Disk { seed: seed as u64, ..Disk::small(creator, kind, allocated) };
                images.push(disk.build());
            }
        }
    }
    images
}

/// What became of a damaged image, with the reason where it is wrong.
fn end_of(built: &Built, damaged: &[u8], deep: bool) -> Result<(End, String), Box<dyn Error>> {
    let analysis = if deep { analysed_deep(damaged, "disk.vhd")? } else { analysed(damaged, "disk.vhd")? };
    let truth = |image: &[u8]| read_virtual(image).is_some_and(|content| content == built.content);
    let entry = |image: &[u8], block: usize| number32(image, BAT_AT + 4 * block);
    let unexplained = unexplained_refusals(&analysis);
    if analysis.verdict() == Verdict::Sound && !unexplained.is_empty() {
        return Ok((End::Wrong, format!("sound, and {unexplained:?} refuse it for no reason that is told")));
    }
    Ok(match analysis.verdict() {
        Verdict::Sound if truth(damaged) => (End::Harmless, String::new()),
        // A block without an entry is named, with its place: nothing in the file says that it is not a remnant.
        Verdict::Sound if names_orphans(built, damaged, &analysis) => (End::Told, String::new()),
        Verdict::Sound => (End::Wrong, "sound, and another disk".into()),
        Verdict::Repairable => {
            let Some(plan) = analysis.plan() else { return Ok((End::Wrong, "repairable without a plan".into())) };
            let copy = fixed_copy(damaged, plan);
            if !truth(&copy) {
                let title = plan.steps.join(", then: ");
                return Ok((End::Wrong, format!("“{title}” without loss gives another disk: {:?}", plan.evidence)));
            }
            let moved = (0..built.disk.entries()).find(|block| entry(&copy, *block) != entry(&built.bytes, *block));
            match moved {
                // The content is right, by a block that lies elsewhere.
                Some(_) => (End::Told, String::new()),
                None => (End::Exact, String::new()),
            }
        }
        _ => {
            // Whatever is given up, entries that are right stay as they are.
            let good = |block: &usize| entry(damaged, *block) == entry(&built.bytes, *block);
            if let Some(plan) = analysis.plan() {
                let copy = fixed_copy(damaged, plan);
                let is_cleared = |block: &usize| {
                    entry(&built.bytes, *block) != UNALLOCATED
                        && copy.len() > BAT_AT + 4 * block + 4
                        && entry(&copy, *block) == UNALLOCATED
                };
                if let Some(block) = (0..built.disk.entries()).filter(good).find(is_cleared) {
                    return Ok((End::Wrong, format!("the good entry of block {block} is cleared")));
                }
            }
            (End::Told, String::new())
        }
    })
}

/// Whether every block that lost its entry is found as an orphaned block.
fn names_orphans(built: &Built, damaged: &[u8], analysis: &Analysis) -> bool {
    let lost = built.blocks_at.iter().filter(|(block, _)| number32(damaged, BAT_AT + 4 * block) == UNALLOCATED);
    let is_found = |at: usize| analysis.image.unreferenced.orphans.iter().any(|orphan| orphan.offset == at as u64);
    lost.clone().count() > 0 && lost.into_iter().all(|(_, at)| is_found(*at))
}

/// Counts by writer, and what is wrong.
#[derive(Default)]
struct Table {
    counts: BTreeMap<String, BTreeMap<End, u32>>,
    wrong: Vec<String>,
}

impl Table {
    fn add(&mut self, built: &Built, what: &str, (end, why): (End, String)) {
        let name = format!("{:?}", built.disk.creator);
        *self.counts.entry(name).or_default().entry(end).or_default() += 1;
        if end == End::Wrong {
            let allocated: Vec<usize> = built.disk.allocated.iter().map(|(block, _)| *block).collect();
            self.wrong.push(format!("{:?} {:?} {allocated:?}, {what}: {why}", built.disk.creator, built.disk.kind));
        }
    }

    fn print(&self, title: &str) {
        println!("| {title} | exact | harmless | told | wrong |\n| --- | --- | --- | --- | --- |");
        for (name, counts) in &self.counts {
            let of = |end| counts.get(&end).copied().unwrap_or_default();
            println!(
                "| {name} | {} | {} | {} | {} |",
                of(End::Exact),
                of(End::Harmless),
                of(End::Told),
                of(End::Wrong)
            );
        }
    }
}

/// Values that a damaged entry may have: each flipped bit, wild ones, another block's place, a sector beside its own.
fn wrong_values(built: &Built, block: usize) -> Vec<u32> {
    let own = number32(&built.bytes, BAT_AT + 4 * block);
    let end = (built.bytes.len() / SECTOR) as u32;
    let mut values: Vec<u32> = (0..32).map(|bit| own ^ 1 << bit).collect();
    values.extend([0, 1, 3, end - 1, end, end + 4096, 0x7FFF_FFFF, 0x1234_5678, 0xC7C7_C7C7]);
    if own != UNALLOCATED {
        values.extend([own + 1, own - 1, own + 8, own.saturating_sub(8), UNALLOCATED]);
    }
    values.extend(built.blocks_at.iter().map(|(_, at)| (at / SECTOR) as u32));
    values.retain(|value| *value != own);
    values.sort_unstable();
    values.dedup();
    values
}

#[test]
fn a_wrong_bat_entry_is_set_right_or_told() -> Outcome {
    let (mut quick, mut deep) = (Table::default(), Table::default());
    for built in images() {
        for block in 0..built.disk.entries() {
            for value in wrong_values(&built, block) {
                let mut damaged = built.bytes.clone();
                put(&mut damaged, BAT_AT + 4 * block, &value.to_be_bytes());
                let what = format!("entry {block} is 0x{value:x}");
                quick.add(&built, &what, end_of(&built, &damaged, false)?);
                deep.add(&built, &what, end_of(&built, &damaged, true)?);
            }
        }
    }
    quick.print("one wrong BAT entry");
    deep.print("the same, deep check");
    let wrong: Vec<&String> = quick.wrong.iter().chain(&deep.wrong).collect();
    for line in wrong.iter().take(60) {
        println!("{line}");
    }
    assert!(wrong.is_empty(), "{} wrong promises", wrong.len());
    Ok(())
}

/// Every so many bits are flipped; all of them where `VHD_ANALYSER_ALL_BITS` is set.
const STEP: usize = 41;

#[test]
fn a_flipped_bit_of_the_metadata_is_set_right_or_told() -> Outcome {
    let step = if std::env::var_os("VHD_ANALYSER_ALL_BITS").is_some() { 1 } else { STEP };
    let mut table = Table::default();
    for (number, built) in images().into_iter().enumerate() {
        let end = built.bytes.len() - SECTOR;
        let places = (0..built.end_of_metadata).chain(end..built.bytes.len());
        for bit in places.flat_map(|at| (0..8).map(move |bit| (at, bit))).skip(number % step).step_by(step) {
            let (at, bit) = bit;
            let mut damaged = built.bytes.clone();
            damaged[at] ^= 1 << bit;
            table.add(&built, &format!("bit {bit} of byte 0x{at:x}"), end_of(&built, &damaged, false)?);
        }
    }
    table.print("one flipped bit of the metadata");
    for line in table.wrong.iter().take(60) {
        println!("{line}");
    }
    assert!(table.wrong.is_empty(), "{} wrong promises", table.wrong.len());
    Ok(())
}
