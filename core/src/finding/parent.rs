//! What the dynamic header says of the parent: on a differencing disk something, on a dynamic disk nothing.

use core::fmt;

use super::rule::{Rule, rules};
use super::text::Text;
use crate::layout::time::TimeStamp;

/// What can be wrong with the header's parent fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParentFault {
    /// The parent's time stamp, in the future.
    TimeStamp {
        /// As stored.
        stored: TimeStamp,
        /// The present.
        now: TimeStamp,
    },
    /// The parent has no name.
    NoName,
    /// The name is no UTF-16.
    Undecodable,
    /// The name has characters beyond ASCII.
    NotAscii(Text),
    /// The name is a whole path.
    Path(Text),
    /// The parent's unique id is null: it is a raw image.
    Raw,
    /// A dynamic disk with a parent's name.
    NameOnDynamic,
    /// A dynamic disk with parent locators.
    LocatorsOnDynamic,
    /// A dynamic disk with a parent's unique id.
    UniqueIdOnDynamic,
    /// A dynamic disk with a parent's time stamp.
    TimeStampOnDynamic,
}

rules! {
    TIME_STAMP: Error, "parent.time-stamp", "Parent: changed in the future",
        Some("differencing header is invalid: parent creation time in future"), [VhdUtil],
        "The header says that the parent was changed later than now. XenServer and XCP-ng refuse the disk until \
         that time has come. Check the clock of this computer, too.",
        "Set this computer’s clock right. If it is, the repair sets the parent’s time to now.";
    NO_NAME: Error, "parent.no-name", "Parent: no name in the header",
        Some("parent locator … name (…) does not match header name ()"), [VhdUtil],
        "A differencing disk names its parent in the header, too. XenServer and XCP-ng refuse it without.",
        "The repair writes the name that the locators give.";
    UNDECODABLE: Error, "parent.name", "Parent: the name in the header is unreadable",
        Some("differencing header is invalid: invalid parent name"), [VhdUtil],
        "The parent’s name in the header is not valid UTF-16.",
        "The repair writes the name that the locators give.";
    NOT_ASCII: Info, "parent.not-ascii", "Parent: a name beyond ASCII",
        Some("differencing header is invalid: invalid parent name"), [VhdUtil],
        "Windows allows it; XenServer and XCP-ng refuse a disk whose parent’s name has characters beyond ASCII.",
        "Nothing has to be done in Windows. For XenServer and XCP-ng, give the parent a plain name and link the \
         disk to it.";
    PATH: Info, "parent.path", "Parent: named by its whole path",
        Some("parent locator … name (…) does not match header name (…)"), [VhdUtil],
        "Windows writes the parent’s whole path into the header, and tools of Windows and QEMU do not mind; \
         XenServer and XCP-ng expect the bare file name there, and refuse the disk.",
        "Nothing has to be done in Windows. For XenServer and XCP-ng, link the disk to its parent by the bare name.";
    RAW: Info, "parent.raw", "Parent: a raw image",
        None, [],
        "The parent’s unique id is null, which tapdisk writes where the parent is a raw image without one.",
        "Keep the raw image with the disk, and never write to it.";
    NAME_ON_DYNAMIC: Error, "parent.name-on-dynamic", "Parent: a name, but the disk has no parent",
        Some("differencing header is invalid: invalid non-null parent name"), [VhdUtil],
        "Only a differencing disk has a parent. Either the disk type or this field is wrong.",
        "The repair clears it. If the disk should have a parent, do not repair: the disk type is what is wrong.";
    LOCATORS_ON_DYNAMIC: Error, "parent.locators-on-dynamic", "Parent: locators, but the disk has no parent",
        Some("differencing header is invalid: invalid non-null parent locators"), [VhdUtil],
        "Only a differencing disk has a parent. Either the disk type or these entries are wrong.",
        "The repair clears it. If the disk should have a parent, do not repair: the disk type is what is wrong.";
    UNIQUE_ID_ON_DYNAMIC: Error, "parent.unique-id-on-dynamic", "Parent: a unique id, but the disk has no parent",
        Some("differencing header is invalid: invalid non-null parent uuid"), [VhdUtil],
        "Only a differencing disk has a parent. Either the disk type or this field is wrong.",
        "The repair clears it. If the disk should have a parent, do not repair: the disk type is what is wrong.";
    TIME_STAMP_ON_DYNAMIC: Error, "parent.time-stamp-on-dynamic", "Parent: a time stamp, but the disk has no parent",
        Some("differencing header is invalid: invalid non-zero parent timestamp"), [VhdUtil],
        "Only a differencing disk has a parent. Either the disk type or this field is wrong.",
        "The repair clears it. If the disk should have a parent, do not repair: the disk type is what is wrong.";
}

impl ParentFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::TimeStamp { .. } => &TIME_STAMP,
            Self::NoName => &NO_NAME,
            Self::Undecodable => &UNDECODABLE,
            Self::NotAscii(_) => &NOT_ASCII,
            Self::Path(_) => &PATH,
            Self::Raw => &RAW,
            Self::NameOnDynamic => &NAME_ON_DYNAMIC,
            Self::LocatorsOnDynamic => &LOCATORS_ON_DYNAMIC,
            Self::UniqueIdOnDynamic => &UNIQUE_ID_ON_DYNAMIC,
            Self::TimeStampOnDynamic => &TIME_STAMP_ON_DYNAMIC,
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeStamp { stored, .. } => write!(f, "{stored}"),
            Self::NotAscii(name) | Self::Path(name) => write!(f, "“{name}”"),
            _ => Ok(()),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeStamp { now, .. } => write!(f, "not later than {now}"),
            Self::NoName | Self::Undecodable => f.write_str("the parent’s file name"),
            Self::NotAscii(_) => f.write_str("ASCII, for XenServer and XCP-ng"),
            Self::Path(_) => f.write_str("the bare file name, for XenServer and XCP-ng"),
            Self::Raw => Ok(()),
            _ => f.write_str("zeros, or a differencing disk"),
        }
    }
}
