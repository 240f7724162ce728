//! A disk without an identity gets a random one.

use alloc::vec;
use alloc::vec::Vec;

use uuid::Builder;

use super::case::{Case, Proposal};
use super::footers;
use super::plan::Step;
use crate::finding::Fault;
use crate::finding::footer::{FooterCopy, FooterFault};
use crate::layout::footer::Footer;

/// A new random unique id in every footer, where it is null.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let (true, Some((_, footer))) =
        (case.has_fault(Fault::Footer(FooterCopy::Primary, FooterFault::UniqueId)), case.image.closing_footer())
    else {
        return Ok(Vec::new());
    };
    let repaired = Footer { unique_id: random(case), ..*footer }.sealed();
    let reason = "a random unique id in place of the null one, with the checksum renewed";
    let patches = footers::everywhere(case.image, &repaired, reason);
    Ok(vec![Step::lossless("Give the disk a unique id", case.image.length, patches)])
}

/// A random UUID (version 4) out of the bytes that the caller brought.
pub(super) fn random(case: &Case<'_>) -> [u8; 16] {
    random_from(case.fresh_unique_id)
}

/// A random UUID (version 4) out of random bytes.
pub(super) fn random_from(bytes: [u8; 16]) -> [u8; 16] {
    Builder::from_random_bytes(bytes).into_uuid().into_bytes()
}
