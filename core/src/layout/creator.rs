//! Who made a disk, by the footer's creator fields.

use core::fmt;

use super::footer::Footer;

/// The creator of a disk in words, with the version where it says something: "tapdisk 1.3", "Windows".
#[derive(Clone, Copy, Debug)]
pub struct Creator<'a>(
    /// The footer that names it.
    pub &'a Footer,
);

impl fmt::Display for Creator<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = self.0.creator_version.get();
        let version = fmt::from_fn(|f| write!(f, "{}.{}", version >> 16, version & 0xFFFF));
        let name = match &self.0.creator_application {
            b"tap\0" => return write!(f, "tapdisk {version}"),
            b"vpc " => "Virtual PC",
            b"vs  " => "Virtual Server",
            b"win " => "Windows",
            b"qemu" | b"qem2" => "QEMU",
            b"d2v " => "Disk2vhd",
            b"CTXS" => "Citrix",
            b"vbox" => return write!(f, "VirtualBox {version}"),
            b"wa\0\0" => "Windows Azure",
            other => {
                let text = trimmed(other);
                return match text {
                    [] => f.write_str("an unnamed program"),
                    text => {
                        f.write_str("“")?;
                        for chunk in text.utf8_chunks() {
                            f.write_str(chunk.valid())?;
                            if !chunk.invalid().is_empty() {
                                f.write_str("\u{FFFD}")?;
                            }
                        }
                        write!(f, "” {version}")
                    }
                };
            }
        };
        f.write_str(name)
    }
}

/// The application's name without the blanks and zeros around it.
fn trimmed(name: &[u8; 4]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, 0 | b' ');
    let start = name.iter().position(is_text).unwrap_or(name.len());
    let end = name.iter().rposition(is_text).map_or(start, |last| last + 1);
    &name[start..end]
}
