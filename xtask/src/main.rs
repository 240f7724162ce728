//! The project's own commands, started as `cargo xtask …`.
//!
//! One file a command: [`setup`] finds and installs what the others need, [`serve`] shows the page on this
//! computer, [`dist`] makes it ready for others, [`mod@test`] runs every test. [`page`] builds the page for all of them.

mod bench;
mod dependencies;
mod dist;
mod fuzz;
mod page;
mod process;
mod serve;
mod setup;
mod test;
mod tidy;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The commands of the VHD Analyser's developers")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Find what building and testing need, install what is missing
    Setup,
    /// Build the release page and serve it on 127.0.0.1
    Serve {
        /// The port to listen on
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// Build the page to take elsewhere: a folder for any web server, and one file
    Dist,
    /// What Trunk starts when its own work is done
    #[command(hide = true)]
    FinishPage,
    /// Measure what is slow if anything is, on images that are made for it, as ratios
    Bench,
    /// Give the core broken files without end
    Fuzz {
        /// Minutes for each target
        #[arg(long, default_value_t = 10)]
        minutes: u32,
        /// Targets to run; all of them when none is named
        targets: Vec<fuzz::Target>,
    },
    /// Run every test, formatting and lints too, or only the steps that are named
    Test {
        /// Steps to run; all of them when none is named
        steps: Vec<test::Step>,
    },
}

/// What can go wrong with a command; each error says what to do about it.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Setup(#[from] setup::SetupError),
    #[error(transparent)]
    Serve(#[from] serve::ServeError),
    #[error(transparent)]
    Dist(#[from] dist::DistError),
    #[error(transparent)]
    Finish(#[from] page::PostprocessError),
    #[error("the measurements failed: {0}")]
    Bench(process::ProcessError),
    #[error(transparent)]
    Fuzz(#[from] fuzz::FuzzError),
    #[error(transparent)]
    Test(#[from] test::TestError),
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<(), Error> {
    match command {
        Command::Setup => setup::setup()?,
        Command::Serve { port } => serve::serve(port)?,
        Command::Dist => dist::dist()?,
        Command::FinishPage => page::postprocess()?,
        Command::Bench => bench::bench().map_err(Error::Bench)?,
        Command::Fuzz { minutes, targets } => fuzz::fuzz(&targets, fuzz::Length::Minutes(minutes))?,
        Command::Test { steps } => test::test(&steps)?,
    }
    Ok(())
}
