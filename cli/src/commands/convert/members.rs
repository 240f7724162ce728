//! The disks of a chain, found and analysed.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use vhd_analyser_core::analysis::Options;
use vhd_analyser_core::chain::{Link, Next};
use vhd_analyser_core::convert::{ChainError, ChainSource, Layer, ReadError, WriteError};
use vhd_analyser_core::finding::Fault;
use vhd_analyser_core::source::FileSource;

use super::refusal::Refusal;
use crate::commands::chain;
use crate::error::Failure;
use crate::os::disk::{Companions, Disk};
use crate::os::file_error::FileError;
use crate::os::holders::{Holder, same};
use crate::ui::progress::Watch;

/// The virtual disk of the chain, read from open files.
pub type Chain<'a> = ChainSource<&'a FileSource>;

/// A disk of the chain.
pub struct ChainDisk {
    /// The open file.
    pub disk: Disk,
    /// What is needed of it to read through it.
    pub layer: Layer,
}

impl ChainDisk {
    /// Whether somebody may write to it.
    pub fn is_written_to(&self) -> bool {
        self.disk.holders().iter().any(Holder::writes)
    }

    /// A failure to read it.
    pub fn unreadable(&self, error: io::Error) -> Failure {
        let path = self.disk.path().to_owned();
        match error.kind() {
            // It was long enough when it was analysed.
            ErrorKind::UnexpectedEof => Failure::Changed { path },
            _ => Failure::File(FileError::Read { path, error }),
        }
    }
}

/// Follows a disk's parents to the base of the chain: those that were given, then those that the disks name.
///
/// # Errors
/// Where a disk is damaged, missing or not the one that its child was made on, comes twice, or cannot be read.
pub fn find(file: &Path, parents: &[PathBuf], options: &Options) -> Result<Vec<ChainDisk>, Refusal> {
    let mut members: Vec<ChainDisk> = Vec::new();
    let mut given = parents.iter();
    let mut next = Some(file.to_owned());
    while let Some(path) = next {
        let disk = Disk::open(&path)?;
        let name = path.to_string_lossy().into_owned();
        if members.iter().any(|passed| same(passed.disk.metadata(), disk.metadata())) {
            return Err(damaged(ChainError::Loop(name)));
        }
        let analysis = disk.analyse(Companions::default(), options, &mut Watch::new().analysis())?;
        if members.is_empty() && analysis.foreign.is_some() {
            return Err(Failure::NotFlattened(ChainError::NotAVhd(name).to_string()).into());
        }
        let layer = Layer::of(&analysis).map_err(damaged)?;
        if let Some(child) = members.last() {
            child.layer.accept(&layer).map_err(|error| match error {
                // Nothing is wrong with the disks.
                ChainError::NoParent { .. } => Failure::NotFlattened(error.to_string()).into(),
                error => damaged(error),
            })?;
        }
        next = match given.next() {
            Some(parent) => Some(parent.clone()),
            None if layer.has_parent() => match chain::link(&disk, &analysis)? {
                Some((link, path)) => Some(expect_sound(name, &link).map(|()| path)?),
                None => None,
            },
            None => None,
        };
        members.push(ChainDisk { disk, layer });
    }
    Ok(members)
}

/// Whether all are what they were when they were opened.
///
/// # Errors
/// Where one is not, or cannot be looked at.
pub fn find_unchanged(members: &[ChainDisk]) -> Result<(), Failure> {
    for member in members {
        let unchanged = member.disk.is_unchanged(member.disk.file()).map_err(|error| member.unreadable(error))?;
        if !unchanged {
            return Err(Failure::Changed { path: member.disk.path().to_owned() });
        }
    }
    Ok(())
}

/// Makes sure that a disk's parent is there, and that nothing else is found in its place.
fn expect_sound(name: String, link: &Link) -> Result<(), Refusal> {
    match &link.next {
        Next::Missing(parent) | Next::NotGiven(parent) => {
            return Err(damaged(ChainError::MissingParent { name, parent: parent.clone() }));
        }
        Next::Loop(name) => return Err(damaged(ChainError::Loop(name.clone()))),
        _ => {}
    }
    match link.faults.iter().find(|finding| Fault::Link(finding.fault).can_change_data()) {
        Some(finding) => {
            Err(Refusal::Damaged(format!("“{name}” on “{}”: {}", link.next.path(), finding.fault.words())))
        }
        None => Ok(()),
    }
}

fn damaged(error: ChainError) -> Refusal {
    Refusal::Damaged(error.to_string())
}

/// What keeps a chain from being read or flattened.
pub fn refused(error: WriteError<std::io::Error>, members: &[ChainDisk]) -> Refusal {
    match error {
        WriteError::Read(error) => unreadable(error, members),
        WriteError::Cancelled => Failure::File(FileError::Interrupted).into(),
        error @ (WriteError::TooLarge(_) | WriteError::Empty) => Failure::NotFlattened(error.to_string()).into(),
    }
}

/// What keeps a chain from being read.
pub fn unreadable(error: ReadError<std::io::Error>, members: &[ChainDisk]) -> Refusal {
    match error {
        ReadError::Source { layer, error, .. } => match members.get(layer) {
            Some(member) => member.unreadable(error).into(),
            None => Failure::NotFlattened(error.to_string()).into(),
        },
        error @ ReadError::Contradiction { .. } => Refusal::Damaged(error.to_string()),
        error @ ReadError::OutOfRange { .. } => Failure::NotFlattened(error.to_string()).into(),
    }
}
