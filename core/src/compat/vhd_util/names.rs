//! The names of parents, as vhd-util decodes them: with nothing but ASCII.

use alloc::string::String;
use alloc::vec::Vec;

use super::open::{Errno, readable};
use crate::image::{Found, Image};
use crate::layout::footer::Footer;
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform};

/// The header's parent name; `None` where it cannot be decoded.
pub(crate) fn header_name(header: &DynamicHeader, footer: &Footer) -> Option<String> {
    let name = &header.parent_unicode_name;
    // tapdisk 0.1 wrote either byte order, with a mark in front, and little-endian without one.
    let little_endian = footer.is_tapdisk() && footer.creator_version.get() == 1;
    match name {
        [0xFF, 0xFE, rest @ ..] if little_endian => windows_name(rest, u16::from_le_bytes),
        [0xFE, 0xFF, rest @ ..] if little_endian => windows_name(rest, u16::from_be_bytes),
        _ if little_endian => windows_name(name, u16::from_le_bytes),
        _ => windows_name(name, u16::from_be_bytes),
    }
}

/// The name that a locator points at.
pub(crate) fn locator_name(image: &Image, locator: &ParentLocator, name: &Found<Vec<u8>>) -> Result<String, Errno> {
    let decode: fn(&[u8]) -> Option<String> = match locator.platform() {
        Some(Platform::MacX) => url_path,
        Some(Platform::W2ku | Platform::W2ru) => |bytes| windows_name(bytes, u16::from_le_bytes),
        _ => return Err(Errno::Invalid),
    };
    // The room is a signed number of 32 bits to vhd-util.
    let room = locator.space_in_bytes().filter(|space| *space > 0 && i32::try_from(*space).is_ok());
    readable(image, locator.data_offset.get(), room.ok_or(Errno::Invalid)?)?;
    name.value().and_then(|bytes| decode(bytes)).ok_or(Errno::Invalid)
}

/// Where a path ends, as the C library's `basename` has it; and the path, from which it takes slashes at the end.
pub(crate) fn split_name(path: &str) -> (&str, &str) {
    if path.is_empty() {
        return (path, ".");
    }
    match path.trim_end_matches('/') {
        "" => (path, "/"),
        trimmed => (trimmed, trimmed.rsplit('/').next().unwrap_or(trimmed)),
    }
}

fn url_path(bytes: &[u8]) -> Option<String> {
    ascii(bytes.strip_prefix(b"file://")?.iter().map(|byte| u16::from(*byte)))
}

/// A Windows path in UTF-16, with `/` for `\` and without a leading `C:`.
fn windows_name(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Option<String> {
    let (units, rest) = bytes.as_chunks::<2>();
    let name = ascii(units.iter().map(|bytes| unit(*bytes)))?.replace('\\', "/");
    let name = name.strip_prefix("C:").or_else(|| name.strip_prefix("c:")).unwrap_or(&name);
    rest.is_empty().then(|| name.into())
}

/// Characters up to the first zero, all of which, behind it too, must be ASCII.
fn ascii(characters: impl Iterator<Item = u16>) -> Option<String> {
    let bytes =
        characters.map(|character| u8::try_from(character).ok().filter(u8::is_ascii)).collect::<Option<Vec<u8>>>()?;
    let text = bytes.split(|byte| *byte == 0).next().unwrap_or_default();
    Some(text.iter().copied().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_what_basename_makes_of_it() {
        assert_eq!(split_name("./a/b.vhd"), ("./a/b.vhd", "b.vhd"));
        assert_eq!(split_name("b.vhd"), ("b.vhd", "b.vhd"));
        assert_eq!(split_name("./a/b//"), ("./a/b", "b"));
        assert_eq!(split_name("//"), ("//", "/"));
        assert_eq!(split_name(""), ("", "."));
    }
}
