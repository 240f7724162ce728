//! `scan`: the chains that the disks of folders make, and what coalescing them would do.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::mem;
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::Serialize;
use vhd_analyser_core::Verdict;
use vhd_analyser_core::analysis::Options;
use vhd_analyser_core::chain::{DiskSummary, Forest, JournalFile, Reach};
use vhd_analyser_core::file_type::{self, FileType};
use vhd_analyser_core::journal;
use vhd_analyser_core::progress::{AnalysisError, Progress};
use vhd_analyser_core::report::{self, DiskReport, ForestReport, ParentState, Severity};
use vhd_analyser_core::source::FileSource;
use vhd_analyser_core::units::{self, count};

use crate::error::Failure;
use crate::exit_code::Exit;
use crate::os::chain_files::ChainFiles;
use crate::os::disk::{Companions, Disk, options};
use crate::os::file_error::FileError;
use crate::os::vhd_directory::{self, is_alias, is_vhd_directory};
use crate::ui::page::Page;
use crate::ui::progress::Watch;
use crate::ui::text::quoted;

/// Shows the chains that the disks in folders make, and what coalescing them would do. Writes nothing.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The disks, and folders, in which *.vhd and *.avhd are looked for, and journals of resizes that were cut off.
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,

    /// Reads every sector bitmap and every block too.
    #[arg(long)]
    deep: bool,

    /// Takes this as the present, in seconds since 2000-01-01 UTC.
    #[arg(long, value_name = "SECONDS")]
    now: Option<u32>,
}

/// Carries the command out: every disk, even where one before it cannot be read.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let options = options(arguments.now, arguments.deep)?;
    let mut watch = Watch::new();
    let mut found = Found::default();
    for path in &arguments.paths {
        found.look(path, &mut watch)?;
    }
    found.take_journals(&arguments.paths)?;
    let disks = mem::take(&mut found.disks);
    let mut summaries = Vec::with_capacity(disks.len());
    let total = disks.len() as u64;
    for (done, path) in (0..).zip(&disks) {
        stop(watch.at("Disks", done, total))?;
        match summary(path, &options, &mut |_| watch.at("Disks", done, total)) {
            Ok(summary) => summaries.push(summary),
            Err(failure) => found.keep(failure.into())?,
        }
    }
    // Ancestors that lie elsewhere belong to the chains, too.
    let mut unread = Vec::new();
    let forest = {
        let mut read = |path: &Path| match summary(path, &options, &mut |_| watch.at("Ancestors", 0, 1)) {
            Ok(summary) => Ok(Some(summary)),
            Err(FileError::Interrupted) => Err(FileError::Interrupted),
            Err(error) => {
                unread.push(error);
                Ok(None)
            }
        };
        let mut files = ChainFiles::new(disks.iter().map(PathBuf::as_path), &mut read);
        Forest::grown(summaries, Reach::Ancestors, &mut files)?
    };
    found.failures.extend(unread.into_iter().map(Failure::from));
    drop(watch);
    for failure in &found.failures {
        failure.print();
    }
    let report = report::forest(&forest.with_journals(found.journals));
    if arguments.json {
        print_json(&Scanned { forest: &report, others: &found.others })?
    } else {
        print(&report, &found.others)?
    }
    let unread = if found.failures.is_empty() { Exit::Done } else { Exit::Unusable };
    let is_damaged = found.others.iter().any(|other| !other.errors.is_empty());
    let others = if is_damaged { Exit::Damaged } else { Exit::Done };
    Ok(unread.max(others).max(report.verdict.into()))
}

/// What is kept of a disk. Everything else is forgotten before the next is opened.
fn summary(
    path: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<DiskSummary, FileError> {
    let disk = Disk::open(path)?;
    let analysis = disk.analyse(Companions::default(), options, progress)?;
    Ok(DiskSummary::of(&analysis, &path.to_string_lossy(), disk.changed()))
}

/// What is found in folders.
#[derive(Default)]
struct Found {
    disks: Vec<PathBuf>,
    journals: Vec<JournalFile>,
    /// Files that may be journals, by their names.
    maybe_journals: Vec<PathBuf>,
    /// What was passed already, by device and number: links may lead in circles, or to one disk by several names.
    passed: HashSet<(u64, u64)>,
    /// Disk images that are no VHDs.
    others: Vec<Other>,
    failures: Vec<Failure>,
}

/// A disk image of another format, which lies beside the VHDs.
#[derive(Debug, Serialize)]
struct Other {
    file: String,
    /// What it is, in a word or two.
    format: String,
    /// The image that it is based on, as it names it.
    parent: Option<String>,
    /// What an alias leads to.
    target: Option<String>,
    /// What is wrong with it, a sentence each. Images of other formats are not checked.
    errors: Vec<String>,
}

/// Everything that a scan finds.
#[derive(Serialize)]
struct Scanned<'a> {
    #[serde(flatten)]
    forest: &'a ForestReport,
    others: &'a [Other],
}

impl Found {
    /// Looks at what was named: a disk whatever its name, or a folder with all that is below it.
    fn look(&mut self, path: &Path, watch: &mut Watch) -> Result<(), Failure> {
        let mut folders = Vec::new();
        self.add(path.to_owned(), true, &mut folders)?;
        while let Some(folder) = folders.pop() {
            stop(watch.at("Folders", 0, 1))?;
            match entries(&folder) {
                Ok(entries) => entries.into_iter().try_for_each(|entry| self.add(entry, false, &mut folders))?,
                Err(error) => self.keep(Failure::File(FileError::Open { path: folder, error }))?,
            }
        }
        Ok(())
    }

    /// Takes a disk or a folder, unless it was passed before.
    fn add(&mut self, path: PathBuf, is_named: bool, folders: &mut Vec<PathBuf>) -> Result<(), Failure> {
        let metadata = match fs::metadata(&path) {
            Ok(metadata) => metadata,
            Err(error) if is_named || is_disk_name(&path) || is_journal_name(&path) => {
                return self.keep(Failure::File(FileError::Open { path, error }));
            }
            // What else has gone, or leads nowhere, is no disk.
            Err(_) => return Ok(()),
        };
        if is_alias(&path) || is_vhd_directory(&path) {
            if self.passed.insert((metadata.dev(), metadata.ino())) {
                self.add_of_remote(&path);
            }
            return Ok(());
        }
        let is_disk = is_named || is_disk_name(&path) && metadata.is_file();
        let may_be_journal = is_named || is_journal_name(&path) && metadata.is_file();
        if !is_named && metadata.is_file() && is_other_name(&path) {
            if self.passed.insert((metadata.dev(), metadata.ino())) {
                self.add_other(path)?;
            }
            return Ok(());
        }
        if !metadata.is_dir() && !is_disk && !may_be_journal || !self.passed.insert((metadata.dev(), metadata.ino())) {
            return Ok(());
        }
        if metadata.is_dir() {
            folders.push(path)
        } else if is_disk && !is_journal_name(&path) {
            self.disks.push(path)
        } else {
            self.maybe_journals.push(path)
        }
        Ok(())
    }

    /// Checks a VHD directory of Xen Orchestra's, or an alias that leads to one.
    fn add_of_remote(&mut self, path: &Path) {
        let (format, target, faults) = if path.is_dir() {
            ("a VHD directory of Xen Orchestra", None, vhd_directory::check(path))
        } else {
            let (target, faults) = match vhd_directory::alias_target(path) {
                // What it leads to may be listed by itself, too, or lie outside of what is scanned.
                Ok(target) if is_vhd_directory(&target) => (Some(target.clone()), vhd_directory::check(&target)),
                Ok(target) => (Some(target), Vec::new()),
                Err(fault) => (None, vec![fault]),
            };
            ("an alias of Xen Orchestra", target, faults)
        };
        self.others.push(Other {
            file: path.to_string_lossy().into_owned(),
            format: format.into(),
            parent: None,
            target: target.map(|target| target.to_string_lossy().into_owned()),
            errors: faults.iter().map(ToString::to_string).collect(),
        });
    }

    /// Notes what an image of another format is.
    fn add_other(&mut self, path: PathBuf) -> Result<(), Failure> {
        let looked = File::open(&path)
            .and_then(FileSource::new)
            .map_err(AnalysisError::Read)
            .and_then(|source| Ok((FileType::recognise(&source)?, file_type::qcow2_base(&source)?)));
        match looked {
            Ok((format, parent)) => {
                let (file, format) = (path.to_string_lossy().into_owned(), format.to_string());
                self.others.push(Other { file, format, parent, target: None, errors: Vec::new() });
                Ok(())
            }
            Err(AnalysisError::Read(error)) => self.keep(Failure::File(FileError::Read { path, error })),
            Err(AnalysisError::Cancelled) => Err(FileError::Interrupted.into()),
        }
    }

    /// Tells by their contents which files are journals. What was named and is none is taken for a disk.
    fn take_journals(&mut self, named: &[PathBuf]) -> Result<(), Failure> {
        for path in mem::take(&mut self.maybe_journals) {
            match Disk::open(&path).and_then(|file| file.journal_of()) {
                Ok(Some(unique_id)) => {
                    self.journals.push(JournalFile { name: path.to_string_lossy().into_owned(), unique_id });
                }
                Ok(None) if named.contains(&path) => self.disks.push(path),
                Ok(None) => {}
                Err(failure) => self.keep(failure.into())?,
            }
        }
        Ok(())
    }

    /// Remembers what failed, to be told when no bar is in the way.
    fn keep(&mut self, failure: Failure) -> Result<(), Failure> {
        if failure.is_interrupted() {
            return Err(failure);
        }
        self.failures.push(failure);
        Ok(())
    }
}

/// What is in a folder, in order of the names.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort_unstable();
    Ok(entries)
}

fn is_disk_name(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["vhd", "avhd"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Whether a file is called a disk image of another format.
fn is_other_name(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["qcow2", "vhdx", "avhdx", "vmdk", "vdi"].iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Whether a file may be a journal, by its name.
fn is_journal_name(path: &Path) -> bool {
    journal::is_usual_name(&path.file_name().unwrap_or_default().to_string_lossy())
}

fn stop(flow: ControlFlow<()>) -> Result<(), Failure> {
    if flow.is_break() { Err(Failure::File(FileError::Interrupted)) } else { Ok(()) }
}

fn print_json(report: &Scanned<'_>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, report).map_err(io::Error::from).map_err(Failure::Output)?;
    writeln!(out).and_then(|()| out.flush()).map_err(Failure::Output)
}

fn print(report: &ForestReport, others: &[Other]) -> Result<(), Failure> {
    let mut page = Page::new();
    for disk in &report.disks {
        if disk.level == 0 {
            page.gap();
        }
        print_disk(&mut page, disk);
    }
    if !report.chains.is_empty() {
        page.heading("Coalescing the chains");
    }
    for chain in &report.chains {
        chain.sentences.iter().for_each(|sentence| page.note(0, sentence));
    }
    if !report.chains_repaired.is_empty() {
        page.heading("After the repairs");
    }
    for chain in &report.chains_repaired {
        chain.sentences.iter().for_each(|sentence| page.note(0, sentence));
    }
    if !others.is_empty() {
        page.heading("Disk images of other formats");
    }
    for Other { file, format, parent, target, errors } in others {
        let base = parent.as_ref().map(|parent| format!(", based on “{parent}”")).unwrap_or_default();
        let target = target.as_ref().map(|target| format!(", leads to “{target}”")).unwrap_or_default();
        let mark = if errors.is_empty() { "" } else { "✖ " };
        page.note(0, &format!("{mark}{file}: {format}{base}{target}"));
        errors.iter().for_each(|error| page.note(1, error));
    }
    let damaged = report.disks.iter().filter(|disk| disk.error.is_some() || has_errors(disk)).count();
    page.gap();
    let disks = count(report.disks.len() as u64, "disk");
    let beside = match others.len() {
        0 => String::new(),
        _ => format!(" {} of another format.", count(others.len() as u64, "disk image")),
    };
    page.say(&match damaged {
        0 => format!("{disks}, none damaged or misplaced.{beside}"),
        damaged => format!("{disks}, {damaged} damaged or misplaced.{beside}"),
    });
    page.show()
}

/// What the journal that lies beside a disk is good for.
fn about_journal(disk: &DiskReport, journal: &str) -> String {
    if disk.verdict == Verdict::Sound {
        return format!("“{journal}” is left over from a resize of this disk, and not needed.");
    }
    let (journal, file) = (quoted(journal), quoted(&disk.file));
    format!(
        "A resize was cut off. Its journal is here, and takes it back: \
         vhd-analyser repair --journal {journal} {file} -o COPY"
    )
}

fn has_errors(disk: &DiskReport) -> bool {
    disk.findings.iter().any(|finding| finding.severity == Severity::Error)
}

fn print_disk(page: &mut Page, disk: &DiskReport) {
    let level = usize::try_from(disk.level).unwrap_or(usize::MAX);
    let mut facts: Vec<String> = Vec::new();
    facts.extend(disk.virtual_size.map(|bytes| format!("{} virtual", units::size(bytes))));
    facts.push(format!("{} on disk", units::size(disk.size)));
    facts.push(count(disk.allocated, "block").to_string());
    facts.extend(disk.kind.map(|kind| kind.to_string()));
    facts.extend(Some(disk.creator.clone()).filter(|creator| !creator.is_empty()));
    facts.extend(disk.hidden.then(|| "hidden".to_owned()));
    page.branch(level, disk.verdict, &disk.file, &facts.join(", "));
    let lost = match (disk.parent_state, &disk.parent) {
        (ParentState::Raw, Some(parent)) => Some(format!("on the raw image “{parent}”")),
        (ParentState::Unknown, _) => Some("what it is based on cannot be read".to_owned()),
        _ => None,
    };
    lost.iter().for_each(|sentence| page.note(level, sentence));
    disk.error.iter().for_each(|error| page.note(level, error));
    disk.journal.iter().for_each(|journal| page.note(level, &about_journal(disk, journal)));
    for finding in disk.findings.iter().filter(|finding| finding.severity != Severity::Info) {
        let found = if finding.found.is_empty() { String::new() } else { format!(": {}", finding.found) };
        page.note(level, &format!("{}{found}", finding.title));
    }
    for sentence in disk.coalesce.iter().flat_map(|coalesce| &coalesce.sentences) {
        page.note(level, &format!("Coalesce: {sentence}"));
    }
    for sentence in disk.coalesce_repaired.iter().flat_map(|coalesce| &coalesce.sentences) {
        page.note(level, &format!("Coalesce after the repair: {sentence}"));
    }
}
