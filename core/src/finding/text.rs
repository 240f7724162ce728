//! Text and bytes from a file, as they stand in a finding.

use core::fmt;

/// A text that is kept within a finding, without an allocator: cut after 160 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text {
    bytes: [u8; Self::ROOM],
    length: u8,
}

impl Text {
    const ROOM: usize = 160;

    /// As much of `text` as fits, in whole characters.
    pub fn new(text: &str) -> Self {
        let length = text.floor_char_boundary(Self::ROOM);
        let mut bytes = [0; Self::ROOM];
        bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
        // ROOM is less than 256.
        Self { bytes, length: length as u8 }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Bytes as a person compares them: in hex, with the text they spell if they spell one.
pub(crate) struct Bytes<'a>(pub &'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{byte:02x}")?;
        }
        let printable = |byte: &u8| byte.is_ascii_graphic() || *byte == b' ';
        if self.0.iter().any(|byte| *byte != b' ') && self.0.iter().all(printable) {
            f.write_str(" “")?;
            for byte in self.0 {
                write!(f, "{}", char::from(*byte))?;
            }
            f.write_str("”")?;
        }
        Ok(())
    }
}

#[cfg(feature = "serde")]
impl serde::Serialize for Text {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(feature = "serde")]
impl<'de> serde::Deserialize<'de> for Text {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <alloc::string::String as serde::Deserialize>::deserialize(deserializer).map(|text| Self::new(&text))
    }
}
