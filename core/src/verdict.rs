//! The answer in one word.

/// The answer in one word, as scripts read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Verdict {
    /// No error was found.
    Sound,
    /// A plan without any loss mends every error.
    Repairable,
    /// A plan mends the errors, but assumes or loses something, which it names.
    Salvageable,
    /// There are errors, and no plan that mends them all.
    Unrepairable,
    /// The file is something else.
    NotAVhd,
}

impl Verdict {
    /// The name for scripts: `not-a-vhd`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Repairable => "repairable",
            Self::Salvageable => "salvageable",
            Self::Unrepairable => "unrepairable",
            Self::NotAVhd => "not-a-vhd",
        }
    }

    /// The worse of two answers, for disks that are read together.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |verdict| match verdict {
            Self::Sound => 0,
            Self::Repairable => 1,
            Self::Salvageable => 2,
            Self::Unrepairable => 3,
            Self::NotAVhd => 4,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}
