//! Every table.

use super::pattern::Pattern;
use super::{journals, nova, smgc, storage, switches, vhd_util};

/// All kinds of trouble. Of two that fit a line, the earlier one counts.
pub fn all() -> impl Iterator<Item = &'static Pattern> {
    [
        nova::PATTERNS,
        smgc::PATTERNS,
        journals::PATTERNS,
        switches::PATTERNS,
        vhd_util::PATTERNS,
        storage::PATTERNS,
        smgc::GENERAL,
        storage::LAST,
    ]
    .into_iter()
    .flatten()
}

/// Whether a kind of trouble says too little where its exception’s traceback says more.
pub fn is_general(pattern: &Pattern) -> bool {
    smgc::GENERAL.contains(pattern)
}

/// Whether what an exception says tells more than the kind of trouble.
pub fn is_vague(pattern: &Pattern) -> bool {
    is_general(pattern) || storage::LAST.contains(pattern)
}
