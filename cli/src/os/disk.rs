//! A disk image as the operating system has it: a file or a block device.

use std::fs::{self, File, Metadata};
use std::io;
use std::ops::ControlFlow;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use vhd_analyser_core::analysis::{self, Analysis, Options, analyse_with};
use vhd_analyser_core::chain::Lineage;
use vhd_analyser_core::image::{self, Image};
use vhd_analyser_core::journal;
use vhd_analyser_core::journal::Journal;
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::progress::Progress;
use vhd_analyser_core::repair::RequestedChanges;
use vhd_analyser_core::report::{self, Report, ReportOptions, fingerprint};
use vhd_analyser_core::source::{FileSource, Source};

use super::file_error::FileError;
use super::holders::{Holder, holders, same};
use super::metadata::is_disk;
use super::parent_dir;
use super::vhd_directory::{is_alias, is_vhd_directory};

/// An open image.
#[derive(Debug)]
pub struct Disk {
    path: PathBuf,
    file: File,
    source: FileSource,
    metadata: Metadata,
}

/// What is to be looked at besides a disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Companions<'a> {
    /// The journal of a resize that was cut off. Without one, the folder of a damaged disk is searched for it.
    pub journal: Option<&'a Disk>,
    /// Whether all ancestors matter.
    pub parents: bool,
}

impl Disk {
    /// Opens a file or block device for reading.
    ///
    /// # Errors
    /// Where it is neither, or cannot be opened.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let failed = |error| FileError::Open { path: path.to_owned(), error };
        let metadata = fs::metadata(path).map_err(failed)?;
        if is_vhd_directory(path) || is_alias(path) {
            return Err(FileError::OfRemote { path: path.to_owned() });
        }
        if !is_disk(&metadata) {
            return Err(FileError::NotADisk { path: path.to_owned() });
        }
        Self::of(File::open(path).map_err(failed)?, path).map_err(failed)
    }

    fn of(file: File, path: &Path) -> io::Result<Self> {
        let metadata = file.metadata()?;
        let source = FileSource::new(file.try_clone()?)?;
        Ok(Self { path: path.to_owned(), file, source, metadata })
    }

    /// The name under which it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The open file. Only positional reads: its cursor belongs to the analysis.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The file as the core reads it.
    pub fn source(&self) -> &FileSource {
        &self.source
    }

    /// Length in bytes, of a device too.
    pub fn length(&self) -> u64 {
        self.source.length()
    }

    /// What the system says of it, as of when it was opened.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// Whether it is a device, which has a length of its own.
    pub fn is_device(&self) -> bool {
        self.metadata.file_type().is_block_device()
    }

    /// When its file was last written to; none for a device, which does not tell.
    pub fn changed(&self) -> Option<TimeStamp> {
        (!self.is_device()).then(|| TimeStamp::from_unix(self.metadata.mtime()))
    }

    /// Who else has it open.
    pub fn holders(&self) -> Vec<Holder> {
        holders(&self.metadata)
    }

    /// Checks it, and plans its repair; with its parents looked up where it says that they are.
    ///
    /// # Errors
    /// Where it cannot be read, or `progress` asks to stop.
    pub fn analyse(
        &self,
        companions: Companions<'_>,
        options: &Options,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Analysis, FileError> {
        let analysis = self.analyse_with(companions.journal, companions.parents, options, progress)?;
        if companions.journal.is_some() || !analysis.verdict().is_damage() {
            return Ok(analysis);
        }
        let unique_id = analysis.image.footer().map(|footer| footer.unique_id);
        match unique_id.and_then(|unique_id| self.journal_beside(unique_id)) {
            Some(journal) => self.analyse_with(Some(&journal), companions.parents, options, progress),
            None => Ok(analysis),
        }
    }

    fn analyse_with(
        &self,
        journal: Option<&Disk>,
        parents: bool,
        options: &Options,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<Analysis, FileError> {
        let dir = parent_dir::of(&self.path);
        let context =
            analysis::AnalysisContext { journal: journal.map(|journal| &journal.source), parent_lookup: &dir, parents };
        analyse_with(&self.source, &context, &self.path.to_string_lossy(), options, progress)
            .map_err(|error| FileError::of_analysis(self.path.clone(), error))
    }

    /// The journal of a resize of the disk with this unique id that lies in the disk's folder. What cannot be read there is
    /// passed over: it was not asked for.
    fn journal_beside(&self, unique_id: [u8; 16]) -> Option<Disk> {
        let folder = parent_dir::folder_of(&self.path);
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { &folder };
        let is_usual =
            |path: &PathBuf| path.file_name().is_some_and(|name| journal::is_usual_name(&name.to_string_lossy()));
        let mut journals: Vec<PathBuf> =
            fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(is_usual).collect();
        journals.sort_unstable();
        let mut journals = journals.iter().filter_map(|path| Disk::open(path).ok());
        journals.find(|journal| journal.journal_of().is_ok_and(|of| of == Some(unique_id)))
    }

    /// Opens it as a disk, without checking it.
    ///
    /// # Errors
    /// Where it cannot be read, or `progress` asks to stop.
    pub fn image(&self, progress: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Image, FileError> {
        image::open(&self.source, progress).map_err(|error| FileError::of_analysis(self.path.clone(), error))
    }

    /// The unique id of the disk whose journal it is, if it is a journal.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn journal_of(&self) -> Result<Option<[u8; 16]>, FileError> {
        Journal::unique_id(&self.source).map_err(|error| FileError::Read { path: self.path.clone(), error })
    }

    /// What is told of it in its place, with the hashes of its metadata.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn report(&self, analysis: &Analysis, lineage: &Lineage) -> Result<Report, FileError> {
        let regions = fingerprint::regions(&self.source, &analysis.image)
            .map_err(|error| FileError::of_analysis(self.path.clone(), error))?;
        Ok(report::build_for(analysis, Some(lineage), ReportOptions { regions, ..ReportOptions::default() }))
    }

    /// Whether `file`, another opening of it or the same, is what it was when it was opened: the same file, of the
    /// same length, not written to since.
    pub fn is_unchanged(&self, file: &File) -> io::Result<bool> {
        let now = file.metadata()?;
        let written = |metadata: &Metadata| (metadata.len(), metadata.mtime(), metadata.mtime_nsec());
        // Writing to a device leaves no time stamp.
        Ok(same(&now, &self.metadata) && (self.is_device() || written(&now) == written(&self.metadata)))
    }
}

/// What an analysis goes by: the time of day unless `now` says otherwise, in seconds since 2000, and random bytes.
///
/// # Errors
/// Where the system has no random bytes.
pub fn options(now: Option<u32>, deep: bool) -> Result<Options, FileError> {
    let mut fresh_unique_id = [0; 16];
    getrandom::fill(&mut fresh_unique_id).map_err(FileError::Random)?;
    Ok(Options {
        now: now.map_or_else(present, TimeStamp),
        fresh_unique_id,
        deep,
        request: RequestedChanges::default(),
    })
}

fn present() -> TimeStamp {
    let since_1970 = SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    TimeStamp::from_unix(i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX))
}
