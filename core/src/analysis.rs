//! From a source to everything that is to be said of it.

use core::ops::ControlFlow;

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::check::{Circumstances, Depth, Examined, examine};
use crate::compat::{self, Disk, ParentLookup, ToolAnswer, Unknown};
use crate::file_type::FileType;
use crate::finding::{Fault, Finding, errors};
use crate::image::Image;
use crate::image::block_scan::BlockScan;
use crate::journal::Journal;
use crate::layout::locator::file_name;
use crate::layout::time::TimeStamp;
use crate::progress::{AnalysisError, Progress, Stage, Watch};
use crate::repair::{self, Content, Found, Partial, Patched, Plan, RequestedChanges, UnknownBlock, Wanted, find_plans};
use crate::source::{Read, Source};
use crate::verdict::Verdict;

/// What an analysis goes by besides the file.
#[derive(Clone, Debug)]
pub struct Options {
    /// The present, in seconds since 2000-01-01 00:00:00 UTC.
    pub now: TimeStamp,
    /// 16 random bytes, for a disk that needs a new unique id.
    pub fresh_unique_id: [u8; 16],
    /// Whether every block is read, too.
    pub deep: bool,
    /// What is to be changed besides what is wrong.
    pub request: RequestedChanges,
}

/// What was found in one file, and how to repair it.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The file's name, without its folder.
    pub name: String,
    /// The structures as they were found.
    pub image: Image,
    /// What the file is, if it is no VHD; it then has no findings and no plan.
    pub foreign: Option<FileType>,
    /// What the blocks hold, if they were read.
    pub deep: Option<BlockScan>,
    /// The faults, worst first.
    pub findings: Vec<Finding>,
    /// What each tool would say of it, in the order of [`Tool::ALL`](crate::compat::Tool::ALL).
    pub answers: [ToolAnswer; 5],
    /// The structures after the first of the repairs.
    pub repaired: Option<Image>,
    /// What each tool would say of it then.
    pub answers_after: Option<[ToolAnswer; 5]>,
    /// Ways to repair it, each proven, the one that loses and assumes least first; none where nothing is to repair, or
    /// no way is known.
    pub repairs: Vec<VerifiedRepair>,
    /// Where no way is known: what can be repaired of it without losing or assuming anything.
    pub partial: Option<PartialRepair>,
}

/// A repair that leaves errors, and neither loses nor assumes anything.
#[derive(Clone, Debug)]
pub struct PartialRepair {
    /// What it does.
    pub repair: VerifiedRepair,
    /// How many errors it repairs.
    pub repaired: usize,
    /// How many errors there are.
    pub errors: usize,
}

/// What lies beside a disk and bears on what is to be said of it.
#[derive(Clone, Copy)]
pub struct AnalysisContext<'a, S> {
    /// The journal of a cut-off resize (`vhd-util resize -j`).
    pub journal: Option<&'a S>,
    /// Where its parent locators lead.
    pub parent_lookup: &'a dyn ParentLookup,
    /// Whether vhd-util is to be asked about all ancestors (`check -p`), and not about the disk alone.
    pub parents: bool,
}

impl<S> AnalysisContext<'_, S> {
    /// Nothing that is known of.
    pub const NOTHING: Self = Self { journal: None, parent_lookup: &Unknown, parents: false };
}

/// A plan of repair after which the file is sound, with what it takes to go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedRepair {
    /// The plan.
    pub plan: Plan,
    /// For each patch of the plan that writes bytes, those that it replaces; fewer where the file ends before.
    pub replaced: Vec<Vec<u8>>,
}

/// Opens, checks and, where something is wrong, plans the repair of one file. Reads the metadata only, unless the
/// options ask for more.
///
/// `progress` hears of everything that is read and may stop it.
///
/// # Errors
/// Where the source fails, or `progress` asks to stop. A damaged or foreign file is not an error.
pub fn analyse<S: Source>(
    source: &S,
    name: &str,
    options: &Options,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Analysis, AnalysisError<S::Error>> {
    analyse_with(source, &AnalysisContext::NOTHING, name, options, progress)
}

/// As [`analyse`], with what lies beside the disk.
///
/// # Errors
/// As [`analyse`]. A damaged journal is a finding.
pub fn analyse_with<S: Source>(
    source: &S,
    beside: &AnalysisContext<'_, S>,
    name: &str,
    options: &Options,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Analysis, AnalysisError<S::Error>> {
    let mut watch = Watch::new(progress);
    let circumstances = Circumstances { now: options.now };
    let depth = if options.deep { Depth::Blocks } else { Depth::Metadata };
    let Examined { image, deep, findings } = examine(source, depth, &circumstances, &mut watch)?;
    let context = ToolContext { name, beside, now: options.now };
    let answers = context.ask(source, &image, &mut watch)?;
    let mut analysis = Analysis {
        name: name.to_string(),
        image,
        foreign: None,
        deep,
        findings,
        answers,
        repaired: None,
        answers_after: None,
        repairs: Vec::new(),
        partial: None,
    };
    let Options { fresh_unique_id, deep, ref request, .. } = *options;
    let wishes = Wanted { circumstances, fresh_unique_id, deep, request };
    if !analysis.image.is_vhd() {
        analysis.foreign = Some(FileType::recognise(source)?);
        analysis.findings.clear();
        let plans = repair::make_fixed(source, &wishes, &mut watch)?;
        analysis.repairs = proven(source, plans)?;
        return Ok(analysis);
    }
    let mut first = repair::assign::step(&analysis.image, &request.assign);
    if let Some(journal) = beside.journal {
        let journal = Journal::read(journal, &mut watch)?;
        match journal.and_then(|journal| repair::journal::revert(&analysis.image, &journal)) {
            Ok(step) => first = Some(step),
            Err(fault) => {
                analysis.findings.push(Finding { fault: Fault::Journal(fault), offset: 0, length: 0 });
            }
        }
    }
    if analysis.has_errors() || request.asks_for_changes() {
        watch.at(Stage::Proof, 0, 1)?;
        let found = Found { image: &analysis.image, findings: &analysis.findings, deep: analysis.deep.as_ref() };
        let plans = find_plans(source, found, &wishes, first, &mut watch)?;
        analysis.repairs = proven(source, plans.whole)?;
        if let Some(Partial { plan, left }) = plans.partial {
            let errors = analysis.errors();
            let repair = VerifiedRepair { replaced: replaced(source, &plan)?, plan };
            analysis.partial = Some(PartialRepair { repair, repaired: errors.saturating_sub(left), errors });
        }
    }
    if let Some(plan) = analysis.plan() {
        let patched = Patched::new(source, plan);
        let image = Image::open(&patched, &mut watch)?;
        let answers = context.ask(&patched, &image, &mut watch)?;
        analysis.answers_after = Some(answers);
        analysis.repaired = Some(image);
    }
    Ok(analysis)
}

/// Where a disk lies, as its tools see it.
struct ToolContext<'a, S> {
    name: &'a str,
    beside: &'a AnalysisContext<'a, S>,
    now: TimeStamp,
}

impl<S: Source> ToolContext<'_, S> {
    /// `source` is the disk, as it is or as a plan makes it.
    fn ask<T: Source<Error = S::Error>>(
        &self,
        source: &T,
        image: &Image,
        watch: &mut Watch<'_>,
    ) -> Result<[ToolAnswer; 5], AnalysisError<S::Error>> {
        // vhd-util is asked from the disk's own folder.
        let disk = Disk { name: file_name(self.name), image, parent_lookup: self.beside.parent_lookup };
        compat::ask(source, &disk, self.now, self.beside.parents, watch)
    }
}

fn proven<S: Source>(source: &S, plans: Vec<Plan>) -> Result<Vec<VerifiedRepair>, AnalysisError<S::Error>> {
    let proven = plans.into_iter().map(|plan| Ok(VerifiedRepair { replaced: replaced(source, &plan)?, plan }));
    proven.collect()
}

/// What the patches write over, where they write bytes; what they copy over stays where it is.
fn replaced<S: Source>(source: &S, plan: &Plan) -> Result<Vec<Vec<u8>>, AnalysisError<S::Error>> {
    let patches = plan.patches();
    let mut bytes: Vec<Vec<u8>> = patches
        .iter()
        .map(|patch| match &patch.content {
            Content::Bytes(_) => vec![0; patch.end().min(source.length()).saturating_sub(patch.offset) as usize],
            Content::Copy { .. } | Content::Zeros(_) => Vec::new(),
        })
        .collect();
    let mut reads: Vec<_> = patches
        .iter()
        .zip(&mut bytes)
        .filter(|(_, buffer)| !buffer.is_empty())
        .map(|(patch, buffer)| Read { offset: patch.offset, buffer })
        .collect();
    if !reads.is_empty() {
        source.read(&mut reads).map_err(AnalysisError::Read)?;
    }
    Ok(bytes)
}

impl Analysis {
    /// The answer in one word.
    pub fn verdict(&self) -> Verdict {
        match self.plan() {
            _ if self.foreign.is_some() => Verdict::NotAVhd,
            _ if !self.has_errors() => Verdict::Sound,
            Some(plan) if plan.is_lossless() => Verdict::Repairable,
            Some(_) => Verdict::Salvageable,
            None => Verdict::Unrepairable,
        }
    }

    /// Asks the tools again, now that more is known of what lies beside the disk; everything else stays as it is. Reads
    /// what the tools read.
    ///
    /// # Errors
    /// Where the source fails, or `progress` asks to stop.
    pub fn ask_again<S: Source>(
        &mut self,
        source: &S,
        beside: &AnalysisContext<'_, S>,
        now: TimeStamp,
        progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
    ) -> Result<(), AnalysisError<S::Error>> {
        let mut watch = Watch::new(progress);
        let context = ToolContext { name: &self.name, beside, now };
        let answers = context.ask(source, &self.image, &mut watch)?;
        let after = match (self.plan(), &self.repaired) {
            (Some(plan), Some(image)) => Some(context.ask(&Patched::new(source, plan), image, &mut watch)?),
            _ => None,
        };
        (self.answers, self.answers_after) = (answers, after);
        Ok(())
    }

    /// The best plan of repair.
    pub fn plan(&self) -> Option<&Plan> {
        self.repairs.first().map(|repair| &repair.plan)
    }

    /// The orphaned blocks whose number neither the file nor the best plan proves.
    pub fn unknown_blocks(&self) -> Vec<UnknownBlock> {
        repair::numbers::unknown_blocks(&self.image, self.plan().zip(self.repaired.as_ref()))
    }

    /// How many errors were found in the file itself.
    pub fn errors(&self) -> usize {
        errors(&self.findings).count()
    }

    fn has_errors(&self) -> bool {
        self.errors() > 0
    }
}
