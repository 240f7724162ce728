//! Files that are no VHD: what they are instead, by their signature, and where to go with them.

use core::fmt;

use alloc::string::String;
use alloc::vec;

use crate::progress::AnalysisError;
use crate::source::{Read, Source};

/// What a file is that is no VHD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    /// No bytes at all.
    Empty,
    /// Not even as long as a footer.
    Scrap,
    /// Zeros, as far as was looked.
    Zeros,
    /// Hyper-V's newer format.
    Vhdx,
    /// QEMU's own format.
    Qcow2,
    /// VMware's format.
    Vmdk,
    /// VirtualBox's format.
    Vdi,
    /// An image of a CD or DVD.
    Iso,
    /// A disk without a container, with a GUID partition table.
    RawGpt,
    /// A disk without a container, with a master boot record.
    RawMbr,
    /// A gzip file.
    Gzip,
    /// A zip archive.
    Zip,
    /// An xz file.
    Xz,
    /// A Zstandard file.
    Zstd,
    /// A 7-Zip archive.
    SevenZip,
    /// A tar archive; an exported virtual machine of XenServer (XVA) is one.
    Tar,
    /// Text.
    Text,
    /// Nothing that is known here.
    Unknown,
}

/// Bytes at the start of a file that are looked at: enough for the volume descriptor of an ISO image.
const LOOK: u64 = 0x8000 + 512;

/// Signatures with their offsets, the most telling first.
const SIGNATURES: &[(usize, &[u8], FileType)] = &[
    (0, b"vhdxfile", FileType::Vhdx),
    (0, b"QFI\xFB", FileType::Qcow2),
    (0, b"KDMV", FileType::Vmdk),
    (0, b"COWD", FileType::Vmdk),
    (0, b"# Disk DescriptorFile", FileType::Vmdk),
    (0x40, &[0x7F, 0x10, 0xDA, 0xBE], FileType::Vdi),
    (0x8001, b"CD001", FileType::Iso),
    (512, b"EFI PART", FileType::RawGpt),
    (4096, b"EFI PART", FileType::RawGpt),
    (0, &[0x1F, 0x8B, 0x08], FileType::Gzip),
    (0, b"PK\x03\x04", FileType::Zip),
    (0, &[0xFD, b'7', b'z', b'X', b'Z', 0], FileType::Xz),
    (0, &[0x28, 0xB5, 0x2F, 0xFD], FileType::Zstd),
    (0, &[b'7', b'z', 0xBC, 0xAF, 0x27, 0x1C], FileType::SevenZip),
    (257, b"ustar", FileType::Tar),
    (510, &[0x55, 0xAA], FileType::RawMbr),
];

/// The file that a QCOW2 image is based on, as its header names it; `None` where it is no such image, or has no base.
///
/// QEMU's "Qcow2 Image File Format": the backing file's offset at 8, the length of its name at 16.
///
/// # Errors
/// Where the source fails.
pub fn qcow2_base<S: Source>(source: &S) -> Result<Option<String>, AnalysisError<S::Error>> {
    /// QEMU writes no longer names.
    const LONGEST: u32 = 1023;
    let mut head = [0; 20];
    if source.length() < head.len() as u64 {
        return Ok(None);
    }
    source.read(&mut [Read { offset: 0, buffer: &mut head }]).map_err(AnalysisError::Read)?;
    let number = |bytes: &[u8]| bytes.iter().fold(0, |sum: u64, byte| sum << 8 | u64::from(*byte));
    let (offset, length) = (number(&head[8..16]), number(&head[16..20]));
    let is_there = offset.checked_add(length).is_some_and(|end| end <= source.length());
    if !head.starts_with(b"QFI\xFB") || offset == 0 || length == 0 || length > LONGEST.into() || !is_there {
        return Ok(None);
    }
    let mut name = vec![0; length as usize];
    source.read(&mut [Read { offset, buffer: &mut name }]).map_err(AnalysisError::Read)?;
    Ok(Some(String::from_utf8_lossy(&name).into_owned()))
}

impl FileType {
    /// Looks at the start of a file.
    ///
    /// # Errors
    /// Where the source fails.
    pub fn recognise<S: Source>(source: &S) -> Result<Self, AnalysisError<S::Error>> {
        let mut start = vec![0; source.length().min(LOOK) as usize];
        source.read(&mut [Read { offset: 0, buffer: &mut start }]).map_err(AnalysisError::Read)?;
        Ok(Self::of(&start, source.length()))
    }

    fn of(start: &[u8], length: u64) -> Self {
        let signature = SIGNATURES
            .iter()
            .find(|(at, signature, _)| start.get(*at..).is_some_and(|rest| rest.starts_with(signature)));
        match signature {
            Some((_, _, foreign)) => *foreign,
            None if length == 0 => Self::Empty,
            None if is_text(start) => Self::Text,
            None if length < 512 => Self::Scrap,
            None if start.iter().all(|byte| *byte == 0) => Self::Zeros,
            None => Self::Unknown,
        }
    }

    /// What to do with such a file, in a sentence or two.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Empty => {
                "Nothing is left to repair in this file. Look for another copy: a failed copy or a full storage \
                 leaves files like this."
            }
            Self::Scrap => "The shortest VHD is longer. The copy was cut off, or this is another file than you think.",
            Self::Zeros => {
                "A disk that was set aside and never written looks like this, and so does one that was wiped. If it \
                 should be a fixed VHD, its footer at the end is missing, too."
            }
            Self::Vhdx => {
                "Hyper-V opens it under the name .vhdx. To get a VHD, run Convert-VHD in PowerShell, or \
                 qemu-img convert -f vhdx -O vpc."
            }
            Self::Qcow2 => {
                "QEMU opens it as it is; check it with qemu-img check. To get a VHD, run \
                 qemu-img convert -f qcow2 -O vpc."
            }
            Self::Vmdk => "VMware opens it as it is. To get a VHD, run qemu-img convert -f vmdk -O vpc.",
            Self::Vdi => "VirtualBox opens it as it is. To get a VHD, run qemu-img convert -f vdi -O vpc.",
            Self::Iso => "Attach it as a CD or DVD drive rather than as a disk.",
            Self::RawGpt | Self::RawMbr => {
                "It may be used as it is, as a raw disk. If it should be a fixed VHD, only its footer at the end is \
                 missing: keep the file, nothing is lost yet."
            }
            Self::Gzip | Self::Zip | Self::Xz | Self::Zstd | Self::SevenZip => {
                "Unpack it first, then drop the .vhd that is inside."
            }
            Self::Tar => {
                "Unpack it first. If it is an exported virtual machine of XenServer or XCP-ng (XVA), import it there; \
                 the disk inside is in pieces."
            }
            Self::Text => "It may be a log or a download that answered with a web page. Look at it in an editor.",
            Self::Unknown => {
                "It has no footer at its end and none at its start. If it was a VHD, both were overwritten; it may \
                 be encrypted or compressed, too."
            }
        }
    }
}

/// What the file is: "a VHDX image".
impl fmt::Display for FileType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "an empty file",
            Self::Scrap => "a file of less than 512 bytes",
            Self::Zeros => "a file that begins with nothing but zeros",
            Self::Vhdx => "a VHDX image, Hyper-V's newer format",
            Self::Qcow2 => "a QCOW2 image, QEMU's own format",
            Self::Vmdk => "a VMDK image, VMware’s format",
            Self::Vdi => "a VDI image, VirtualBox’s format",
            Self::Iso => "an ISO image of a CD or DVD",
            Self::RawGpt => "a raw disk with a GUID partition table (GPT)",
            Self::RawMbr => "a raw disk with a boot sector (MBR)",
            Self::Gzip => "a gzip file",
            Self::Zip => "a zip archive",
            Self::Xz => "an xz file",
            Self::Zstd => "a Zstandard file",
            Self::SevenZip => "a 7-Zip archive",
            Self::Tar => "a tar archive",
            Self::Text => "a text file",
            Self::Unknown => "nothing that is known here",
        })
    }
}

/// Whether the bytes are text without control characters, cut off anywhere.
fn is_text(bytes: &[u8]) -> bool {
    let text = match core::str::from_utf8(bytes) {
        Ok(text) => text,
        // The last character may be cut in half.
        Err(error) if error.error_len().is_none() => {
            core::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    let harmless = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}');
    !text.is_empty() && text.chars().all(harmless)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_signature_is_recognised_where_it_belongs() {
        for (at, signature, foreign) in SIGNATURES {
            let mut file = vec![0xEE; LOOK as usize];
            file[*at..at + signature.len()].copy_from_slice(signature);
            assert_eq!(FileType::recognise(&file.as_slice()), Ok(*foreign));
            file[*at] ^= 0xFF;
            assert_eq!(FileType::recognise(&file.as_slice()), Ok(FileType::Unknown));
        }
    }

    #[test]
    fn files_without_a_signature_are_told_apart() {
        let of = |bytes: &[u8]| FileType::recognise(&bytes);
        assert_eq!(of(b""), Ok(FileType::Empty));
        assert_eq!(of(b"Sep 14 16:36:26 SMGC: Coalesce failed\n"), Ok(FileType::Text));
        // The odd byte at the start makes the end of what is looked at fall into a character.
        let umlauts = alloc::format!("a{}", "ä".repeat(20_000));
        assert_eq!(of(umlauts.as_bytes()), Ok(FileType::Text));
        assert_eq!(of(&[0; 4096]), Ok(FileType::Zeros));
        assert_eq!(of(&[0; 100]), Ok(FileType::Scrap));
    }
}
