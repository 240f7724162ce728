//! One file a command.

pub mod chain;
pub mod check;
pub mod convert;
pub mod explain;
pub mod export_blocks;
pub mod read;
pub mod repair;
pub mod scan;
