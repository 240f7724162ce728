//! Opening and checking in one: from a source to an image and what is wrong with it.

use alloc::vec::Vec;

use super::faults::Circumstances;
use super::image::check;
use crate::finding::{Finding, errors};
use crate::image::Image;
use crate::image::block_scan::{self, BlockScan};
use crate::progress::{AnalysisError, Watch};
use crate::source::Source;

/// How much of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The metadata.
    Metadata,
    /// Every block, too.
    Blocks,
    /// Every block, if the structures that lead to them are in order.
    BlocksIfSound,
}

/// A file that was examined.
pub(crate) struct Examined {
    /// Its structures.
    pub image: Image,
    /// What the blocks hold, if they were read.
    pub deep: Option<BlockScan>,
    /// What is wrong with it as a VHD, worst first.
    pub findings: Vec<Finding>,
}

impl Examined {
    /// Whether anything is an error.
    pub fn has_errors(&self) -> bool {
        errors(&self.findings).next().is_some()
    }
}

/// Opens a file and checks it.
///
/// # Errors
/// Where the source fails, or `watch` asks to stop. A damaged or foreign file is not an error.
pub(crate) fn examine<S: Source>(
    source: &S,
    depth: Depth,
    circumstances: &Circumstances,
    watch: &mut Watch<'_>,
) -> Result<Examined, AnalysisError<S::Error>> {
    let image = Image::open(source, watch)?;
    let mut examined = Examined { image, deep: None, findings: Vec::new() };
    if depth == Depth::Blocks && examined.image.is_vhd() {
        examined.deep = Some(block_scan::survey(source, &examined.image, watch)?);
    }
    examined.findings = check(&examined.image, examined.deep.as_ref(), circumstances);
    if depth == Depth::BlocksIfSound && !examined.has_errors() {
        let deep = block_scan::survey(source, &examined.image, watch)?;
        examined.findings = check(&examined.image, Some(&deep), circumstances);
        examined.deep = Some(deep);
    }
    Ok(examined)
}
