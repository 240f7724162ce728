//! The search for plans that end sound.
//!
//! A repair looks at an opened image and its findings and proposes steps, the one that assumes least first. The search
//! takes the steps together: after each it opens the file again as it would be then, until no error is left. So every
//! plan that leaves this module has been proven on the file it is for.

use core::cell::RefCell;

use alloc::vec::Vec;

use super::case::{Case, Probe, Proposal, Unreadable};
use super::parent_disk::ParentDisk;
use super::plan::{Patched, Plan, Step};
use super::relink::{self, Link};
use super::requests::{self, RequestedChanges};
use super::{
    bat, batmap, bitmaps, fields, footers, header, last_block, length, lost_footers, lost_header, parent, poison, size,
    table, truncated, unique_id,
};
use crate::check::{Circumstances, Depth, Examined, examine};
use crate::finding::{Finding, errors};
use crate::image::Image;
use crate::image::block_scan::BlockScan;
use crate::progress::{AnalysisError, Watch};
use crate::source::{Read, Source};

/// A way of repairing one kind of fault.
type Repair = fn(&Case<'_>) -> Proposal;

/// All repairs, in the order in which they are tried: what others stand on comes first.
const REPAIRS: &[Repair] = &[
    poison::propose,
    lost_footers::propose,
    footers::propose,
    lost_header::propose,
    header::propose,
    table::propose,
    size::propose,
    fields::propose,
    unique_id::propose,
    relink::propose,
    parent::propose,
    truncated::propose,
    last_block::propose,
    bat::propose,
    length::propose,
    bitmaps::propose,
    batmap::propose,
];

/// More steps than there are families of faults do not make a repair.
const MOST_STEPS: usize = 16;
/// More ways than a person weighs against each other.
const MOST_PLANS: usize = 4;
/// Steps that are tried out in all: enough for every fault at once, and an end to anything stranger.
const MOST_TRIALS: usize = 48;

/// What a search finds.
#[derive(Debug, Default)]
pub(crate) struct Plans {
    /// Those after which no error is left, the one that loses and assumes least first.
    pub whole: Vec<Plan>,
    /// Where there is none of these: the one that repairs most and loses and assumes nothing.
    pub partial: Option<Partial>,
}

/// A plan that leaves errors.
#[derive(Debug)]
pub(crate) struct Partial {
    /// What it does.
    pub plan: Plan,
    /// The errors that it leaves.
    pub left: usize,
}

/// Looks for plans after which `source` has no error left. One that begins with the `first` step goes before others that
/// lose and assume as little.
///
/// # Errors
/// Where the source fails, or `watch` asks to stop.
pub(crate) fn find_plans<S: Source>(
    source: &S,
    found: Found<'_>,
    wishes: &Wanted<'_>,
    first: Option<Step>,
    watch: &mut Watch<'_>,
) -> Result<Plans, AnalysisError<S::Error>> {
    watch.proving();
    let mut search = Search { source, wishes, plans: Vec::new(), trials: 0, known: found.findings, partial: None };
    let nothing = Plan::nothing(source.length());
    let is_assigned = first.is_some() && !wishes.request.assign.is_empty();
    if let Some(step) = first {
        search.try_step(&nothing, step, watch)?;
    }
    if is_assigned {
        // Nothing else was asked for.
    } else if has_errors(found.findings) {
        search.extend(&nothing, found, watch)?;
    } else if search.plans.is_empty() {
        search.plans.push(nothing);
    }
    search.add_requests(watch)?;
    search.plans.retain(|plan| !plan.steps.is_empty());
    // A change that was asked for is carried out whole or not at all.
    let partial = search.partial.filter(|_| search.plans.is_empty() && !wishes.request.asks_for_changes());
    Ok(Plans { whole: cheapest_first(search.plans), partial })
}

/// Plans in the order of what they lose and assume, otherwise as they come.
fn cheapest_first(mut plans: Vec<Plan>) -> Vec<Plan> {
    plans.sort_by_key(|plan| (plan.loses.len(), plan.assumes.len()));
    let mut sorted: Vec<Plan> = Vec::new();
    for plan in plans {
        // Two ways to the same bytes are one.
        let is_new = |other: &Plan| other.new_length() != plan.new_length() || other.segments() != plan.segments();
        if sorted.iter().all(is_new) {
            sorted.push(plan);
        }
    }
    sorted
}

/// The plan that makes a file without a footer a fixed VHD, if that was asked for.
///
/// # Errors
/// Where the source fails, or `watch` asks to stop.
pub(crate) fn make_fixed<S: Source>(
    source: &S,
    wishes: &Wanted<'_>,
    watch: &mut Watch<'_>,
) -> Result<Vec<Plan>, AnalysisError<S::Error>> {
    let step = wishes
        .request
        .fixed
        .and_then(|disk| requests::make_fixed(source.length(), disk, wishes.circumstances.now, wishes.fresh_unique_id));
    let mut search = Search { source, wishes, plans: Vec::new(), trials: 0, known: &[], partial: None };
    if let Some(step) = step {
        search.try_step(&Plan::nothing(source.length()), step, watch)?;
    }
    Ok(search.plans)
}

/// What is known of a file before its repair.
#[derive(Clone, Copy)]
pub(crate) struct Found<'a> {
    /// Its structures.
    pub image: &'a Image,
    /// What is wrong with them.
    pub findings: &'a [Finding],
    /// What the blocks hold, if that was asked for.
    pub deep: Option<&'a BlockScan>,
}

/// What a repair should end with.
#[derive(Clone, Copy)]
pub(crate) struct Wanted<'a> {
    /// What the checks go by.
    pub circumstances: Circumstances,
    /// 16 random bytes, for a disk that needs an identity.
    pub fresh_unique_id: [u8; 16],
    /// Whether the blocks must be sound, too.
    pub deep: bool,
    /// What the caller asks for besides.
    pub request: &'a RequestedChanges,
}

struct Search<'a, S> {
    source: &'a S,
    wishes: &'a Wanted<'a>,
    plans: Vec<Plan>,
    trials: usize,
    /// What was wrong before anything was done.
    known: &'a [Finding],
    partial: Option<Partial>,
}

impl<S: Source> Search<'_, S> {
    /// Every extension of `plan`, which leaves what was `found`, that ends without an error.
    fn extend(&mut self, plan: &Plan, found: Found<'_>, watch: &mut Watch<'_>) -> Result<(), AnalysisError<S::Error>> {
        if plan.steps.len() >= MOST_STEPS {
            return Ok(());
        }
        for step in self.proposals(plan, found)? {
            if self.plans.len() == MOST_PLANS || self.trials == MOST_TRIALS {
                return Ok(());
            }
            self.try_step(plan, step, watch)?;
        }
        Ok(())
    }

    /// What was asked for, at the end of every plan.
    fn add_requests(&mut self, watch: &mut Watch<'_>) -> Result<(), AnalysisError<S::Error>> {
        let RequestedChanges { hidden, parent, .. } = self.wishes.request;
        if let Some(parent) = parent {
            self.link_to(parent, watch)?;
        }
        let Some(hidden) = *hidden else {
            return Ok(());
        };
        for plan in core::mem::take(&mut self.plans) {
            let image = Image::open(&Patched::new(self.source, &plan), watch)?;
            match requests::hide(&image, hidden) {
                Some(step) => self.try_step(&plan, step, watch)?,
                None => self.plans.push(plan),
            }
        }
        Ok(())
    }

    /// Every plan with a link to the parent at its end. One after which there can be no link is none.
    fn link_to(&mut self, parent: &ParentDisk, watch: &mut Watch<'_>) -> Result<(), AnalysisError<S::Error>> {
        for plan in core::mem::take(&mut self.plans) {
            let probe = PatchedProbe { patched: Patched::new(self.source, &plan), error: RefCell::new(None) };
            let image = Image::open(&probe.patched, watch)?;
            let link = relink::link(&image, parent, self.wishes.circumstances.now, &probe);
            if let Some(error) = probe.error.take() {
                return Err(AnalysisError::Read(error));
            }
            match link {
                Ok(Link::By(step)) => self.try_step(&plan, step, watch)?,
                Ok(Link::Made) => self.plans.push(plan),
                Ok(Link::Impossible) | Err(Unreadable) => {}
            }
        }
        Ok(())
    }

    /// `plan` with one more step, and what follows from there.
    fn try_step(&mut self, plan: &Plan, step: Step, watch: &mut Watch<'_>) -> Result<(), AnalysisError<S::Error>> {
        let keeps_length = step.new_length == self.source.length();
        if !step.is_possible() || (self.wishes.request.keeps_length && !keeps_length) {
            return Ok(());
        }
        self.trials += 1;
        let longer = plan.then(step);
        let patched = Patched::new(self.source, &longer);
        let depth = if self.wishes.deep { Depth::BlocksIfSound } else { Depth::Metadata };
        let after = examine(&patched, depth, &self.wishes.circumstances, watch)?;
        if after.has_errors() {
            self.note_partial(&longer, &after.findings);
            let Examined { image, deep, findings } = &after;
            self.extend(&longer, Found { image, findings, deep: deep.as_ref() }, watch)?;
        } else if longer.is_orderly() {
            self.plans.push(longer);
        }
        Ok(())
    }

    /// Keeps a plan that leaves errors, if it leaves fewer than any before and none that is new.
    fn note_partial(&mut self, plan: &Plan, findings: &[Finding]) {
        let is_known = |finding: &Finding| self.known.iter().any(|known| known.breaks(finding.fault.rule()));
        let left = errors(findings).count();
        let least = self.partial.as_ref().map_or(errors(self.known).count(), |partial| partial.left);
        if left < least && errors(findings).all(is_known) && plan.is_lossless() && plan.is_orderly() {
            self.partial = Some(Partial { plan: plan.clone(), left });
        }
    }

    /// The steps of the first repair that applies: the ones behind it stand on what it repairs.
    fn proposals(&self, plan: &Plan, found: Found<'_>) -> Result<Vec<Step>, AnalysisError<S::Error>> {
        let probe = PatchedProbe { patched: Patched::new(self.source, plan), error: RefCell::new(None) };
        let case = Case {
            image: found.image,
            findings: found.findings,
            deep: found.deep,
            now: self.wishes.circumstances.now,
            fresh_unique_id: self.wishes.fresh_unique_id,
            parent: self.wishes.request.parent.as_ref(),
            keeps_length: self.wishes.request.keeps_length,
            probe: &probe,
        };
        for repair in REPAIRS {
            match repair(&case) {
                Ok(steps) if steps.is_empty() => {}
                Ok(steps) => return Ok(steps),
                Err(Unreadable) => break,
            }
        }
        match probe.error.into_inner() {
            Some(error) => Err(AnalysisError::Read(error)),
            None => Ok(Vec::new()),
        }
    }
}

/// The file as a plan leaves it, and why it could not be read.
struct PatchedProbe<'a, S: Source> {
    patched: Patched<'a, S>,
    error: RefCell<Option<S::Error>>,
}

impl<S: Source> Probe for PatchedProbe<'_, S> {
    fn read(&self, reads: &mut [Read<'_>]) -> Result<(), Unreadable> {
        self.patched.read(reads).map_err(|error| {
            self.error.replace(Some(error));
            Unreadable
        })
    }
}

fn has_errors(findings: &[Finding]) -> bool {
    errors(findings).next().is_some()
}
