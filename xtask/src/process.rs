//! Running other programs, with errors that name what was run.

use std::convert::Infallible;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};
use std::{env, io};

/// A program that could not be started, or that ended badly.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    #[error("could not start `{command}`: {source}")]
    Start { command: String, source: io::Error },
    #[error("`{command}` failed ({status}); its own messages are above")]
    Failed { command: String, status: ExitStatus },
    #[error("`{command}` failed ({status}): {message}")]
    FailedSaying { command: String, status: ExitStatus, message: String },
}

/// `cargo`, in the workspace.
pub fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(crate::workspace::root());
    cargo
}

/// Runs a program that talks to the terminal itself.
pub fn run(command: &mut Command) -> Result<(), ProcessError> {
    let status = command.stdin(Stdio::null()).status().map_err(|source| not_started(command, source))?;
    succeeded(command, status)
}

/// Runs a program for what it prints.
pub fn read(command: &mut Command) -> Result<String, ProcessError> {
    let output = command.stdin(Stdio::null()).output().map_err(|source| not_started(command, source))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(ProcessError::FailedSaying {
        command: line(command),
        status: output.status,
        message: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
    })
}

/// Hands the terminal over to a program for good.
///
/// On Unix it takes this process's place, so that whoever stops the command stops the program.
pub fn become_program(command: &mut Command) -> Result<Infallible, ProcessError> {
    #[cfg(unix)]
    let source = std::os::unix::process::CommandExt::exec(command);
    #[cfg(not(unix))]
    let source = match command.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(source) => source,
    };
    Err(not_started(command, source))
}

/// Where a program is, if it is on `PATH`; an absolute path is taken as it is.
pub fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.exists())
}

fn succeeded(command: &Command, status: ExitStatus) -> Result<(), ProcessError> {
    if status.success() {
        return Ok(());
    }
    Err(ProcessError::Failed { command: line(command), status })
}

fn not_started(command: &Command, source: io::Error) -> ProcessError {
    ProcessError::Start { command: line(command), source }
}

/// The command as somebody would type it.
pub fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message<T: std::fmt::Debug>(result: Result<T, ProcessError>) -> String {
        match result {
            Ok(value) => format!("no error, but {value:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_failure_names_the_command_and_what_it_said() {
        let failure = message(read(Command::new("sh").args(["-c", "echo no disk >&2; exit 3"])));
        assert!(failure.contains("exit 3") && failure.contains("no disk"), "{failure}");
    }

    #[test]
    fn a_program_that_is_missing_is_named() {
        let failure = message(run(&mut Command::new("no-such-program")));
        assert!(failure.contains("no-such-program"), "{failure}");
        assert_eq!(find("no-such-program"), None);
    }
}
