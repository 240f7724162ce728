//! Blocks given a place by hand: for an orphaned block whose number nobody can tell but the one who knows what is on it.

use alloc::format;
use alloc::vec::Vec;

use super::entry::entry_offset;
use super::numbers::has_place;
use super::plan::{Patch, Step};
use crate::image::{Block, Image};
use crate::layout::SECTOR;
use crate::layout::bat::UNALLOCATED;

/// A block and the sector at which it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Assignment {
    /// The block's number in the virtual disk, from 0.
    pub block: u32,
    /// The sector of the file at which its bitmap begins: its BAT entry.
    pub sector: u32,
}

/// Why a block gets no such place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssignRefusal {
    /// There is no BAT to write into.
    #[error("the disk has no BAT that could be read; repair it first")]
    NoBat,
    /// The disk has no such block.
    #[error("the disk has {entries} blocks, counted from 0, and no block {block}")]
    NoBlock {
        /// The block.
        block: u32,
        /// How many there are.
        entries: u32,
    },
    /// The block has a place already, so that what is there would be lost.
    #[error("block {block} is in use already: it begins at sector {sector}")]
    InUse {
        /// The block.
        block: u32,
        /// Where it begins.
        sector: u32,
    },
    /// There is no room for a block.
    #[error("at sector {sector} there is no room for a block between the metadata and the end of the disk")]
    NoRoom {
        /// The sector.
        sector: u32,
    },
    /// Another block lies there.
    #[error("at sector {sector} lies block {other}, or a part of it")]
    Taken {
        /// The sector.
        sector: u32,
        /// The block that lies there.
        other: u32,
    },
}

/// Makes sure that blocks can be given these places.
///
/// # Errors
/// Why one of them cannot.
pub fn check_assignments(image: &Image, assignments: &[Assignment]) -> Result<(), AssignRefusal> {
    let (Some(bat), Some(shape)) = (image.bat.value(), image.block_shape()) else {
        return if assignments.is_empty() { Ok(()) } else { Err(AssignRefusal::NoBat) };
    };
    for (number, &Assignment { block, sector }) in assignments.iter().enumerate() {
        if block >= bat.entries {
            return Err(AssignRefusal::NoBlock { block, entries: bat.entries });
        }
        let start = u64::from(sector) * SECTOR;
        if sector == UNALLOCATED || start < image.end_of_metadata || start + shape.length() > image.limit() {
            return Err(AssignRefusal::NoRoom { sector });
        }
        let twice = assignments.iter().take(number).find(|other| other.block == block).map(|other| other.sector);
        // An entry that leads to no block of its own, or a little beside this place, is what the assignment corrects.
        let is_sound = |present: &Block| {
            has_place(image, bat, *present, shape) && present.offset().abs_diff(start) >= shape.length()
        };
        if let Some(sector) = twice.or_else(|| Some(bat.find(block).filter(is_sound)?.sector)) {
            return Err(AssignRefusal::InUse { block, sector });
        }
        let others = bat.blocks.iter().map(|other| (other.number, other.offset()));
        let before = assignments.iter().take(number).map(|other| (other.block, u64::from(other.sector) * SECTOR));
        let mut others =
            before.chain(others.filter(|(other, _)| assignments.iter().all(|given| given.block != *other)));
        if let Some((other, _)) = others.find(|(_, place)| place.abs_diff(start) < shape.length()) {
            return Err(AssignRefusal::Taken { sector, other });
        }
    }
    Ok(())
}

/// The entries written; none where nothing was asked for, or it cannot be.
pub(crate) fn step(image: &Image, assignments: &[Assignment]) -> Option<Step> {
    check_assignments(image, assignments).ok()?;
    let patches: Vec<Patch> = assignments
        .iter()
        .map(|Assignment { block, sector }| {
            let reason = format!("the BAT entry of block {block}, which was given this place");
            Patch::bytes(entry_offset(image, *block), &sector.to_be_bytes(), reason)
        })
        .collect();
    let step = Step::lossless("Give blocks the places that were asked for", image.length, patches);
    let assumed = |step: Step, Assignment { block, sector }: &Assignment| {
        step.assuming(format!("Block {block} begins at sector {sector}: so it was asked for, and nothing proves it."))
    };
    (!assignments.is_empty()).then(|| assignments.iter().fold(step, assumed))
}
