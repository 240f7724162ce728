//! tapdisk's batmap: that it is there and intact.

use core::fmt;

use crate::dialect::Tool;
use crate::finding::{Bytes, Rule, Severity};
use crate::layout::batmap::BatmapHeader;

/// What can be wrong with the batmap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatmapFault {
    /// The header would lie behind the end of the file.
    OutOfFile,
    /// The cookie is not that of a batmap.
    Cookie([u8; 8]),
    /// The batmap version.
    Version(u32),
    /// The map is not within the file, or too small for the disk.
    MapOutOfFile,
    /// The checksum does not fit the map.
    Checksum {
        /// As stored.
        stored: u32,
        /// As the map asks for.
        computed: u32,
    },
}

/// What vhd-util prints where the batmap cannot be read, whatever the reason.
const UNREADABLE: Option<&str> = Some("error calculating end of metadata: -22");

static OUT_OF_FILE: Rule = Rule {
    id: "batmap.outside-file",
    severity: Severity::Error,
    title: "Batmap: not within the file",
    meaning: "Disks made by tapdisk have a batmap behind the BAT; here the file ends before it. XenServer and \
              XCP-ng refuse the disk.",
    vhd_util: UNREADABLE,
    minded_by: &[Tool::VhdUtil],
};
static COOKIE: Rule = Rule {
    id: "batmap.cookie",
    severity: Severity::Error,
    title: "Batmap: invalid cookie",
    meaning: "Disks made by tapdisk have a batmap behind the BAT, which begins with “tdbatmap”. XenServer and \
              XCP-ng refuse the disk without it. QEMU knows no batmap: where it wrote to the disk, a block may \
              lie in the batmap's place.",
    vhd_util: UNREADABLE,
    minded_by: &[Tool::VhdUtil],
};
static VERSION: Rule = Rule {
    id: "batmap.version",
    severity: Severity::Error,
    title: "Batmap: unknown version",
    meaning: "The newest version of the batmap is 1.2. XenServer and XCP-ng refuse anything newer.",
    vhd_util: UNREADABLE,
    minded_by: &[Tool::VhdUtil],
};
static MAP_OUT_OF_FILE: Rule = Rule {
    id: "batmap.map-outside-file",
    severity: Severity::Error,
    title: "Batmap: the map is not within the file",
    meaning: "The batmap's header names a place for the map that is behind the end of the file, or too small for \
              the disk. XenServer and XCP-ng refuse the disk.",
    vhd_util: UNREADABLE,
    minded_by: &[Tool::VhdUtil],
};
static CHECKSUM: Rule = Rule {
    id: "batmap.checksum",
    severity: Severity::Error,
    title: "Batmap: invalid checksum",
    meaning: "The checksum does not fit the map of the blocks that are written throughout. XenServer and XCP-ng \
              refuse the disk.",
    vhd_util: UNREADABLE,
    minded_by: &[Tool::VhdUtil],
};

/// Every rule of this family.
pub(crate) static RULES: &[&Rule] = &[&OUT_OF_FILE, &COOKIE, &VERSION, &MAP_OUT_OF_FILE, &CHECKSUM];

impl BatmapFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self {
            Self::OutOfFile => &OUT_OF_FILE,
            Self::Cookie(_) => &COOKIE,
            Self::Version(_) => &VERSION,
            Self::MapOutOfFile => &MAP_OUT_OF_FILE,
            Self::Checksum { .. } => &CHECKSUM,
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfFile | Self::MapOutOfFile => Ok(()),
            Self::Cookie(cookie) => write!(f, "{}", Bytes(cookie)),
            Self::Version(version) => write!(f, "{}.{}", version >> 16, version & 0xFFFF),
            Self::Checksum { stored, .. } => write!(f, "0x{stored:08x}"),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfFile => f.write_str("512 bytes within the file"),
            Self::Cookie(_) => write!(f, "{}", Bytes(&BatmapHeader::COOKIE)),
            Self::Version(_) => f.write_str("at most 1.2"),
            Self::MapOutOfFile => f.write_str("a bit for each block, within the file"),
            Self::Checksum { computed, .. } => write!(f, "0x{computed:08x}"),
        }
    }
}

/// The batmap of an image, if it should have one.
#[cfg(feature = "alloc")]
pub(crate) fn check_image(image: &crate::image::Image, tell: &mut dyn FnMut(crate::finding::Finding)) {
    use core::mem::offset_of;

    use super::Faults;
    use crate::finding::Fault;
    use crate::image::Found;

    let (offset, batmap) = match &image.batmap {
        Found::Read { offset, value } => (*offset, value),
        Found::OutOfFile { offset, .. } => {
            return Faults::new(tell, *offset, &Fault::Batmap).add(0, 0, BatmapFault::OutOfFile);
        }
        Found::Absent => return,
    };
    let header = &batmap.header;
    let mut faults = Faults::new(tell, offset, &Fault::Batmap);
    if header.cookie != BatmapHeader::COOKIE {
        return faults.add(0, 8, BatmapFault::Cookie(header.cookie));
    }
    if !header.is_known() {
        let version = header.batmap_version.get();
        let at = offset_of!(BatmapHeader, batmap_version);
        return faults.add(at, 4, BatmapFault::Version(version));
    }
    let stored = header.checksum.get();
    match batmap.computed_checksum {
        None => faults.add(offset_of!(BatmapHeader, batmap_offset), 12, BatmapFault::MapOutOfFile),
        Some(computed) => faults.add_if(
            stored != computed,
            offset_of!(BatmapHeader, checksum),
            4,
            BatmapFault::Checksum { stored, computed },
        ),
    }
}
