//! The dynamic header's checksum.

use alloc::vec;
use alloc::vec::Vec;

use zerocopy::IntoBytes;

use super::{Case, Content, Patch, Step};
use crate::image::Found;
use crate::layout::footer::DiskType;

/// The checksum renewed, where it is all that is wrong with the header.
///
/// On a dynamic disk every field is known for itself: the constants, the place and length of the BAT, no
/// parent. A differencing disk's parent is not.
pub(super) fn propose(case: &Case<'_>) -> Vec<Step> {
    let only_checksum = case.has("header.checksum")
        && !case
            .findings
            .iter()
            .any(|finding| finding.id().starts_with("header.") && finding.id() != "header.checksum");
    let Found::Read { offset, value } = &case.image.header else {
        return Vec::new();
    };
    if !only_checksum {
        return Vec::new();
    }
    let mut assumes = Vec::new();
    if case.image.kind() == Some(DiskType::Differencing) {
        assumes.push(
            "The parent's unique id and time stamp in the header are right: nothing in this file can prove it.".into(),
        );
    } else if value.names_a_parent() {
        // One of the two is wrong, and renewing the checksum would settle it in favour of the header.
        return Vec::new();
    }
    vec![Step {
        title: "Renew the dynamic header's checksum",
        patches: vec![Patch {
            offset: *offset,
            content: Content::Bytes(value.sealed().as_bytes().to_vec()),
            reason: "the dynamic header with its checksum renewed".into(),
        }],
        new_length: case.image.length,
        cut: None,
        assumes,
        loses: Vec::new(),
    }]
}
