//! Images in memory: analysed, and their fixed copies put together.

use std::ops::ControlFlow;

use vhd_analyser_core::analysis::{Analysis, Options, analyse};
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::progress::AnalysisError;
use vhd_analyser_core::repair::{Plan, Segment};
use vhd_analyser_core::source::OutOfRange;

/// What the tests call the present: 2026-11-24, after every image was made.
pub const NOW: TimeStamp = TimeStamp(848_793_600);

/// Analyses an image under a name.
///
/// # Errors
/// Where the analysis reads outside of the image, which it never should.
pub fn analysed(image: &[u8], name: &str) -> Result<Analysis, AnalysisError<OutOfRange>> {
    let options = Options { now: NOW, fresh_unique_id: *b"sixteen randoms!", deep: false };
    analyse(&image, name, &options, &mut |_| ControlFlow::Continue(()))
}

/// The fixed copy, put together from pieces of the original and new bytes, as the page does it.
pub fn fixed_copy(image: &[u8], plan: &Plan) -> Vec<u8> {
    let mut copy = Vec::new();
    for segment in plan.segments() {
        match segment {
            Segment::Source { offset, length } => {
                let (offset, length) = (offset as usize, length as usize);
                copy.extend_from_slice(&image[offset..offset + length]);
            }
            Segment::Bytes(bytes) => copy.extend(bytes),
            Segment::Zeros(length) => copy.resize(copy.len() + length as usize, 0),
        }
    }
    copy
}
