//! VHD Analyser on the command line: what is wrong with a disk, and a repaired copy of it.
//!
//! One file a command: [`commands`]. What is known of VHDs is in
//! the core; here is what concerns the operating system: files and devices, the terminal, signals.

mod commands;
mod error;
mod exit_code;
mod os;
mod ui;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::exit_code::Exit;

/// Diagnoses and repairs VHD disk images.
#[derive(Debug, Parser)]
#[command(name = "vhd-analyser", version, after_help = "Exit codes: 0 all is well, 1 damage, 2 no VHD or no answer.")]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(commands::check::Arguments),
    Read(commands::read::Arguments),
    Repair(commands::repair::Arguments),
    Convert(commands::convert::Arguments),
    Flatten(commands::convert::FlattenArguments),
    ExportBlocks(commands::export_blocks::Arguments),
    Scan(commands::scan::Arguments),
    Explain(commands::explain::Arguments),
}

fn main() -> ExitCode {
    let arguments = CommandLine::parse();
    let outcome = os::signals::listen().map_err(error::Failure::from).and_then(|()| match &arguments.command {
        Command::Check(arguments) => commands::check::run(arguments),
        Command::Read(arguments) => commands::read::run(arguments),
        Command::Repair(arguments) => commands::repair::run(arguments),
        Command::Convert(arguments) => commands::convert::run(arguments),
        Command::Flatten(arguments) => commands::convert::run_flatten(arguments),
        Command::ExportBlocks(arguments) => commands::export_blocks::run(arguments),
        Command::Scan(arguments) => commands::scan::run(arguments),
        Command::Explain(arguments) => commands::explain::run(arguments),
    });
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) if failure.is_interrupted() => os::signals::end(),
        Err(failure) => {
            failure.print();
            Exit::Unusable.into()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    const PAGES: [&str; 3] = [
        include_str!("../../README.md"),
        include_str!("../../docs/command-line.md"),
        include_str!("../../docs/scripts.md"),
    ];

    /// Every option of every command, as `--json of check`, stands in the table of options; and nothing else does.
    #[test]
    fn the_documentation_has_every_option() {
        let mut command_line = CommandLine::command();
        command_line.build();
        let mut there = BTreeSet::new();
        for command in command_line.get_subcommands().filter(|command| command.get_name() != "help") {
            assert!(PAGES[1].contains(&format!("\n| `{} ", command.get_name())), "{}", command.get_name());
            let options = command.get_arguments().filter_map(|option| option.get_long());
            let options = options.filter(|option| *option != "help");
            there.extend(options.map(|option| format!("--{option} of {}", command.get_name())));
        }
        let rows =
            PAGES[1].lines().filter(|line| line.starts_with("| `-")).map(|line| line.split('|').collect::<Vec<_>>());
        let mut told = BTreeSet::new();
        for row in rows {
            for option in row[1].split(['`', ' ', ',']).filter(|word| word.starts_with("--")) {
                told.extend(row[2].trim().split(", ").map(|command| format!("{option} of {command}")));
            }
        }
        assert_eq!(there, told);
    }

    /// Every command in a block of code is one that the program takes.
    #[test]
    fn the_documentation_has_no_wrong_command() {
        let lines = PAGES.iter().flat_map(|page| page.lines());
        let lines =
            lines.map(|line| line.trim_start().replace("cargo run --release -p vhd-analyser-cli -- ", "vhd-analyser "));
        let commands: Vec<_> = lines.filter(|line| line.starts_with("vhd-analyser ")).collect();
        assert!(commands.len() > 10, "{commands:?}");
        for command in commands {
            let words = command.split(" > ").next().and_then(shlex::split).unwrap_or_default();
            assert_eq!(CommandLine::try_parse_from(words).err().map(|error| error.to_string()), None, "{command}");
        }
    }
}
