//! Disks as trees, each with what it is based on and what is based on it.

use core::cmp::Reverse;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::resolver::{Files, GivenFiles, Linked, Parent, Reach, Resolved, resolve};
use super::summary::DiskSummary;
use crate::check::link::{self, LinkEnd, NamedParent};
use crate::finding::link::LinkFault;
use crate::finding::{Fault, Finding, Text};
use crate::verdict::Verdict;

/// Disks, and what each is based on.
#[derive(Clone, Debug, Default)]
pub struct Forest {
    /// Every disk, in the order of their names.
    pub nodes: Vec<Node>,
    /// Those from which all others are reached by way of the children.
    pub roots: Vec<usize>,
}

/// The journal of a resize (`vhd-util resize -j`) that lies among the disks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalFile {
    /// Its path, as the disks have theirs.
    pub name: String,
    /// The unique id of the disk that it belongs to.
    pub unique_id: [u8; 16],
}

/// A disk in its forest.
#[derive(Clone, Debug)]
pub struct Node {
    /// What is kept of the file.
    pub member: DiskSummary,
    /// What it is based on.
    pub parent: Parent,
    /// What is based on it. In a loop, one of the links is not followed.
    pub children: Vec<usize>,
    /// Disks from here to the end of the chain, this one and its last ancestor that is here included.
    pub depth: u32,
    /// Whether following the parents leads back here.
    pub in_loop: bool,
    /// The journal of its resize, by its path, if one lies among the disks.
    pub journal: Option<String>,
    /// What is wrong with its place in the forest.
    pub faults: Vec<Finding>,
    /// What is wrong with the way to its parent, besides what the two say of each other.
    way: Vec<LinkFault>,
    /// What it is based on after its repair.
    repaired: Option<Resolved>,
}

impl Node {
    /// Whether it says that it was made on a raw image.
    pub fn names_raw(&self) -> bool {
        let named = self.member.end.as_ref().and_then(|end| end.parent.as_ref());
        named.is_some_and(NamedParent::is_raw)
    }

    /// The disk that it is based on, by its number.
    pub fn parent_disk(&self) -> Option<usize> {
        match self.parent {
            Parent::Disk(parent) => Some(parent),
            _ => None,
        }
    }
}

impl Forest {
    /// The forest that these disks make. Of what was not given, nothing is known to be there.
    pub fn of(given: Vec<DiskSummary>) -> Self {
        let names: Vec<String> = given.iter().map(|disk| disk.name.clone()).collect();
        let mut files = GivenFiles::new(names.iter().map(String::as_str), true);
        match Self::grown(given, Reach::Ancestors, &mut files) {
            Ok(forest) => forest,
            Err(never) => match never {},
        }
    }

    /// The forest that these disks make with those that they are based on, as far as `reach` says.
    ///
    /// # Errors
    /// Where one of `files` cannot be read.
    pub fn grown<E>(given: Vec<DiskSummary>, reach: Reach, files: &mut dyn Files<Error = E>) -> Result<Self, E> {
        Ok(Self::linked(resolve(given, reach, files)?))
    }

    fn linked(disks: Vec<Linked>) -> Self {
        let nodes = disks.into_iter().map(|Linked { disk, now, repaired }| Node {
            member: disk,
            parent: now.parent,
            children: Vec::new(),
            depth: 0,
            in_loop: false,
            journal: None,
            faults: Vec::new(),
            way: now.faults,
            repaired,
        });
        let mut forest = Self { nodes: nodes.collect(), roots: Vec::new() };
        forest.plant();
        forest.measure();
        forest.check();
        forest
    }

    /// The forest after the best repair of every disk that needs one and can be repaired; none where there is none. The
    /// disks keep their numbers.
    pub fn repaired(&self) -> Option<Self> {
        self.nodes.iter().find(|node| node.member.repaired.is_some())?;
        let linked = self.nodes.iter().map(|node| Linked {
            disk: node.member.repaired.as_deref().unwrap_or(&node.member).clone(),
            now: node.repaired.clone().unwrap_or(Resolved { parent: node.parent.clone(), faults: node.way.clone() }),
            repaired: None,
        });
        Some(Self::linked(linked.collect()))
    }

    /// The same forest with the journals that lie there, each at the disks with its unique id. Of several for one disk
    /// the first by name is kept.
    #[must_use]
    pub fn with_journals(mut self, mut journals: Vec<JournalFile>) -> Self {
        journals.sort_by(|a, b| a.name.cmp(&b.name));
        for node in &mut self.nodes {
            let id = node.member.end.as_ref().and_then(|end| end.unique_id);
            let journal = journals.iter().find(|journal| id == Some(journal.unique_id));
            node.journal = journal.map(|journal| journal.name.clone());
        }
        self
    }

    /// Every disk from the roots on, each before those that are based on it, with how far it is from its root.
    pub fn walk(&self) -> Vec<(usize, usize)> {
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut open: Vec<(usize, usize)> = self.roots.iter().rev().map(|root| (*root, 0)).collect();
        while let Some((number, level)) = open.pop() {
            order.push((number, level));
            open.extend(self.nodes[number].children.iter().rev().map(|child| (*child, level + 1)));
        }
        order
    }

    /// Whether it is the raw image that all disks on it say that they were made on.
    pub(super) fn is_raw_base(&self, node: &Node) -> bool {
        node.member.verdict == Verdict::NotAVhd
            && !node.children.is_empty()
            && node.children.iter().all(|child| self.nodes[*child].names_raw())
    }

    /// Finds the roots and the loops, and gives every disk its children.
    fn plant(&mut self) {
        // 0: not seen, otherwise the walk that came by.
        let mut walks = vec![0; self.nodes.len()];
        for start in 0..self.nodes.len() {
            let mut at = start;
            while walks[at] == 0 {
                walks[at] = start + 1;
                match self.nodes[at].parent_disk() {
                    Some(parent) => at = parent,
                    None => self.roots.push(at),
                }
            }
            // The walk ended where it had been itself, and not at a root.
            if walks[at] == start + 1 && self.nodes[at].parent_disk().is_some() {
                self.close_loop(at);
            }
        }
        self.roots.sort_unstable();
        for number in 0..self.nodes.len() {
            let is_cut = self.nodes[number].in_loop && self.roots.binary_search(&number).is_ok();
            if let Some(parent) = self.nodes[number].parent_disk().filter(|_| !is_cut) {
                self.nodes[parent].children.push(number);
            }
        }
    }

    /// Marks the loop that goes through a disk, which becomes the root of its tree.
    fn close_loop(&mut self, start: usize) {
        let mut at = start;
        while !self.nodes[at].in_loop {
            self.nodes[at].in_loop = true;
            at = self.nodes[at].parent_disk().unwrap_or(start);
        }
        self.roots.push(start);
    }

    fn measure(&mut self) {
        for (number, level) in self.walk() {
            self.nodes[number].depth = u32::try_from(level).unwrap_or(u32::MAX).saturating_add(1);
        }
    }

    fn check(&mut self) {
        let mut by_id: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (number, node) in self.nodes.iter().enumerate() {
            if let Some(id) = node.member.end.as_ref().and_then(|end| end.unique_id) {
                by_id.entry(id).or_default().push(number);
            }
        }
        for number in 0..self.nodes.len() {
            let id = self.nodes[number].member.end.as_ref().and_then(|end| end.unique_id);
            let alike = id.and_then(|id| by_id.get(&id)).into_iter().flatten();
            let duplicate = alike.copied().find(|other| *other != number);
            self.nodes[number].faults = self.faults_of(number, duplicate);
        }
    }

    /// What is wrong with a disk's place, where another disk has its unique id or none has.
    fn faults_of(&self, number: usize, duplicate: Option<usize>) -> Vec<Finding> {
        let node = &self.nodes[number];
        let name_of = |number: usize| Text::new(&self.nodes[number].member.name);
        let mut faults = Vec::new();
        let Some(end) = &node.member.end else {
            return faults;
        };
        let offset = end.parent.as_ref().map_or(0, |parent| parent.header_at);
        let mut add = |fault| faults.push(Finding { fault: Fault::Link(fault), offset, length: 0 });
        match &node.parent {
            Parent::Disk(parent) if node.in_loop => add(LinkFault::Loop(name_of(*parent))),
            Parent::Disk(parent) => {
                node.way.iter().copied().for_each(&mut add);
                let parent = &self.nodes[*parent].member;
                let is_raw = parent.verdict == Verdict::NotAVhd && node.names_raw();
                if (parent.verdict.is_damage() || parent.verdict == Verdict::NotAVhd) && !is_raw {
                    add(LinkFault::Damaged(Text::new(&parent.name)));
                }
            }
            _ => node.way.iter().copied().for_each(&mut add),
        }
        if end.hidden && node.children.is_empty() && !node.in_loop {
            add(LinkFault::HiddenLeaf);
        }
        if let Some(duplicate) = duplicate {
            add(LinkFault::DuplicateId(name_of(duplicate)));
        }
        if let Some(parent) = self.end_of_parent(node) {
            link::check(end, &parent, &mut |finding| {
                // It may have been found on the way already.
                if !faults.iter().any(|known: &Finding| known.fault == finding.fault) {
                    faults.push(finding);
                }
            });
        }
        faults.sort_by_key(|fault| Reverse(fault.severity()));
        faults
    }

    /// What of its parent matters to a disk, where the parent is known.
    fn end_of_parent(&self, node: &Node) -> Option<LinkEnd> {
        let parent = &self.nodes[node.parent_disk().filter(|_| !node.in_loop)?].member;
        let is_raw = parent.verdict == Verdict::NotAVhd && node.names_raw();
        if is_raw { Some(LinkEnd::raw(parent.size, parent.changed)) } else { parent.end.clone() }
    }
}
