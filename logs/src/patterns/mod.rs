//! Everything that is known of logs, as data: one table a family. A new kind of trouble is a new entry there.

mod all;
mod azure;
mod hyper_v;
mod journals;
mod migration;
mod mounts;
mod nova;
mod other_storage;
mod pattern;
mod qemu;
mod sm_codes;
mod sm_errors;
mod smgc;
mod steps;
mod storage;
mod switches;
mod tapdisk;
mod vhd_util;
mod xen_orchestra;

pub use all::{all, by_code, is_general, is_of_vhd_util, is_outcome, is_vague};
pub use pattern::{CODE, Command, ERRNO, On, Pattern, Sign};
pub use sm_errors::{by_words, meaning};
pub use vhd_util::{exit_code, refined};
