//! What a tool thinks of a disk.

use core::ops::ControlFlow;

use alloc::string::String;

use super::{Disk, Tool, azure, hyper_v, qemu, vhd_util, xen_orchestra};
use crate::layout::time::TimeStamp;
use crate::progress::{AnalysisError, Progress, Watch};
use crate::source::Source;

/// What a tool thinks of a disk.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Opinion {
    /// Whose it is.
    pub tool: Tool,
    /// Whether it takes the disk.
    pub accepts: bool,
    /// The line that it prints, in its own words; empty where it prints none.
    pub says: String,
    /// The size that it gives the virtual disk, in bytes. Of QEMU only, which may go by the geometry.
    pub virtual_size: Option<u64>,
    /// Whether there is a parent that was not looked for, and is taken as there and right.
    pub assumes_parent: bool,
}

impl Opinion {
    /// Of a tool that has nothing to say of the size, nor of a parent.
    pub(super) fn new(tool: Tool, refused: Result<(), String>) -> Self {
        let accepts = refused.is_ok();
        Self { tool, accepts, says: refused.err().unwrap_or_default(), virtual_size: None, assumes_parent: false }
    }
}

/// What each tool would say of the disk in `source`, in the order of [`Tool::ALL`]. `now` is the present.
///
/// `progress` hears of what is read and may stop it: a few sectors, and the BAT once more as QEMU reads it.
///
/// # Errors
/// Where the source fails, or `progress` asks to stop. A damaged or foreign file is not an error.
pub fn opinions<E>(
    source: &dyn Source<Error = E>,
    disk: &Disk<'_>,
    now: TimeStamp,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<[Opinion; 5], AnalysisError<E>> {
    ask(source, disk, now, false, &mut Watch::new(progress))
}

/// As [`opinions`]; of vhd-util, what it says of all ancestors, too, where `parents` asks for that.
pub(crate) fn ask<E>(
    source: &dyn Source<Error = E>,
    disk: &Disk<'_>,
    now: TimeStamp,
    parents: bool,
    watch: &mut Watch<'_>,
) -> Result<[Opinion; 5], AnalysisError<E>> {
    Ok([
        if parents { vhd_util::check_parents(disk, now) } else { vhd_util::check(disk, now) },
        qemu::info(source, disk.name, watch)?,
        hyper_v::open(disk),
        xen_orchestra::open(source)?,
        azure::upload(disk),
    ])
}
