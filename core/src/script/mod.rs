//! A repair as a script for the host that has the disk: `sh` for XenServer and other Unix systems, PowerShell for
//! Hyper-V.
//!
//! A script is a head in words, the plan as data, and a part that is the same for every repair (`repair.sh`,
//! `repair.ps1`). It takes nothing on trust: it compares the disk with what was analysed, saves what an undo needs in the
//! format of the command line's undo files, and reads back what it wrote.

mod powershell;
mod sh;
mod text;
mod work;

use alloc::string::{String, ToString};

use self::work::{Work, file_name};
use crate::analysis::VerifiedRepair;

/// What a script is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Language {
    /// What every Unix system has, with `dd` and `cmp`.
    Sh,
    /// PowerShell 5.1, which Windows brings, and later.
    PowerShell,
}

impl Language {
    /// The name of the script for a disk: `disk.vhd.repair.sh`.
    pub fn file_name(self, disk: &str) -> String {
        let extension = match self {
            Self::Sh => ".repair.sh",
            Self::PowerShell => ".repair.ps1",
        };
        file_name(disk).to_string() + extension
    }
}

/// A repair that is to be carried out by a script.
#[derive(Clone, Copy, Debug)]
pub struct Script<'a> {
    /// The disk's name; of a path, the last part.
    pub file: &'a str,
    /// The repair.
    pub proven: &'a VerifiedRepair,
    /// The version of this program, for the script's first line.
    pub version: &'a str,
}

impl Script<'_> {
    /// The script, to be written as UTF-8.
    pub fn text(&self, language: Language) -> String {
        let work = Work::of(self.file, self.version, self.proven);
        match language {
            Language::Sh => sh::text(&work),
            Language::PowerShell => powershell::text(&work),
        }
    }
}
