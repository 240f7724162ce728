//! What to beware of before anything is written.

use core::fmt;

/// What to beware of before anything is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Caution {
    /// The missing footer may only mean that a virtual machine is using the disk.
    MayBeInUse,
    /// A copy of a differencing disk has to go where the original was.
    PutCopyBack,
    /// There are bytes that may be a lost block.
    MayHoldLostBlock,
}

impl fmt::Display for Caution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MayBeInUse => {
                "While a virtual machine is using the disk this is normal: tapdisk writes new blocks over the footer and \
                 puts it back when the disk is closed. Shut the machine down or detach the disk first, and look again; \
                 a repair of a disk in use destroys data."
            }
            Self::PutCopyBack => {
                "This is a differencing disk: on its own it holds only what was changed since its parent. Put the fixed \
                 copy where the original was, under its name, so that the chain stays whole."
            }
            Self::MayHoldLostBlock => {
                "The file holds bytes that may be a lost block. Nothing here cuts them off; vhd-util’s repair does."
            }
        })
    }
}
