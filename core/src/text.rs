//! Text from disks, files and logs, as it may be shown.

use alloc::borrow::Cow;

/// Stands where a character cannot be shown.
const REPLACEMENT: &str = "\u{FFFD}";

/// Whether a letter could have a terminal or a page show something else than what was written: one that is obeyed, or
/// turns the direction of writing.
pub fn is_hostile(letter: char) -> bool {
    letter.is_control() || matches!(letter, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The text as a terminal and a page show it and do not obey it: names, from a disk too, may hold anything.
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_hostile) { text.replace(is_hostile, REPLACEMENT).into() } else { text.into() }
}

/// A file's name as a word of a command for a shell: quoted where it has to be, and never taken for an option.
pub fn quoted(name: &str) -> Cow<'_, str> {
    // Only a zero byte cannot be quoted, and no name has one.
    let word = shlex::try_quote(name).unwrap_or(name.into());
    if name.starts_with('-') { Cow::Owned(["./", &word].concat()) } else { word }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_a_terminal_obeys_is_shown() {
        assert_eq!(printable("disk\u{1b}[2J\n.vhd"), "disk\u{FFFD}[2J\u{FFFD}.vhd");
        assert_eq!(printable("a\u{202e}b"), "a\u{FFFD}b");
        assert_eq!(printable("Größe ✔"), "Größe ✔");
    }

    #[test]
    fn a_name_is_one_word_of_a_command() {
        assert_eq!(quoted("disk.vhd"), "disk.vhd");
        assert_eq!(quoted("my disk.vhd"), "'my disk.vhd'");
        assert_eq!(quoted("$(id).vhd"), "'$(id).vhd'");
        assert_eq!(quoted("-o.vhd"), "./-o.vhd");
        assert_eq!(quoted("it's.vhd"), "\"it's.vhd\"");
    }
}
