//! Which disk is based on which: by unique id first, then by the names of the locators.

use core::cmp::Reverse;

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::summary::DiskSummary;
use crate::check::link::{self, End, NamedParent};
use crate::finding::link::LinkFault;
use crate::finding::{Fault, Finding, Severity, Text};
use crate::layout::footer::DiskType;
use crate::layout::locator::{file_name, leads};
use crate::path::{from_folder_of, tidy};
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
}

/// What a disk is based on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parent {
    /// Nothing.
    None,
    /// Another disk, by its number.
    Disk(usize),
    /// A raw image that is not among the files, at this path.
    Raw(String),
    /// A disk that is not among the files, at this path.
    Missing(String),
    /// One of these disks, which have the same unique id.
    Ambiguous(Vec<usize>),
    /// That cannot be read: the dynamic header is lost.
    Unknown,
}

impl Node {
    /// Whether an error is in its place in the forest.
    pub fn is_misplaced(&self) -> bool {
        self.faults.iter().any(|fault| fault.severity() == Severity::Error)
    }

    /// Whether it says that it was made on a raw image.
    pub fn names_raw(&self) -> bool {
        let named = self.member.end.as_ref().and_then(|end| end.parent.as_ref());
        named.is_some_and(|named| named.unique_id == [0; 16])
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
    /// The forest that these files make.
    pub fn of(mut members: Vec<DiskSummary>) -> Self {
        members.sort_by(|a, b| a.name.cmp(&b.name));
        let index = Index::of(&members);
        let parents: Vec<Parent> = (0..members.len()).map(|number| index.parent_of(&members, number)).collect();
        let nodes = members.into_iter().zip(parents).map(|(member, parent)| Node {
            member,
            parent,
            children: Vec::new(),
            depth: 0,
            in_loop: false,
            journal: None,
            faults: Vec::new(),
        });
        let mut forest = Self { nodes: nodes.collect(), roots: Vec::new() };
        forest.plant();
        forest.measure();
        forest.check(&index);
        forest
    }

    /// The forest after the best repair of every disk that needs one and can be repaired; none where there is none.
    pub fn repaired(&self) -> Option<Self> {
        self.nodes.iter().find(|node| node.member.repaired.is_some())?;
        let members = self.nodes.iter().map(|node| node.member.repaired.as_deref().unwrap_or(&node.member).clone());
        Some(Self::of(members.collect()))
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

    /// The answer about all disks and their places.
    pub fn verdict(&self) -> Verdict {
        let each = self.nodes.iter().map(|node| match node.member.verdict {
            Verdict::Sound if node.is_misplaced() => Verdict::Unrepairable,
            Verdict::NotAVhd if self.is_raw_base(node) => Verdict::Sound,
            verdict => verdict,
        });
        each.fold(Verdict::Sound, Verdict::worse)
    }

    /// Whether it is the raw image that all disks on it say that they were made on.
    fn is_raw_base(&self, node: &Node) -> bool {
        !node.children.is_empty() && node.children.iter().all(|child| self.nodes[*child].names_raw())
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

    fn check(&mut self, index: &Index) {
        for number in 0..self.nodes.len() {
            let faults = self.faults_of(number, index);
            self.nodes[number].faults = faults;
        }
    }

    fn faults_of(&self, number: usize, index: &Index) -> Vec<Finding> {
        let node = &self.nodes[number];
        let name_of = |number: usize| Text::new(&self.nodes[number].member.name);
        let mut faults = Vec::new();
        let Some(end) = &node.member.end else {
            return faults;
        };
        let offset = end.parent.as_ref().map_or(0, |parent| parent.header_at);
        let mut add = |fault| faults.push(Finding { fault: Fault::Link(fault), offset, length: 0 });
        match &node.parent {
            Parent::Raw(path) if node.member.lacks_raw => add(LinkFault::Missing(Text::new(path))),
            Parent::Missing(path) => add(LinkFault::Missing(Text::new(path))),
            Parent::Ambiguous(disks) => add(LinkFault::Ambiguous(u32::try_from(disks.len()).unwrap_or(u32::MAX))),
            Parent::Disk(parent) if node.in_loop => add(LinkFault::Loop(name_of(*parent))),
            Parent::Disk(parent) => {
                let member = &self.nodes[*parent].member;
                // Tools take the first disk that is there.
                let located = end.parent.as_ref().and_then(|named| index.located(&node.member, named).next());
                if !node.member.finds_parent && located != Some(*parent) {
                    add(LinkFault::Elsewhere(name_of(*parent)));
                }
                let is_raw = member.verdict == Verdict::NotAVhd && node.names_raw();
                if member.verdict != Verdict::Sound && !is_raw {
                    add(LinkFault::Damaged(name_of(*parent)));
                }
            }
            _ => {}
        }
        if end.hidden && node.children.is_empty() && !node.in_loop {
            add(LinkFault::HiddenLeaf);
        }
        let twins = end.unique_id.and_then(|id| index.by_id.get(&id)).into_iter().flatten();
        if let Some(twin) = twins.copied().find(|twin| *twin != number) {
            add(LinkFault::DuplicateId(name_of(twin)));
        }
        if let Some(parent) = node.parent_disk().filter(|_| !node.in_loop).map(|parent| &self.nodes[parent].member) {
            let raw = End::raw(parent.size, None);
            let is_raw = parent.verdict == Verdict::NotAVhd && node.names_raw();
            if let Some(parent) = parent.end.as_ref().or(is_raw.then_some(&raw)) {
                link::check(end, parent, &mut |finding| faults.push(finding));
            }
        }
        faults.sort_by_key(|fault| Reverse(fault.severity()));
        faults
    }
}

/// The disks by their unique ids and by their paths.
struct Index {
    by_id: BTreeMap<[u8; 16], Vec<usize>>,
    by_path: BTreeMap<String, usize>,
}

impl Index {
    fn of(members: &[DiskSummary]) -> Self {
        let mut by_id: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (number, member) in members.iter().enumerate() {
            if let Some(id) = member.end.as_ref().and_then(|end| end.unique_id) {
                by_id.entry(id).or_default().push(number);
            }
        }
        let by_path = members.iter().enumerate().map(|(number, member)| (tidy(&member.name), number));
        Self { by_id, by_path: by_path.collect() }
    }

    /// The disks that the names of a disk's parent lead to, in the order in which tools look there. Of paths of another
    /// computer, the file names in the disk's own folder come last.
    fn located<'a>(&'a self, member: &'a DiskSummary, named: &'a NamedParent) -> impl Iterator<Item = usize> + 'a {
        let names = named.paths.iter().map(|path| file_name(path));
        let paths = named.paths.iter().flat_map(|path| leads(path)).chain(names);
        paths.filter_map(|path| self.by_path.get(&from_folder_of(&member.name, path)).copied())
    }

    fn parent_of(&self, members: &[DiskSummary], number: usize) -> Parent {
        let member = &members[number];
        if member.kind != Some(DiskType::Differencing) {
            return Parent::None;
        }
        let Some(named) = member.end.as_ref().and_then(|end| end.parent.as_ref()) else {
            return Parent::Unknown;
        };
        let mut located = self.located(member, named);
        let disks = self.by_id.get(&named.unique_id).map_or(&[][..], Vec::as_slice);
        match disks {
            [disk] => return Parent::Disk(*disk),
            [] => {}
            // Which of them the tools read is said by the locators.
            several => {
                let located = located.find(|disk| several.contains(disk));
                return located.map_or_else(|| Parent::Ambiguous(several.to_vec()), Parent::Disk);
            }
        }
        if let Some(disk) = located.next() {
            return Parent::Disk(disk);
        }
        let path = named.paths.first().cloned().unwrap_or_default();
        if named.unique_id == [0; 16] { Parent::Raw(path) } else { Parent::Missing(path) }
    }
}
