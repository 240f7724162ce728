//! Everything that is known of logs, as data: one table a family. A new kind of trouble is a new entry there.

mod all;
mod journals;
mod nova;
mod pattern;
mod smgc;
mod steps;
mod storage;
mod switches;
mod vhd_util;

pub use all::{all, is_general, is_vague};
pub use pattern::{CODE, Command, ERRNO, ERROR, On, Pattern, Sign};
pub use vhd_util::exit_code;
