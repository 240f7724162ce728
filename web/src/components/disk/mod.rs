//! One disk: what is wrong, the repair, and what else is known of it.

pub mod change;
pub mod deep_check;
pub mod findings;
pub mod fixed_copy;
pub mod hashes;
pub mod hex_diff;
pub mod in_place;
pub mod orphans;
pub mod partial_copy;
pub mod plans;
pub mod repair;
pub mod report_text;
pub mod result;
pub mod structures;
pub mod tools;
pub mod verdict;
