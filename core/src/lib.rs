#![doc = include_str!("lib.md")]
#![no_std]

extern crate alloc;

pub mod analysis;
pub mod chain;
pub mod check;
pub mod dialect;
pub mod finding;
pub mod foreign;
pub mod image;
pub mod journal;
pub mod layout;
pub mod log;
pub mod progress;
pub mod repair;
pub mod report;
pub mod script;
pub mod sorting;
pub mod source;
