//! What is the same for every occurrence of a fault: its identity, its weight and its words.

use core::fmt;

use super::tool::Tool;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Severity {
    /// Worth knowing, nothing to do.
    Info,
    /// Unusual; some tool may object.
    Warning,
    /// Against the format; tools refuse the disk or may misread it.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// What is the same for every occurrence of a fault.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable name for scripts, such as `footer.primary.cookie`.
    pub id: &'static str,
    /// How much it weighs.
    pub severity: Severity,
    /// A few words, the structure first.
    pub title: &'static str,
    /// What it means, in plain sentences.
    pub meaning: &'static str,
    /// What to do about it, in plain sentences.
    pub remedy: &'static str,
    /// What `vhd-util check` prints of it.
    pub vhd_util: Option<&'static str>,
    /// The tools that would stumble over it alone, in some kind of disk. See [`crate::compat::rejected_by`].
    pub rejected_by: &'static [Tool],
}

/// Declares the rules of a family. Each has its name in the code, its weight, its name for scripts and its title, vhd-util's
/// words, who minds, what it means, and what to do.
macro_rules! rules {
    ($($name:ident: $severity:ident, $id:literal, $title:expr, $vhd_util:expr, [$($tool:ident)*],
        $meaning:literal, $remedy:literal;)*) => {
        $(pub(crate) static $name: crate::finding::rule::Rule = crate::finding::rule::Rule {
            id: $id,
            severity: crate::finding::rule::Severity::$severity,
            title: $title,
            meaning: $meaning,
            remedy: $remedy,
            vhd_util: $vhd_util,
            rejected_by: &[$(crate::finding::tool::Tool::$tool),*],
        };)*
        /// Every rule of this family.
        pub(crate) static RULES: &[&crate::finding::rule::Rule] = &[$(&$name),*];
    };
}

pub(super) use rules;
