//! A differencing disk against its parent.

use core::fmt;

use uuid::Uuid;

use super::rule::{Rule, rules};
use super::text::Text;
use crate::layout::time::TimeStamp;
use crate::units::{self, count};

/// What can be wrong between a disk and its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum LinkFault {
    /// The parent is at none of the places that the disk names; this is the first of them.
    Missing(Text),
    /// The parent was not given, and nobody could look for it; this is the first place that the disk names.
    NotGiven(Text),
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
    /// The raw image that the disk was made on ends before the disk does.
    RawSmaller {
        /// The image's length, in bytes.
        image: u64,
        /// The disk's size, in bytes.
        child: u64,
    },
    /// Several files have the parent's unique id, and the locators name none of them; this is how many.
    Ambiguous(u32),
    /// The parent is there by its unique id, but not where the locators say; this is where it is.
    Elsewhere(Text),
    /// The parent lies beside the disk under the name that it has at the end of a path, and not where the path leads.
    ByName(Text),
    /// The child was made before its parent.
    Older {
        /// When the parent was made.
        parent: TimeStamp,
        /// When the child was made.
        child: TimeStamp,
    },
    /// The parent was written to after the child was made on it.
    Changed {
        /// When the parent was written to last.
        changed: TimeStamp,
        /// When it was, to the child's knowledge.
        known: TimeStamp,
    },
    /// The disks have blocks of different sizes.
    BlockSize {
        /// The parent's, in bytes.
        parent: u32,
        /// The child's, in bytes.
        child: u32,
    },
    /// The parent is shown as a disk of its own.
    NotHidden,
    /// A hidden disk that is nobody's parent.
    HiddenLeaf,
    /// Another file has the same unique id.
    DuplicateId(Text),
}

/// As [`rules`], with the fault of a link in words that do not name the structure: of which two disks it is, is said where
/// it is found.
macro_rules! link_rules {
    ($($name:ident: $severity:ident, $id:literal, $fault:literal, $vhd_util:expr, [$($tool:ident)*],
        $meaning:literal, $remedy:literal;)*) => {
        rules! {
            $($name: $severity, $id, concat!("Chain: ", $fault), $vhd_util, [$($tool)*], $meaning, $remedy;)*
        }

        impl LinkFault {
            /// The fault in a few words: "the parent is not there".
            pub fn words(&self) -> &'static str {
                let rule = self.rule();
                $(if core::ptr::eq(rule, &$name) { return $fault; })*
                rule.title
            }
        }
    };
}

link_rules! {
    MISSING: Error, "chain.parent-missing", "the parent is not there",
        Some("error resolving …: -2"), [VhdUtil Qemu HyperV XenOrchestra],
        "A differencing disk holds only what was changed since its parent. Without the parent at one of the places \
         that the disk names, no tool reads it.",
        "Put the parent back beside the disk under the name that the disk gives, or give it along.";
    NOT_GIVEN: Warning, "chain.parent-not-given", "the parent was not given",
        None, [],
        "A differencing disk holds only what was changed since its parent, and is of no use without it. Whether the \
         parent is there, and is the right one, was not looked at.",
        "Give the parent along, with everything that it is based on.";
    OTHER_DISK: Error, "chain.parent-unique-id", "the parent is another disk",
        Some("invalid parent …: invalid parent uuid"), [VhdUtil HyperV],
        "The disk names its parent by a unique id, and the disk that is there has another. Read together they would \
         give a mixture of two disks.",
        "Find the parent by its unique id. Only if you know that this parent’s data has not changed since the disk was \
         made on it, link the disk to it.";
    DAMAGED: Error, "chain.parent-damaged", "the parent is damaged",
        None, [VhdUtil HyperV],
        "The disk itself may be sound, but an ancestor of it has errors of its own, and the chain is read through \
         it.",
        "Repair the parent first, then check this disk again.";
    LOOP: Error, "chain.loop", "it leads back to itself",
        None, [VhdUtil HyperV],
        "Following the parents leads to a disk that was passed before. A chain ends with a disk that has no parent.",
        "Find out which disk was overwritten or renamed: one of these stands in another’s place.";
    LARGER: Warning, "chain.parent-larger", "the parent is larger",
        None, [HyperV],
        "The parent is larger than this disk, whose end hides what the parent has behind it. Either this disk was made \
         smaller, or the parent was made larger under its children; Hyper-V refuses such a chain (0xC03A0017).",
        "If the parent was made larger under its children, set its size back. If this disk was made smaller on purpose, \
         nothing has to be done for XenServer and XCP-ng.";
    SMALLER: Info, "chain.parent-smaller", "the parent is smaller",
        None, [],
        "This disk was made larger than its parent. That is sound; a coalesce has to make the parent larger first.",
        "Nothing has to be done; leave room for the coalesce.";
    RAW_SMALLER: Warning, "chain.raw-smaller", "the raw image is smaller than the disk on it",
        None, [],
        "The raw image that the disk was made on ends before the disk does. Either the disk was made larger since, or \
         the image was cut off: nothing in a raw image says how long it was. What is behind its end is read as zeros.",
        "Hold the image’s length against that of the image it was copied from. vhd-util neither makes it larger nor \
         coalesces into it what is behind its end.";
    AMBIGUOUS: Error, "chain.parent-ambiguous", "several disks could be the parent",
        None, [],
        "Several files have the unique id of the parent, and the disk’s locators name none of them. They are copies \
         of each other, or were once, and only one of them is what the disk was made on.",
        "Find out which of them was left alone since, and move the others elsewhere.";
    ELSEWHERE: Error, "chain.parent-elsewhere", "the parent is under another name",
        Some("error resolving …: -2"), [VhdUtil Qemu HyperV XenOrchestra],
        "A file with the unique id of the parent is there, but not where the disk says. Tools follow the name, and \
         do not find it.",
        "Give the parent its name back, or link the disk to it under the name that it has.";
    BY_NAME: Warning, "chain.parent-by-name", "the parent was found by its name alone",
        None, [HyperV],
        "The paths in the disk lead to another place, of another computer perhaps; a file of the same name with the right \
         unique id lies beside the disk. Hyper-V follows the paths and does not find it (0xC03A000D).",
        "Link the disk to the parent where it lies now.";
    OLDER: Info, "chain.child-older", "the disk is older than its parent",
        None, [],
        "The disk was made before its parent was. That comes of a clock that was set, of disks that were linked \
         anew, or of a parent that was replaced.",
        "Nothing has to be done, if the parent is known to be the right one.";
    CHANGED: Info, "chain.parent-changed", "the parent was written to since",
        None, [],
        "The parent’s file was changed later than the disk remembers. Copying or hiding it does that without harm; \
         but if its data was written to, this disk is a mixture of old and new.",
        "Nothing has to be done, if the file was only moved or hidden. A parent should never be attached by itself.";
    BLOCK_SIZE: Warning, "chain.block-size", "blocks of another size",
        None, [],
        "The parent’s blocks have another size than this disk’s. Windows reads both; vhd-util counts on blocks of \
         2 MiB, and a coalesce in XenServer or XCP-ng loses data where they are smaller.",
        "Nothing has to be done to read the disk. Do not let XenServer or XCP-ng coalesce it; convert the chain to \
         one image.";
    NOT_HIDDEN: Info, "chain.parent-not-hidden", "the parent is not hidden",
        None, [],
        "XenServer and XCP-ng hide a disk on which others are based. One that is not hidden is shown as a disk of its \
         own, and whoever attaches it and writes to it destroys the disks that are based on it.",
        "Do not attach the parent. Hide it, or have the storage repository scanned, which does so.";
    HIDDEN_LEAF: Warning, "chain.hidden-leaf", "a hidden disk that nothing is based on",
        None, [],
        "Hidden disks are there for others to be based on, and no disk here is based on this one. Either its child is \
         elsewhere or lost, or it is left over from a snapshot that was deleted, and the next scan of the storage \
         repository deletes it.",
        "If its data is needed, keep a copy before the storage repository is scanned.";
    TWIN: Warning, "chain.twin", "two files with one unique id",
        None, [],
        "Another file has the unique id of this one. Tools that look for a parent by its unique id may take one for \
         the other.",
        "If one is a copy, move it elsewhere, or give it a unique id of its own.";
}

impl LinkFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::Missing(_) => &MISSING,
            Self::NotGiven(_) => &NOT_GIVEN,
            Self::OtherDisk { .. } => &OTHER_DISK,
            Self::Damaged(_) => &DAMAGED,
            Self::Loop(_) => &LOOP,
            Self::Larger { .. } => &LARGER,
            Self::Smaller { .. } => &SMALLER,
            Self::RawSmaller { .. } => &RAW_SMALLER,
            Self::Ambiguous(_) => &AMBIGUOUS,
            Self::Elsewhere(_) => &ELSEWHERE,
            Self::ByName(_) => &BY_NAME,
            Self::Older { .. } => &OLDER,
            Self::Changed { .. } => &CHANGED,
            Self::BlockSize { .. } => &BLOCK_SIZE,
            Self::NotHidden => &NOT_HIDDEN,
            Self::HiddenLeaf => &HIDDEN_LEAF,
            Self::DuplicateId(_) => &TWIN,
        }
    }

    /// Whether it keeps the disk from being read.
    pub fn is_error(&self) -> bool {
        self.rule().severity == super::rule::Severity::Error
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(name) => write!(f, "nothing at “{name}”"),
            Self::NotGiven(name) => write!(f, "“{name}” not given"),
            Self::OtherDisk { found, .. } => write!(f, "{}", Uuid::from_bytes(*found)),
            Self::Damaged(name)
            | Self::Loop(name)
            | Self::Elsewhere(name)
            | Self::ByName(name)
            | Self::DuplicateId(name) => {
                write!(f, "“{name}”")
            }
            Self::Larger { parent, .. } | Self::Smaller { parent, .. } => write!(f, "{}", count(*parent, "byte")),
            Self::RawSmaller { image, .. } => write!(f, "{}", count(*image, "byte")),
            Self::Ambiguous(count) => write!(f, "{}", units::count(*count as u64, "file")),
            Self::Older { child, .. } => write!(f, "{child}"),
            Self::Changed { changed, .. } => write!(f, "{changed}"),
            Self::BlockSize { parent, .. } => write!(f, "{}", count(*parent, "byte")),
            Self::NotHidden => f.write_str("not hidden"),
            // The title says it.
            Self::HiddenLeaf => Ok(()),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(_) | Self::NotGiven(_) => f.write_str("the parent"),
            Self::OtherDisk { named, .. } => write!(f, "{}", Uuid::from_bytes(*named)),
            Self::Damaged(_) => f.write_str("a sound parent"),
            Self::Loop(_) => f.write_str("an end of the chain"),
            Self::Larger { child, .. } | Self::Smaller { child, .. } | Self::RawSmaller { child, .. } => {
                write!(f, "{}, as this disk", count(*child, "byte"))
            }
            Self::Ambiguous(_) => f.write_str("one"),
            Self::ByName(_) | Self::Elsewhere(_) => f.write_str("the place that the disk names"),
            Self::Older { parent, .. } => write!(f, "not before {parent}"),
            Self::Changed { known, .. } => write!(f, "{known}"),
            Self::BlockSize { child, .. } => write!(f, "{}, as this disk", count(*child, "byte")),
            Self::NotHidden => f.write_str("hidden"),
            Self::HiddenLeaf => f.write_str("a disk that is based on it"),
            Self::DuplicateId(_) => f.write_str("a unique id of its own"),
        }
    }
}
