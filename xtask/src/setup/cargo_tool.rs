//! Programs that cargo builds and installs.

use std::process::Command;

use super::piece::{Piece, SetupError};
use crate::{process, workspace};

/// A program that `cargo install` builds.
pub struct CargoTool {
    /// The crate.
    pub package: &'static str,
    /// The program, whose answer to `--version` begins with its name and version.
    pub program: &'static str,
    /// The one version that fits.
    pub version: fn() -> String,
    /// Whether it does so little that optimising it would take longer than it saves.
    pub debug: bool,
    /// See [`Piece::purpose`].
    pub purpose: &'static str,
    /// See [`Piece::effort`].
    pub effort: &'static str,
}

impl Piece for CargoTool {
    fn name(&self) -> String {
        format!("{} {}", self.package, (self.version)())
    }

    fn purpose(&self) -> &str {
        self.purpose
    }

    fn effort(&self) -> &str {
        self.effort
    }

    fn find(&self) -> Option<String> {
        let wanted = format!("{} {}", self.program, (self.version)());
        let mut command = Command::new(self.program);
        let found = process::read(command.arg("--version").env("PATH", super::piece::path())).ok()?;
        (found.lines().next().map(str::trim_end) == Some(wanted.as_str())).then(|| "installed".to_owned())
    }

    fn install(&self) -> Result<(), SetupError> {
        let mut command = Command::new("cargo");
        command.args(["install", self.package, "--version", &(self.version)(), "--locked", "--force"]);
        let by_hand = process::line(&command);
        if self.debug {
            command.arg("--debug");
        }
        // Not in the workspace, whose own settings are for other targets and sizes.
        command.current_dir(std::env::temp_dir()).arg("--root").arg(workspace::tools());
        process::run(&mut command).map_err(|source| SetupError::Install { piece: self.name(), by_hand, source })
    }
}
