//! A disk of a chain, as far as reading through it needs it.

use alloc::boxed::Box;
use alloc::string::String;

use uuid::Uuid;

use crate::analysis::Analysis;
use crate::image::Batmap;
use crate::layout::bat::BlockShape;
use crate::layout::footer::{DiskType, Footer};

/// A disk of a chain whose data is beyond doubt, or a raw image at its base: what is kept of the analysis to read
/// through it. Besides the batmap, one bit per block, nothing of it grows with the disk.
#[derive(Clone, Debug)]
pub struct Layer {
    pub(super) name: String,
    /// Bytes of the virtual disk.
    pub(super) size: u64,
    /// None for a raw image.
    unique_id: Option<[u8; 16]>,
    /// The parent's unique id, null for a raw image; none without a parent.
    parent: Option<[u8; 16]>,
    pub(super) content: Content,
}

/// How the virtual disk lies in the file.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// Byte for byte, from the start of the file.
    Plain,
    /// In blocks.
    Blocks(Box<Blocks>),
}

/// The blocks of a disk.
#[derive(Clone, Debug)]
pub(super) struct Blocks {
    /// Where the BAT is, in bytes from the start of the file.
    pub(super) table: u64,
    /// Entries that the virtual disk needs.
    pub(super) entries: u32,
    /// The size of a block.
    pub(super) shape: BlockShape,
    /// By which the bits of a bitmap are ordered.
    pub(super) footer: Footer,
    /// tapdisk's batmap.
    pub(super) batmap: Option<Batmap>,
    /// Whether the bitmaps say which sectors are the disk's own. Only where there is a parent: of a disk without one,
    /// tapdisk and libvhdi read zeros under a clear bit, and QEMU, which goes by the BAT alone, reads what is there. In a
    /// sound disk those are zeros, and both readings are the same. Otherwise it is data that the deep check calls hidden
    /// and that its repair brings back; to read zeros would be to drop it without a word.
    pub(super) has_parent: bool,
}

/// Why disks cannot be read as a chain.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// Not even one disk.
    #[error("no disk was given")]
    NoDisk,
    /// A file that is no VHD where only a VHD can be.
    #[error("“{0}” is no VHD; only what a chain is based on may be a raw image, where the disk above it says so")]
    NotAVhd(String),
    /// A disk has an error that may change its data.
    #[error("“{name}” is damaged ({fault}), and what is read through it would be wrong; repair it first")]
    Damaged {
        /// Which.
        name: String,
        /// What is wrong with it, in a few words.
        fault: &'static str,
    },
    /// A differencing disk at the base.
    #[error("the parent of “{name}” is missing (nothing at “{parent}”); put it there, or give it along")]
    MissingParent {
        /// The disk whose parent it is.
        name: String,
        /// The name that the disk gives; empty where that is not known.
        parent: String,
    },
    /// Another disk than the one that the child was made on.
    #[error(
        "“{name}” was made on the disk with the unique id {}, and “{parent}” is another one; find its parent",
        Uuid::from_bytes(*named)
    )]
    OtherDisk {
        /// The child.
        name: String,
        /// What was taken for its parent.
        parent: String,
        /// The unique id that the child names.
        named: [u8; 16],
    },
    /// A VHD where the child names a raw image.
    #[error(
        "“{name}” names a raw image as its parent, by a null unique id, and “{parent}” is a VHD; whether its footer \
         belongs to the disk cannot be known"
    )]
    NotRaw {
        /// The child.
        name: String,
        /// What was taken for its parent.
        parent: String,
    },
    /// A parent for a disk that has none.
    #[error("“{name}” has no parent, so that nothing is read from “{parent}”; leave it out")]
    NoParent {
        /// The disk.
        name: String,
        /// What was taken for its parent.
        parent: String,
    },
    /// A disk comes a second time.
    #[error("the chain leads back to “{0}”; find out which of its disks stands in another’s place")]
    Loop(String),
}

impl Layer {
    /// Of an analysis; of a file that is no VHD as a raw image.
    ///
    /// # Errors
    /// Where the disk has an error because of which what is read through it could be wrong.
    pub fn of(analysis: &Analysis) -> Result<Self, ChainError> {
        let Analysis { image, name, .. } = analysis;
        if analysis.foreign.is_some() {
            let size = image.length;
            return Ok(Self { name: name.clone(), size, unique_id: None, parent: None, content: Content::Plain });
        }
        let damaged = |fault| ChainError::Damaged { name: name.clone(), fault };
        if let Some(error) = analysis.findings.iter().find(|finding| finding.fault.can_change_data()) {
            return Err(damaged(error.fault.rule().title));
        }
        // None of what follows is missing where there is no error.
        let unreadable = || damaged("its structures cannot be read");
        let footer = image.footer().ok_or_else(unreadable)?;
        let size = footer.current_size.get();
        let layer =
            |parent, content| Self { name: name.clone(), size, unique_id: Some(footer.unique_id), parent, content };
        if image.kind() == Some(DiskType::Fixed) {
            return if size <= image.limit() { Ok(layer(None, Content::Plain)) } else { Err(unreadable()) };
        }
        let header = image.header.value().ok_or_else(unreadable)?;
        let (Some(shape), Some(bat)) = (image.block_shape(), image.bat.value()) else {
            return Err(unreadable());
        };
        let parent = (image.kind() == Some(DiskType::Differencing)).then_some(header.parent_unique_id);
        let blocks = Blocks {
            table: header.table_offset.get(),
            entries: bat.entries,
            shape,
            footer: *footer,
            batmap: image.batmap.value().cloned(),
            has_parent: parent.is_some(),
        };
        Ok(layer(parent, Content::Blocks(Box::new(blocks))))
    }

    /// The name that it was analysed under.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a differencing disk.
    pub fn has_parent(&self) -> bool {
        self.parent.is_some()
    }

    /// Bytes of a block's data; none for a disk without blocks.
    pub fn block_size(&self) -> Option<u64> {
        match &self.content {
            Content::Plain => None,
            Content::Blocks(blocks) => Some(blocks.shape.data),
        }
    }

    /// Whether it is one and the same disk as another, by the unique id.
    pub(super) fn is_twin(&self, other: &Self) -> bool {
        self.unique_id.is_some() && self.unique_id == other.unique_id
    }

    /// Whether it is a raw image.
    pub(super) fn is_raw(&self) -> bool {
        self.unique_id.is_none()
    }

    /// Whether `parent` is the disk that this one is based on.
    ///
    /// # Errors
    /// Where it is not, and why.
    pub fn accept(&self, parent: &Self) -> Result<(), ChainError> {
        let (name, parent_name) = (self.name.clone(), parent.name.clone());
        let null = [0; 16];
        match (self.parent, parent.unique_id) {
            (None, _) => Err(ChainError::NoParent { name, parent: parent_name }),
            (Some(named), None) if named == null => Ok(()),
            (Some(_), None) => Err(ChainError::NotAVhd(parent_name)),
            (Some(named), Some(_)) if named == null => Err(ChainError::NotRaw { name, parent: parent_name }),
            (Some(named), Some(found)) if named == found => Ok(()),
            (Some(named), Some(_)) => Err(ChainError::OtherDisk { name, parent: parent_name, named }),
        }
    }
}

impl Blocks {
    /// Whether the batmap calls a block full.
    pub(super) fn is_marked_full(&self, number: u32) -> bool {
        self.batmap.as_ref().and_then(|batmap| batmap.is_full(number)) == Some(true)
    }
}
