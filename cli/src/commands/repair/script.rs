//! The repair as a script, for the host that has the disk.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use vhd_analyser_core::script::{Language, Script};

use super::copy;
use super::job::Job;
use crate::error::Failure;
use crate::os::atomic_file::Existing;
use crate::os::sparse_copy::write_data;

/// What `--script` takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    /// For XenServer and other Unix systems
    Sh,
    /// For Windows: PowerShell 5.1 or later
    #[value(name = "powershell")]
    PowerShell,
}

impl From<Shell> for Language {
    fn from(shell: Shell) -> Self {
        match shell {
            Shell::Sh => Self::Sh,
            Shell::PowerShell => Self::PowerShell,
        }
    }
}

/// Writes the script to `out`, complete or not at all.
///
/// # Errors
/// Where `out` is taken, or cannot be written.
pub fn write(job: &Job<'_>, shell: Shell, out: &Path, existing: Existing) -> Result<(), Failure> {
    let file = job.disk.path().to_string_lossy();
    let script = Script { file: &file, proven: job.proven, version: env!("CARGO_PKG_VERSION") };
    // To be run, as far as the umask allows.
    let draft = copy::begin(job.disk, out, Permissions::from_mode(0o777), existing)?;
    let text = script.text(shell.into());
    write_data(draft.file(), text.as_bytes(), 0).map_err(|error| draft.failed(error))?;
    draft.file().set_len(text.len() as u64).map_err(|error| draft.failed(error))?;
    draft.sync()?;
    Ok(draft.publish(existing)?)
}

/// How the script is started, and what it takes.
pub fn usage(shell: Shell, out: &str) -> String {
    match shell {
        Shell::Sh => format!("sh {out} [DISK], and to go back: sh {out} --undo [DISK]"),
        Shell::PowerShell => {
            format!("powershell -ExecutionPolicy Bypass -File {out} [DISK], and to go back with -Undo behind it")
        }
    }
}
