//! What a coalesce would do, foreseen.
//!
//! XenServer's and XCP-ng's cleanup checks the disk and its parent with `vhd-util check`, makes the parent as large as the
//! disk (`vhd-util resize`), and then has `vhd-util coalesce` write every allocated block of the disk into its parent.
//! Afterwards the disk's children are linked to the parent, and the disk is deleted.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::{iter, mem};

use super::forest::{Forest, Node};
use super::resolver::Parent;
use super::summary::{BlockSummary, DiskSummary};
use crate::finding::Fault;
use crate::finding::link::LinkFault;
use crate::image::PAGE;
use crate::layout::SECTOR;
use crate::layout::bat::{ENTRY_LENGTH, UNALLOCATED};
use crate::layout::footer::DiskType;
use crate::layout::header::DynamicHeader;
use crate::layout::journal::JournalEntry;

/// vhd-util is told sizes in these units, rounded down …
const MIB: u64 = 1 << 20;
/// … and counts on blocks of this size: so many of them as the virtual disk has are all that it reads of a BAT.
const USUAL_BLOCK: u64 = DynamicHeader::USUAL_BLOCK_SIZE as u64;
/// No disk is larger; what damage calls larger is counted as this.
const MOST: u64 = 1 << 50;
/// Blocks that are moved one by one: more than any BAT pushes aside at the usual block size.
const MOST_MOVED: u64 = 1 << 14;
/// What a journal holds besides the metadata and the blocks: its header, the heads of the entries for the metadata, and
/// that which the metadata is padded with, at the most.
const JOURNAL_HEADS: u64 = 8 << 10;
/// The heads of the two entries that a journal keeps a block in: its sector bitmap, and its data.
const BLOCK_HEADS: u64 = 2 * JournalEntry::LENGTH;

/// What coalescing a disk into its parent would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coalesce {
    /// When it happens.
    pub occasion: CoalesceKind,
    /// The first thing that would stop it, if anything would.
    pub obstacle: Option<Blocker>,
    /// What it takes. None where the parent is not among the files.
    pub step: Option<Step>,
}

/// When a disk is coalesced into its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum CoalesceKind {
    /// In the background: a hidden disk with others based on it.
    Background,
    /// As the last of a chain, with the virtual machine paused: a disk that is in use, or could be.
    Leaf,
    /// Never: a hidden disk that nothing is based on is deleted.
    Leftover,
    /// By hand: others are based on it, but it is not hidden, so that it is kept as a disk of its own.
    ByHand,
}

/// What would stop a coalesce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blocker {
    /// The link to the parent has an error.
    Link(Box<LinkFault>),
    /// What the parent is cannot be read.
    ParentUnknown,
    /// `vhd-util check` refuses a disk.
    Refused {
        /// Which, by its number.
        disk: usize,
        /// In these words.
        says: String,
    },
    /// Other disks are based on the parent, so that writing into it would destroy them; so many.
    Siblings(usize),
    /// A disk of the chain has smaller blocks than vhd-util counts on, which then sees only the first of them: it leaves
    /// the others out, and writes over them.
    SmallBlocks {
        /// Which, by its number.
        disk: usize,
        /// Its blocks' size, in bytes.
        block_size: u64,
    },
    /// The parent must grow, and vhd-util resizes disks of tapdisk only.
    NotResizable,
    /// The parent must grow by less than vhd-util can be told, and would have to shrink for that.
    TooLittle,
    /// An allocated block reaches behind the end of the disk: vhd-util ends there with error 34.
    ReachesBeyond,
    /// An ancestor, through which the disk is read, cannot be opened; by its number.
    Ancestor(usize),
}

/// What a coalesce takes and leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// How the parent must grow first.
    pub growth: Option<ParentResize>,
    /// Blocks to copy.
    pub blocks: u64,
    /// Those that the parent does not have yet, at the most.
    pub new_blocks: u64,
    /// Bytes to copy.
    pub bytes: u64,
    /// Whether the bytes are exact; otherwise they are the most that it can be.
    pub is_exact: bool,
    /// The parent's file afterwards, in bytes, at the most.
    pub parent_size: u64,
    /// Bytes that must be free, at the most: what the parent grows by, and the journal.
    pub free_needed: u64,
    /// Bytes of the disk’s own file, which are free again once the disk is deleted.
    pub freed_by_delete: u64,
    /// Those bytes less what the parent’s file grows by, at the least; negative where the coalesce takes room.
    pub net_freed: i64,
}

/// How a parent is made larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParentResize {
    /// Its virtual size now, in bytes.
    pub from: u64,
    /// And then.
    pub to: u64,
    /// Whether the BAT has entries for that already, so that no journal is needed.
    pub is_fast: bool,
    /// Bytes that BAT and batmap grow by.
    pub metadata: u64,
    /// Blocks that are moved out of their way to the end of the file.
    pub moved: u64,
    /// Bytes of the journal, at the most; 0 without one.
    pub journal: u64,
}

/// How the disks of a chain are coalesced, one after the other, into the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What all are coalesced into, by its number.
    pub into: usize,
    /// The disks in their order, by their numbers.
    pub steps: Vec<(usize, Step)>,
    /// The disk at which it stops, and why.
    pub stopped: Option<(usize, Blocker)>,
    /// Bytes that must be free at the worst moment, at the most.
    pub free_needed: u64,
    /// Bytes that are free again afterwards, all disks that were coalesced being deleted, less what the first one grew by.
    pub net_freed: u64,
}

impl Forest {
    /// What coalescing a disk into its parent would do; none for a disk without one.
    pub fn coalesce(&self, number: usize) -> Option<Coalesce> {
        let node = self.nodes.get(number)?;
        if node.parent == Parent::None {
            return None;
        }
        let mut target = node.parent_disk().map(|parent| Target::of(&self.nodes[parent].member));
        let step = target.as_mut().map(|target| target.coalesce_child(&node.member));
        let obstacle = self.obstacle(node, number).or_else(|| unable(&node.member, target.as_ref()?));
        Some(Coalesce { occasion: node.occasion(), obstacle, step })
    }

    /// How each chain is coalesced: from its base up, so that every block is copied once, to where it branches or ends.
    /// Chains of one disk are left out.
    pub fn plans(&self) -> Vec<Plan> {
        let branches = self.nodes.iter().filter(|node| node.children.len() > 1).flat_map(|node| &node.children);
        let mut starts: Vec<usize> = self.roots.iter().chain(branches).copied().collect();
        starts.sort_unstable();
        starts.into_iter().filter_map(|start| self.plan(start)).collect()
    }

    fn plan(&self, into: usize) -> Option<Plan> {
        let mut target = Target::of(&self.nodes[into].member);
        let mut plan = Plan { into, steps: Vec::new(), stopped: None, free_needed: 0, net_freed: 0 };
        let mut at = into;
        // What the steps so far took and gave back.
        let (mut taken, mut freed) = (0u64, 0u64);
        while let [child] = self.nodes[at].children[..] {
            let node = &self.nodes[child];
            if node.occasion() == CoalesceKind::Leftover {
                break;
            }
            let before = target.size();
            let step = target.coalesce_child(&node.member);
            if let Some(obstacle) = self.obstacle(node, child).or_else(|| unable(&node.member, &target)) {
                plan.stopped = Some((child, obstacle));
                break;
            }
            plan.free_needed = plan.free_needed.max(taken.saturating_add(step.free_needed).saturating_sub(freed));
            taken = taken.saturating_add(target.size().saturating_sub(before));
            freed = freed.saturating_add(step.freed_by_delete);
            plan.steps.push((child, step));
            at = child;
        }
        plan.net_freed = freed.saturating_sub(taken);
        (!plan.steps.is_empty() || plan.stopped.is_some()).then_some(plan)
    }

    fn obstacle(&self, node: &Node, number: usize) -> Option<Blocker> {
        let refused = |disk: usize| {
            let says = self.nodes[disk].member.refusal.as_ref()?;
            Some(Blocker::Refused { disk, says: says.to_string() })
        };
        let link = node.faults.iter().find_map(|finding| match finding.fault {
            // What the parent's own faults mean is for vhd-util to say.
            Fault::Link(LinkFault::Damaged(_)) => None,
            Fault::Link(fault) if fault.is_error() => Some(Blocker::Link(Box::new(fault))),
            _ => None,
        });
        let parent = node.parent_disk();
        let siblings = parent.map_or(0, |parent| self.nodes[parent].children.len().saturating_sub(1));
        link.or_else(|| (node.parent == Parent::Unknown).then_some(Blocker::ParentUnknown))
            .or_else(|| refused(number))
            // Of a raw image there is nothing to check.
            .or_else(|| {
                refused(parent.filter(|parent| self.nodes[*parent].member.kind.is_some() || !node.names_raw())?)
            })
            .or_else(|| self.small_blocks(number))
            .or_else(|| (siblings > 0).then_some(Blocker::Siblings(siblings)))
            .or_else(|| self.closed_ancestor(parent?))
    }

    /// The first ancestor of a disk that vhd-util does not open.
    fn closed_ancestor(&self, disk: usize) -> Option<Blocker> {
        let is_closed = |member: &DiskSummary| !member.opens && member.kind.is_some();
        self.upwards(disk).skip(1).find(|at| is_closed(&self.nodes[*at].member)).map(Blocker::Ancestor)
    }

    /// The disk, its parent or the first ancestor whose blocks are smaller than vhd-util counts on.
    fn small_blocks(&self, disk: usize) -> Option<Blocker> {
        self.upwards(disk).find_map(|disk| {
            let member = &self.nodes[disk].member;
            let block_size = member.sparse.as_ref()?.shape.data;
            let is_seen = member.virtual_size().div_ceil(block_size) <= member.virtual_size().div_ceil(USUAL_BLOCK);
            (!is_seen).then_some(Blocker::SmallBlocks { disk, block_size })
        })
    }

    /// A disk and its ancestors.
    fn upwards(&self, disk: usize) -> impl Iterator<Item = usize> {
        // No chain is longer than there are disks.
        iter::successors(Some(disk), |at| self.nodes[*at].parent_disk()).take(self.nodes.len())
    }
}

impl Node {
    fn occasion(&self) -> CoalesceKind {
        match (self.member.is_hidden(), self.children.is_empty()) {
            (true, true) => CoalesceKind::Leftover,
            (true, false) => CoalesceKind::Background,
            (false, true) => CoalesceKind::Leaf,
            (false, false) => CoalesceKind::ByHand,
        }
    }
}

/// What stops vhd-util on the way.
fn unable(child: &DiskSummary, target: &Target) -> Option<Blocker> {
    if target.refusal.is_some() {
        target.refusal.clone()
    } else if child.sparse.as_ref().is_some_and(|sparse| sparse.reaches_beyond) {
        Some(Blocker::ReachesBeyond)
    } else {
        None
    }
}

/// A parent, as it becomes while disks are coalesced into it.
struct Target {
    size: u64,
    virtual_size: u64,
    is_tapdisk: bool,
    is_raw: bool,
    sparse: Option<BlockSummary>,
    /// Why it is not made as large as it must be.
    refusal: Option<Blocker>,
}

impl Target {
    fn of(member: &DiskSummary) -> Self {
        let is_raw = member.kind.is_none();
        Self {
            size: member.size,
            virtual_size: if is_raw { member.size } else { member.virtual_size() },
            is_tapdisk: member.end.as_ref().is_some_and(|end| end.is_tapdisk),
            is_raw,
            sparse: member.sparse.clone().filter(|_| member.kind.is_some_and(DiskType::is_sparse)),
            refusal: None,
        }
    }

    /// The file's length, in bytes.
    fn size(&self) -> u64 {
        self.size
    }

    /// Coalesces a disk into this one.
    fn coalesce_child(&mut self, child: &DiskSummary) -> Step {
        let before = self.size;
        let growth = self.grow(child.virtual_size().min(MOST));
        let new_blocks = child.sparse.as_ref().map_or(0, |sparse| self.write(sparse));
        let grown = self.size.saturating_sub(before);
        Step {
            growth,
            blocks: child.allocated(),
            new_blocks,
            bytes: child.sparse.as_ref().map_or(0, BlockSummary::bytes_to_copy),
            is_exact: child.sparse.as_ref().is_some_and(|sparse| sparse.sectors_written.is_some()),
            parent_size: self.size,
            free_needed: grown.saturating_add(growth.map_or(0, |growth| growth.journal)),
            freed_by_delete: child.size,
            net_freed: difference(child.size, grown),
        }
    }

    /// Writes a disk's blocks, and tells how many of them are new here.
    fn write(&mut self, child: &BlockSummary) -> u64 {
        let Some(sparse) = &mut self.sparse else {
            return 0;
        };
        let before = sparse.blocks.count();
        sparse.blocks.join(&child.blocks.resized(child.shape.data, sparse.shape.data));
        let new = sparse.blocks.count() - before;
        sparse.append(new);
        self.size = self.size.max(sparse.file_length());
        new
    }

    /// Makes the virtual disk at least `size` bytes large, as the cleanup of XenServer and XCP-ng does.
    fn grow(&mut self, size: u64) -> Option<ParentResize> {
        if self.virtual_size >= size {
            return None;
        }
        self.refusal = (!self.is_tapdisk).then_some(Blocker::NotResizable);
        let from = mem::replace(&mut self.virtual_size, size);
        if self.is_raw {
            self.size = self.size.max(size);
            return None;
        }
        let growth = match &mut self.sparse {
            Some(sparse) => sparse.grow(from, size),
            None => ParentResize { journal: JOURNAL_HEADS, ..ParentResize::to(from, size / MIB * MIB) },
        };
        self.virtual_size = growth.to.max(from);
        match (growth.to.checked_sub(from), &self.sparse) {
            (None, _) => self.refusal = self.refusal.take().or(Some(Blocker::TooLittle)),
            (Some(more), None) => self.size = self.size.saturating_add(more),
            (_, Some(sparse)) => self.size = self.size.max(sparse.file_length()),
        }
        (growth.to > from).then_some(growth)
    }
}

impl ParentResize {
    /// One for which nothing but the size is written.
    fn to(from: u64, to: u64) -> Self {
        Self { from, to, is_fast: false, metadata: 0, moved: 0, journal: 0 }
    }
}

impl BlockSummary {
    /// Puts blocks behind the data, each with its data on a page, as vhd-util does whoever made the disk.
    fn append(&mut self, count: u64) {
        if count > 0 {
            let length = self.shape.length().next_multiple_of(PAGE);
            let bitmap_end = self.end_of_data.saturating_add(self.shape.bitmap);
            let data = bitmap_end.checked_next_multiple_of(PAGE).unwrap_or(bitmap_end);
            let more = length.saturating_mul(count - 1);
            self.end_of_data = data.saturating_add(self.shape.data).saturating_add(more);
        }
    }

    /// Makes room for a virtual disk of `size` bytes, more than the `from` that it has.
    fn grow(&mut self, from: u64, size: u64) -> ParentResize {
        let (asked, block_size) = (size / MIB * MIB, self.shape.data);
        if size <= u64::from(self.entries).saturating_mul(block_size) {
            return ParentResize { is_fast: true, ..ParentResize::to(from, asked.div_ceil(block_size) * block_size) };
        }
        if asked <= from {
            return ParentResize::to(from, asked);
        }
        let entries = u64::from(self.entries);
        // A BAT has no more.
        let added = (asked - from).div_ceil(block_size).min(u64::from(u32::MAX) - entries);
        let bat =
            missing(added * ENTRY_LENGTH, (entries * ENTRY_LENGTH).next_multiple_of(SECTOR) - entries * ENTRY_LENGTH);
        let map = self.batmap_sectors.map_or(0, |sectors| {
            let room = (u64::from(sectors) * SECTOR).saturating_sub(entries.div_ceil(8));
            missing(added / 8 + 1, room)
        });
        let metadata = bat + map;
        let old_metadata = self.end_of_metadata;
        let moved = if metadata > 0 { self.make_room(old_metadata.saturating_add(metadata)) } else { 0 };
        self.entries = u32::try_from(entries.saturating_add(added)).unwrap_or(u32::MAX);
        // As many as it has bits for, which may be fewer than room was made for.
        self.batmap_sectors = self.batmap_sectors.map(|_| self.entries.div_ceil(8).div_ceil(SECTOR as u32).max(1));
        ParentResize {
            from,
            to: u64::from(self.entries).saturating_mul(self.shape.data),
            is_fast: false,
            metadata,
            moved,
            journal: old_metadata
                .saturating_add(moved.saturating_mul(self.shape.length().saturating_add(BLOCK_HEADS)))
                .saturating_add(JOURNAL_HEADS),
        }
    }

    /// Moves the first block to the end, and the next, until the metadata can end at `end`; tells how often. One is
    /// moved whether it is in the way or not, and one that is in the way there, too, is moved again.
    fn make_room(&mut self, end: u64) -> u64 {
        let mut moved = 0;
        while let Some(sector) = self.first.first()
            && (moved == 0 || u64::from(*sector) * SECTOR <= end && moved < MOST_MOVED)
        {
            self.append(1);
            let place = self.end_of_data.saturating_sub(self.shape.length()) / SECTOR;
            self.first.remove(0);
            self.first.push(u32::try_from(place).unwrap_or(UNALLOCATED));
            moved += 1;
        }
        self.end_of_metadata = end;
        self.end_of_data = self.end_of_data.max(end);
        moved
    }
}

/// Bytes that must be added in whole sectors where `needed` do not fit into `room`.
/// `freed` less `taken`, in bytes.
fn difference(freed: u64, taken: u64) -> i64 {
    i64::try_from(i128::from(freed) - i128::from(taken)).unwrap_or(i64::MIN)
}

fn missing(needed: u64, room: u64) -> u64 {
    needed.saturating_sub(room).next_multiple_of(SECTOR)
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;
    use crate::image::Blocks;
    use crate::layout::bat::BlockShape;

    fn disk(first: Vec<u32>) -> BlockSummary {
        BlockSummary {
            entries: 10,
            shape: BlockShape { bitmap: 512, data: 2 << 20 },
            blocks: Blocks::default(),
            reaches_beyond: false,
            first,
            end_of_metadata: 4096,
            end_of_data: 20 << 20,
            batmap_sectors: None,
            sectors_written: None,
        }
    }

    #[test]
    fn a_block_is_moved_even_where_there_is_a_gap_before_it() {
        assert_eq!(disk(vec![15, 5000]).make_room(4608), 1);
        assert_eq!(disk(vec![9, 5000]).make_room(4608), 1);
        assert_eq!(disk(vec![15, 20, 5000]).make_room(20 * 512), 2);
        assert_eq!(disk(vec![]).make_room(4608), 0);
    }

    /// vhd-util writes a head of 32 bytes before each sector bitmap and each block’s data.
    #[test]
    fn a_journal_has_room_for_the_heads_of_all_blocks_that_are_moved() {
        // In the way, one behind the other, of a BAT that becomes 6 MiB longer.
        let mut parent = BlockSummary { entries: 1000, ..disk((0..1000).map(|block| 15 + 4097 * block).collect()) };
        let growth = parent.grow(2000 << 20, 3_000_000 << 20);
        let blocks = growth.moved * (512 + (2 << 20) + 2 * 32);
        assert!(growth.moved > 2, "{}", growth.moved);
        assert_eq!(growth.journal, 4096 + blocks + (8 << 10));
    }
}
