//! `repair`: a mended copy of a disk, or the disk mended where it is, with a way back.

mod copy;
mod in_place;
mod undo;

use std::path::{Path, PathBuf};

use vhd_analyser_core::analysis::{Analysis, Options};
use vhd_analyser_core::repair::Plan;
use vhd_analyser_core::report::Report;

use crate::disk::{Disk, options};
use crate::draft::Existing;
use crate::exit::Exit;
use crate::failure::{Failure, tell};
use crate::human::{self, Page};
use crate::in_use::Holder;
use crate::progress::Watch;

/// Mends a disk: as a copy, or in place, after saving what is written over.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("way").required(true).multiple(true).args(["out", "in_place", "undo", "dry_run"])))]
pub struct Arguments {
    /// The disk: a file or a block device.
    file: PathBuf,

    /// Writes a mended copy. It appears under its name only when it is complete.
    #[arg(short, long, value_name = "OUT", conflicts_with_all = ["in_place", "undo"])]
    out: Option<PathBuf>,

    /// Changes the disk itself. What is written over is saved first in FILE.undo, beside the disk; for a device, in
    /// the current folder.
    #[arg(long, conflicts_with = "undo")]
    in_place: bool,

    /// Takes an in-place repair back, with the undo file that it left.
    #[arg(long, value_name = "UNDO", conflicts_with_all = ["allow_loss", "journal", "parent"])]
    undo: Option<PathBuf>,

    /// Permits a repair that loses or assumes something.
    #[arg(long)]
    allow_loss: bool,

    /// The journal of a resize that was cut off.
    #[arg(long, value_name = "JOURNAL")]
    journal: Option<PathBuf>,

    /// The parent of a differencing disk.
    #[arg(long, value_name = "PARENT")]
    parent: Option<PathBuf>,

    /// Says what would be done, and writes nothing.
    #[arg(long)]
    dry_run: bool,

    /// With -o replaces OUT; in place goes on though the disk seems to be in use or, with --undo, to be another.
    #[arg(long)]
    force: bool,
}

/// Carries the command out.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    if arguments.journal.is_some() {
        return Err(Failure::Unsupported("--journal"));
    }
    if arguments.parent.is_some() {
        return Err(Failure::Unsupported("--parent"));
    }
    let disk = Disk::open(&arguments.file)?;
    if let Some(undo) = &arguments.undo {
        return take_back(&disk, undo, arguments);
    }
    let options = options(None, false)?;
    let analysis = disk.analyse(&options, &mut Watch::new().analysis())?;
    let report = analysis.report();
    let exit = tell_plan(&disk, &report, arguments)?;
    match &analysis.plan {
        Some(plan) if exit == Exit::Done && !arguments.dry_run => {
            mend(&Job { disk: &disk, analysis: &analysis, plan, options: &options }, arguments)
        }
        _ => Ok(exit),
    }
}

/// A repair that is wanted.
struct Job<'a> {
    disk: &'a Disk,
    /// What was found on the disk.
    analysis: &'a Analysis,
    /// What is to be done to it: the analysis' plan.
    plan: &'a Plan,
    /// What the analysis went by, and the check of the result goes by too.
    options: &'a Options,
}

/// Says what will be done, or why nothing will, and answers whether there is anything in the way.
fn tell_plan(disk: &Disk, report: &Report, arguments: &Arguments) -> Result<Exit, Failure> {
    let mut page = Page::new();
    let Some(repair) = &report.repair else {
        human::report(&mut page, report, None, &disk.holders());
        page.gap();
        page.say("Nothing was written.");
        page.show()?;
        return Ok(report.verdict.into());
    };
    human::answer(&mut page, report);
    human::plan(&mut page, report, repair);
    human::cautions(&mut page, report, &disk.holders());
    let permitted = repair.lossless || arguments.allow_loss;
    if !permitted {
        page.gap();
        page.say("Nothing was written. To accept what is lost and assumed, add --allow-loss.");
    }
    page.show()?;
    Ok(if permitted { Exit::Done } else { Exit::Damaged })
}

fn mend(job: &Job<'_>, arguments: &Arguments) -> Result<Exit, Failure> {
    let disk = job.disk;
    let mut page = Page::new();
    page.gap();
    if let Some(out) = &arguments.out {
        let writers: Vec<Holder> = disk.holders().into_iter().filter(Holder::writes).collect();
        if !writers.is_empty() {
            tell("vhd-analyser: the disk is in use; what is copied while it is written to may not fit together");
        }
        let existing = if arguments.force { Existing::Replace } else { Existing::Keep };
        copy::write(job, out, existing)?;
        page.say(&format!("{} is the repaired copy. It was read again, and is sound.", out.display()));
    } else {
        let undo = in_place::repair(job, arguments.force)?;
        page.say(&format!("{} was repaired in place. It was read again, and is sound.", disk.path().display()));
        page.say(&format!("The way back: {}", human::way_back(disk.path(), &undo)));
    }
    page.show()?;
    Ok(Exit::Done)
}

fn take_back(disk: &Disk, undo: &Path, arguments: &Arguments) -> Result<Exit, Failure> {
    let undo = undo::Undo::open(undo)?;
    let mut page = Page::new();
    if arguments.dry_run {
        page.say(&format!("{} {undo}", disk.path().display()));
    } else {
        undo.apply(disk, arguments.force)?;
        page.say(&format!(
            "{} is as it was before the repair, {} bytes long.",
            disk.path().display(),
            undo.old_length()
        ));
        page.say(&format!("{} has served, and can be removed.", undo.path().display()));
    }
    page.show()?;
    Ok(Exit::Done)
}
