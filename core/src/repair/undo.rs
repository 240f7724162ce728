//! The undo file of a repair in place: a file with the bytes that the repair writes over or cuts off.
//!
//! ```text
//! {"format":"vhd-analyser undo 1","file":"disk.vhd","old_length":…,"new_length":…,"ranges":[{"offset":…,"length":…},…]}
//! the bytes of the first range, then those of the second, and so on to the end of the file
//! ```
//!
//! The first line is JSON and ends with a line feed. Lengths and offsets are in bytes, those of the ranges in the disk
//! before the repair. To go back by hand: write every range at its offset, then set the disk's length to `old_length`.

use alloc::string::String;
use core::fmt::Write;

/// What the first line says the file is.
pub const FORMAT: &str = "vhd-analyser undo 1";

/// The first line of an undo file, with its line feed.
///
/// `file` is the disk's name, for a person. Lengths are in bytes; of the `ranges`, which are those of
/// [`Plan::replaced`](super::Plan::replaced), each has an offset and a length.
pub fn head(file: &str, old_length: u64, new_length: u64, ranges: &[(u64, u64)]) -> String {
    let mut head = String::from("{\"format\":\"");
    head.push_str(FORMAT);
    head.push_str("\",\"file\":\"");
    for letter in file.chars() {
        // Writing to a string does not fail.
        let _ = match letter {
            '"' | '\\' => write!(head, "\\{letter}"),
            control if control < ' ' => write!(head, "\\u{:04x}", u32::from(control)),
            letter => write!(head, "{letter}"),
        };
    }
    let _ = write!(head, "\",\"old_length\":{old_length},\"new_length\":{new_length},\"ranges\":[");
    for (index, (offset, length)) in ranges.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        let _ = write!(head, "{comma}{{\"offset\":{offset},\"length\":{length}}}");
    }
    head.push_str("]}\n");
    head
}

#[cfg(test)]
mod tests {
    use super::head;

    #[test]
    fn names_are_json_whatever_is_in_them() {
        let head = head("a\"b\\c\n.vhd", 3, 2, &[(0, 1), (2, 1)]);
        assert_eq!(
            head,
            "{\"format\":\"vhd-analyser undo 1\",\"file\":\"a\\\"b\\\\c\\u000a.vhd\",\"old_length\":3,\"new_length\":2,\
             \"ranges\":[{\"offset\":0,\"length\":1},{\"offset\":2,\"length\":1}]}\n"
        );
    }
}
