//! What the page is made of, one component a file.

pub mod app;
pub mod callout;
pub mod deep_check;
pub mod exact;
pub mod file_line;
pub mod file_picker;
pub mod findings;
pub mod fixed_copy;
pub mod hashes;
pub mod header;
pub mod help;
pub mod hex_diff;
pub mod icon;
pub mod long_read;
pub mod notice;
pub mod plans;
pub mod reading;
pub mod repair;
pub mod report_text;
pub mod result;
pub mod section;
pub mod start;
pub mod structures;
pub mod tools;
pub mod verdict;
