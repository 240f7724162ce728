//! Packages from npm.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::piece::{Piece, SetupError, npm_folder};
use crate::process;

/// A package that `npm` installs.
pub struct NpmPackage {
    /// Its name at npm.
    pub package: &'static str,
    /// The one version that fits.
    pub version: &'static str,
    /// See [`Piece::purpose`].
    pub purpose: &'static str,
    /// See [`Piece::effort`].
    pub effort: &'static str,
}

impl NpmPackage {
    /// The folder of the package's files.
    pub fn folder(&self) -> PathBuf {
        npm_folder().join("node_modules").join(self.package)
    }
}

impl Piece for NpmPackage {
    fn name(&self) -> String {
        format!("{} {}", self.package, self.version)
    }

    fn purpose(&self) -> &str {
        self.purpose
    }

    fn effort(&self) -> &str {
        self.effort
    }

    fn find(&self) -> Option<String> {
        let description = fs::read_to_string(self.folder().join("package.json")).ok()?;
        let wanted = format!("\"version\": \"{}\"", self.version);
        description.contains(&wanted).then(|| "in target/tools".to_owned())
    }

    fn install(&self) -> Result<(), SetupError> {
        let path = npm_folder();
        fs::create_dir_all(&path).map_err(|source| SetupError::File {
            piece: self.name(),
            path: path.clone(),
            source,
        })?;
        let package = format!("{}@{}", self.package, self.version);
        let mut command = Command::new("npm");
        command.args(["install", "--save-exact", "--no-audit", "--no-fund", "--prefix"]).arg(path).arg(package);
        let by_hand = process::line(&command);
        process::run(&mut command).map_err(|source| SetupError::Install { piece: self.name(), by_hand, source })
    }
}
