//! Logs, and what they say.

pub mod answer;
pub mod paste_log;
