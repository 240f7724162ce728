//! The parent locators of a differencing disk.

use core::fmt;

use super::rule::{Rule, rules};
use super::text::Bytes;
use super::text::Text;

/// A fault of one locator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocatorFault {
    /// Which of the eight, from 0.
    pub number: u8,
    /// What is wrong with it.
    pub fault: Wrong,
}

/// What can be wrong with a locator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A platform code that does not exist.
    Code([u8; 4]),
    /// The platform code of a locator before it.
    Duplicate([u8; 4]),
    /// An entry that is not in use and not zero.
    Unused,
    /// A data offset of zero.
    Offset,
    /// A data space that is neither sectors nor bytes.
    Space(u32),
    /// A data length that does not fit into its space, or zero.
    Length(u32),
    /// The data is not within the file.
    OutOfFile(u64),
    /// Reserved bytes that are not zero.
    Reserved(u32),
    /// The data is not a name in the encoding that the code announces.
    Undecodable,
    /// A path with letters beyond ASCII, where the header's name has none.
    NotAscii(Text),
    /// Another file name than the header's.
    Name(Text),
    /// No locator of the eight names the parent.
    None,
}

rules! {
    CODE: Error, "locator.code", "Parent locator: unknown platform code",
        Some("invalid parent locator …: invalid platform code"), [VhdUtil],
        "The code says how the parent’s name is written, and nobody knows this one. vhd-util does not even open the \
         disk.",
        "The repair gives it the code that its name is written for, or clears it where another locator names the \
         parent.";
    DUPLICATE: Error, "locator.duplicate", "Parent locator: a platform code twice",
        Some("duplicate platform code in locator …"), [VhdUtil],
        "Each platform code may be used once.",
        "The repair keeps the one that names the parent as the header does, and clears the other.";
    UNUSED: Error, "locator.unused", "Parent locator: not in use, but not zero",
        Some("invalid parent locator …: non-zero locator"), [VhdUtil],
        "An entry without a platform code is zero throughout.",
        "The repair clears the entry.";
    OFFSET: Error, "locator.data-offset", "Parent locator: no data offset",
        Some("invalid parent locator …: invalid data offset"), [VhdUtil],
        "The data offset says where the parent’s name is, and it cannot be at the very start of the file.",
        "The repair clears the locator, where another one names the parent; where none does, link the disk to its \
         parent.";
    SPACE: Error, "locator.data-space", "Parent locator: impossible data space",
        Some("invalid parent locator …: invalid data space"), [VhdUtil],
        "The data space is counted in sectors by the specification, and in bytes by most programs; this is neither.",
        "The repair clears the locator, where another one names the parent; where none does, link the disk to its \
         parent.";
    LENGTH: Error, "locator.data-length", "Parent locator: impossible data length",
        Some("invalid parent locator …: invalid data length"), [VhdUtil],
        "The parent’s name does not fit into the space that is set aside for it, or has no length at all.",
        "The repair clears the locator, where another one names the parent; where none does, link the disk to its \
         parent.";
    OUT_OF_FILE: Error, "locator.outside-file", "Parent locator: not within the file",
        Some("invalid parent locator …: invalid size"), [VhdUtil],
        "The parent’s name would be behind the end of the file. vhd-util’s repair makes the file that long.",
        "The repair clears the locator, where another one names the parent; where none does, link the disk to its \
         parent. Do not let vhd-util repair \
         it.";
    RESERVED: Error, "locator.reserved", "Parent locator: reserved bytes are not zero",
        Some("invalid parent locator …: invalid reserved bits"), [VhdUtil],
        "The reserved bytes of a locator are zero. Something wrote there.",
        "The repair clears the bytes.";
    UNDECODABLE: Error, "locator.name-unreadable", "Parent locator: the name is unreadable",
        Some("error reading parent locator …: -22"), [VhdUtil],
        "The bytes are not a name in the encoding that the platform code announces.",
        "The repair writes the name anew into the locator’s space, or clears the locator where another names the \
         parent.";
    NOT_ASCII: Warning, "locator.not-ascii", "Parent locator: a path beyond ASCII",
        Some("error reading parent locator …: -22"), [VhdUtil],
        "The path in the locator has letters beyond ASCII, though the parent’s name in the header has none. XenServer and \
         XCP-ng read no such locator; and the folder may be damaged.",
        "Link the disk to its parent anew, which writes the locators.";
    NAME: Error, "locator.name", "Parent locator: another name than the header’s",
        Some("parent locator … name (…) does not match header name (…)"), [VhdUtil],
        "Header and locators must name one parent. Tools follow the locators; XenServer and XCP-ng refuse the disk.",
        "Look which file is the parent. The repair makes header and locators agree on the name that most of them \
         give, and says which.";
    NONE: Error, "locator.none", "Parent locator: none names the parent",
        Some("could not find parent …"), [VhdUtil],
        "A differencing disk needs a locator that says where its parent is.",
        "Find the parent by its unique id, which the dynamic header holds, and link the disk to it.";
}

impl LocatorFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self.fault {
            Wrong::Code(_) => &CODE,
            Wrong::Duplicate(_) => &DUPLICATE,
            Wrong::Unused => &UNUSED,
            Wrong::Offset => &OFFSET,
            Wrong::Space(_) => &SPACE,
            Wrong::Length(_) => &LENGTH,
            Wrong::OutOfFile(_) => &OUT_OF_FILE,
            Wrong::Reserved(_) => &RESERVED,
            Wrong::Undecodable => &UNDECODABLE,
            Wrong::NotAscii(_) => &NOT_ASCII,
            Wrong::Name(_) => &NAME,
            Wrong::None => &NONE,
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fault != Wrong::None {
            write!(f, "locator {}", self.number)?;
        }
        match &self.fault {
            Wrong::Code(code) | Wrong::Duplicate(code) => write!(f, ": {}", Bytes(code)),
            Wrong::Space(value) | Wrong::Length(value) | Wrong::Reserved(value) => write!(f, ": {value}"),
            Wrong::OutOfFile(offset) => write!(f, ": offset 0x{offset:x}"),
            Wrong::Name(found) | Wrong::NotAscii(found) => write!(f, ": “{found}”"),
            _ => Ok(()),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.fault {
            Wrong::Code(_) => "W2ku, W2ru, MacX, “Mac ”, Wi2r or Wi2k",
            Wrong::Duplicate(_) => "a code that no other locator has",
            Wrong::Unused | Wrong::Reserved(_) => "zeros",
            Wrong::Offset | Wrong::OutOfFile(_) => "a place within the file",
            Wrong::Space(_) => "less than 512 (sectors), or a multiple of 512 (bytes)",
            Wrong::Length(_) => "the length of the name",
            Wrong::Undecodable => "the parent’s name",
            Wrong::NotAscii(_) => "a path in ASCII, as the name in the header",
            Wrong::Name(_) => "the name that the dynamic header gives",
            Wrong::None => "a locator with the parent’s name",
        })
    }
}
