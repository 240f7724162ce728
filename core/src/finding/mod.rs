//! What can be wrong: data only. A fault is a variant of its family's enum, one file a family; a [`Rule`] next to it
//! holds what is the same for all its occurrences. [`crate::check`] finds them.

mod action;
pub mod bat;
pub mod batmap;
pub mod blocks;
mod fault;
pub mod file;
pub mod footer;
pub mod header;
pub mod journal;
pub mod link;
pub mod locators;
pub mod parent;
mod rule;
mod text;
mod tool;

pub use action::Action;
pub(crate) use fault::errors;
pub use fault::{Fault, Finding, rules};
pub use rule::{Rule, Severity};
pub(crate) use text::Bytes;
pub use text::Text;
pub use tool::Tool;
