//! Several disks: how they belong together.

pub mod chain_image;
pub mod coalesce;
pub mod forest;
pub mod overview;
pub mod save_all;
pub mod several;
