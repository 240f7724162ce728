//! Parts that the others are made of.

pub mod callout;
pub mod colophon;
pub mod copy_button;
pub mod exact;
pub mod file_line;
pub mod file_picker;
pub mod header;
pub mod help;
pub mod hexdump;
pub mod icon;
pub mod long_read;
pub mod notice;
pub mod output;
pub mod reading;
pub mod save_file;
pub mod section;
pub mod start;
