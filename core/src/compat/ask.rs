//! All tools, one after the other.

use core::ops::ControlFlow;

use super::answer::ToolAnswer;
use super::parent_lookup::Disk;
use super::{azure, hyper_v, qemu, vhd_util, xen_orchestra};
use crate::layout::time::TimeStamp;
use crate::progress::{AnalysisError, Progress, Watch};
use crate::source::Source;

/// What each tool would say of the disk in `source`, in the order of [`Tool::ALL`](crate::finding::Tool::ALL). `now` is the present.
///
/// `progress` hears of what is read and may stop it: a few sectors, and the BAT once more as QEMU reads it.
///
/// # Errors
/// Where the source fails, or `progress` asks to stop. A damaged or foreign file is not an error.
pub fn answers<E>(
    source: &dyn Source<Error = E>,
    disk: &Disk<'_>,
    now: TimeStamp,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<[ToolAnswer; 5], AnalysisError<E>> {
    ask(source, disk, now, false, &mut Watch::new(progress))
}

/// As [`answers`]; of vhd-util, what it says of all ancestors, too, where `parents` asks for that.
pub(crate) fn ask<E>(
    source: &dyn Source<Error = E>,
    disk: &Disk<'_>,
    now: TimeStamp,
    parents: bool,
    watch: &mut Watch<'_>,
) -> Result<[ToolAnswer; 5], AnalysisError<E>> {
    Ok([
        if parents { vhd_util::check_parents(disk, now) } else { vhd_util::check(disk, now) },
        qemu::info(source, disk, watch)?,
        hyper_v::open(disk),
        xen_orchestra::open(source, disk)?,
        azure::upload(disk),
    ])
}
