//! What rustup adds to a toolchain.

use std::process::Command;

use super::{Piece, SetupError};
use crate::process;

/// A part of the toolchain that is a `cargo` subcommand.
pub struct RustupComponent {
    /// rustup's name for it.
    pub name: &'static str,
    /// The subcommand of `cargo` that it brings.
    pub command: &'static str,
    /// See [`Piece::purpose`].
    pub purpose: &'static str,
}

impl Piece for RustupComponent {
    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn purpose(&self) -> &str {
        self.purpose
    }

    fn effort(&self) -> &str {
        "some seconds"
    }

    fn find(&self) -> Option<String> {
        let version = process::read(process::cargo().args([self.command, "--version"])).ok()?;
        Some(version.trim().to_owned())
    }

    fn install(&self) -> Result<(), SetupError> {
        let mut command = Command::new("rustup");
        command.args(["component", "add", self.name]);
        let by_hand = process::line(&command);
        process::run(&mut command).map_err(|source| SetupError::Install { piece: self.name(), by_hand, source })
    }
}
