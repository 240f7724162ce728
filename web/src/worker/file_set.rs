//! Many files at once, in the worker: told apart, read one after the other, and put in relation to each other.
//!
//! ```text
//! files ──┬─ disks ─▶ Analysis ─▶ DiskSummary ─┬─▶ Forest ─▶ ForestReport
//!         │   (kept where there is room) │
//!         └─ logs ─▶ chunks ─▶ Explainer ───┴─▶ Answer
//! ```

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use js_sys::wasm_bindgen::{JsCast, JsValue};
use js_sys::{Reflect, Uint8Array};
use vhd_analyser_core::analysis::{AnalysisContext, analyse_with};
use vhd_analyser_core::chain::{DiskSummary, Forest, JournalFile, Reach};
use vhd_analyser_core::compat::ParentResolver;
use vhd_analyser_core::file_type::FileType;
use vhd_analyser_core::journal::{self, Journal};
use vhd_analyser_core::layout::locator::file_name;
use vhd_analyser_core::report::{self, in_words};
use vhd_analyser_core::source::{Read, Source};
use vhd_analyser_logs::{Explainer, is_utf16, not_a_log};
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, ReadableStreamDefaultReader};

use crate::protocol::failure::Failure;
use crate::protocol::file_set::{FileSet, is_called_disk, is_called_log};
use crate::protocol::gunzip::gunzip;
use crate::protocol::{Progress, Unit};
use crate::worker::blob_source::BlobSource;
use crate::worker::context::options;
use crate::worker::kept::Kept;
use crate::worker::marks::{mark_findings, mark_text};
use crate::worker::named_file::NamedFile;
use crate::worker::parents::{Folder, PickedFiles};
use vhd_analyser_core::units;

/// Bytes of a log that are read at once.
const CHUNK: u64 = 1 << 20;
/// Bytes by which a log is told from other files.
const HEAD: u64 = 4096;

/// Reads files of all kinds, telling how far it is. A file that cannot be read does not keep the others from it.
/// Gives what they are, and what is kept of them.
pub async fn read(files: &[NamedFile], on_progress: &impl Fn(Progress)) -> (FileSet, Kept) {
    let folder = Folder::of("", files.to_vec(), true);
    let mut gathering = FileSetReader { kept: Kept::of(files), ..FileSetReader::default() };
    for (done, named) in (0..).zip(files) {
        on_progress(Progress { stage: "Files".into(), done, total: files.len() as u64, unit: Unit::Files });
        if let Err(failure) = gathering.read_file(named, &folder, on_progress).await {
            gathering.unread.push((named.path.clone(), failure));
        }
    }
    gathering.use_journals(files, &folder);
    gathering.finish(files, &folder)
}

/// What a file is taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Disk,
    Log,
    PackedLog,
    /// Of the disk with this unique id.
    Journal([u8; 16]),
    Other,
}

impl Kind {
    /// By the name first: what is called a disk is to be judged as one, whatever it holds. In a folder only what is
    /// called a disk or a log counts: whoever chooses a folder does not know every file in it.
    fn of(path: &str, source: &BlobSource) -> Result<Self, Failure> {
        if is_called_disk(path) {
            return Ok(Self::Disk);
        }
        let (is_called_log, is_in_folder) = (is_called_log(path), path.contains('/'));
        if is_in_folder && !is_called_log && !journal::is_usual_name(file_name(path)) {
            return Ok(Self::Other);
        }
        if let Some(unique_id) = Journal::unique_id(source)? {
            return Ok(Self::Journal(unique_id));
        }
        Ok(match FileType::recognise(source)? {
            FileType::Text => Self::Log,
            FileType::Gzip => Self::PackedLog,
            FileType::Unknown if is_called_log || is_utf16(&head(source)?) => Self::Log,
            _ if is_in_folder => Self::Other,
            _ => Self::Disk,
        })
    }
}

#[derive(Default)]
struct FileSetReader {
    members: Vec<DiskSummary>,
    explainer: Explainer,
    logs: Vec<String>,
    journals: Vec<JournalFile>,
    passed_over: u64,
    unread: Vec<(String, Failure)>,
    kept: Kept,
}

impl FileSetReader {
    async fn read_file(
        &mut self,
        named: &NamedFile,
        folder: &Folder,
        on_progress: &impl Fn(Progress),
    ) -> Result<(), Failure> {
        let source = BlobSource::ahead(named.file.clone())?;
        let mut kind = Kind::of(&named.path, &source)?;
        if matches!(kind, Kind::Log | Kind::PackedLog) {
            self.logs.push(named.path.clone());
            self.explainer.begin(&named.path);
        }
        if kind == Kind::Log && !read_log(&source, &mut self.explainer, &named.path, on_progress)? {
            // It is only called a log.
            self.logs.pop();
            kind = if named.path.contains('/') { Kind::Other } else { Kind::Disk };
        }
        match kind {
            Kind::Log => {}
            Kind::Disk => {
                let summary = summary(named, &source, None, folder, &mut self.kept)?;
                self.members.push(summary);
            }
            Kind::PackedLog => read_packed_log(&named.file, &mut self.explainer, &named.path, on_progress).await?,
            Kind::Journal(unique_id) => self.journals.push(JournalFile { name: named.path.clone(), unique_id }),
            Kind::Other => self.passed_over += 1,
        }
        Ok(())
    }

    /// Looks again at the damaged disks whose journal is here, too: it may take the resize back.
    fn use_journals(&mut self, files: &[NamedFile], folder: &Folder) {
        for member in self.members.iter_mut().filter(|member| member.verdict.is_damage()) {
            let id = member.end.as_ref().and_then(|end| end.unique_id);
            let Some(journal) = self.journals.iter().find(|journal| id == Some(journal.unique_id)) else { continue };
            let named = |path: &str| files.iter().find(|named| named.path == path);
            let Some((disk, journal)) = named(&member.name).zip(named(&journal.name)) else { continue };
            let sources = BlobSource::ahead(disk.file.clone()).ok().zip(BlobSource::new(journal.file.clone()).ok());
            let Some((source, journal)) = sources else { continue };
            if let Ok(found) = summary(disk, &source, Some(&journal), folder, &mut self.kept) {
                *member = found;
            }
        }
    }

    fn unique_ids(&self) -> BTreeSet<[u8; 16]> {
        let mut ids = BTreeSet::new();
        ids.extend(self.members.iter().filter_map(|member| member.end.as_ref()?.unique_id));
        ids
    }

    fn finish(mut self, files: &[NamedFile], folder: &Folder) -> (FileSet, Kept) {
        let ids = self.unique_ids();
        let alone = self.journals.iter().filter(|journal| !ids.contains(&journal.unique_id));
        let lone_journals = alone.map(|journal| (journal.name.clone(), in_words(journal.unique_id))).collect();
        let disks = self.members.len();
        let mut read = |named: &NamedFile| {
            let source = BlobSource::ahead(named.file.clone()).ok()?;
            summary(named, &source, None, folder, &mut self.kept).ok()
        };
        let mut picked = PickedFiles::new(files, &self.members, &mut read);
        let tree = match Forest::grown(self.members, Reach::Ancestors, &mut picked) {
            Ok(forest) => forest.with_journals(self.journals),
            Err(never) => match never {},
        };
        // Raw images are called anything, and were passed over at first.
        self.passed_over = self.passed_over.saturating_sub((tree.nodes.len() - disks) as u64);
        let links = tree.walk().into_iter().filter_map(|(number, _)| tree.link_of(number)).collect();
        let mut forest = report::forest(&tree);
        for disk in &mut forest.disks {
            mark_findings(&mut disk.findings);
            disk.parent.iter_mut().for_each(mark_text);
            for coalesce in disk.coalesce.iter_mut().chain(&mut disk.coalesce_repaired) {
                coalesce.sentences.iter_mut().for_each(mark_text);
                coalesce.obstacle.iter_mut().for_each(|obstacle| mark_text(&mut obstacle.sentence));
            }
        }
        let numbers: std::collections::BTreeMap<_, _> =
            files.iter().enumerate().map(|(number, named)| (named.path.as_str(), number)).collect();
        let disks = forest.disks.iter().filter_map(|disk| numbers.get(disk.file.as_str()).copied()).collect();
        let kept = forest.disks.iter().map(|disk| self.kept.knows(&disk.file)).collect();
        let file_set = FileSet {
            forest,
            links,
            disks,
            kept,
            answer: (!self.logs.is_empty()).then(|| self.explainer.answer()),
            logs: self.logs,
            lone_journals,
            passed_over: self.passed_over,
            unread: self.unread,
        };
        (file_set, self.kept)
    }
}

/// A disk in a few words; its analysis is kept where there is room. The tools look for its parent among the files.
fn summary(
    named: &NamedFile,
    source: &BlobSource,
    journal: Option<&BlobSource>,
    folder: &Folder,
    kept: &mut Kept,
) -> Result<DiskSummary, Failure> {
    let place = ParentResolver::of(folder.beside(&named.path));
    let context = AnalysisContext { journal, parent_lookup: &place, parents: false };
    // Each with a fresh unique id of its own: two disks may need one.
    let analysis = analyse_with(source, &context, &named.path, &options(false), &mut |_| ControlFlow::Continue(()))?;
    let summary = DiskSummary::of(&analysis, &named.path, source.changed());
    kept.keep(&named.path, analysis);
    Ok(summary)
}

/// The beginning of a file.
fn head(source: &BlobSource) -> Result<Vec<u8>, Failure> {
    let mut head = vec![0; HEAD.min(source.length()) as usize];
    source.read(&mut [Read { offset: 0, buffer: &mut head }])?;
    Ok(head)
}

/// Reads a log, and answers whether it is one: trouble that is found is told, whatever it is found in.
fn read_log(
    source: &BlobSource,
    explainer: &mut Explainer,
    path: &str,
    on_progress: &impl Fn(Progress),
) -> Result<bool, Failure> {
    let is_log = not_a_log(&head(source)?).is_none();
    let found = explainer.found();
    let total = source.length();
    let mut chunk = vec![0; CHUNK.min(total) as usize];
    let mut done = 0;
    while done < total {
        on_progress(Progress { stage: format!("Log {path}"), done, total, unit: Unit::Bytes });
        let length = CHUNK.min(total - done);
        let buffer = &mut chunk[..length as usize];
        source.read(&mut [Read { offset: done, buffer }])?;
        explainer.feed(buffer);
        done += length;
    }
    explainer.end();
    Ok(is_log || explainer.found() > found)
}

async fn read_packed_log(
    packed: &Blob,
    explainer: &mut Explainer,
    path: &str,
    on_progress: &impl Fn(Progress),
) -> Result<(), Failure> {
    let failed = |exception: JsValue| Failure::NotUnpacked(format!("{exception:?}"));
    let reader = gunzip(packed).and_then(|stream| ReadableStreamDefaultReader::new(&stream)).map_err(failed)?;
    let (mut done, mut told) = (0, 0);
    loop {
        let piece = JsFuture::from(reader.read()).await.map_err(failed)?;
        let bytes = Reflect::get(&piece, &"value".into()).map_err(failed)?;
        // There is none at the end.
        let Some(bytes) = bytes.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec) else { break };
        if done == 0 && not_a_log(&bytes).is_some() {
            return Err(Failure::NotALog);
        }
        explainer.feed(&bytes);
        done += bytes.len() as u64;
        if done - told >= CHUNK {
            told = done;
            // How long it is unpacked, nobody knows before the end.
            let stage = format!("Log {path}: {} unpacked", units::size(done));
            on_progress(Progress { stage, done, total: 0, unit: Unit::Bytes });
        }
    }
    explainer.end();
    Ok(())
}
