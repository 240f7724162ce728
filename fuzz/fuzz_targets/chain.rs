//! One to three disks that are based on each other, with the changes that the input names: told as a forest, read
//! through, flattened, and linked to a parent of another name.

#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::fuzz_target;
use vhd_analyser_core::analysis::{Analysis, analyse};
use vhd_analyser_core::report::{DiskReport, ForestReport};
use vhd_analyser_core::convert::{ImageWriter, Format, Identity, Layer, ChainSource};
use vhd_analyser_core::chain::{Forest, DiskSummary};
use vhd_analyser_core::repair::{ParentDisk, RequestedChanges};
use vhd_analyser_core::Verdict;
use vhd_analyser_core::source::{Read, Source};
use vhd_analyser_fuzz::mutate::renew_checksums;
use vhd_analyser_fuzz::{analysed, options, within_limits};
use vhd_analyser_tests::analysed::{NOW, fixed_copy, patched_in_place, undone};
use vhd_analyser_tests::build::{Creator, Disk, Fill, HEADER_AT, Kind, SECTOR, number32, number64, read_virtual};
use vhd_analyser_tests::bytes::put;
use vhd_analyser_tests::chain::{flattened, id, identified};

/// No name is like these bytes, and no structure.
const STRAY: u8 = 0x07;
/// What a disk that was changed may at most be as long as, for its flattened image to be put together.
const LONGEST: u64 = 8 << 20;

fuzz_target!(|input: &[u8]| {
    let mut input = Input(input);
    let count = 1 + usize::from(input.byte() % 3);
    let mut files: Vec<Vec<u8>> = (0..count).map(|number| built(&mut input, number, count)).collect();
    change(&mut input, &mut files);
    let analyses: Vec<Analysis> = files.iter().map(|file| analysed(file, true)).collect();
    let length = files.iter().map(Vec::len).sum();
    within_limits(length, || check_forest(&analyses, &input));
    check_reading(&files, &analyses);
    check_link(&files[0], &mut input);
});

/// The input as small numbers; zeros behind its end.
struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        self.0.split_off_first().copied().unwrap_or(0)
    }

    fn below(&mut self, limit: usize) -> usize {
        let number = usize::from(self.byte()) << 8 | usize::from(self.byte());
        number % limit.max(1)
    }
}

/// A disk of the chain; the last is its base.
fn built(input: &mut Input<'_>, number: usize, count: usize) -> Vec<u8> {
    let is_base = number + 1 == count;
    let creators = [Creator::Tapdisk13, Creator::Windows, Creator::Tapdisk11, Creator::Tapdisk01];
    let kind = match (is_base, input.byte() % 4) {
        (false, _) | (true, 3) => Kind::Differencing,
        (true, 2) => Kind::Fixed,
        (true, _) => Kind::Dynamic,
    };
    let block_size = SECTOR << (input.byte() % 4);
    let blocks = 1 + input.below(12);
    let mut allocated: Vec<(usize, Fill)> = Vec::new();
    for _ in 0..input.byte() % 8 {
        let fill = [Fill::Some, Fill::Full, Fill::Nothing][usize::from(input.byte() % 3)];
        let number = input.below(blocks);
        if allocated.iter().all(|(other, _)| *other != number) {
            allocated.push((number, fill));
        }
    }
    let disk = Disk {
        creator: creators[usize::from(input.byte() % 4)],
        kind,
        block_size,
        blocks,
        cut_sectors: usize::from(input.byte()) % (block_size / SECTOR),
        spare_entries: usize::from(input.byte() % 8),
        allocated,
        gap_sectors: [0, 0, 0, 1, 7, 20][input.below(6)],
        seed: number as u64,
    };
    let parent = (kind == Kind::Differencing).then(|| if is_base { [0; 16] } else { id(number as u32 + 1) });
    identified(&disk.build(), number as u32, input.byte() % 2 == 1, parent)
}

/// Carries out what else the input asks for, and renews the checksums.
fn change(input: &mut Input<'_>, files: &mut [Vec<u8>]) {
    for _ in 0..input.byte() % 6 {
        let number = input.below(files.len());
        let (what, at) = (input.byte() % 9, input.below(usize::MAX));
        let value = [input.byte(), input.byte(), input.byte(), input.byte()];
        let other = files[usize::from(value[0]) % files.len()].clone();
        let file = &mut files[number];
        if file.len() < 4 * SECTOR {
            continue;
        }
        let end = file.len() - SECTOR;
        match what {
            // A byte anywhere in the metadata, or before the end.
            0 => put(file, at % (6 * SECTOR).min(end), &value[..1]),
            1 => put(file, end + at % SECTOR, &value[..1]),
            // A BAT entry.
            2 => put(file, (1536 + at % 12 * 4).min(end), &[0, 0, value[2], value[3]]),
            // Another size, in both footers.
            3 => [0, end].iter().for_each(|footer| put(file, footer + 53, &value[1..])),
            4 => file.truncate(at % file.len()),
            // The identity of another disk.
            5 => {
                if let Some(id) = other.len().checked_sub(444).map(|at| &other[at..at + 16]) {
                    [0, end].iter().for_each(|footer| put(file, footer + 68, id));
                }
            }
            6 => *file = other,
            7 => {
                file.resize(end + usize::from(value[1] % 16) * SECTOR, STRAY);
                file.extend_from_within(..SECTOR);
            }
            // What may be left of a block.
            _ => {
                let from = (1536 + at % 64 * SECTOR).min(end);
                file[from..end.min(from + SECTOR)].fill(STRAY);
            }
        }
    }
    for file in files.iter_mut().filter(|file| file.len() >= 4 * SECTOR) {
        renew_checksums(file);
    }
}

/// Tells the forest, and looks whether any number in it has turned over.
fn check_forest(analyses: &[Analysis], input: &Input<'_>) {
    let name = |number: usize| match (number, input.0.first()) {
        (0, _) => "child.vhd".to_owned(),
        (1, Some(0..128) | None) => "parent.vhd".to_owned(),
        (number, _) => format!("d{number}.vhd"),
    };
    let members = analyses.iter().enumerate().map(|(number, analysis)| DiskSummary::of(analysis, &name(number), Some(NOW)));
    let report = vhd_analyser_core::report::forest(&Forest::of(members.collect()));
    assert_eq!(report.disks.len(), analyses.len());
    let told = told(&report);
    assert!(told.iter().all(|number| *number < 1 << 52), "{told:?}");
    // A raw image is sound where others are based on it.
    let is_base = |disk: &DiskReport| disk.verdict == Verdict::NotAVhd && !disk.children.is_empty();
    let is_sound = report.disks.iter().all(|disk| disk.verdict == Verdict::Sound || is_base(disk));
    assert!(is_sound || report.verdict != Verdict::Sound);
}

/// The numbers of a coalesce.
fn told(report: &ForestReport) -> Vec<u64> {
    let repaired = report.disks.iter().filter_map(|disk| disk.coalesce_repaired.as_ref());
    let coalesces = report.disks.iter().filter_map(|disk| disk.coalesce.as_ref()).chain(repaired);
    let steps = coalesces.flat_map(|told| {
        let growth = told.growth.iter().flat_map(|growth| [growth.to, growth.journal, growth.moved_blocks]);
        let own = [told.blocks, told.new_blocks, told.bytes, told.parent_size, told.free_needed, told.freed_by_delete];
        own.into_iter().flatten().chain(growth).collect::<Vec<_>>()
    });
    let chains = report.chains.iter().chain(&report.chains_repaired);
    steps.chain(chains.flat_map(|chain| [chain.size.unwrap_or(0), chain.free_needed, chain.net_freed])).collect()
}

/// Reads through every chain that the files make from the first on, and flattens it.
fn check_reading(files: &[Vec<u8>], analyses: &[Analysis]) {
    for count in 1..=files.len() {
        let layers = analyses[..count].iter().map(Layer::of).collect::<Result<Vec<_>, _>>();
        let Ok(layers) = layers else {
            return;
        };
        let sources = files.iter().map(Vec::as_slice);
        let Ok(chain) = ChainSource::new(layers.into_iter().zip(sources).collect()) else {
            continue;
        };
        if chain.length() > LONGEST {
            continue;
        }
        let mut whole = vec![0; chain.length() as usize];
        chain.read(&mut [Read { offset: 0, buffer: &mut whole }]).expect("a sound chain is read");
        if let Some(expected) = expected(&files[..count]) {
            assert!(whole == expected, "the chain reads otherwise");
        }
        for format in [Format::Raw, Format::Fixed, Format::Dynamic] {
            check_flat(&chain, files, &whole, format);
        }
    }
}

/// What a chain holds, by another reader; none where that has no answer.
fn expected(files: &[Vec<u8>]) -> Option<Vec<u8>> {
    let disks = files.iter().map(|file| read_virtual(file)).collect::<Option<Vec<_>>>()?;
    let (leaf, below) = disks.split_first()?;
    // The other reader knows whole sectors only.
    disks.iter().all(|disk| disk.data.len() % SECTOR == 0).then_some(())?;
    let mut whole = leaf.data.clone();
    for sector in (0..leaf.own.len()).filter(|sector| !leaf.own[*sector]) {
        // Where an ancestor ends, those below it do not show through either.
        let owner = below.iter().find(|disk| disk.own.get(sector).is_none_or(|own| *own));
        let bytes = owner.and_then(|disk| disk.data.get(sector * SECTOR..(sector + 1) * SECTOR));
        put(&mut whole, sector * SECTOR, bytes.unwrap_or(&[0; SECTOR]));
    }
    Some(whole)
}

fn check_flat(chain: &ChainSource<&[u8]>, files: &[Vec<u8>], whole: &[u8], format: Format) {
    let identity = Identity { made: NOW, random: [7; 16] };
    let Ok(flat) = ImageWriter::plan(chain, format, identity, &mut |_| ControlFlow::Continue(())) else {
        return;
    };
    let image = flattened(&flat, chain, files, &mut |_| ()).expect("a planned image is written");
    assert_eq!(image.len() as u64, flat.length());
    let content = match format {
        Format::Raw => image,
        _ => {
            let analysis = analysed(&image, true);
            assert!(analysis.findings.is_empty(), "{:?}", analysis.findings);
            read_virtual(&image).expect("a sound disk is read").data
        }
    };
    assert!(content.starts_with(whole) && content[whole.len()..].iter().all(|byte| *byte == 0), "{format:?}");
}

/// Links a disk to a parent of another name: its blocks stay what they are.
fn check_link(file: &[u8], input: &mut Input<'_>) {
    let letters = input.below(300);
    let folder = ["", "./", "../", "/srv/ä ö/", "a%41/"][input.below(5)];
    let unique_id = if input.byte() % 2 == 0 { id(1) } else { [input.byte(); 16] };
    let parent = ParentDisk { unique_id, time_stamp: NOW, path: format!("{folder}{}.vhd", "n".repeat(letters)) };
    let request = RequestedChanges { parent: Some(parent.clone()), ..RequestedChanges::default() };
    let before = analysed(file, false);
    let asked = within_limits(file.len(), || {
        let options = vhd_analyser_core::analysis::Options { request, ..options(false) };
        analyse(&file, "child.vhd", &options, &mut |_| ControlFlow::Continue(())).expect("memory is read")
    });
    for proven in &asked.repairs {
        let plan = &proven.plan;
        assert!(plan.is_orderly(), "{:?}", plan.steps);
        if plan.new_length() > LONGEST {
            continue;
        }
        let copy = fixed_copy(file, plan);
        assert!(undone(file, plan) == file && patched_in_place(file, plan) == copy, "{:?}", plan.steps);
        let after = analysed(&copy, false);
        assert!(after.verdict() == Verdict::Sound, "{:?} leaves {:?}", plan.steps, after.findings);
        assert!(parent.is_named_by(&after.image), "{:?}", plan.steps);
        if before.verdict() == Verdict::Sound {
            assert!(blocks(file) == blocks(&copy), "{:?} changes a block", plan.steps);
            assert!(strays(file) <= strays(&copy), "{:?} writes over what is no name", plan.steps);
        }
    }
}

/// Every allocated block with its bitmap, by the BAT.
fn blocks(file: &[u8]) -> Vec<(usize, Vec<u8>)> {
    let header = number64(file, 16) as usize;
    let (table, entries) = (number64(file, header + 16) as usize, number32(file, header + 28) as usize);
    let block_size = number32(file, header + 32) as usize;
    let length = block_size + (block_size / SECTOR).div_ceil(8).next_multiple_of(SECTOR);
    let size = number64(file, 48) as usize;
    let places = (0..entries.min(size.div_ceil(block_size))).map(|number| (number, number32(file, table + number * 4)));
    let allocated = places.filter(|(_, place)| *place != u32::MAX);
    allocated.map(|(number, place)| (number, file[place as usize * SECTOR..][..length].to_vec())).collect()
}

/// Whole sectors that may be left of a block. Those that lie in a block that is moved are there twice.
fn strays(file: &[u8]) -> usize {
    let from = (HEADER_AT + 1024).min(file.len());
    file[from..].chunks(SECTOR).filter(|sector| sector.iter().all(|byte| *byte == STRAY)).count()
}
