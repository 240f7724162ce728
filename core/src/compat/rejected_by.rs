//! Which tools reject a disk for a fault.

use crate::finding::footer::FooterCopy;
use crate::finding::{Fault, Tool};
use crate::layout::footer::DiskType;

/// The tools that would stumble over this fault alone, in a disk of this kind.
///
/// A tool that takes no disk of the kind at all, whatever its state, does not mind the fault.
pub fn rejected_by(fault: &Fault, kind: Option<DiskType>) -> impl Iterator<Item = Tool> {
    let fixed = kind == Some(DiskType::Fixed);
    // QEMU reads one end of the file only: the start, and of a fixed disk the end.
    let qemu_looks = match fault {
        Fault::Footer(FooterCopy::Primary, _) | Fault::File(_) => fixed,
        Fault::Footer(FooterCopy::Backup, _) => !fixed,
        _ => true,
    };
    fault.rule().rejected_by.iter().copied().filter(move |tool| match tool {
        Tool::Qemu => qemu_looks,
        Tool::Azure => fixed,
        Tool::XenOrchestra => !fixed,
        Tool::VhdUtil | Tool::HyperV => true,
    })
}
