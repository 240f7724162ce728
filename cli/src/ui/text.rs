//! Text for a terminal and for shells.

use std::path::Path;

pub use vhd_analyser_core::text::{printable, quoted};

/// The command that takes a repair in place back.
pub fn undo_command(disk: &Path, undo: &Path) -> String {
    let (disk, undo) = (disk.to_string_lossy(), undo.to_string_lossy());
    format!("vhd-analyser repair {} --undo {}", quoted(&disk), quoted(&undo))
}
