//! Changes that nobody needs to make and somebody may want: a disk hidden or shown, a raw disk made a fixed VHD.

use alloc::vec;
use alloc::vec::Vec;

use zerocopy::big_endian::{U32, U64};
use zerocopy::{FromZeros, IntoBytes};

use super::assign::Assignment;
use super::footers;
use super::parent_disk::ParentDisk;
use super::plan::{Patch, Step};
use super::unique_id::random_from;
use crate::image::Image;
use crate::layout::footer::Footer;
use crate::layout::geometry::Geometry;
use crate::layout::time::TimeStamp;
use crate::layout::{SECTOR, padded_to_sector};

/// What the caller asks for besides the repair.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestedChanges {
    /// tapdisk's hidden flag, set or taken away: a base copy of a snapshot has it, a disk of a virtual machine not.
    pub hidden: Option<bool>,
    /// A footer for a file without one: the file is the virtual disk, sector by sector.
    pub fixed: Option<FixedDisk>,
    /// The parent that a differencing disk is to be linked to, or that it had when it lost its dynamic header.
    pub parent: Option<ParentDisk>,
    /// Blocks that are to be found at these places.
    pub assign: Vec<Assignment>,
    /// Whether the file must keep its length: a device has no other, and its footer is in its last sector.
    pub keeps_length: bool,
}

impl RequestedChanges {
    /// Whether anything is to be changed in a disk without errors.
    pub fn asks_for_changes(&self) -> bool {
        *self != Self { keeps_length: self.keeps_length, ..Self::default() }
    }
}

/// How a raw disk becomes a fixed VHD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedDisk {
    /// The creator application to write. By it QEMU decides whether the current size counts, as with `win `, or the
    /// geometry, as with `vpc `.
    pub creator: [u8; 4],
}

/// Sets or clears the hidden flag in every footer; nothing where it is so already.
pub(super) fn hide(image: &Image, hidden: bool) -> Option<Step> {
    let (_, footer) = image.closing_footer()?;
    if (footer.hidden != 0) == hidden {
        return None;
    }
    let repaired = Footer { hidden: u8::from(hidden), ..*footer }.sealed();
    let (title, reason) = if hidden {
        ("Hide the disk", "the footer with tapdisk’s hidden flag set")
    } else {
        ("Show the disk", "the footer with tapdisk’s hidden flag taken away")
    };
    Some(Step::lossless(title, image.length, footers::everywhere(image, &repaired, reason)))
}

/// A footer behind a raw disk.
pub(super) fn make_fixed(length: u64, disk: FixedDisk, now: TimeStamp, random: [u8; 16]) -> Option<Step> {
    let size = padded_to_sector(length).filter(|size| *size >= SECTOR)?;
    let footer = Footer {
        cookie: Footer::COOKIE,
        features: U32::new(Footer::RESERVED),
        file_format_version: U32::new(Footer::VERSION),
        data_offset: U64::new(Footer::NO_DATA_OFFSET),
        time_stamp: U32::new(now.0),
        creator_application: disk.creator,
        creator_version: U32::new(0x000A_0000),
        creator_host_os: *b"Wi2k",
        original_size: U64::new(size),
        current_size: U64::new(size),
        geometry: Geometry::for_size(size),
        disk_type: U32::new(2),
        unique_id: random_from(random),
        ..Footer::new_zeroed()
    }
    .sealed();
    let patches: Vec<Patch> = vec![Patch::bytes(size, footer.as_bytes(), "a footer that makes the file a fixed VHD")];
    let new_length = size.checked_add(Footer::LENGTH)?;
    Some(
        Step::lossless("Make the file a fixed VHD", new_length, patches)
            .assuming("The file is the virtual disk from its first sector to its last, and nothing else."),
    )
}
