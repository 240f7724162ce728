//! What a tool thinks of a disk.

use alloc::string::String;

use crate::finding::Tool;

/// What a tool thinks of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ToolAnswer {
    /// Whose it is.
    pub tool: Tool,
    /// Whether it takes the disk.
    pub accepts: bool,
    /// The line that it prints, in its own words; empty where it prints none.
    pub says: String,
    /// The size that it gives the virtual disk, in bytes. Of QEMU only, which may go by the geometry.
    pub virtual_size: Option<u64>,
    /// What its answer has to do with the disk's parent.
    pub parent: ParentUse,
    /// Whether it takes the disk by itself, and refuses one of its ancestors: then `says` is what it prints of the disk.
    pub refuses_ancestor: bool,
}

/// What a tool's answer has to do with the disk's parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum ParentUse {
    /// Nothing: the disk has none, or the tool does not come so far.
    None,
    /// The tool looks at the parent, and so did the answer.
    Seen,
    /// The tool looks at the parent, which was not looked for: it is taken as there and right.
    Assumed,
    /// The tool reads the disk without its parent: zeros are where the parent's data should be.
    Ignored,
}

impl ToolAnswer {
    /// Whether there is a parent that was not looked for, and is taken as there and right.
    pub fn assumes_parent(&self) -> bool {
        self.parent == ParentUse::Assumed
    }

    /// Of a tool that has nothing to say of the size, nor of a parent.
    pub(super) fn new(tool: Tool, refused: Result<(), String>) -> Self {
        let accepts = refused.is_ok();
        Self {
            tool,
            accepts,
            says: refused.err().unwrap_or_default(),
            virtual_size: None,
            parent: ParentUse::None,
            refuses_ancestor: false,
        }
    }
}
