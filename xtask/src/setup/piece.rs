//! What a piece of the set-up is, and what can go wrong with it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::{env, io};

use crate::process::ProcessError;
use crate::workspace;

/// Something that a command needs and that may be missing on this computer.
pub trait Piece: Sync {
    /// Its name, with the version where only one will do.
    fn name(&self) -> String;
    /// What it is good for here, as the end of "… is needed to".
    fn purpose(&self) -> &str;
    /// How long installing it takes, and why.
    fn effort(&self) -> &str;
    /// Where it is, or which one it is; `None` if it is missing.
    fn find(&self) -> Option<String>;
    /// Puts it in place.
    fn install(&self) -> Result<(), SetupError>;
}

/// A piece that is missing and could not be put in place.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(
        "{piece} is missing and could not be installed: {source}. Install it by hand with `{by_hand}`, then try again"
    )]
    Install { piece: String, by_hand: String, source: ProcessError },
    #[error("{piece} is missing. {advice}, then try again")]
    ByHand { piece: String, advice: String },
    #[error(
        "{piece} is still missing after its installation ended well. Run `cargo xtask setup` again and look at its messages"
    )]
    StillMissing { piece: String },
    #[error("{piece} could not be put into {}: {source}. Check that the disk is writable and has room, then try again", path.display())]
    File { piece: String, path: PathBuf, source: io::Error },
}

/// The folder of the programs that cargo installs into the project.
fn cargo_programs() -> PathBuf {
    workspace::tools().join("bin")
}

/// The folder of the packages that npm installs into the project.
pub fn npm_folder() -> PathBuf {
    workspace::tools().join("npm")
}

/// `PATH` with the project's own tools first.
pub fn path() -> OsString {
    let own = [cargo_programs(), npm_folder().join("node_modules/.bin")];
    let inherited = env::var_os("PATH").unwrap_or_default();
    // Only a folder name with a separator in it cannot be joined; the inherited PATH then is all there is.
    env::join_paths(own.into_iter().chain(env::split_paths(&inherited))).unwrap_or(inherited)
}
