//! VHD Analyser on the command line: what is wrong with a disk, and a copy of it that is mended.
//!
//! One file a command: [`check`], [`read`], [`repair`], [`flatten`], [`scan`], [`explain`]. What is known of VHDs is in
//! the core; here is what concerns the operating system: files and devices, the terminal, signals.

mod chain;
mod check;
mod disk;
mod draft;
mod exit;
mod explain;
mod failure;
mod flatten;
mod human;
mod in_use;
mod interrupt;
mod place;
mod progress;
mod read;
mod repair;
mod scan;
mod sparse;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit::Exit;
use crate::failure::Failure;

/// Finds what is wrong with VHD disk images, and mends it.
#[derive(Debug, Parser)]
#[command(name = "vhd-analyser", version, after_help = "Exit codes: 0 all is well, 1 damage, 2 no VHD or no answer.")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Read(read::Arguments),
    Repair(repair::Arguments),
    Flatten(flatten::Arguments),
    Scan(scan::Arguments),
    Explain(explain::Arguments),
}

fn main() -> ExitCode {
    let arguments = CommandLine::parse();
    let outcome = interrupt::listen().and_then(|()| match &arguments.command {
        Command::Check(arguments) => check::run(arguments),
        Command::Read(arguments) => read::run(arguments),
        Command::Repair(arguments) => repair::run(arguments),
        Command::Flatten(arguments) => flatten::run(arguments),
        Command::Scan(arguments) => scan::run(arguments),
        Command::Explain(arguments) => explain::run(arguments),
    });
    match outcome {
        Ok(exit) => exit.into(),
        Err(Failure::Interrupted) => interrupt::end(),
        Err(failure) => {
            failure.tell();
            Exit::Unusable.into()
        }
    }
}
