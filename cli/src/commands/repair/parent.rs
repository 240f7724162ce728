//! The parent that was given for a disk: what the disk is told of it, and what to beware of.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};

use vhd_analyser_core::analysis::Analysis;
use vhd_analyser_core::chain::Next;
use vhd_analyser_core::check::link::{self, LinkEnd};
use vhd_analyser_core::finding::Severity;
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::repair::{LinkRefusal, ParentDisk};
use vhd_analyser_core::report::{self, Verdict};

use crate::commands::chain;
use crate::error::Failure;
use crate::os::disk::{Companions, Disk, options};
use crate::os::file_error::FileError;
use crate::os::holders::same;
use crate::os::parent_dir::folder_of;
use crate::ui::progress::Watch;
use crate::ui::text::quoted;

/// A disk that was given as the parent.
pub struct Given {
    disk: Disk,
    analysis: Analysis,
    /// What is wrong with the chain above it.
    above: Option<String>,
    /// What the other disk is to be told of it.
    pub parent: ParentDisk,
}

impl Given {
    /// Opens and checks what was given as the parent of `child`.
    ///
    /// # Errors
    /// Where it cannot be read, is the disk itself or based on it, or no footer says which disk it is.
    pub fn open(path: &Path, child: &Disk) -> Result<Self, Failure> {
        let refused = |refusal| Failure::NotAParent { path: path.to_owned(), refusal };
        let disk = Disk::open(path)?;
        if same(disk.metadata(), child.metadata()) {
            return Err(refused(LinkRefusal::Itself));
        }
        let analysis = disk.analyse(Companions::default(), &options(None, false)?, &mut Watch::new().analysis())?;
        let lineage = chain::unchecked(&disk, &analysis, child)?;
        if lineage.links.iter().any(|link| Path::new(&link.file) == child.path()) {
            return Err(Failure::Loop { path: path.to_owned(), disk: child.path().to_owned() });
        }
        let above = match lineage.links.last().map(|last| &last.next) {
            Some(Next::Loop(_)) => Some("The parents of the parent lead in a circle".to_owned()),
            Some(Next::Missing(name)) => {
                Some(format!("A disk that the parent is based on is missing (nothing at “{name}”)"))
            }
            _ => None,
        };
        let way =
            way(child.path(), path).map_err(|error| Failure::File(FileError::Open { path: path.to_owned(), error }))?;
        let changed = TimeStamp::from_unix(disk.metadata().mtime());
        let parent = ParentDisk::of(&analysis.image, way, changed).map_err(refused)?;
        Ok(Self { disk, analysis, above, parent })
    }

    /// The open file.
    pub fn disk(&self) -> &Disk {
        &self.disk
    }

    /// Makes sure that a disk can be linked to it.
    ///
    /// # Errors
    /// Why it cannot.
    pub fn check(&self, child: &Analysis) -> Result<(), Failure> {
        let refused = |refusal| Failure::NotAParent { path: self.disk.path().to_owned(), refusal };
        self.parent.check(&child.image).map_err(refused)
    }

    /// What to beware of before a disk is linked to it.
    pub fn cautions(&self, child: &Analysis) -> Vec<String> {
        let path = self.disk.path().to_string_lossy();
        let mut cautions = Vec::new();
        if !matches!(self.analysis.verdict(), Verdict::Sound | Verdict::NotAVhd) {
            let name = quoted(&path);
            cautions.push(format!(
                "The parent is damaged, and the disk is read through it. Look at it next: vhd-analyser check {name}"
            ));
        }
        cautions.extend(self.above.as_ref().map(|above| {
            format!(
                "{above}, and the chain is not whole. Look at it next: vhd-analyser check --parents {}",
                quoted(&path)
            )
        }));
        let ends = LinkEnd::of(&child.image, None).zip(LinkEnd::of(&self.analysis.image, None));
        if let Some((child_end, parent_end)) = ends {
            link::check(&child_end, &parent_end, &mut |finding| {
                if finding.severity() == Severity::Warning {
                    let told = report::finding(&finding, child.image.kind());
                    cautions.push(format!("{}: {}. {}", told.title, told.found, told.message));
                }
            });
        }
        cautions
    }
}

/// How a disk finds another from its own folder, with slashes.
fn way(from: &Path, to: &Path) -> io::Result<String> {
    let (from, to_folder) = (whole(&folder_of(from))?, whole(to.parent().unwrap_or(Path::new("")))?);
    let name = to.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let common = from.components().zip(to_folder.components()).take_while(|(a, b)| a == b).count();
    let mut way: PathBuf = from.components().skip(common).map(|_| Component::ParentDir).collect();
    way.extend(to_folder.components().skip(common));
    way.push(name);
    // A name that is no text cannot be written into a disk.
    way.into_os_string().into_string().map_err(|_| io::ErrorKind::InvalidFilename.into())
}

/// A folder without links and detours.
fn whole(folder: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(if folder.as_os_str().is_empty() { Path::new(".") } else { folder })
}
