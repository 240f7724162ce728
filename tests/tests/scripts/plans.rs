//! Repairs for the scripts to carry out: those of the corpus, and stranger ones.

use std::error::Error;

use vhd_analyser_core::analysis::{Analysis, VerifiedRepair};
use vhd_analyser_core::repair::{Content, Patch, Plan, Step};
use vhd_analyser_tests::analysed::{analysed, analysed_deep, analysed_with};
use vhd_analyser_tests::corpus::{Case, cases};

/// Names of disks that are more than names to a shell.
pub const NAMES: &[&str] = &[
    "a b.vhd",
    "-rf.vhd",
    "--undo",
    "it's.vhd",
    "$(touch pwned).vhd",
    "`touch pwned`.vhd",
    "a\ntouch pwned\n#.vhd",
    "\r\u{1b}[31m\u{2028}.vhd",
    "\"\\'\"'$HOME*?[a].vhd",
    "%s%n\\101.vhd",
    "if=x of=y.vhd",
    "Größe ‘’“”.vhd",
    "'; touch pwned; '",
    "trailing\n",
];

/// A disk of the corpus with one of its repairs.
pub struct Repairable {
    pub name: String,
    pub image: Vec<u8>,
    pub proven: VerifiedRepair,
}

/// Every plan of every case: as found, with the blocks read, and with the journal.
pub fn repairables() -> Result<Vec<Repairable>, Box<dyn Error>> {
    let mut all = Vec::new();
    for (name, case) in cases()? {
        let image = case.image()?;
        let mut plans: Vec<VerifiedRepair> = Vec::new();
        for analysis in analyses(&case, &image)? {
            let new = analysis.repairs.into_iter().filter(|proven| !plans.contains(proven));
            plans.extend(new.collect::<Vec<_>>());
        }
        all.extend(plans.into_iter().map(|proven| Repairable { name: name.clone(), image: image.clone(), proven }));
    }
    Ok(all)
}

fn analyses(case: &Case, image: &[u8]) -> Result<Vec<Analysis>, Box<dyn Error>> {
    let mut analyses = vec![analysed(image, "disk.vhd")?, analysed_deep(image, "disk.vhd")?];
    if case.files.contains_key("disk.vhd.journal") {
        analyses.push(analysed_with(image, &case.file("disk.vhd.journal")?, "disk.vhd")?);
    }
    Ok(analyses)
}

/// A plan that moves, writes and cuts or lengthens, and what it replaces. `copy(to, from, length)`.
pub fn proven(image: &[u8], patches: Vec<Patch>, new_length: u64) -> VerifiedRepair {
    let step = Step { title: "Try".into(), patches, new_length, cut: None, evidence: Vec::new(), loses: Vec::new() };
    let plan = Plan::nothing(image.len() as u64).then(step);
    let patches = plan.patches();
    let replaced = patches.iter().map(|patch| match &patch.content {
        Content::Bytes(bytes) => {
            let there = image.get(patch.offset as usize..).unwrap_or_default();
            there[..there.len().min(bytes.len())].to_vec()
        }
        _ => Vec::new(),
    });
    let replaced = replaced.collect();
    VerifiedRepair { plan, replaced }
}

fn patch(offset: u64, content: Content) -> Patch {
    Patch { offset, content, reason: "a try\nrm -rf nothing".into() }
}

pub fn bytes(offset: u64, bytes: &[u8]) -> Patch {
    patch(offset, Content::Bytes(bytes.to_vec()))
}

fn copy(to: u64, offset: u64, length: u64) -> Patch {
    patch(to, Content::Copy { offset, length })
}

/// Four MiB in which no two sectors are the same.
pub fn numbers() -> Vec<u8> {
    (0..1_u32 << 20).flat_map(|index| index.wrapping_mul(2_654_435_761).to_be_bytes()).collect()
}

/// Offsets and lengths of every kind, and what the corpus has not: blocks that stay where they were copied from, zeros,
/// and a file that becomes shorter.
pub fn strange_plans(image: &[u8]) -> Vec<VerifiedRepair> {
    let length = image.len() as u64;
    let every_byte: Vec<u8> = (0..=255).collect();
    vec![
        proven(image, vec![copy(length, 512, 2 << 20), bytes(512, b"over")], length + (2 << 20)),
        proven(image, vec![copy(length + 3, 1, (1 << 20) + 513), patch(7, Content::Zeros(70_001))], length + (2 << 20)),
        proven(image, vec![copy(1 << 20, 0, 1 << 20)], length),
        proven(image, vec![copy(0, 3 << 20, 1 << 20)], length / 2),
        proven(image, vec![bytes(length - 511, &every_byte), bytes(4, &[0xFF; 4000])], length - 101),
        proven(image, vec![bytes(length - 1, b"-%s\\n'\"$(`")], length + 11),
        proven(image, vec![], 1),
        proven(image, vec![], 0),
        proven(image, vec![], length + 4097),
    ]
}
