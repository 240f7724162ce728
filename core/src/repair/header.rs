//! The dynamic header: its cookie, its checksum, and fields that can have one value only.

use alloc::vec;
use alloc::vec::Vec;

use zerocopy::IntoBytes;
use zerocopy::big_endian::{U32, U64};

use super::{Case, Patch, Proposal, Step};
use crate::image::{Found, Image};
use crate::layout::footer::DiskType;
use crate::layout::header::DynamicHeader;

/// Findings about fields whose value is the same on every disk.
const CONSTANTS: [&str; 3] = ["header.version", "header.data-offset", "header.reserved"];

/// The header with its constants in place and its checksum renewed.
///
/// Where the checksum was wrong and no constant explains it, a field is wrong that may still look right. On a dynamic
/// disk every field is known for itself: the place and length of the BAT, the block size, no parent. A differencing
/// disk's parent is not.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let Some((offset, header)) = mendable(case.image) else {
        return Ok(Vec::new());
    };
    let constants = CONSTANTS.iter().any(|id| case.has(id));
    if case.has("header.cookie") {
        // The checksum fits once the cookie is there: nothing else was changed.
        return Ok(vec![step(case.image, offset, &header.with_cookie(), "Put the dynamic header's cookie back")]);
    }
    if !constants && !case.has("header.checksum") {
        return Ok(Vec::new());
    }
    let mended = with_constants(header).sealed();
    let explained = with_constants(header).checksum_is_right();
    let step = step(case.image, offset, &mended, "Mend the dynamic header");
    if !case.has("header.checksum") || explained {
        return Ok(vec![step]);
    }
    Ok(match case.image.kind() {
        Some(DiskType::Differencing) => vec![step.assuming(
            "The parent's unique id and time stamp in the dynamic header are right: nothing in this file can prove it.",
        )],
        _ => vec![step],
    })
}

fn with_constants(header: &DynamicHeader) -> DynamicHeader {
    DynamicHeader {
        header_version: U32::new(DynamicHeader::VERSION),
        data_offset: U64::new(u64::MAX),
        reserved_1: U32::new(0),
        reserved_2: [0; 256],
        ..*header
    }
}

/// The header, if it is one, even without its cookie.
fn mendable(image: &Image) -> Option<(u64, &DynamicHeader)> {
    match &image.header {
        Found::Read { offset, value }
            if value.cookie == DynamicHeader::COOKIE || value.with_cookie().checksum_is_right() =>
        {
            Some((*offset, value))
        }
        _ => None,
    }
}

/// A patch that writes a dynamic header.
pub(super) fn patch(offset: u64, header: &DynamicHeader, reason: &str) -> Patch {
    Patch::bytes(offset, header.as_bytes(), reason)
}

fn step(image: &Image, offset: u64, header: &DynamicHeader, title: &'static str) -> Step {
    let reason = "the dynamic header with what it lacked, and a right checksum";
    Step::lossless(title, image.length, vec![patch(offset, header, reason)])
}
