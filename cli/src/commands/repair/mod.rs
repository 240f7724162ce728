//! `repair`: a repaired copy of a disk, the disk repaired where it is, with an undo file, or a script that does that.

mod copy;
mod exclusive;
mod in_place;
mod job;
mod many;
mod parent;
mod script;
mod undo;

use std::path::{Path, PathBuf};

use vhd_analyser_core::analysis::{Analysis, Options};
use vhd_analyser_core::repair::{Assignment, FixedDisk, RequestedChanges, check_assignments};
use vhd_analyser_core::report::{self, RepairChoice, Report, ReportOptions};
use vhd_analyser_core::units;

use self::job::Job;
use self::parent::Given;
use crate::commands::chain;
use crate::error::{Failure, print_error};
use crate::exit_code::Exit;
use crate::os::atomic_file::Existing;
use crate::os::disk::{Companions, Disk, options};
use crate::os::holders::Holder;
use crate::ui;
use crate::ui::page::Page;
use crate::ui::progress::Watch;
use crate::ui::text::{quoted, undo_command};

/// Repairs a disk: as a copy, or in place, after saving what is written over.
#[derive(Clone, Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("way").required(true).multiple(true).args(["out", "in_place", "undo", "dry_run"])))]
pub struct Arguments {
    /// The disk: a file or a block device. Of several, each gets its copy in the folder that OUT is.
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Writes a repaired copy, or the script. It appears under its name only when it is complete.
    #[arg(short, long, value_name = "OUT", conflicts_with_all = ["in_place", "undo"])]
    out: Option<PathBuf>,

    /// Changes the disk itself. What is written over is saved first in FILE.undo, beside the disk; for a device, in
    /// the current folder.
    #[arg(long, conflicts_with = "undo")]
    in_place: bool,

    /// Writes not a copy but a script that repairs the disk where it is, and can undo that.
    #[arg(long, value_name = "SHELL", requires = "out", conflicts_with_all = ["in_place", "undo"])]
    script: Option<script::Shell>,

    /// Takes an in-place repair back, with the undo file that it left.
    #[arg(long, value_name = "UNDO", conflicts_with_all = ["allow_loss", "journal", "parent"])]
    undo: Option<PathBuf>,

    /// Takes another of the ways to repair that `check` lists, counted from 1.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "undo")]
    plan: usize,

    /// Repairs what the deep check finds, too: reads every block.
    #[arg(long, conflicts_with = "undo")]
    deep: bool,

    /// Sets tapdisk's hidden flag, which a snapshot's base copy has.
    #[arg(long, conflicts_with_all = ["undo", "unhide"])]
    hide: bool,

    /// Takes tapdisk's hidden flag away.
    #[arg(long, conflicts_with = "undo")]
    unhide: bool,

    /// Makes a raw disk, or one whose footer is lost, a fixed VHD with a footer of this creator: four characters, such
    /// as "win " or "vpc ".
    #[arg(long, value_name = "CREATOR", num_args = 0..=1, default_missing_value = "win ", conflicts_with = "undo")]
    as_fixed: Option<String>,

    /// Where no repair of all of it is known: repairs what can be repaired without losing or assuming anything. The copy
    /// is still damaged.
    #[arg(long, requires = "out", conflicts_with_all = ["script", "plan", "journal", "parent", "hide", "unhide", "as_fixed", "assign"])]
    partial: bool,

    /// Permits a repair that loses or assumes something.
    #[arg(long)]
    allow_loss: bool,

    /// The journal of a resize that was cut off.
    #[arg(long, value_name = "JOURNAL")]
    journal: Option<PathBuf>,

    /// Links a differencing disk to this parent: one that was moved or renamed, or that the disk lost with its dynamic
    /// header.
    #[arg(long, value_name = "PARENT")]
    parent: Option<PathBuf>,

    /// Points a block’s BAT entry at a sector, where nobody but you knows which block lies there. May be given again.
    #[arg(long, value_name = "BLOCK=SECTOR", value_parser = assignment, conflicts_with_all = ["undo", "journal"])]
    assign: Vec<Assignment>,

    /// Says what would be done, and writes nothing.
    #[arg(long)]
    dry_run: bool,

    /// With -o replaces OUT; in place goes on though the disk seems to be in use or, with --undo, to be another.
    #[arg(long)]
    force: bool,
}

/// Carries the command out.
///
/// # Errors
/// Where a file fails or is in the way, or nothing can be done of what was asked for.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    match (arguments.files.as_slice(), &arguments.out) {
        ([file], None) => run_one(arguments, file),
        ([file], Some(out)) if !many::is_folder(out, 1) => run_one(arguments, file),
        (_, Some(folder)) if arguments.script.is_none() && many::is_folder(folder, arguments.files.len()) => {
            many::run(&arguments.files, folder, &|file, out| {
                run_one(&Arguments { files: vec![file.to_owned()], out: Some(out), ..arguments.clone() }, file)
            })
        }
        _ => Err(Failure::SeveralDisks),
    }
}

fn run_one(arguments: &Arguments, file: &Path) -> Result<Exit, Failure> {
    let disk = Disk::open(file)?;
    if let Some(undo) = &arguments.undo {
        return take_back(&disk, undo, arguments);
    }
    let journal = arguments.journal.as_deref().map(Disk::open).transpose()?;
    let beside = Companions { journal: journal.as_ref(), ..Companions::default() };
    let parent = arguments.parent.as_deref().map(|path| Given::open(path, &disk)).transpose()?;
    let request = arguments.request(parent.as_ref(), disk.is_device())?;
    let options = Options { request, ..options(None, arguments.deep)? };
    let analysis = disk.analyse(beside, &options, &mut Watch::new().analysis())?;
    parent.iter().try_for_each(|parent| parent.check(&analysis))?;
    check_assignments(&analysis.image, &arguments.assign)?;
    let choice = arguments.choice(&analysis)?;
    let proven = choice.of(&analysis);
    let lineage = match &parent {
        Some(parent) => chain::with_ancestors(&disk, &analysis, parent.disk(), &options)?,
        None => chain::with_parent(&disk, &analysis)?,
    };
    let about = ReportOptions {
        choice,
        in_place: arguments.in_place || arguments.script.is_some(),
        parent_was_given: parent.is_some(),
        ..ReportOptions::default()
    };
    let report = report::build_for(&analysis, Some(&lineage), about);
    let warnings: Vec<String> = parent.iter().flat_map(|parent| parent.cautions(&analysis)).collect();
    let exit = match &parent {
        Some(parent) if proven.is_none() => {
            report_link(&disk, &report, &warnings, parent.parent.is_named_by(&analysis.image))?
        }
        _ => report_plan(&disk, &report, &warnings, arguments)?,
    };
    match proven {
        Some(proven) if exit == Exit::Done && !arguments.dry_run => {
            let partial = analysis.partial.as_ref();
            let leaves = partial.map_or(0, |partial| partial.errors.saturating_sub(partial.repaired));
            write(&Job { disk: &disk, proven, leaves, options: &options }, arguments)
        }
        _ => Ok(exit),
    }
}

/// A block and its sector, as in `5=8223` or `5=0x201f`.
fn assignment(text: &str) -> Result<Assignment, String> {
    let number = |text: &str| match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => text.parse(),
    };
    let (block, sector) = text.split_once('=').ok_or("write it as BLOCK=SECTOR, for example 5=8223")?;
    let wrong = |error| format!("both are numbers, for example 5=8223 or 5=0x201f: {error}");
    Ok(Assignment { block: number(block).map_err(wrong)?, sector: number(sector).map_err(wrong)? })
}

impl Arguments {
    /// What is to be changed besides what is wrong.
    fn request(&self, parent: Option<&Given>, is_device: bool) -> Result<RequestedChanges, Failure> {
        let fixed = match self.as_fixed.as_deref().map(str::as_bytes) {
            None => None,
            Some(name) => {
                let creator = name.first_chunk().filter(|_| name.len() == 4 && name.is_ascii());
                Some(FixedDisk { creator: *creator.ok_or(Failure::Creator)? })
            }
        };
        let hidden = (self.hide || self.unhide).then_some(self.hide);
        Ok(RequestedChanges {
            hidden,
            fixed,
            parent: parent.map(|given| given.parent.clone()),
            assign: self.assign.clone(),
            // In place, a device can become neither longer nor shorter.
            keeps_length: is_device,
        })
    }

    /// The way to repair that was chosen.
    fn choice(&self, analysis: &Analysis) -> Result<RepairChoice, Failure> {
        let ways = analysis.repairs.len();
        if self.partial {
            return Ok(RepairChoice::Partial);
        }
        match self.plan.checked_sub(1) {
            Some(plan) if plan < ways.max(1) => Ok(RepairChoice::Plan(plan)),
            _ => Err(Failure::NoSuchPlan { plan: self.plan, ways }),
        }
    }
}

/// Says why there is no plan although a parent was given: the link is there already, or cannot be made.
fn report_link(disk: &Disk, report: &Report, warnings: &[String], is_linked: bool) -> Result<Exit, Failure> {
    let mut page = Page::new();
    ui::report::report(&mut page, report, &[], None, &disk.holders());
    ui::report::warnings(&mut page, warnings);
    page.gap();
    page.say(match is_linked {
        true => "The disk is linked to this parent already. Nothing was written.",
        false => "No way was found to link the disk to this parent. Nothing was written.",
    });
    page.show()?;
    Ok(if is_linked { report.own.into() } else { Exit::Damaged })
}

/// Says what will be done, or why nothing will, and answers whether there is anything in the way.
fn report_plan(disk: &Disk, report: &Report, warnings: &[String], arguments: &Arguments) -> Result<Exit, Failure> {
    let mut page = Page::new();
    let Some(repair) = &report.repair else {
        ui::report::report(&mut page, report, &[], None, &disk.holders());
        ui::report::warnings(&mut page, warnings);
        page.gap();
        page.say("Nothing was written.");
        page.show()?;
        // A missing parent is nothing that a repair of this file would change.
        return Ok(report.own.into());
    };
    ui::report::answer(&mut page, report);
    ui::report::plan(&mut page, report, repair);
    ui::report::cautions(&mut page, report, warnings, &disk.holders());
    let permitted = repair.lossless || arguments.allow_loss;
    if !permitted {
        page.gap();
        page.say("Nothing was written. To accept what is lost and assumed, add --allow-loss.");
    }
    page.show()?;
    Ok(if permitted { Exit::Done } else { Exit::Damaged })
}

fn write(job: &Job<'_>, arguments: &Arguments) -> Result<Exit, Failure> {
    let disk = job.disk;
    let mut page = Page::new();
    page.gap();
    if let Some(out) = &arguments.out {
        let writers: Vec<Holder> = disk.holders().into_iter().filter(Holder::writes).collect();
        if !writers.is_empty() {
            print_error("vhd-analyser: the disk is in use; what is read while it is written to may not fit together");
        }
        let existing = if arguments.force { Existing::Replace } else { Existing::Keep };
        if let Some(shell) = arguments.script {
            script::write(job, shell, out, existing)?;
            page.say(&format!("{} is the script. Where the disk is, it is run with:", out.display()));
            page.say(&script::usage(shell, &quoted(&out.to_string_lossy())));
        } else {
            copy::write(job, out, existing)?;
            page.say(&match job.leaves {
                0 => format!("{} is the repaired copy. It was read again, and is sound.", out.display()),
                left => format!(
                    "{} is the copy. It is still damaged: {} left. It was read again, and no other was found.",
                    out.display(),
                    units::count(left as u64, "error")
                ),
            });
            if arguments.parent.is_some() && out.parent() != disk.path().parent() {
                page.say("It finds its parent from the folder of the disk that it is a copy of: put it there.");
            }
        }
    } else {
        let undo = in_place::repair(job, arguments.force)?;
        page.say(&format!("{} was repaired in place. It was read again, and is sound.", disk.path().display()));
        page.say(&format!("To undo it: {}", undo_command(disk.path(), &undo)));
    }
    page.show()?;
    Ok(if job.leaves == 0 { Exit::Done } else { Exit::Damaged })
}

fn take_back(disk: &Disk, undo: &Path, arguments: &Arguments) -> Result<Exit, Failure> {
    let undo = undo::Undo::open(undo)?;
    let mut page = Page::new();
    if arguments.dry_run {
        page.say(&format!("{} {undo}", disk.path().display()));
    } else {
        undo.apply(disk, arguments.force)?;
        page.say(&format!(
            "{} is as it was before the repair, {} long.",
            disk.path().display(),
            units::exact_size(undo.old_length())
        ));
        page.say(&format!("{} has served, and can be removed.", undo.path().display()));
    }
    page.show()?;
    Ok(Exit::Done)
}
