#![doc = include_str!("lib.md")]
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;

#[cfg(feature = "alloc")]
pub mod analysis;
#[cfg(feature = "alloc")]
pub mod chain;
pub mod check;
pub mod dialect;
pub mod finding;
#[cfg(feature = "alloc")]
pub mod foreign;
#[cfg(feature = "alloc")]
pub mod image;
#[cfg(feature = "alloc")]
pub mod journal;
pub mod layout;
#[cfg(feature = "alloc")]
pub mod log;
#[cfg(feature = "alloc")]
pub mod progress;
#[cfg(feature = "alloc")]
pub mod repair;
#[cfg(feature = "alloc")]
pub mod report;
#[cfg(feature = "alloc")]
pub mod script;
#[cfg(feature = "alloc")]
pub mod sorting;
pub mod source;
