//! `check`: what is wrong with disks.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use vhd_analyser_core::analysis::{Analysis, Options};
use vhd_analyser_core::chain::Reach;
use vhd_analyser_core::report::json::{self, Layout};
use vhd_analyser_core::report::{Report, ReportExport};

use super::chain::{self, Chain, Given};
use crate::error::Failure;
use crate::exit_code::Exit;
use crate::os::disk::{Companions, Disk, options};
use crate::ui;
use crate::ui::page::Page;
use crate::ui::progress::Watch;

/// Finds what is wrong with disks, and how it could be repaired. Writes nothing.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The disks: files or block devices.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Prints a JSON object a file, each on a line.
    #[arg(long)]
    json: bool,

    /// Reads every sector bitmap and every block too.
    #[arg(long)]
    deep: bool,

    /// Checks every ancestor of a differencing disk too.
    #[arg(long)]
    parents: bool,

    /// Takes this as the present, in seconds since 2000-01-01 UTC.
    #[arg(long, value_name = "SECONDS")]
    now: Option<u32>,
}

/// Carries the command out: every file, even where one before it cannot be read.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let options = options(arguments.now, arguments.deep)?;
    let reach = if arguments.parents { Reach::Ancestors } else { Reach::Parents };
    let given = Given::of(&arguments.files, reach, &options)?;
    let mut worst = Exit::Done;
    for (index, path) in arguments.files.iter().enumerate() {
        let exit = match checked(path, &given, reach, &options) {
            Ok((disk, analysis, chain)) => {
                if arguments.json {
                    print_json(&chain, reach, &options)?
                } else {
                    print(&disk, &analysis, &chain, index > 0)?
                };
                chain.report.verdict.into()
            }
            Err(failure) if failure.is_interrupted() => return Err(failure),
            Err(failure) => {
                failure.print();
                Exit::Unusable
            }
        };
        worst = worst.max(exit);
    }
    Ok(worst)
}

fn checked(path: &Path, given: &Given, reach: Reach, options: &Options) -> Result<(Disk, Analysis, Chain), Failure> {
    let disk = Disk::open(path)?;
    let companions = Companions { parents: reach == Reach::Ancestors, ..Companions::default() };
    let analysis = disk.analyse(companions, options, &mut Watch::new().analysis())?;
    let chain = chain::follow(&disk, &analysis, given, reach, options)?;
    Ok((disk, analysis, chain))
}

fn print_json(chain: &Chain, reach: Reach, options: &Options) -> Result<(), Failure> {
    let ancestors: Vec<_> = chain.ancestors.iter().map(|report| export(report, options, None)).collect();
    let ancestors = (reach == Reach::Ancestors).then_some(ancestors.as_slice());
    let object = json::render(&export(&chain.report, options, ancestors), Layout::Line);
    let mut out = io::stdout().lock();
    writeln!(out, "{object}").and_then(|()| out.flush()).map_err(Failure::Output)
}

fn export<'a>(report: &'a Report, options: &Options, chain: Option<&'a [ReportExport<'a>]>) -> ReportExport<'a> {
    let (version, commit) = (env!("CARGO_PKG_VERSION"), option_env!("VHD_ANALYSER_COMMIT"));
    ReportExport { report, sha256: None, date: options.now, version, commit, plan: 0, done: &[], chain, forecast: &[] }
}

fn print(disk: &Disk, analysis: &Analysis, chain: &Chain, is_another: bool) -> Result<(), Failure> {
    let mut page = Page::new();
    if is_another {
        page.gap();
    }
    ui::report::report(&mut page, &chain.report, &chain.ancestors, analysis.deep.as_ref(), &disk.holders());
    for ancestor in &chain.ancestors {
        page.gap();
        page.say(&format!("Its ancestor {}, judged by itself:", ancestor.file));
        ui::report::report(&mut page, ancestor, &[], None, &[]);
    }
    page.show()
}
