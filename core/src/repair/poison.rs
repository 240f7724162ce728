//! Footers that a cut-off resize of tapdisk's left poisoned, where no journal is at hand.

use alloc::vec;
use alloc::vec::Vec;

use super::case::{Case, Proposal};
use super::footers;
use super::plan::{Patch, Step};
use crate::image::Found;
use crate::layout::footer::Footer;

/// Takes the poison off both footers: enough where the resize had not begun, or had come to its end.
pub(super) fn propose(case: &Case<'_>) -> Proposal {
    let image = case.image;
    let poisoned = |found: &Found<Footer>| match found {
        Found::Read { offset, value } if value.is_poisoned() => Some((*offset, *value)),
        _ => None,
    };
    // With one of them gone, the resize was in the middle of moving things.
    let (Some(primary), Some(backup)) = (poisoned(&image.primary), poisoned(&image.backup)) else {
        return Ok(Vec::new());
    };
    let reason = "the footer with its cookie in place of “v_poison”, and its checksum renewed";
    let patches: Vec<Patch> = [primary, backup]
        .iter()
        .map(|(offset, footer)| footers::patch(*offset, &footer.with_cookie().sealed(), reason))
        .collect();
    let step = Step::lossless("Take the poison off the footers", image.length, patches);
    Ok(vec![step.assuming(
        "The resize had either not begun or come to its end. Everything in the file fits together, but only the \
         journal could prove it: look for it first.",
    )])
}
