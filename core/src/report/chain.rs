//! The forest as a page or a script is told it: complete in itself, in plain types.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use uuid::Uuid;

use super::build;
use super::model::FindingReport;
use super::model::VERSION;
use crate::chain::{Blocker, Coalesce, CoalesceKind, Forest, Node, Parent, ParentResize, Plan, Step};
use crate::finding::link::LinkFault;
use crate::layout::footer::DiskType;
use crate::units;
use crate::verdict::Verdict;

/// All disks of a scan.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ForestReport {
    /// The version of this object. It changes when a name or a meaning does.
    pub version: u32,
    /// The answer about all of them and their places.
    pub verdict: Verdict,
    /// The disks, each before those that are based on it: read from top to bottom they are a tree.
    pub disks: Vec<DiskReport>,
    /// How each chain of more than one disk would be coalesced.
    pub chains: Vec<ChainReport>,
    /// The same once every disk that can be repaired is; empty where no disk needs it.
    pub chains_repaired: Vec<ChainReport>,
}

/// A disk in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct DiskReport {
    /// Its path, relative to where the scan began, with slashes.
    pub file: String,
    /// How far it stands from the root of its tree: 0 for the root.
    pub level: u64,
    /// Disks of its chain from here to the last ancestor that is here, itself included.
    pub depth: u32,
    /// Length of the file in bytes.
    pub size: u64,
    /// The answer in one word: about the disk with its parent's place, whatever the parent itself is like.
    pub verdict: Verdict,
    /// The answer about the disk with everything that it is based on.
    pub chain_verdict: Verdict,
    /// Its kind; none where that is not known.
    pub kind: Option<DiskType>,
    /// Who made it; empty where that is not known.
    pub creator: String,
    /// Its unique id.
    pub unique_id: Option<String>,
    /// Size of the virtual disk in bytes.
    pub virtual_size: Option<u64>,
    /// Allocated blocks.
    pub allocated: u64,
    /// Whether tapdisk's hidden flag is set.
    pub hidden: bool,
    /// What became of its parent.
    pub parent_state: ParentState,
    /// The parent's path: where it was found, otherwise where the disk says that it is.
    pub parent: Option<String>,
    /// The parent's unique id, as the disk says.
    pub parent_unique_id: Option<String>,
    /// Disks that are based on it, by their paths.
    pub children: Vec<String>,
    /// The path of the journal that takes its cut-off resize back (`repair --journal`), if one is here.
    pub journal: Option<String>,
    /// The worst error in the file itself, a few words: “Primary footer: invalid cookie”.
    pub error: Option<String>,
    /// What `vhd-util check` says, if it refuses the disk.
    pub vhd_util: Option<String>,
    /// What is wrong with its place, worst first.
    pub findings: Vec<FindingReport>,
    /// What coalescing it into its parent would do.
    pub coalesce: Option<CoalesceReport>,
    /// The same once every disk that can be repaired is, where that is another answer.
    pub coalesce_repaired: Option<CoalesceReport>,
}

/// What became of a disk's parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum ParentState {
    /// The disk is based on no other.
    None,
    /// It is among the files.
    Found,
    /// It is at none of the places that the disk names.
    Missing,
    /// It was not given, and nobody could look for it.
    NotGiven,
    /// It is here, and a raw image.
    Raw,
    /// Several files have its unique id.
    Ambiguous,
    /// It, or one of its ancestors, is the disk itself.
    Loop,
    /// The dynamic header, which names it, cannot be read.
    Unknown,
}

impl ParentState {
    /// Its name, as scripts are told it.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Found => "found",
            Self::Missing => "missing",
            Self::NotGiven => "not-given",
            Self::Raw => "raw",
            Self::Ambiguous => "ambiguous",
            Self::Loop => "loop",
            Self::Unknown => "unknown",
        }
    }
}

/// What coalescing a disk into its parent would do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CoalesceReport {
    /// When.
    pub occasion: CoalesceKind,
    /// Whether it would go through.
    pub runs: bool,
    /// What would stop it.
    pub obstacle: Option<BlockerReport>,
    /// How the parent must grow first.
    pub growth: Option<ResizeReport>,
    /// Blocks to copy; none where the parent is not here.
    pub blocks: Option<u64>,
    /// Those that the parent does not have yet, at the most.
    pub new_blocks: Option<u64>,
    /// Bytes to copy.
    pub bytes: Option<u64>,
    /// Whether the bytes are exact; otherwise they are the most that it can be.
    pub exact: bool,
    /// The parent's file afterwards, in bytes, at the most.
    pub parent_size: Option<u64>,
    /// Bytes that must be free, at the most.
    pub free_needed: Option<u64>,
    /// Bytes of the disk’s own file, which are free again once the disk is deleted.
    pub freed_by_delete: Option<u64>,
    /// What the coalesce frees in all: those bytes less what the parent’s file grows by; negative where it takes room.
    pub net_freed: Option<i64>,
    /// All that in sentences.
    pub sentences: Vec<String>,
}

/// What would stop a coalesce.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BlockerReport {
    /// Stable name: that of the finding, or `refused`, `small-blocks`, `siblings`, `not-resizable`, `too-little`,
    /// `reaches-beyond`, `ancestor`, `parent-unknown`.
    pub id: String,
    /// The disk that is at fault, if it is one of these.
    pub file: Option<String>,
    /// In a sentence.
    pub sentence: String,
}

/// How a parent is made larger.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ResizeReport {
    /// Its virtual size now, in bytes.
    pub from: u64,
    /// And then.
    pub to: u64,
    /// Whether that takes a resize with a journal, for which all that use the disks must pause.
    pub journalled: bool,
    /// Whether the BAT and the batmap need more sectors than they have.
    pub metadata_grows: bool,
    /// Blocks that are moved out of their way to the end of the file.
    pub moved_blocks: u64,
    /// Bytes of the journal, at the most.
    pub journal: u64,
}

/// How a chain would be coalesced.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChainReport {
    /// The disk that all are coalesced into.
    pub into: String,
    /// The others, in their order.
    pub order: Vec<String>,
    /// The disk at which it stops.
    pub stopped_at: Option<String>,
    /// Why.
    pub obstacle: Option<BlockerReport>,
    /// The file of the first disk afterwards, in bytes, at the most; none where nothing is coalesced.
    pub size: Option<u64>,
    /// Bytes that must be free at the worst moment, at the most.
    pub free_needed: u64,
    /// What the coalesce of all of them frees, at the least: the bytes of their files less what the first one’s grows by.
    pub net_freed: u64,
    /// All that in sentences.
    pub sentences: Vec<String>,
}

/// Everything that a page or a script is told of a forest.
pub fn forest(forest: &Forest) -> ForestReport {
    forest.report()
}

impl Forest {
    fn report(&self) -> ForestReport {
        let repaired = self.repaired();
        let verdicts = self.chain_verdicts();
        let disk = |(number, level)| self.disk(number, level, verdicts[number], repaired.as_ref());
        ForestReport {
            version: VERSION,
            verdict: self.verdict(),
            disks: self.walk().into_iter().map(disk).collect(),
            chains: self.chains(),
            chains_repaired: repaired.as_ref().map_or(Vec::new(), Self::chains),
        }
    }

    fn chains(&self) -> Vec<ChainReport> {
        self.plans().iter().map(|plan| self.chain(plan)).collect()
    }

    fn disk(&self, number: usize, level: usize, chain_verdict: Verdict, repaired: Option<&Self>) -> DiskReport {
        let node = &self.nodes[number];
        let member = &node.member;
        let named = member.end.as_ref().and_then(|end| end.parent.as_ref());
        let (parent_state, parent) = self.parent(node);
        let coalesce = self.coalesce_told(number);
        DiskReport {
            file: member.name.clone(),
            level: level as u64,
            depth: node.depth,
            size: member.size,
            verdict: self.link(node).verdict(),
            chain_verdict,
            kind: member.kind,
            creator: member.creator.clone(),
            unique_id: member.end.as_ref().and_then(|end| end.unique_id).map(in_words),
            virtual_size: member.end.as_ref().map(|end| end.virtual_size),
            allocated: member.allocated(),
            hidden: member.is_hidden(),
            parent_state,
            parent,
            parent_unique_id: named.map(|named| in_words(named.unique_id)),
            children: node.children.iter().map(|child| self.name(*child)).collect(),
            journal: node.journal.clone(),
            error: member.error.map(|rule| rule.title.into()),
            vhd_util: member.refusal.clone(),
            findings: node.faults.iter().map(|fault| build::finding(fault, member.kind)).collect(),
            // Disks have the same numbers after the repair: they come in the order of their names.
            coalesce_repaired: repaired
                .and_then(|repaired| repaired.coalesce_told(number))
                .filter(|after| coalesce.as_ref() != Some(after)),
            coalesce,
        }
    }

    fn coalesce_told(&self, number: usize) -> Option<CoalesceReport> {
        let coalesce = self.coalesce(number)?;
        Some(self.told(&coalesce, self.nodes.get(number)?))
    }

    fn parent(&self, node: &Node) -> (ParentState, Option<String>) {
        match &node.parent {
            Parent::None => (ParentState::None, None),
            Parent::Disk(parent) if node.in_loop => (ParentState::Loop, Some(self.name(*parent))),
            Parent::Disk(parent) if self.nodes[*parent].member.kind.is_none() => {
                (ParentState::Raw, Some(self.name(*parent)))
            }
            Parent::Disk(parent) => (ParentState::Found, Some(self.name(*parent))),
            Parent::Missing(path) => (ParentState::Missing, Some(path.clone())),
            Parent::NotGiven(path) => (ParentState::NotGiven, Some(path.clone())),
            Parent::Ambiguous(_) => (ParentState::Ambiguous, None),
            Parent::Unknown => (ParentState::Unknown, None),
        }
    }

    fn name(&self, number: usize) -> String {
        self.nodes[number].member.name.clone()
    }

    fn told(&self, coalesce: &Coalesce, node: &Node) -> CoalesceReport {
        let Coalesce { occasion, obstacle, step } = coalesce;
        let obstacle = obstacle.as_ref().map(|obstacle| self.obstacle_told(obstacle));
        let runs = obstacle.is_none() && *occasion != CoalesceKind::Leftover;
        let mut sentences = Vec::new();
        if *occasion == CoalesceKind::Leftover {
            sentences.push("Nothing is based on this hidden disk: it is not coalesced, but deleted.".into());
        } else {
            sentences.extend(obstacle.as_ref().map(|obstacle| obstacle.sentence.clone()));
            if let (Some(step), Some(parent)) = (step, node.parent_disk()) {
                sentences.extend(self.step_told(step, parent, runs));
            }
        }
        let of = |value: fn(&Step) -> u64| step.as_ref().map(value);
        CoalesceReport {
            occasion: *occasion,
            runs,
            obstacle,
            growth: step.as_ref().and_then(|step| step.growth).map(growth),
            blocks: of(|step| step.blocks),
            new_blocks: of(|step| step.new_blocks),
            bytes: of(|step| step.bytes),
            exact: step.as_ref().is_some_and(|step| step.is_exact),
            parent_size: of(|step| step.parent_size),
            free_needed: of(|step| step.free_needed),
            freed_by_delete: of(|step| step.freed_by_delete),
            net_freed: step.as_ref().map(|step| step.net_freed),
            sentences,
        }
    }

    fn step_told(&self, step: &Step, parent: usize, runs: bool) -> Vec<String> {
        let mut sentences = Vec::new();
        let parent = self.name(parent);
        if let Some(growth) = &step.growth {
            let (from, to) = (units::size(growth.from), units::size(growth.to));
            let how = if growth.is_fast {
                "its BAT has the entries for that already, so that no journal is needed".to_string()
            } else if growth.metadata == 0 {
                format!(
                    "a resize with a journal of up to {}; the BAT has room for the entries",
                    units::size(growth.journal)
                )
            } else {
                let (moved, journal) = (growth.moved, units::size(growth.journal));
                format!(
                    "a resize with a journal of up to {journal}, which moves {} to make room for the BAT",
                    blocks(moved)
                )
            };
            sentences.push(format!("The parent “{parent}” must grow from {from} to {to} first: {how}."));
        }
        let most = if step.is_exact { "" } else { "up to " };
        sentences.push(format!(
            "{} {} to copy, {most}{}, of which the parent has {} not yet.",
            blocks(step.blocks),
            if step.blocks == 1 { "is" } else { "are" },
            units::size(step.bytes),
            step.new_blocks
        ));
        let free = room(step.free_needed);
        sentences.push(format!(
            "The parent’s file then has up to {}; {free}, and {} are freed once the disk is deleted.",
            units::size(step.parent_size),
            units::size(step.freed_by_delete)
        ));
        if let (false, Some(first)) = (runs, sentences.first_mut()) {
            first.insert_str(0, "If it could run: ");
        }
        sentences
    }

    fn obstacle_told(&self, obstacle: &Blocker) -> BlockerReport {
        let (id, disk, sentence) = match obstacle {
            Blocker::Link(fault) => (fault.rule().id, None, self.link_told(fault)),
            Blocker::ParentUnknown => {
                ("parent-unknown", None, "The dynamic header, which names the parent, cannot be read.".into())
            }
            Blocker::Refused { disk, says } => {
                let (name, error) = (self.name(*disk), self.nodes[*disk].member.error);
                let title = error.map_or(String::new(), |rule| format!(" ({})", rule.title));
                let sentence = format!("It is stopped by a fault of “{name}”{title}: vhd-util check says “{says}”.");
                (error.map_or("refused", |rule| rule.id), Some(*disk), sentence)
            }
            Blocker::Siblings(others) => {
                let disks = if *others == 1 { "another disk is".into() } else { format!("{others} other disks are") };
                ("siblings", None, format!("It waits: {disks} based on the parent, and would be destroyed by it."))
            }
            Blocker::SmallBlocks { disk, block_size } => {
                let sentence = format!(
                    "“{}” has blocks of {}, and vhd-util counts on blocks of 2 MiB: it would see only the first of \
                     them, and data would be lost without a word. Do not coalesce it; convert the chain to one image instead.",
                    self.name(*disk),
                    units::size(*block_size)
                );
                ("small-blocks", Some(*disk), sentence)
            }
            Blocker::TooLittle => {
                let sentence = "The parent must grow by less than a MiB, and vhd-util is told sizes in whole MiB: it \
                                would make the parent smaller.";
                ("too-little", None, sentence.into())
            }
            Blocker::NotResizable => {
                let sentence = "The parent must grow, and vhd-util makes only disks of tapdisk larger.";
                ("not-resizable", None, sentence.into())
            }
            Blocker::ReachesBeyond => {
                let sentence =
                    "A block reaches behind the end of the disk: vhd-util coalesce ends there with error 34 (ERANGE).";
                ("reaches-beyond", None, sentence.into())
            }
            Blocker::Ancestor(disk) => {
                let sentence =
                    format!("The disk is read through its ancestor “{}”, which cannot be opened.", self.name(*disk));
                ("ancestor", Some(*disk), sentence)
            }
        };
        BlockerReport { id: id.into(), file: disk.map(|disk| self.name(disk)), sentence }
    }

    fn link_told(&self, fault: &LinkFault) -> String {
        let title = fault.words();
        match fault {
            LinkFault::Missing(name) | LinkFault::Loop(name) => format!("It cannot run: {title} (“{name}”)."),
            _ => format!("It cannot run: {title}."),
        }
    }

    fn chain(&self, plan: &Plan) -> ChainReport {
        let into = self.name(plan.into);
        let size = plan.steps.last().map(|(_, step)| step.parent_size);
        let stopped_at = plan.stopped.as_ref().map(|(disk, _)| self.name(*disk));
        let obstacle = plan.stopped.as_ref().map(|(_, obstacle)| self.obstacle_told(obstacle));
        let mut sentences = Vec::new();
        if let Some(size) = size {
            let disks = units::count(plan.steps.len() as u64, "disk");
            sentences.push(format!(
                "{disks} can be coalesced into “{into}”, which then has up to {}; {}, and at least {} \
                 are freed in all.",
                units::size(size),
                room(plan.free_needed),
                units::size(plan.net_freed)
            ));
        }
        if let Some((name, obstacle)) = stopped_at.as_ref().zip(obstacle.as_ref()) {
            sentences.push(format!("“{name}” is not coalesced into “{into}”. {}", obstacle.sentence));
        }
        ChainReport {
            into,
            order: plan.steps.iter().map(|(disk, _)| self.name(*disk)).collect(),
            stopped_at,
            obstacle,
            size,
            free_needed: plan.free_needed,
            net_freed: plan.net_freed,
            sentences,
        }
    }
}

fn growth(growth: ParentResize) -> ResizeReport {
    ResizeReport {
        from: growth.from,
        to: growth.to,
        journalled: !growth.is_fast,
        metadata_grows: growth.metadata > 0,
        moved_blocks: growth.moved,
        journal: growth.journal,
    }
}

fn room(bytes: u64) -> String {
    if bytes == 0 { "no room is needed".into() } else { format!("up to {} must be free", units::size(bytes)) }
}

fn blocks(count: u64) -> String {
    units::count(count, "block").to_string()
}

/// A unique id as everybody writes it, in hexadecimal digits with hyphens.
pub fn in_words(id: [u8; 16]) -> String {
    Uuid::from_bytes(id).to_string()
}
