//! Text for a terminal and for shells.

use std::borrow::Cow;
use std::path::Path;

pub use vhd_analyser_core::text::printable;

/// A file's name as a shell takes it.
pub fn quoted(name: &str) -> Cow<'_, str> {
    // Only a zero byte cannot be quoted, and no name has one.
    shlex::try_quote(name).unwrap_or(name.into())
}

/// The command that takes a repair in place back.
pub fn undo_command(disk: &Path, undo: &Path) -> String {
    let (disk, undo) = (disk.to_string_lossy(), undo.to_string_lossy());
    format!("vhd-analyser repair {} --undo {}", quoted(&disk), quoted(&undo))
}
