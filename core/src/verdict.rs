//! The answer in one word.

use core::fmt;

/// The answer in one word, as scripts read it. The order is that of gravity: of disks that are read together, the worst
/// counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Verdict {
    /// No error was found, and a differencing disk's parent is there and the right one.
    Sound,
    /// Nothing is damaged, but a parent was not found, or not given.
    Incomplete,
    /// A plan without any loss or assumption repairs every error.
    Repairable,
    /// A plan repairs the errors, but assumes or loses something, which it names.
    Salvageable,
    /// There are errors, and no plan that repairs them all.
    Unrepairable,
    /// The file is something else.
    NotAVhd,
}

impl Verdict {
    /// The name for scripts: `not-a-vhd`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Incomplete => "incomplete",
            Self::Repairable => "repairable",
            Self::Salvageable => "salvageable",
            Self::Unrepairable => "unrepairable",
            Self::NotAVhd => "not-a-vhd",
        }
    }

    /// Whether there are errors in a VHD.
    pub fn is_damage(self) -> bool {
        matches!(self, Self::Repairable | Self::Salvageable | Self::Unrepairable)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
