//! The upload of a disk to Azure, and the disk that is made of it there.
//!
//! Azure takes fixed disks of whole MiB. Its sentences are those of its error messages as Microsoft's help pages
//! ("VHD is not supported when you create a virtual machine in Azure") and the reports of users of Azure CLI,
//! Azure PowerShell and Storage Explorer quote them, with `…` for the address of the upload. Which one is
//! given for what, where several apply, is known from those reports only.

use alloc::format;
use alloc::string::String;

use super::answer::ToolAnswer;
use super::parent_lookup::Disk;
use crate::finding::Tool;
use crate::image::Found;
use crate::layout::SECTOR;
use crate::layout::footer::{DiskType, Footer};

/// Sizes are whole multiples of this: a MiB.
const UNIT: u64 = 1 << 20;

/// Whether Azure takes the disk.
pub(super) fn upload(disk: &Disk<'_>) -> ToolAnswer {
    ToolAnswer::new(Tool::Azure, check(disk))
}

fn check(disk: &Disk<'_>) -> Result<(), String> {
    let footer = match &disk.image.primary {
        Found::Read { offset, value } if offset.is_multiple_of(SECTOR) && value.cookie == Footer::COOKIE => value,
        _ => {
            return Err(format!(
                "InvalidVhd: The specified cookie value in VHD footer indicates that disk '{}' with blob … is not a \
                 supported VHD. Disk is expected to have cookie value 'conectix'.",
                disk.name
            ));
        }
    };
    if footer.checksum.get() != footer.computed_checksum() || footer.kind() != Some(DiskType::Fixed) {
        return Err("Only blobs formatted as VHDs can be imported.".into());
    }
    let size = footer.current_size.get();
    if !size.is_multiple_of(UNIT) {
        return Err(format!(
            "The VHD … has an unsupported virtual size of {size} bytes.  The size must be a whole number (in MBs)."
        ));
    }
    let length = disk.image.length;
    // There is a footer, so there are its bytes.
    let data = length.saturating_sub(Footer::LENGTH);
    if !data.is_multiple_of(UNIT) {
        return Err(format!(
            "The upload size in bytes {length} - 512 bytes for the VHD footer ({data} in this case) must be a \
             multiple of MiB."
        ));
    }
    Ok(())
}
