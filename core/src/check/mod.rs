//! The checks, a file for each family of [`crate::finding`]. Checking goes on after the first fault.

mod bat;
mod batmap;
mod blocks;
mod examine;
mod faults;
mod file;
pub mod footer;
pub mod header;
mod image;
pub mod link;
mod locators;
mod parent;
pub mod vhd_directory;

pub(crate) use examine::{Depth, Examined, examine};
pub use faults::Circumstances;
pub use image::check;
