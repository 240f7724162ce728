//! A disk in its chain: what its parent is, and its ancestors where they are asked for.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use vhd_analyser_core::analysis::{Analysis, Options};
use vhd_analyser_core::chain::{DiskSummary, Forest, Lineage, Link, Reach};
use vhd_analyser_core::repair::RequestedChanges;
use vhd_analyser_core::report::Report;

use crate::error::Failure;
use crate::os::chain_files::{ChainFiles, opened_only};
use crate::os::disk::{Companions, Disk};
use crate::os::file_error::FileError;
use crate::ui::progress::Watch;

/// A disk in its chain.
pub struct Chain {
    /// The disk itself, with the faults of its chain as far as that was looked at.
    pub report: Report,
    /// Each ancestor for itself, the parent first; none where they were not asked for.
    pub ancestors: Vec<Report>,
    /// Its place in the chain.
    pub lineage: Lineage,
}

/// The disks that were given together, among which a parent is found by its unique id.
#[derive(Default)]
pub struct Given {
    paths: Vec<PathBuf>,
    disks: Vec<DiskSummary>,
}

impl Given {
    /// Of several files. One that cannot be read is left out: that is said when its turn comes.
    ///
    /// # Errors
    /// Where a signal asks to stop.
    pub fn of(paths: &[PathBuf], reach: Reach, options: &Options) -> Result<Self, Failure> {
        let mut given = Self::default();
        // One file alone has nobody to be found by.
        for path in paths.iter().filter(|_| paths.len() > 1) {
            let disk = match reach {
                Reach::Parents => opened_only(path),
                Reach::Ancestors => analysed(path, options).map(|(disk, analysis)| Some(summary(&disk, &analysis))),
            };
            match disk {
                Ok(Some(disk)) if !given.disks.iter().any(|known| known.name == disk.name) => {
                    given.paths.push(path.clone());
                    given.disks.push(disk);
                }
                Err(FileError::Interrupted) => return Err(FileError::Interrupted.into()),
                Ok(_) | Err(_) => {}
            }
        }
        Ok(given)
    }
}

/// Puts a disk into its chain.
///
/// # Errors
/// Where an ancestor that is there cannot be read.
pub fn follow(
    disk: &Disk,
    analysis: &Analysis,
    given: &Given,
    reach: Reach,
    options: &Options,
) -> Result<Chain, Failure> {
    let mut found: HashMap<String, (Disk, Analysis)> = HashMap::new();
    let mut read = |path: &Path| match reach {
        Reach::Parents => opened_only(path),
        Reach::Ancestors => {
            let (disk, analysis) = analysed(path, options)?;
            let summary = summary(&disk, &analysis);
            found.insert(summary.name.clone(), (disk, analysis));
            Ok(Some(summary))
        }
    };
    let (forest, number, paths) = {
        let own = summary(disk, analysis);
        let name = own.name.clone();
        let others = given.disks.iter().filter(|other| other.name != name).cloned();
        let disks: Vec<DiskSummary> = [own].into_iter().chain(others).collect();
        let paths = [disk.path()].into_iter().chain(given.paths.iter().map(PathBuf::as_path));
        let mut files = ChainFiles::new(paths, &mut read);
        let forest = Forest::grown(disks, reach, &mut files)?;
        let number = forest.nodes.iter().position(|node| node.member.name == name).unwrap_or(0);
        let paths: HashMap<String, PathBuf> =
            forest.nodes.iter().map(|node| (node.member.name.clone(), files.path(&node.member.name))).collect();
        (forest, number, paths)
    };
    let lineage = forest.lineage(number);
    let lineage = if reach == Reach::Parents { lineage.without_ancestors() } else { lineage };
    let report = disk.report(analysis, &lineage)?;
    let mut ancestors = Vec::new();
    for link in lineage.links.iter().skip(1) {
        let number = forest.nodes.iter().position(|node| node.member.name == link.file).unwrap_or(number);
        let (disk, analysis) = match found.remove(&link.file) {
            Some(found) => found,
            None => analysed(paths.get(&link.file).map_or(Path::new(&link.file), PathBuf::as_path), options)?,
        };
        ancestors.push(disk.report(&analysis, &forest.lineage(number).without_ancestors())?);
    }
    Ok(Chain { report, ancestors, lineage })
}

/// The answer about a disk and all that it is based on, each checked, with a disk that was given as its parent.
///
/// # Errors
/// Where an ancestor that is there cannot be read.
pub fn with_ancestors(disk: &Disk, analysis: &Analysis, parent: &Disk, options: &Options) -> Result<Lineage, Failure> {
    let paths = [disk.path(), parent.path()].map(Path::to_path_buf);
    let options = Options { request: RequestedChanges::default(), ..options.clone() };
    let given = Given::of(&paths, Reach::Ancestors, &options)?;
    Ok(follow(disk, analysis, &given, Reach::Ancestors, &options)?.lineage)
}

/// The answer about a disk and its parent alone.
///
/// # Errors
/// Where the parent is there and cannot be read.
pub fn with_parent(disk: &Disk, analysis: &Analysis) -> Result<Lineage, Failure> {
    Ok(lineage(disk, summary(disk, analysis), Reach::Parents, None)?.0.without_ancestors())
}

/// How a disk hangs on its parent, and where that lies.
///
/// # Errors
/// Where the parent is there and cannot be read.
pub fn link(disk: &Disk, analysis: &Analysis) -> Result<Option<(Link, PathBuf)>, Failure> {
    let (lineage, paths) = lineage(disk, summary(disk, analysis), Reach::Parents, None)?;
    let link = lineage.without_ancestors().links.into_iter().next();
    Ok(link.map(|link| {
        let path = paths.get(link.next.path()).cloned().unwrap_or_else(|| link.next.path().into());
        (link, path)
    }))
}

/// The chain of a disk by what its disks say of their parents, none of them checked; with another disk that may be met on
/// the way.
///
/// # Errors
/// Where an ancestor that is there cannot be read.
pub fn unchecked(disk: &Disk, analysis: &Analysis, other: &Disk) -> Result<Lineage, Failure> {
    Ok(lineage(disk, summary(disk, analysis), Reach::Ancestors, Some(other))?.0)
}

fn lineage(
    disk: &Disk,
    own: DiskSummary,
    reach: Reach,
    other: Option<&Disk>,
) -> Result<(Lineage, HashMap<String, PathBuf>), Failure> {
    let name = own.name.clone();
    let mut disks = vec![own];
    if let Some(other) = other {
        disks.extend(opened_only(other.path())?);
    }
    let mut read = |path: &Path| opened_only(path);
    let paths = [disk.path()].into_iter().chain(other.map(Disk::path));
    let mut files = ChainFiles::new(paths, &mut read);
    let forest = Forest::grown(disks, reach, &mut files)?;
    let number = forest.nodes.iter().position(|node| node.member.name == name).unwrap_or(0);
    let lineage = forest.lineage(number);
    let names = lineage.links.iter().flat_map(|link| [link.file.as_str(), link.next.path()]);
    let paths = names.map(|name| (name.to_owned(), files.path(name))).collect();
    Ok((lineage, paths))
}

fn analysed(path: &Path, options: &Options) -> Result<(Disk, Analysis), FileError> {
    let disk = Disk::open(path)?;
    let analysis = disk.analyse(Companions::default(), options, &mut Watch::new().analysis())?;
    Ok((disk, analysis))
}

fn summary(disk: &Disk, analysis: &Analysis) -> DiskSummary {
    DiskSummary::of(analysis, &disk.path().to_string_lossy(), disk.changed())
}
