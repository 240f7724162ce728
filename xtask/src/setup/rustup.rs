//! What rustup adds to the toolchain that `rust-toolchain.toml` pins.

use std::process::Command;

use super::piece::{Piece, SetupError};
use crate::{process, workspace};

/// A part of the toolchain that is a `cargo` subcommand.
pub struct RustupComponent {
    /// rustup's name for it.
    pub name: &'static str,
    /// The subcommand of `cargo` that it brings.
    pub command: &'static str,
    /// See [`Piece::purpose`].
    pub purpose: &'static str,
}

/// The standard library for another target.
pub struct RustupTarget {
    /// The target's triple.
    pub target: &'static str,
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
        add("component", self.name, self)
    }
}

impl Piece for RustupTarget {
    fn name(&self) -> String {
        format!("the standard library for {}", self.target)
    }

    fn purpose(&self) -> &str {
        self.purpose
    }

    fn effort(&self) -> &str {
        "some seconds"
    }

    fn find(&self) -> Option<String> {
        let mut rustc = Command::new("rustc");
        rustc.current_dir(workspace::root()).args(["--print", "target-libdir", "--target", self.target]);
        let libraries = process::read(&mut rustc).ok()?;
        std::path::Path::new(libraries.trim()).exists().then(|| "installed".to_owned())
    }

    fn install(&self) -> Result<(), SetupError> {
        add("target", self.target, self)
    }
}

/// Adds something to the toolchain of this folder.
fn add(kind: &str, name: &str, piece: &dyn Piece) -> Result<(), SetupError> {
    let mut command = Command::new("rustup");
    command.current_dir(workspace::root()).args([kind, "add", name]);
    let by_hand = process::line(&command);
    process::run(&mut command).map_err(|source| SetupError::Install { piece: piece.name(), by_hand, source })
}
