//! The answer about a disk and everything that it is based on. Nothing else makes the verdict of a chain.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::forest::{Forest, Node};
use super::resolver::{GivenFiles, Parent, Reach};
use super::summary::DiskSummary;
use crate::finding::link::LinkFault;
use crate::finding::{Fault, Finding};
use crate::verdict::Verdict;

/// A disk and everything below it, nearest first.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Lineage {
    /// The disk, and its ancestors as far as they are here and were asked for.
    pub links: Vec<Link>,
    /// How far up parents were looked for.
    pub reach: Reach,
}

/// A disk, and how it hangs on its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Link {
    /// The file.
    pub file: String,
    /// The answer about the disk by itself.
    pub own: Verdict,
    /// What is wrong between it and its parent, worst first.
    pub faults: Vec<LinkFinding>,
    /// What it hangs on.
    pub next: Next,
}

/// A fault between a disk and its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LinkFinding {
    /// What is wrong.
    pub fault: LinkFault,
    /// Where the disk says so, in bytes from the start of its file.
    pub offset: u64,
    /// How many bytes that is; 0 where no bytes say it.
    pub length: u64,
}

impl LinkFinding {
    /// As a finding among others.
    pub fn finding(&self) -> Finding {
        Finding { fault: Fault::Link(self.fault), offset: self.offset, length: self.length }
    }
}

/// What a disk hangs on. Paths are those where something was found, otherwise the first that the disk names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Next {
    /// Nothing: the disk has no parent.
    Base,
    /// A disk at this path, which is the next link where that is asked for.
    Parent(String),
    /// A raw image.
    Raw(String),
    /// Nothing is there.
    Missing(String),
    /// It was not given, and nobody looked for it.
    NotGiven(String),
    /// A disk of this chain again.
    Loop(String),
    /// One of several disks with its unique id; this is how many.
    Ambiguous(usize),
    /// The dynamic header, which would say so, is lost.
    Unknown,
}

impl Next {
    /// Where the parent is, or should be; empty where that is not known.
    pub fn path(&self) -> &str {
        match self {
            Self::Parent(path) | Self::Raw(path) | Self::Missing(path) | Self::NotGiven(path) | Self::Loop(path) => {
                path
            }
            Self::Base | Self::Ambiguous(_) | Self::Unknown => "",
        }
    }
}

impl Lineage {
    /// Of a disk that was given by itself, so that nobody could look for its parent.
    pub fn alone(disk: DiskSummary) -> Self {
        let mut files = GivenFiles::new([disk.name.clone().as_str()], false);
        match Forest::grown(vec![disk], Reach::Parents, &mut files) {
            Ok(forest) => forest.lineage(0).without_ancestors(),
            Err(never) => match never {},
        }
    }

    /// The answer about the whole chain: the worst of its disks and its links.
    pub fn verdict(&self) -> Verdict {
        self.own_verdict().max(self.place())
    }

    /// The answer about everything but the disk itself.
    pub fn place(&self) -> Verdict {
        let own = self.links.first().map(Link::place);
        let ancestors = self.links.iter().skip(1).map(Link::verdict_of_ancestor).max();
        own.max(ancestors).unwrap_or(Verdict::Sound)
    }

    /// The answer about the disk with its parent's place, whatever the parent itself is like.
    pub fn own_verdict(&self) -> Verdict {
        self.links.first().map_or(Verdict::Sound, Link::verdict)
    }

    /// The same with another answer about the disk itself, of which more is known now.
    #[must_use]
    pub fn with_own(mut self, own: Verdict) -> Self {
        if let Some(disk) = self.links.first_mut() {
            disk.own = own;
        }
        self
    }

    /// The same without what lies below the parent of the disk, nor the parent's own faults.
    #[must_use]
    pub fn without_ancestors(mut self) -> Self {
        self.links.truncate(1);
        self.reach = Reach::Parents;
        for link in &mut self.links {
            link.faults.retain(|finding| !matches!(finding.fault, LinkFault::Damaged(_)));
        }
        self
    }
}

impl Link {
    /// The answer about the disk with its parent's place, whatever the parent itself is like.
    pub fn verdict(&self) -> Verdict {
        self.own.max(self.place())
    }

    /// What it means for a disk that is based on this one. That disk can only be based on a VHD; a raw image is no link.
    fn verdict_of_ancestor(&self) -> Verdict {
        match self.own {
            Verdict::NotAVhd => Verdict::Unrepairable,
            _ => self.verdict(),
        }
    }

    /// The answer about its place alone.
    pub fn place(&self) -> Verdict {
        let each = self.faults.iter().map(|finding| weight(&finding.fault));
        each.max().unwrap_or(Verdict::Sound)
    }
}

/// What a fault of a link makes of a chain.
fn weight(fault: &LinkFault) -> Verdict {
    match fault {
        // Nothing is damaged, and the parent has to be put where the disk looks for it.
        LinkFault::Missing(_) | LinkFault::NotGiven(_) | LinkFault::Elsewhere(_) => Verdict::Incomplete,
        // How bad that is, the parent itself says.
        LinkFault::Damaged(_) => Verdict::Sound,
        fault if fault.is_error() => Verdict::Unrepairable,
        _ => Verdict::Sound,
    }
}

impl Forest {
    /// A disk, by its number, with everything that it is based on.
    pub fn lineage(&self, number: usize) -> Lineage {
        let mut links = Vec::new();
        let mut passed = BTreeSet::new();
        let mut at = Some(number);
        while let Some(number) = at.filter(|number| passed.insert(*number)) {
            let Some(node) = self.nodes.get(number).filter(|node| links.is_empty() || !self.is_raw_base(node)) else {
                break;
            };
            links.push(self.link(node));
            at = node.parent_disk();
        }
        Lineage { links, reach: Reach::Ancestors }
    }

    /// The answer about each disk with everything that it is based on, by the disks' numbers.
    pub fn chain_verdicts(&self) -> Vec<Verdict> {
        let mut verdicts = vec![Verdict::Sound; self.nodes.len()];
        // What each disk means for those that are based on it.
        let mut below = vec![Verdict::Sound; self.nodes.len()];
        for (number, _) in self.walk() {
            let node = &self.nodes[number];
            if self.is_raw_base(node) {
                continue;
            }
            let ancestors = node.parent_disk().map_or(Verdict::Sound, |parent| below[parent]);
            let link = self.link(node);
            verdicts[number] = link.verdict().max(ancestors);
            below[number] = link.verdict_of_ancestor().max(ancestors);
        }
        verdicts
    }

    /// The answer about all disks with everything that they are based on.
    pub fn verdict(&self) -> Verdict {
        self.chain_verdicts().into_iter().max().unwrap_or(Verdict::Sound)
    }

    /// A disk, by its number, and how it hangs on its parent.
    pub fn link_of(&self, number: usize) -> Option<Link> {
        Some(self.link(self.nodes.get(number)?))
    }

    pub(crate) fn link(&self, node: &Node) -> Link {
        let name = |number: usize| self.nodes[number].member.name.clone();
        let next = match &node.parent {
            Parent::None => Next::Base,
            Parent::Disk(parent) if node.in_loop => Next::Loop(name(*parent)),
            Parent::Disk(parent) if self.is_raw_base(&self.nodes[*parent]) => Next::Raw(name(*parent)),
            Parent::Disk(parent) => Next::Parent(name(*parent)),
            Parent::Missing(path) => Next::Missing(path.clone()),
            Parent::NotGiven(path) => Next::NotGiven(path.clone()),
            Parent::Ambiguous(disks) => Next::Ambiguous(disks.len()),
            Parent::Unknown => Next::Unknown,
        };
        let faults = node.faults.iter().filter_map(|finding| match finding.fault {
            Fault::Link(fault) => Some(LinkFinding { fault, offset: finding.offset, length: finding.length }),
            _ => None,
        });
        let faults = faults.collect();
        Link { file: node.member.name.clone(), own: node.member.verdict, faults, next }
    }
}
