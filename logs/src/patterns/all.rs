//! Every table.

use super::pattern::{Pattern, Sign};
use super::{
    azure, hyper_v, journals, migration, mounts, nova, other_storage, qemu, sm_codes, smgc, storage, switches, tapdisk,
    vhd_util, xen_orchestra,
};

/// All kinds of trouble. Of two that fit a line, the earlier one counts.
pub fn all() -> impl Iterator<Item = &'static Pattern> {
    [
        nova::PATTERNS,
        smgc::PATTERNS,
        journals::PATTERNS,
        switches::PATTERNS,
        xen_orchestra::PATTERNS,
        migration::PATTERNS,
        mounts::PATTERNS,
        other_storage::PATTERNS,
        hyper_v::PATTERNS,
        hyper_v::OUTCOMES,
        azure::PATTERNS,
        qemu::PATTERNS,
        vhd_util::PATTERNS,
        vhd_util::REFINED,
        tapdisk::PATTERNS,
        sm_codes::PATTERNS,
        storage::PATTERNS,
        sm_codes::GENERAL,
        smgc::GENERAL,
        storage::LAST,
        migration::LAST,
    ]
    .into_iter()
    .flatten()
}

/// The kind of trouble that an error of the storage manager means, by its number, and its rank in [`all`].
pub fn by_code(code: u16) -> Option<(usize, &'static Pattern)> {
    let ranked = |fits: fn(&Pattern, u16) -> bool| all().enumerate().find(|(_, pattern)| fits(pattern, code));
    ranked(|pattern, code| pattern.codes.contains(&code)).or_else(|| ranked(|pattern, _| pattern.sign == Sign::AnyCode))
}

/// Whether a kind of trouble says too little where its exception’s traceback says more.
pub fn is_general(pattern: &Pattern) -> bool {
    smgc::GENERAL.contains(pattern)
}

/// Whether it only says what failed in the end, which another line of the same failure explains.
pub fn is_outcome(pattern: &Pattern) -> bool {
    hyper_v::OUTCOMES.contains(pattern) || migration::LAST.contains(pattern)
}

/// Whether it is a failure of `vhd-util` itself.
pub fn is_of_vhd_util(pattern: &Pattern) -> bool {
    vhd_util::PATTERNS.contains(pattern)
}

/// Whether what an exception says tells more than the kind of trouble.
pub fn is_vague(pattern: &Pattern) -> bool {
    is_general(pattern) || storage::LAST.contains(pattern) || sm_codes::GENERAL.contains(pattern)
}
