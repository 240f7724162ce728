//! Text for a terminal and for shells.

use std::borrow::Cow;
use std::path::Path;

use vhd_analyser_core::log::is_hostile;

/// Text that a terminal shows and does not obey: names, from the disk too, may hold anything.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_hostile) { text.replace(is_hostile, "\u{FFFD}").into() } else { text.into() }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        assert_eq!(printable("disk\u{1b}[2J\n.vhd"), "disk\u{FFFD}[2J\u{FFFD}.vhd");
        assert_eq!(printable("Größe ✔"), "Größe ✔");
    }
}
