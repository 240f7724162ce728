//! What speaks for a step of a plan, and how strongly.

use core::fmt;

use alloc::string::String;

/// How strongly something speaks for a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Strength {
    /// It has to be assumed, though much speaks for it: whoever takes the plan is told.
    Likely,
    /// The bytes prove it.
    Certain,
}

/// What speaks for a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// An intact copy of what is written lies elsewhere in the file.
    IntactCopy,
    /// Of all that the bytes may have been, this alone gives the checksum that is stored.
    Checksum,
    /// Bitmap and data of a block agree at one place alone, and one block alone has no place.
    OnlyPlace {
        /// The block's number.
        block: u32,
        /// Sectors with data, all of which the bitmap calls written.
        agreeing: u32,
    },
    /// One bit of a BAT entry leads to where a block lies that has no entry.
    OneBit {
        /// The block's number.
        block: u32,
    },
    /// There is no block where an entry leads, and there is one at the writer's next place.
    BesideBlock {
        /// The block's number.
        block: u32,
    },
    /// An entry that differs in one bit from an unused one, leads to where the disk never reached, and no block is
    /// without a place.
    UnusedEntry {
        /// The block's number.
        block: u32,
    },
    /// Something that had to be assumed, as a sentence.
    Assumed(String),
}

impl Evidence {
    /// How strong it is.
    pub fn strength(&self) -> Strength {
        match self {
            Self::Assumed(_) => Strength::Likely,
            _ => Strength::Certain,
        }
    }
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IntactCopy => f.write_str("An intact copy of it lies elsewhere in the file."),
            Self::Checksum => f.write_str("With it alone the stored checksum fits."),
            Self::OnlyPlace { block, agreeing } => write!(
                f,
                "Block {block} is the only one without a place, and this the only place without a block: all of its \
                 {agreeing} sectors with data are called written by the bitmap in front of them, and no others hold \
                 anything."
            ),
            Self::OneBit { block } => {
                write!(
                    f,
                    "The BAT entry of block {block} differs in one bit from the place of a block without an entry."
                )
            }
            Self::BesideBlock { block } => write!(
                f,
                "No block begins where the BAT entry of block {block} leads; at the writer’s next place bitmap and data \
                 agree."
            ),
            Self::UnusedEntry { block } => write!(
                f,
                "The BAT entry of block {block} differs in one bit from an unused one and leads to where this disk never \
                 reached; no block in the file is without an entry."
            ),
            Self::Assumed(sentence) => f.write_str(sentence),
        }
    }
}
