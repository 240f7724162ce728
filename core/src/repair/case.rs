//! What a repair is given, and what it answers.

use alloc::vec;
use alloc::vec::Vec;

use super::parent_disk::ParentDisk;
use super::plan::Step;
use crate::finding::{Fault, Finding, Rule, errors};
use crate::image::block_scan::BlockScan;
use crate::image::{Block, BlockFill, Image};
use crate::layout::bat::BlockShape;
use crate::layout::time::TimeStamp;
use crate::source::Read;

/// Bytes of blocks that a repair reads at most, unless every block is read anyway: an answer takes a few reads.
pub(super) const MOST_OF_BLOCKS: u64 = 64 << 20;

/// What a repair goes by.
pub(crate) struct Case<'a> {
    /// The file as it is, or as the steps so far would leave it.
    pub image: &'a Image,
    /// What is wrong with it.
    pub findings: &'a [Finding],
    /// What the blocks hold, if that was asked for and nothing else is wrong any more.
    pub deep: Option<&'a BlockScan>,
    /// The present.
    pub now: TimeStamp,
    /// 16 random bytes, for a disk that needs an identity.
    pub fresh_unique_id: [u8; 16],
    /// The parent, if the caller knows it.
    pub parent: Option<&'a ParentDisk>,
    /// Whether the file must keep its length, with its footer in its last sector.
    pub keeps_length: bool,
    /// The bytes of the file.
    pub probe: &'a dyn Probe,
}

/// The file's bytes, for a repair that needs more than the image holds.
pub(crate) trait Probe {
    /// Fills every buffer with the bytes at its offset.
    fn read(&self, reads: &mut [Read<'_>]) -> Result<(), Unreadable>;

    /// `length` bytes at `offset`. To be called for ranges that are known to lie within the file.
    fn bytes(&self, offset: u64, length: usize) -> Result<Vec<u8>, Unreadable> {
        let mut bytes = vec![0; length];
        self.read(&mut [Read { offset, buffer: &mut bytes }])?;
        Ok(bytes)
    }
}

/// The file could not be read; the search knows why.
#[derive(Debug)]
pub(crate) struct Unreadable;

impl Case<'_> {
    /// Whether this rule is broken.
    pub fn has(&self, rule: &'static Rule) -> bool {
        self.findings.iter().any(|finding| finding.breaks(rule))
    }

    /// Whether this fault was found.
    pub fn has_fault(&self, fault: Fault) -> bool {
        self.findings.iter().any(|finding| finding.fault == fault)
    }

    /// What a block holds that lies within the file.
    pub fn fill(&self, block: Block, shape: BlockShape) -> Result<BlockFill, Unreadable> {
        BlockFill::read(block, shape, self.image.footer(), &mut Vec::new(), |reads| self.probe.read(reads))
    }

    /// Whether there is an error of a kind.
    pub fn has_error(&self, is_of_kind: impl Fn(&Fault) -> bool) -> bool {
        errors(self.findings).any(|finding| is_of_kind(&finding.fault))
    }
}

/// What a repair proposes: the steps that would do it, the one that assumes least first; none where it does not apply.
pub(super) type Proposal = Result<Vec<Step>, Unreadable>;
