//! What is being read, told while it is read, and the way to stop it.

use core::fmt;
use core::ops::ControlFlow;

/// What is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The footer at the end and its copy at the start.
    Footers,
    /// The dynamic header.
    Header,
    /// The block allocation table.
    Bat,
    /// tapdisk's batmap.
    Batmap,
    /// What stands between and behind the blocks.
    Tail,
    /// Every block with its bitmap.
    Blocks,
    /// The journal beside the disk.
    Journal,
    /// The repaired disk, read again through the plan.
    Proof,
    /// All of it, for its hash.
    WholeFile,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Footers => "footers",
            Self::Header => "dynamic header",
            Self::Bat => "block allocation table",
            Self::Batmap => "batmap",
            Self::Tail => "end of the file",
            Self::Blocks => "blocks",
            Self::Journal => "journal",
            Self::Proof => "proof of the repair",
            Self::WholeFile => "whole file",
        })
    }
}

/// How far the reading of one stage is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What is being read.
    pub stage: Stage,
    /// Bytes of it that have been read.
    pub done: u64,
    /// Bytes of it in all.
    pub total: u64,
}

/// Why an analysis ended without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AnalysisError<E> {
    /// The source could not be read.
    #[error("the file could not be read: {0}")]
    Read(E),
    /// The caller asked to stop.
    #[error("the analysis was cancelled")]
    Cancelled,
}

/// Hands progress to the caller and its wish to stop to the reader.
pub(crate) struct Watch<'a> {
    on_progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>,
    proving: bool,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(on_progress: &'a mut dyn FnMut(Progress) -> ControlFlow<()>) -> Self {
        Self { on_progress, proving: false }
    }

    /// From here on everything that is read serves the proof of a repair.
    pub(crate) fn proving(&mut self) {
        self.proving = true;
    }

    pub(crate) fn at<E>(&mut self, stage: Stage, done: u64, total: u64) -> Result<(), AnalysisError<E>> {
        let stage = if self.proving { Stage::Proof } else { stage };
        match (self.on_progress)(Progress { stage, done, total }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(AnalysisError::Cancelled),
        }
    }
}
