//! `check`: what is wrong with disks.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use vhd_analyser_core::analysis::{Analysis, Options};
use vhd_analyser_core::report::json::{self, Layout};
use vhd_analyser_core::report::{Report, ReportExport};

use crate::chain::{self, Chain};
use crate::disk::{Beside, Disk, options};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::human::{self, Page};
use crate::progress::Watch;

/// Finds what is wrong with disks, and how it could be mended. Writes nothing.
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
    let mut worst = Exit::Done;
    for (index, path) in arguments.files.iter().enumerate() {
        let exit = match analysed(path, arguments.parents, &options) {
            Ok((disk, analysis, chain)) => {
                if arguments.json {
                    print_json(&chain, arguments.parents, &options)?
                } else {
                    print(&disk, &analysis, &chain, index > 0)?
                };
                chain.verdict.into()
            }
            Err(Failure::Interrupted) => return Err(Failure::Interrupted),
            Err(failure) => {
                failure.tell();
                Exit::Unusable
            }
        };
        worst = worst.max(exit);
    }
    Ok(worst)
}

fn analysed(path: &Path, parents: bool, options: &Options) -> Result<(Disk, Analysis, Chain), Failure> {
    let disk = Disk::open(path)?;
    let beside = Beside { parents, ..Beside::default() };
    let analysis = disk.analyse(beside, options, &mut Watch::new().analysis())?;
    let chain = if parents {
        chain::follow(&disk, &analysis, options)?
    } else {
        let report = disk.report(&analysis)?;
        Chain { verdict: report.verdict, report, ancestors: Vec::new(), links: Vec::new() }
    };
    Ok((disk, analysis, chain))
}

fn print_json(chain: &Chain, parents: bool, options: &Options) -> Result<(), Failure> {
    let ancestors: Vec<_> = chain.ancestors.iter().map(|report| ticket(report, options, None)).collect();
    let object = json::render(&ticket(&chain.report, options, parents.then_some(&ancestors)), Layout::Line);
    let mut out = io::stdout().lock();
    writeln!(out, "{object}").and_then(|()| out.flush()).map_err(Failure::Output)
}

fn ticket<'a>(report: &'a Report, options: &Options, chain: Option<&'a [ReportExport<'a>]>) -> ReportExport<'a> {
    let (version, commit) = (env!("CARGO_PKG_VERSION"), option_env!("VHD_ANALYSER_COMMIT"));
    ReportExport {
        report,
        sha256: None,
        date: options.now,
        version,
        commit,
        plan: 0,
        done: &[],
        chain,
        place: None,
        forecast: &[],
    }
}

fn print(disk: &Disk, analysis: &Analysis, chain: &Chain, is_another: bool) -> Result<(), Failure> {
    let mut page = Page::new();
    if is_another {
        page.gap();
    }
    human::report(&mut page, &chain.report, &chain.links, analysis.deep.as_ref(), &disk.holders());
    for ancestor in &chain.ancestors {
        page.gap();
        page.say(&format!("Its ancestor {}, judged by itself:", ancestor.file));
        human::report(&mut page, ancestor, &[], None, &[]);
    }
    page.show()
}
