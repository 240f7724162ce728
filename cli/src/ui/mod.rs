//! What a person at a terminal sees.

pub mod page;
pub mod progress;
pub mod report;
pub mod text;
