//! Every fault that can be found, with its place, its words, and what was found and expected.
//!
//! A fault is a variant of its family's enum in [`crate::check`]; a [`Rule`] holds what is the same for all
//! its occurrences. Nothing here needs an allocator.

use core::fmt;

use crate::check::bat::BatFault;
use crate::check::batmap::BatmapFault;
use crate::check::blocks::BlockFault;
use crate::check::file::FileFault;
use crate::check::footer::{FooterFault, Slot};
use crate::check::header::HeaderFault;
use crate::check::journal::JournalFault;
use crate::check::link::LinkFault;
use crate::check::locators::LocatorFault;
use crate::check::parent::ParentFault;
use crate::dialect::Tool;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Severity {
    /// Worth knowing, nothing to do.
    Info,
    /// Unusual; some tool may object.
    Warning,
    /// Against the format; tools refuse the disk or may misread it.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// What is the same for every occurrence of a fault.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable name for scripts, such as `footer.primary.cookie`.
    pub id: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// A few words, the structure first.
    pub title: &'static str,
    /// What it means, in plain sentences.
    pub meaning: &'static str,
    /// What to do about it, in plain sentences.
    pub remedy: &'static str,
    /// What `vhd-util check` prints of it.
    pub vhd_util: Option<&'static str>,
    /// The tools that would stumble over it alone, in some kind of disk. See [`crate::dialect::minded_by`].
    pub minded_by: &'static [Tool],
}

/// A fault, by the structure that it is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// In one of the footers.
    Footer(Slot, FooterFault),
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

impl Finding {
    /// The stable name of the fault.
    pub fn id(&self) -> &'static str {
        self.fault.rule().id
    }

    /// How much it weighs.
    pub fn severity(&self) -> Severity {
        self.fault.rule().severity
    }
}

/// Every rule there is, family by family: what the project finds.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    use crate::check::{bat, batmap, blocks, file, footer, header, journal, link, locators, parent};
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

/// A text that is kept within a finding, without an allocator: cut after 160 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text {
    bytes: [u8; Self::ROOM],
    length: u8,
}

impl Text {
    const ROOM: usize = 160;

    /// As much of `text` as fits, in whole characters.
    pub fn new(text: &str) -> Self {
        let length = text.floor_char_boundary(Self::ROOM);
        let mut bytes = [0; Self::ROOM];
        bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
        // ROOM is less than 256.
        Self { bytes, length: length as u8 }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Bytes as a person compares them: in hex, with the text they spell if they spell one.
pub(crate) struct Bytes<'a>(pub &'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{byte:02x}")?;
        }
        let printable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
        if self.0.iter().any(|byte| *byte != b' ') && self.0.iter().all(printable) {
            f.write_str(" “")?;
            for byte in self.0 {
                write!(f, "{}", char::from(*byte))?;
            }
            f.write_str("”")?;
        }
        Ok(())
    }
}
