//! Images in memory: analysed, and their fixed copies put together.

use std::ops::ControlFlow;

use vhd_analyser_core::analysis::{Analysis, AnalysisContext, Options, analyse, analyse_with};
use vhd_analyser_core::compat::{Tool, rejected_by};
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::progress::AnalysisError;
use vhd_analyser_core::repair::{Content, Plan, RequestedChanges, Segment};
use vhd_analyser_core::source::OutOfRange;

/// What the tests call the present: 2026-11-24, after every image was made.
pub const NOW: TimeStamp = TimeStamp(848_793_600);

/// Analyses an image under a name.
///
/// # Errors
/// Where the analysis reads outside of the image, which it never should.
pub fn analysed(image: &[u8], name: &str) -> Result<Analysis, AnalysisError<OutOfRange>> {
    analyse(&image, name, &options(false), &mut |_| ControlFlow::Continue(()))
}

/// Analyses an image with every block read.
///
/// # Errors
/// As [`analysed`].
pub fn analysed_deep(image: &[u8], name: &str) -> Result<Analysis, AnalysisError<OutOfRange>> {
    analyse(&image, name, &options(true), &mut |_| ControlFlow::Continue(()))
}

/// Analyses an image with a journal beside it.
///
/// # Errors
/// As [`analysed`].
pub fn analysed_with(image: &[u8], journal: &[u8], name: &str) -> Result<Analysis, AnalysisError<OutOfRange>> {
    let beside = AnalysisContext { journal: Some(&journal), ..AnalysisContext::NOTHING };
    analyse_with(&image, &beside, name, &options(false), &mut |_| ControlFlow::Continue(()))
}

fn options(deep: bool) -> Options {
    Options { now: NOW, fresh_unique_id: *b"sixteen randoms!", deep, request: RequestedChanges::default() }
}

/// Tools that refuse a disk although no finding explains why. Azure takes fixed disks only, which every other one would
/// have to be told.
pub fn unexplained_refusals(analysis: &Analysis) -> Vec<Tool> {
    let kind = analysis.image.kind();
    let is_explained = |tool: Tool| {
        analysis.findings.iter().any(|finding| rejected_by(&finding.fault, kind).any(|other| other == tool))
    };
    let refusing = analysis.answers.iter().filter(|answer| !answer.accepts).map(|answer| answer.tool);
    refusing.filter(|tool| *tool != Tool::Azure && !is_explained(*tool)).collect()
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

/// The file after its repair and the undo of that: the fixed copy with the bytes that the plan replaces put back.
pub fn undone(image: &[u8], plan: &Plan) -> Vec<u8> {
    let mut bytes = fixed_copy(image, plan);
    bytes.resize(plan.old_length as usize, 0);
    for (offset, length) in plan.replaced() {
        let range = offset as usize..(offset + length) as usize;
        bytes[range.clone()].copy_from_slice(&image[range]);
    }
    bytes
}

/// The file mended in place: the patches written one after the other, then the length set.
pub fn patched_in_place(image: &[u8], plan: &Plan) -> Vec<u8> {
    let mut bytes = image.to_vec();
    for patch in plan.patches() {
        let (start, end) = (patch.offset as usize, patch.end() as usize);
        bytes.resize(bytes.len().max(end), 0);
        match patch.content {
            Content::Bytes(new) => bytes[start..end].copy_from_slice(&new),
            Content::Copy { offset, length } => bytes.copy_within(offset as usize..(offset + length) as usize, start),
            Content::Zeros(_) => bytes[start..end].fill(0),
        }
    }
    bytes.resize(plan.new_length() as usize, 0);
    bytes
}
