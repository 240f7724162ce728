//! What can be done about a fault besides repairing the disk, for whoever shows it to put into words.

use super::blocks::BlockFault;
use super::fault::Fault;
use super::link::LinkFault;
use super::locators::{LocatorFault, Wrong};

/// Something to be done about a fault that the repair of the disk does not do by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Action {
    /// To link the disk to the parent that it was made on.
    LinkParent,
    /// To write the chain as one image.
    ConvertChain,
    /// To set the hidden flag of the parent.
    HideParent,
    /// To assign an orphaned block to its number by hand.
    AssignBlock,
}

impl Fault {
    /// What can be done about it.
    pub fn action(&self) -> Option<Action> {
        match self {
            Self::Locator(LocatorFault {
                fault:
                    Wrong::Offset
                    | Wrong::Space(_)
                    | Wrong::Length(_)
                    | Wrong::OutOfFile(_)
                    | Wrong::None
                    | Wrong::NotAscii(_),
                ..
            })
            | Self::Link(LinkFault::OtherDisk { .. } | LinkFault::Elsewhere(_) | LinkFault::ByName(_)) => {
                Some(Action::LinkParent)
            }
            Self::Link(LinkFault::BlockSize { .. }) => Some(Action::ConvertChain),
            Self::Link(LinkFault::NotHidden) => Some(Action::HideParent),
            Self::Block(BlockFault::Orphan { .. }) => Some(Action::AssignBlock),
            _ => None,
        }
    }
}
