//! Who minds: what the tools that read VHDs would say of a disk, each in its own words and in its own order.
//!
//! The checks in [`crate::check`] say what is wrong with a disk. Here is foretold, a file for each tool, whether
//! it takes the disk, and the line that it prints if it does not, so that a search for that line leads here. The
//! tools' faults are part of their answers.

mod tool;

pub use tool::Tool;

mod azure;
mod hyper_v;
mod opinion;
#[cfg(feature = "std")]
mod place;
mod qemu;
mod surroundings;
pub mod vhd_util;
mod xen_orchestra;

pub(crate) use opinion::ask;
pub use opinion::{Opinion, opinions};
#[cfg(feature = "std")]
pub use place::{Folder, Lead, Place};
pub use surroundings::{Disk, Lookup, Surroundings, Unknown};

use crate::check::footer::Slot;
use crate::finding::Fault;
use crate::layout::footer::DiskType;

/// The tools that would stumble over this fault alone, in a disk of this kind.
///
/// A tool that takes no disk of the kind at all, whatever its state, does not mind the fault.
pub fn minded_by(fault: &Fault, kind: Option<DiskType>) -> impl Iterator<Item = Tool> {
    let fixed = kind == Some(DiskType::Fixed);
    // QEMU reads one end of the file only: the start, and of a fixed disk the end.
    let qemu_looks = match fault {
        Fault::Footer(Slot::Primary, _) | Fault::File(_) => fixed,
        Fault::Footer(Slot::Backup, _) => !fixed,
        _ => true,
    };
    fault.rule().minded_by.iter().copied().filter(move |tool| match tool {
        Tool::Qemu => qemu_looks,
        Tool::Azure => fixed,
        Tool::XenOrchestra => !fixed,
        Tool::VhdUtil | Tool::HyperV => true,
    })
}
