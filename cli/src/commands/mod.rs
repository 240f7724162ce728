//! One file a command.

pub mod chain;
pub mod check;
pub mod explain;
pub mod flatten;
pub mod read;
pub mod repair;
pub mod scan;
