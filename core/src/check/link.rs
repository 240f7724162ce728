//! A differencing disk against its parent.

use core::fmt;

use uuid::Uuid;

use crate::finding::{Rule, Text};

/// What can be wrong between a disk and its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkFault {
    /// The parent is at none of the places that the disk names; this is the first of them.
    Missing(Text),
    /// The parent is another disk than the one that the child was made on.
    OtherDisk {
        /// The unique id that the child names.
        named: [u8; 16],
        /// The unique id of the disk that is there.
        found: [u8; 16],
    },
    /// The parent itself has errors.
    Damaged(Text),
    /// The parent, or one of its ancestors, is the disk itself.
    Loop(Text),
    /// The parent is larger than the child.
    Larger {
        /// The parent's size, in bytes.
        parent: u64,
        /// The child's size, in bytes.
        child: u64,
    },
    /// The child is larger than the parent.
    Smaller {
        /// The parent's size, in bytes.
        parent: u64,
        /// The child's size, in bytes.
        child: u64,
    },
}

rules! {
    MISSING: Error, "chain.parent-missing", "Chain: the parent is not there",
        Some("error resolving …: -2"), [VhdUtil Qemu HyperV XenOrchestra],
        "A differencing disk holds only what was changed since its parent. Without the parent at one of the places \
         that the disk names, no tool reads it.",
        "Put the parent back beside the disk under the name that the disk gives, or give it along.";
    OTHER_DISK: Error, "chain.parent-unique-id", "Chain: the parent is another disk",
        Some("invalid parent …: invalid parent uuid"), [VhdUtil HyperV],
        "The disk names its parent by a unique id, and the disk that is there has another. Read together they would \
         give a mixture of two disks.",
        "Find the parent by its unique id. Do not write another id into the disk unless you know that this parent’s \
         data has not changed since.";
    DAMAGED: Error, "chain.parent-damaged", "Chain: the parent is damaged",
        None, [VhdUtil HyperV],
        "The disk itself may be sound, but an ancestor of it has errors of its own, and the chain is read through \
         it.",
        "Repair the parent first, then check this disk again.";
    LOOP: Error, "chain.loop", "Chain: it leads back to itself",
        None, [VhdUtil HyperV],
        "Following the parents leads to a disk that was passed before. A chain ends with a disk that has no parent.",
        "Find out which disk was overwritten or renamed: one of these stands in another’s place.";
    LARGER: Warning, "chain.parent-larger", "Chain: the parent is larger",
        None, [],
        "The parent is larger than this disk, whose end hides what the parent has behind it.",
        "Nothing has to be done, if the disk was made smaller on purpose.";
    SMALLER: Info, "chain.parent-smaller", "Chain: the parent is smaller",
        None, [],
        "This disk was made larger than its parent. That is sound; a coalesce has to make the parent larger first.",
        "Nothing has to be done; leave room for the coalesce.";
}

impl LinkFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::Missing(_) => &MISSING,
            Self::OtherDisk { .. } => &OTHER_DISK,
            Self::Damaged(_) => &DAMAGED,
            Self::Loop(_) => &LOOP,
            Self::Larger { .. } => &LARGER,
            Self::Smaller { .. } => &SMALLER,
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "nothing at “{name}”"),
            Self::OtherDisk { found, .. } => write!(f, "{}", Uuid::from_bytes(*found)),
            Self::Damaged(name) | Self::Loop(name) => write!(f, "“{name}”"),
            Self::Larger { parent, .. } | Self::Smaller { parent, .. } => write!(f, "{parent} bytes"),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(_) => f.write_str("the parent"),
            Self::OtherDisk { named, .. } => write!(f, "{}", Uuid::from_bytes(*named)),
            Self::Damaged(_) => f.write_str("a sound parent"),
            Self::Loop(_) => f.write_str("an end of the chain"),
            Self::Larger { child, .. } | Self::Smaller { child, .. } => write!(f, "{child} bytes, as this disk"),
        }
    }
}

/// Holds a differencing disk against the disk that was found as its parent, and hands each fault to `tell`.
#[cfg(feature = "alloc")]
pub fn check(child: &crate::image::Image, parent: &crate::image::Image, tell: &mut dyn FnMut(crate::finding::Finding)) {
    use core::mem::offset_of;

    use crate::finding::{Fault, Finding};
    use crate::layout::header::DynamicHeader;

    let mut add = |at: usize, length: u64, fault| {
        let offset = child.header.offset().unwrap_or(0) + at as u64;
        tell(Finding { fault: Fault::Link(fault), offset, length });
    };
    let (Some(header), Some(footer), Some(other)) = (child.header.value(), child.footer(), parent.footer()) else {
        return;
    };
    let (named, found) = (header.parent_unique_id, other.unique_id);
    // A null id names a raw image, which has none.
    if named != found && named != [0; 16] {
        add(offset_of!(DynamicHeader, parent_unique_id), 16, LinkFault::OtherDisk { named, found });
    }
    let (parent, child) = (other.current_size.get(), footer.current_size.get());
    if parent > child {
        add(0, 0, LinkFault::Larger { parent, child });
    } else if parent < child {
        add(0, 0, LinkFault::Smaller { parent, child });
    }
}
