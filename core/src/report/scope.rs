//! What was checked, and what was not: computed from what really was read.

use core::fmt;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::analysis::Analysis;
use crate::chain::{Lineage, Next, Reach};
use crate::image::{Found, Image};
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;

/// What was checked of a disk, and what was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Scope {
    /// What was checked.
    pub checked: Vec<Checked>,
    /// What was read with every block, if the blocks were read.
    pub blocks: Option<BlocksRead>,
    /// What was not checked.
    pub not_checked: Vec<NotChecked>,
}

/// Something that was read and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Checked {
    /// A fixed disk's footer.
    Footer,
    /// A fixed disk's footer against the length of the file.
    Length,
    /// The primary and the backup footer, each and against the other.
    BothFooters,
    /// The only footer that there is.
    OneFooter,
    /// The dynamic header.
    Header,
    /// Every block of the BAT.
    Bat,
    /// What no BAT entry points at.
    Unreferenced,
    /// The batmap.
    Batmap,
    /// The names of the parent.
    ParentNames,
    /// That the parent is there, and is the right one.
    Parent,
    /// The parent that was given, by itself.
    GivenParent,
    /// That every ancestor is there, is the right one, and is sound.
    Ancestors,
}

/// Something that was not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NotChecked {
    /// The data of a fixed disk.
    FixedData,
    /// The dynamic header, which is not there.
    Header,
    /// The BAT, which is not there.
    Bat,
    /// The blocks.
    Blocks,
    /// All of the room between the blocks.
    Unreferenced,
    /// Overlaps of more blocks than are kept.
    Overlaps,
    /// The parent.
    Parent,
    /// What the parent is based on, and whether the parent is sound.
    Ancestors,
}

/// What the blocks hold, all of which were read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct BlocksRead {
    /// Blocks.
    pub blocks: u32,
    /// Their sectors.
    pub sectors: u64,
    /// Sectors that the bitmaps call written.
    pub written: u64,
    /// Sectors with other data than zeros.
    pub with_data: u64,
}

impl Scope {
    /// Of an analysis, and of what was looked at besides.
    pub(super) fn of(analysis: &Analysis, lineage: &Lineage, parent_was_given: bool) -> Self {
        let image = &analysis.image;
        if image.kind() == Some(DiskType::Fixed) {
            let checked = [Checked::Footer, Checked::Length].into();
            return Self { checked, blocks: None, not_checked: [NotChecked::FixedData].into() };
        }
        let mut scope = Self::default();
        scope.add_structures(image);
        match &analysis.deep {
            None if image.bat.value().is_some() => scope.not_checked.push(NotChecked::Blocks),
            None => {}
            Some(scan) => {
                scope.blocks = Some(BlocksRead {
                    blocks: scan.blocks,
                    sectors: scan.sectors,
                    written: scan.sectors_set,
                    with_data: scan.sectors_with_data,
                });
            }
        }
        if image.unreferenced.unfinished {
            scope.not_checked.push(NotChecked::Unreferenced);
        }
        if image.bat.value().is_some_and(|bat| bat.truncated) {
            scope.not_checked.push(NotChecked::Overlaps);
        }
        if image.kind() == Some(DiskType::Differencing) {
            scope.add_parent(lineage);
        }
        if parent_was_given {
            scope.checked.push(Checked::GivenParent);
            scope.not_checked.retain(|part| *part != NotChecked::Parent);
        }
        scope
    }

    fn add_structures(&mut self, image: &Image) {
        let there = |found: &Found<Footer>| found.value().is_some_and(|footer| footer.cookie == Footer::COOKIE);
        let ends = [&image.primary, &image.short].into_iter().find(|found| there(found));
        let is_at_start = |found: &Found<Footer>| found.offset() == image.backup.offset();
        match ends {
            Some(end) if there(&image.backup) && !is_at_start(end) => self.checked.push(Checked::BothFooters),
            Some(_) => self.checked.push(Checked::OneFooter),
            None if image.footer().is_some() => self.checked.push(Checked::OneFooter),
            None => {}
        }
        let header = image.header.value();
        let has_header = header
            .is_some_and(|header| header.cookie == DynamicHeader::COOKIE || header.with_cookie().checksum_is_right());
        if has_header {
            self.checked.push(Checked::Header);
        } else {
            self.not_checked.push(NotChecked::Header);
        }
        if image.bat.value().is_some() {
            self.checked.extend([Checked::Bat, Checked::Unreferenced]);
        } else {
            self.not_checked.push(NotChecked::Bat);
        }
        if image.batmap.value().is_some() {
            self.checked.push(Checked::Batmap);
        }
        if has_header && image.kind() == Some(DiskType::Differencing) {
            self.checked.push(Checked::ParentNames);
        }
    }

    fn add_parent(&mut self, lineage: &Lineage) {
        let is_whole = lineage.links.last().is_some_and(|last| matches!(last.next, Next::Base | Next::Raw(_)));
        let is_there = lineage.links.first().is_some_and(|link| matches!(link.next, Next::Parent(_) | Next::Raw(_)));
        if is_whole && lineage.reach == Reach::Ancestors {
            self.checked.push(Checked::Ancestors);
        } else if is_there {
            self.checked.push(Checked::Parent);
            self.not_checked.push(NotChecked::Ancestors);
        } else {
            self.not_checked.push(NotChecked::Parent);
        }
    }

    /// All of it in sentences.
    pub fn sentences(&self) -> Vec<String> {
        let mut sentences = Vec::new();
        if !self.checked.is_empty() {
            let checked: Vec<String> = self.checked.iter().map(ToString::to_string).collect();
            sentences.push(format!("Checked: {}.", checked.join("; ")));
        }
        sentences.extend(self.blocks.iter().map(ToString::to_string));
        sentences.extend(self.not_checked.iter().map(ToString::to_string));
        sentences
    }
}

impl fmt::Display for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Footer | Self::OneFooter => "the footer",
            Self::Length => "that the file is as long as the disk",
            Self::BothFooters => "both footers and that they agree",
            Self::Header => "the dynamic header",
            Self::Bat => "that every block of the BAT lies between metadata and footer and no two share a byte",
            Self::Unreferenced => "what no BAT entry points at",
            Self::Batmap => "the batmap, and that it agrees with the BAT",
            Self::ParentNames => "the parent’s name in the header and the locators",
            Self::Parent => "that the parent is there, and is the disk that this one was made on",
            Self::GivenParent => "the parent that was given, by itself",
            Self::Ancestors => "every ancestor, and that each is the disk that the one above was made on",
        })
    }
}

impl fmt::Display for NotChecked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::FixedData => "Not checked: the data, which on a fixed disk has no structure to be compared with.",
            Self::Header => "Not checked: the dynamic header, which is not there.",
            Self::Bat => "Not checked: the BAT and the blocks, since the BAT is not there.",
            Self::Blocks => "Not checked: the blocks’ sector bitmaps and data. The deep check reads them all.",
            Self::Unreferenced => "Not checked: all of the room between the blocks, of which there is much.",
            Self::Overlaps => "Not checked: overlaps of more than four million blocks.",
            Self::Parent => "Not checked: the parent, which was not seen. The disk is judged by itself.",
            Self::Ancestors => "Not checked: whether the parent is sound, and what it is based on.",
        })
    }
}

impl fmt::Display for BlocksRead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { blocks, sectors, written, with_data } = self;
        write!(
            f,
            "Read: {blocks} blocks with their bitmaps. Of {sectors} sectors, the bitmaps call {written} written, and \
             {with_data} hold data."
        )
    }
}
