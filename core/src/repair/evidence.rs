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
    /// The last block in the file is where its entry says, so that nothing before it was shifted.
    InPlace {
        /// The block's number.
        block: u32,
        /// Sectors with data, all of which the bitmap calls written.
        agreeing: u32,
    },
    /// All of the last block that belongs to the virtual disk is in the file.
    EndsWithDisk {
        /// The block's number.
        block: u32,
    },
    /// With one flipped bit of the dynamic header taken back, its checksum fits again, and all that it leads to is
    /// there; with no other.
    HeaderBit,
    /// A footer that calls the disk fixed cannot be right: the file has another length, and begins with a footer.
    NotFixed,
    /// With the original size, the checksums of the footers fit again.
    OriginalSize,
    /// Both footers are alike but for this, and nothing is read by it.
    Unread,
    /// Nothing names a parent: neither a name, nor a locator, nor a unique id.
    NoParent,
    /// The BAT's padding has room for the entries that are missing, and they are unused.
    RoomForEntries,
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

    /// The block whose place it proves, if it proves one.
    pub(super) fn placed_block(&self) -> Option<u32> {
        match self {
            Self::OnlyPlace { block, .. } | Self::OneBit { block } | Self::BesideBlock { block } => Some(*block),
            _ => None,
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
            Self::InPlace { block, agreeing } => write!(
                f,
                "The last block in the file, block {block}, is where its BAT entry says: all of its {agreeing} sectors \
                 with data are called written by its bitmap. So nothing before it was shifted."
            ),
            Self::EndsWithDisk { block } => {
                write!(f, "All of block {block} that belongs to the virtual disk is in the file.")
            }
            Self::HeaderBit => f.write_str(
                "With one bit of the dynamic header taken back its checksum fits, and all that it leads to is there; \
                 with no other bit.",
            ),
            Self::NotFixed => f.write_str(
                "The other footer calls the disk fixed; but the file has not the length of a fixed disk, and begins with a footer.",
            ),
            Self::OriginalSize => {
                f.write_str("With the original size as the current size, the checksums of the footers fit again.")
            }
            Self::Unread => f.write_str("What differs between the footers does not change what is read."),
            Self::NoParent => f.write_str("Nothing names a parent: neither a name, nor a locator, nor a unique id."),
            Self::RoomForEntries => {
                f.write_str("The BAT’s last sector has room for the entries that are missing, and they are unused.")
            }
            Self::Assumed(sentence) => f.write_str(sentence),
        }
    }
}
