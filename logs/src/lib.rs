//! What the logs say that bring people here: nova’s, the storage manager’s, XenServer’s, `vhd-util`’s.
//!
//! ```text
//! bytes ─▶ lines ─▶ line_match ─▶ a line that matters ─▶ identifiers, patterns ─▶ event ─▶ group ─▶ Answer
//! ```
//!
//! An [`Explainer`] is fed logs of any length, chunk by chunk, and keeps only what matters, with a cap. Lines are looked
//! through for the words of all [patterns] at once; only those that have some are read any further. The caller does the
//! I/O, and the unpacking of packed logs.
//!
//! ```
//! use vhd_analyser_logs::Explainer;
//!
//! let mut explainer = Explainer::default();
//! explainer.begin("SMlog");
//! explainer.feed(b"Oct  7 16:36:02 host SM: [4711] primary footer invalid: invalid cookie\n");
//! explainer.end();
//! for trouble in explainer.answer().troubles {
//!     println!("{}: {} What to do: {}", trouble.title, trouble.happened, trouble.remedy);
//! }
//! ```
//!
//! The feature `serde` makes answers messages, `excerpts` has the lines in which the tests find each pattern.

#![no_std]

extern crate alloc;

mod answer;
mod commands;
mod encoding;
mod event;
mod explainer;
mod identifiers;
mod line_match;
mod line_prefix;
mod lines;
mod multi_pattern;
mod ordering;
pub mod patterns;
mod processes;
mod timestamp;

pub use answer::{Answer, Moment, Step, Trouble};
pub use encoding::{is_utf16, not_a_log};
pub use explainer::Explainer;
pub use identifiers::Names;
pub use patterns::On;
