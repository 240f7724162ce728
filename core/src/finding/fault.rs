//! Every fault that can be found, by the structure that it is in, and a fault at its place.

use core::fmt;

use super::bat::{self, BatFault};
use super::batmap::{self, BatmapFault};
use super::blocks::{self, BlockFault};
use super::file::{self, FileFault};
use super::footer::{self, FooterCopy, FooterFault};
use super::header::{self, HeaderFault};
use super::journal::{self, JournalFault};
use super::link::{self, LinkFault};
use super::locators::{self, LocatorFault};
use super::parent::{self, ParentFault};
use super::rule::{Rule, Severity};

/// A fault, by the structure that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// In one of the footers.
    Footer(FooterCopy, FooterFault),
    /// In the dynamic header.
    Header(HeaderFault),
    /// In the BAT.
    Bat(BatFault),
    /// In tapdisk's batmap.
    Batmap(BatmapFault),
    /// In the blocks.
    Block(BlockFault),
    /// In what the dynamic header says of the parent.
    Parent(ParentFault),
    /// In a parent locator.
    Locator(LocatorFault),
    /// In the journal that was given beside the disk.
    Journal(JournalFault),
    /// Between a differencing disk and its parent.
    Link(LinkFault),
    /// In how the structures lie in the file.
    File(FileFault),
}

/// A fault at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub fault: Fault,
    /// Where, in bytes from the start of the file.
    pub offset: u64,
    /// How many bytes it concerns; 0 where bytes are missing.
    pub length: u64,
}

impl Fault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::Footer(slot, fault) => fault.rule(*slot),
            Self::Header(fault) => fault.rule(),
            Self::Bat(fault) => fault.rule(),
            Self::Batmap(fault) => fault.rule(),
            Self::Block(fault) => fault.rule(),
            Self::Parent(fault) => fault.rule(),
            Self::Locator(fault) => fault.rule(),
            Self::Journal(fault) => fault.rule(),
            Self::Link(fault) => fault.rule(),
            Self::File(fault) => fault.rule(),
        }
    }

    /// Whether what is read of the virtual disk may be wrong because of it. A wrong time, geometry or name of the parent
    /// makes a tool refuse the disk; the data is where the BAT says, whatever they are.
    pub fn can_change_data(&self) -> bool {
        if self.rule().severity < Severity::Error {
            return false;
        }
        match self {
            Self::Footer(_, fault) => !matches!(
                fault,
                FooterFault::ReservedFeature(_)
                    | FooterFault::ExtraFeatures(_)
                    | FooterFault::TimeStamp { .. }
                    | FooterFault::CreatorVersion(_)
                    | FooterFault::Geometry { .. }
                    | FooterFault::SavedState(_)
                    | FooterFault::Hidden(_)
                    | FooterFault::Reserved(_)
                    | FooterFault::UniqueId
                    | FooterFault::NoParent
            ),
            Self::Header(fault) => !matches!(fault, HeaderFault::DataOffset(_) | HeaderFault::Reserved(_)),
            Self::File(fault) => !matches!(
                fault,
                FileFault::ShortFooter | FileFault::OffSector(_) | FileFault::TrailingBytes { footer: true, .. }
            ),
            // Each disk of a chain is judged by itself.
            Self::Link(fault) => !matches!(fault, LinkFault::Damaged(_)),
            Self::Locator(_) | Self::Parent(_) | Self::Journal(_) => false,
            Self::Bat(_) | Self::Batmap(_) | Self::Block(_) => true,
        }
    }

    /// What was found, for a person; may be empty.
    pub fn found(&self) -> impl fmt::Display {
        fmt::from_fn(|f| match self {
            Self::Footer(_, fault) => fault.found(f),
            Self::Header(fault) => fault.found(f),
            Self::Bat(fault) => fault.found(f),
            Self::Batmap(fault) => fault.found(f),
            Self::Block(fault) => fault.found(f),
            Self::Parent(fault) => fault.found(f),
            Self::Locator(fault) => fault.found(f),
            Self::Journal(fault) => fault.found(f),
            Self::Link(fault) => fault.found(f),
            Self::File(fault) => fault.found(f),
        })
    }

    /// What was expected, for a person; may be empty.
    pub fn expected(&self) -> impl fmt::Display {
        fmt::from_fn(|f| match self {
            Self::Footer(_, fault) => fault.expected(f),
            Self::Header(fault) => fault.expected(f),
            Self::Bat(fault) => fault.expected(f),
            Self::Batmap(fault) => fault.expected(f),
            Self::Block(fault) => fault.expected(f),
            Self::Parent(fault) => fault.expected(f),
            Self::Locator(fault) => fault.expected(f),
            Self::Journal(fault) => fault.expected(f),
            Self::Link(fault) => fault.expected(f),
            Self::File(fault) => fault.expected(f),
        })
    }
}

/// Those findings that are errors.
pub(crate) fn errors(findings: &[Finding]) -> impl Iterator<Item = &Finding> {
    findings.iter().filter(|finding| finding.severity() == Severity::Error)
}

impl Finding {
    /// The stable name of the fault.
    pub fn id(&self) -> &'static str {
        self.fault.rule().id
    }

    /// Whether it is this rule that is broken.
    pub fn breaks(&self, rule: &'static Rule) -> bool {
        core::ptr::eq(self.fault.rule(), rule)
    }

    /// How much it weighs.
    pub fn severity(&self) -> Severity {
        self.fault.rule().severity
    }
}

/// Every rule there is, family by family: what the project finds.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let families = [
        footer::RULES,
        header::RULES,
        parent::RULES,
        locators::RULES,
        bat::RULES,
        batmap::RULES,
        blocks::RULES,
        file::RULES,
        journal::RULES,
        link::RULES,
    ];
    families.into_iter().flatten().copied()
}
