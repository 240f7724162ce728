//! Orphaned blocks whose number is unknown, and what speaks for each number that one of them may have.

use core::cmp::Reverse;
use core::fmt;

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use super::orphans::fits;
use super::plan::Plan;
use crate::image::{Bat, Block, Image, Orphan};
use crate::layout::bat::BlockShape;

/// The most blocks that are reported, the first in the file: more than anybody assigns by hand. A disk whose whole BAT is
/// garbage has as many as it has blocks.
const MOST_UNKNOWN: usize = 100;
/// The most numbers that are named for one block: more than a person compares.
const MOST_CANDIDATES: usize = 6;
/// The most entries without a sound place that are compared with each orphaned block.
const MOST_LOST: usize = 64;
/// So few blocks lie in ascending order by chance.
const FEWEST_IN_ORDER: usize = 4;

/// An orphaned block whose number nothing proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownBlock {
    /// The block.
    pub orphan: Orphan,
    /// The sector at which it begins: what its BAT entry would be.
    pub sector: u32,
    /// The number of the block before it in the file, if there is one.
    pub before: Option<u32>,
    /// The number of the block after it in the file, if there is one.
    pub after: Option<u32>,
    /// Numbers without a place that something speaks for, the most likely first.
    pub candidates: Vec<Candidate>,
}

/// A number that an orphaned block may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The number of the block in the virtual disk, from 0.
    pub block: u32,
    /// What speaks for it, the strongest first.
    pub evidence: Vec<NumberEvidence>,
}

/// What speaks for a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberEvidence {
    /// The number's BAT entry differs in one bit from the block's place.
    OneBit,
    /// The data begins with a boot sector, and the number is 0.
    BootSector,
    /// Every other number has a place.
    OnlyFree,
    /// The batmap calls the number full, and so is the block.
    MarkedFull,
    /// The number's BAT entry leads to the place of another block.
    SharedEntry {
        /// The other block.
        other: u32,
    },
    /// The number's BAT entry leads to no block.
    LostEntry,
    /// All blocks lie in ascending order, and with this number still do.
    InOrder {
        /// The block before it in the file.
        before: Option<u32>,
        /// The block after it in the file.
        after: Option<u32>,
    },
    /// Most blocks lie in sequence, and counting from a neighbour gives the number.
    InSequence {
        /// The neighbour.
        from: u32,
    },
}

impl NumberEvidence {
    /// How much it weighs beside others. What chance seldom does outweighs everything below it.
    fn weight(self) -> u32 {
        match self {
            Self::OneBit => 32,
            Self::BootSector | Self::OnlyFree | Self::MarkedFull => 16,
            Self::SharedEntry { .. } | Self::LostEntry => 8,
            Self::InOrder { .. } => 4,
            Self::InSequence { .. } => 1,
        }
    }
}

impl fmt::Display for NumberEvidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneBit => f.write_str("The BAT entry of this number differs in one bit from this place."),
            Self::BootSector => f.write_str("The data begins with a boot sector, as block 0 of a disk does."),
            Self::OnlyFree => f.write_str("Every other number has a place in the file."),
            Self::MarkedFull => f.write_str("The batmap marks this number as full, and the orphaned block is full."),
            Self::SharedEntry { other } => {
                write!(f, "The BAT entry of this number leads to the same place as that of block {other}.")
            }
            Self::LostEntry => f.write_str("The BAT entry of this number leads to no block."),
            Self::InOrder { before, after } => {
                f.write_str("With this number all blocks lie in ascending order: it is ")?;
                match (before, after) {
                    (Some(before), Some(after)) => write!(f, "between blocks {before} and {after}."),
                    (Some(before), None) => write!(f, "after block {before}."),
                    (None, Some(after)) => write!(f, "before block {after}."),
                    (None, None) => f.write_str("the only one."),
                }
            }
            Self::InSequence { from } => {
                write!(f, "Most blocks lie in sequence, and counting from block {from} gives this number.")
            }
        }
    }
}

/// The orphaned blocks of a file, except those whose number a plan proves; the first hundred of them. The plan comes with
/// the image as it is after that plan.
pub(crate) fn unknown_blocks(image: &Image, repair: Option<(&Plan, &Image)>) -> Vec<UnknownBlock> {
    let (Some(bat), Some(shape)) = (image.bat.value(), image.block_shape()) else { return Vec::new() };
    let proven = repair.map(|(plan, repaired)| proven_places(plan, repaired)).unwrap_or_default();
    let orphans = image.unreferenced.orphans.iter().filter(|orphan| !proven.contains(&orphan.offset));
    let orphans: Vec<(Orphan, u32)> =
        orphans.filter_map(|orphan| Some((*orphan, orphan.sector()?))).take(MOST_UNKNOWN).collect();
    if orphans.is_empty() {
        return Vec::new();
    }
    let numbers = Numbers::of(image, bat, shape);
    orphans.into_iter().map(|(orphan, sector)| numbers.of_block(orphan, sector)).collect()
}

/// Whether a block's BAT entry leads to a place that is the block's own, as far as the bytes tell.
pub(super) fn has_place(image: &Image, bat: &Bat, block: Block, shape: BlockShape) -> bool {
    shares_with(bat, block).is_none() && !image.is_doubtful(bat, block, shape)
}

/// The other block whose entry leads to the same place.
fn shares_with(bat: &Bat, block: Block) -> Option<u32> {
    let mut pairs = bat.overlapping.first.iter().filter(|(first, second)| first.sector == second.sector);
    pairs.find_map(|(first, second)| match block {
        _ if block == *first => Some(second.number),
        _ if block == *second => Some(first.number),
        _ => None,
    })
}

/// Where the blocks lie that a plan proves the place of, in bytes from the start of the file.
fn proven_places(plan: &Plan, repaired: &Image) -> Vec<u64> {
    let Some(bat) = repaired.bat.value() else { return Vec::new() };
    let blocks = plan.evidence.iter().filter_map(|evidence| bat.find(evidence.placed_block()?));
    blocks.map(Block::offset).collect()
}

/// The numbers of a disk's blocks: which have a place, and which do not.
struct Numbers<'a> {
    image: &'a Image,
    bat: &'a Bat,
    /// The blocks with a place of their own, in the order in which they lie in the file.
    placed: Vec<Block>,
    /// Their numbers in ascending order.
    taken: Vec<u32>,
    /// Entries that lead to no place of their own.
    lost: Vec<Block>,
    /// The only number without a place, if there is just one.
    only: Option<u32>,
    /// Numbers without a place that the batmap calls full.
    marked: Vec<u32>,
    /// Whether all blocks lie in ascending order.
    is_ordered: bool,
    /// Whether most blocks are followed by the next number.
    is_sequential: bool,
}

impl<'a> Numbers<'a> {
    fn of(image: &'a Image, bat: &'a Bat, shape: BlockShape) -> Self {
        let (placed, mut lost): (Vec<Block>, Vec<Block>) =
            bat.blocks.iter().partition(|block| has_place(image, bat, **block, shape));
        lost.truncate(MOST_LOST);
        let mut taken: Vec<u32> = placed.iter().map(|block| block.number).collect();
        let is_ordered = placed.len() >= FEWEST_IN_ORDER && taken.is_sorted();
        let in_sequence = taken.windows(2).filter(|pair| pair[0].checked_add(1) == Some(pair[1])).count();
        let is_sequential = placed.len() >= FEWEST_IN_ORDER && in_sequence * 2 >= placed.len();
        taken.sort_unstable();
        let mut numbers =
            Self { image, bat, placed, taken, lost, only: None, marked: Vec::new(), is_ordered, is_sequential };
        let first_two: Vec<u32> = numbers.free(0, bat.entries).take(2).collect();
        if let [only] = first_two[..] {
            numbers.only = Some(only);
        }
        let marked = numbers.free(0, bat.entries).filter(|number| numbers.marks_full(*number));
        numbers.marked = marked.take(MOST_CANDIDATES).collect();
        numbers
    }

    /// The numbers without a place, from `first` to the one before `end`.
    fn free(&self, first: u32, end: u32) -> impl Iterator<Item = u32> {
        // Not all blocks may be known: then no number is known to be free.
        let end = if self.bat.truncated { first } else { end.min(self.bat.entries) };
        (first..end).filter(|number| self.taken.binary_search(number).is_err())
    }

    fn marks_full(&self, number: u32) -> bool {
        let batmap = self.image.batmap.value().filter(|batmap| batmap.is_intact());
        batmap.and_then(|batmap| batmap.is_full(number)) == Some(true)
    }

    fn of_block(&self, orphan: Orphan, sector: u32) -> UnknownBlock {
        let at = self.placed.partition_point(|block| block.offset() < orphan.offset);
        let before = at.checked_sub(1).and_then(|at| self.placed.get(at)).copied();
        let after = self.placed.get(at).copied();
        let place = Place { orphan, sector, before, after, sequence: self.sequence(orphan, before, after) };
        let mut candidates: Vec<Candidate> = self
            .worth_a_look(&place)
            .into_iter()
            .filter(|number| self.free(*number, number.saturating_add(1)).next().is_some())
            .filter(|number| fits(self.image, *number, orphan))
            .map(|block| Candidate { block, evidence: self.evidence(block, &place) })
            .filter(|candidate| !candidate.evidence.is_empty())
            .collect();
        let weight = |candidate: &Candidate| candidate.evidence.iter().map(|evidence| evidence.weight()).sum::<u32>();
        candidates.sort_by_key(|candidate| Reverse(weight(candidate)));
        candidates.truncate(MOST_CANDIDATES);
        let [before, after] = [before, after].map(|block| block.map(|block| block.number));
        UnknownBlock { orphan, sector, before, after, candidates }
    }

    /// What counting from the neighbours gives, with the neighbour: orphaned blocks in between count, too.
    fn sequence(&self, orphan: Orphan, before: Option<Block>, after: Option<Block>) -> [Option<(u32, u32)>; 2] {
        if !self.is_sequential {
            return [None; 2];
        }
        let orphans = &self.image.unreferenced.orphans;
        let between = |start: u64, end: u64| {
            orphans.iter().filter(|other| start < other.offset && other.offset < end).count() as u32
        };
        let up = before.and_then(|Block { number, .. }| {
            let steps = between(before?.offset(), orphan.offset).checked_add(1)?;
            Some((number.checked_add(steps)?, number))
        });
        let down = after.and_then(|Block { number, .. }| {
            let steps = between(orphan.offset, after?.offset()).checked_add(1)?;
            Some((number.checked_sub(steps)?, number))
        });
        [up, down]
    }

    /// Numbers that something may speak for.
    fn worth_a_look(&self, place: &Place) -> BTreeSet<u32> {
        let mut numbers: BTreeSet<u32> = self.lost.iter().map(|block| block.number).collect();
        numbers.extend(place.sequence.iter().flatten().map(|(number, _)| *number));
        numbers.extend(place.orphan.boot_sector.then_some(0));
        numbers.extend(self.only);
        numbers.extend(&self.marked);
        if self.is_ordered {
            let first = place.before.map_or(0, |before| before.number.saturating_add(1));
            let end = place.after.map_or(self.bat.entries, |after| after.number);
            numbers.extend(self.free(first, end).take(MOST_CANDIDATES));
        }
        numbers
    }

    /// What speaks for a number, the strongest first.
    fn evidence(&self, number: u32, place: &Place) -> Vec<NumberEvidence> {
        let Place { orphan, sector, before, after, sequence } = *place;
        let entry = self.lost.iter().find(|block| block.number == number);
        let one_bit = entry.filter(|block| block.sector != 0 && (block.sector ^ sector).count_ones() == 1);
        let lost = entry.map(|block| match shares_with(self.bat, *block) {
            Some(other) => NumberEvidence::SharedEntry { other },
            None => NumberEvidence::LostEntry,
        });
        let [first, last] = [before, after].map(|block| block.map(|block| block.number));
        let fits_between = first.is_none_or(|first| first < number) && last.is_none_or(|last| number < last);
        let counted = sequence.into_iter().flatten().find(|(counted, _)| *counted == number);
        let evidence = [
            one_bit.map(|_| NumberEvidence::OneBit),
            (number == 0 && orphan.boot_sector).then_some(NumberEvidence::BootSector),
            (self.only == Some(number)).then_some(NumberEvidence::OnlyFree),
            (orphan.full && self.marks_full(number)).then_some(NumberEvidence::MarkedFull),
            lost,
            (self.is_ordered && fits_between).then_some(NumberEvidence::InOrder { before: first, after: last }),
            counted.map(|(_, from)| NumberEvidence::InSequence { from }),
        ];
        evidence.into_iter().flatten().collect()
    }
}

/// Where an orphaned block lies.
struct Place {
    orphan: Orphan,
    sector: u32,
    before: Option<Block>,
    after: Option<Block>,
    /// What counting from the neighbours gives, each with the neighbour.
    sequence: [Option<(u32, u32)>; 2],
}
