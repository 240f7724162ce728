//! From a source to everything that is to be said of it.

use core::ops::ControlFlow;

use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::check::{Circumstances, check};
use crate::finding::{Finding, Severity};
use crate::foreign::Foreign;
use crate::image::Image;
use crate::image::deep::{self, Deep};
use crate::layout::time::TimeStamp;
use crate::progress::{AnalysisError, Progress, Stage, Watch};
use crate::repair::{Content, Plan, find_plan};
use crate::report::{self, Report, Verdict};
use crate::source::{Read, Source};

/// What an analysis goes by besides the file.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The present, in seconds since 2000-01-01 00:00:00 UTC.
    pub now: TimeStamp,
    /// 16 random bytes, for a disk that needs a new unique id.
    pub fresh_unique_id: [u8; 16],
    /// Whether every sector bitmap and every block is read too.
    pub deep: bool,
}

/// What was found in one file, and how to mend it.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// The file's name, as the caller gave it.
    pub name: String,
    /// The structures as they were found.
    pub image: Image,
    /// What the file is, if it is no VHD; it then has no findings and no plan.
    pub foreign: Option<Foreign>,
    /// The faults, worst first.
    pub findings: Vec<Finding>,
    /// The repair, proven, if there is something to repair and a way to do it.
    pub plan: Option<Plan>,
    /// For each patch of the plan that writes bytes, those that it replaces; fewer where the file ends before.
    pub replaced: Vec<Vec<u8>>,
    /// What the blocks hold, where that was asked for.
    pub deep: Option<Deep>,
}

/// Opens, checks and, where something is wrong, plans the repair of one file. Reads the metadata only, unless
/// [`Options::deep`] asks for the blocks.
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
    let mut watch = Watch::new(progress);
    let image = Image::open(source, &mut watch)?;
    let mut analysis = Analysis {
        name: name.to_string(),
        image,
        foreign: None,
        findings: Vec::new(),
        plan: None,
        replaced: Vec::new(),
        deep: None,
    };
    if !analysis.image.is_vhd() {
        analysis.foreign = Some(Foreign::recognise(source)?);
        return Ok(analysis);
    }
    if options.deep {
        analysis.deep = Some(deep::survey(source, &analysis.image, &mut watch)?);
    }
    let circumstances = Circumstances { now: options.now };
    analysis.findings = check(&analysis.image, &circumstances);
    if analysis.has_errors() {
        watch.at(Stage::Proof, 0, 1)?;
        analysis.plan = find_plan(
            source,
            &analysis.image,
            &analysis.findings,
            &circumstances,
            options.fresh_unique_id,
            &mut watch,
        )?;
    }
    if let Some(plan) = &analysis.plan {
        analysis.replaced = replaced(source, plan)?;
    }
    Ok(analysis)
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
        match &self.plan {
            _ if self.foreign.is_some() => Verdict::NotAVhd,
            _ if !self.has_errors() => Verdict::Sound,
            Some(plan) if plan.is_lossless() => Verdict::Repairable,
            Some(_) => Verdict::Salvageable,
            None => Verdict::Unrepairable,
        }
    }

    /// Everything that a person or a script is told.
    pub fn report(&self) -> Report {
        report::build(self)
    }

    /// What `vhd-util read -p` prints of this file, with times `minutes` east of UTC. Bytes, since names
    /// from the disk are printed as they are.
    pub fn vhd_util_read(&self, minutes: i32) -> Vec<u8> {
        report::text::render(&self.image, &self.name, minutes)
    }

    fn has_errors(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity() == Severity::Error)
    }
}
