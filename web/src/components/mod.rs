//! What the page is made of, one component a file.

pub mod app;
pub mod chain;
pub mod common;
pub mod disk;
pub mod logs;
