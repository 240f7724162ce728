//! A disk without an identity gets a random one.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use uuid::Builder;

use super::{Case, Step, footers};
use crate::layout::footer::Footer;

/// A new random unique id in every footer, where it is null.
pub(super) fn propose(case: &Case<'_>) -> Vec<Step> {
    if !case.has("footer.primary.unique-id") {
        return Vec::new();
    }
    let Some((offset, footer)) = case.image.closing_footer() else {
        return Vec::new();
    };
    let unique_id = Builder::from_random_bytes(case.fresh_unique_id).into_uuid();
    let mended = Footer { unique_id: unique_id.into_bytes(), ..*footer }.sealed();
    let reason = "a random unique id in place of the null one, with the checksum renewed";
    let mut patches = vec![footers::patch(offset, &mended, reason)];
    if case.image.kind().is_some_and(|kind| kind.is_sparse()) {
        patches.push(footers::patch(0, &mended, reason));
    }
    vec![Step {
        title: "Give the disk a unique id",
        patches,
        new_length: case.image.length,
        cut: None,
        assumes: Vec::new(),
        loses: Vec::<String>::new(),
    }]
}
