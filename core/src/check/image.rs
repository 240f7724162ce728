//! All families of checks, one after the other.

use alloc::vec::Vec;

use super::faults::Circumstances;
use super::{bat, batmap, blocks, file, footer, header, locators, parent};
use crate::finding::Finding;
use crate::image::Image;
use crate::image::block_scan::BlockScan;

/// Everything that is wrong with an image, worst first and by offset within one severity. What the blocks hold is
/// checked as far as `deep` tells.
pub fn check(image: &Image, deep: Option<&BlockScan>, circumstances: &Circumstances) -> Vec<Finding> {
    let mut findings = Vec::new();
    let report = &mut |finding| findings.push(finding);
    footer::check_image(image, circumstances, report);
    header::check_image(image, report);
    parent::check_image(image, circumstances, report);
    locators::check_image(image, report);
    bat::check_image(image, report);
    batmap::check_image(image, report);
    blocks::check_image(image, deep, report);
    file::check_image(image, report);
    findings.sort_by(|a, b| b.severity().cmp(&a.severity()).then(a.offset.cmp(&b.offset)));
    findings
}
