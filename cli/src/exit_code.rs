//! How the program ends, as scripts see it.

use std::process::ExitCode;

use vhd_analyser_core::Verdict;

/// The answer as an exit code; of several, the worst counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// All sound, or repaired, or nothing to do.
    Done = 0,
    /// Damage was found or stays, or a parent is missing.
    Damaged = 1,
    /// Not a VHD, unreadable, or asked for wrongly.
    Unusable = 2,
}

impl From<Verdict> for Exit {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Sound => Self::Done,
            Verdict::Incomplete | Verdict::Repairable | Verdict::Salvageable | Verdict::Unrepairable => Self::Damaged,
            Verdict::NotAVhd => Self::Unusable,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
