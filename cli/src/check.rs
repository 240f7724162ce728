//! `check`: what is wrong with disks.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use vhd_analyser_core::analysis::{Analysis, Options};
use vhd_analyser_core::report::json::FileObject;

use crate::disk::{Disk, options};
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
    if arguments.parents {
        return Err(Failure::Unsupported("--parents"));
    }
    let options = options(arguments.now, arguments.deep)?;
    let mut worst = Exit::Done;
    for (index, path) in arguments.files.iter().enumerate() {
        let exit = match analysed(path, &options) {
            Ok((disk, analysis)) => {
                if arguments.json {
                    print_json(&analysis)?
                } else {
                    print(&disk, &analysis, index > 0)?
                };
                analysis.verdict().into()
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

fn analysed(path: &Path, options: &Options) -> Result<(Disk, Analysis), Failure> {
    let disk = Disk::open(path)?;
    let analysis = disk.analyse(options, &mut Watch::new().analysis())?;
    Ok((disk, analysis))
}

fn print_json(analysis: &Analysis) -> Result<(), Failure> {
    let report = analysis.report();
    let mut out = io::stdout().lock();
    serde_json::to_writer(&mut out, &FileObject::from(&report)).map_err(|error| Failure::Output(error.into()))?;
    out.write_all(b"\n").and_then(|()| out.flush()).map_err(Failure::Output)
}

fn print(disk: &Disk, analysis: &Analysis, is_another: bool) -> Result<(), Failure> {
    let mut page = Page::new();
    if is_another {
        page.gap();
    }
    human::report(&mut page, &analysis.report(), analysis.deep.as_ref(), &disk.holders());
    page.show()
}
