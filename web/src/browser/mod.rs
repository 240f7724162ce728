//! What the browser has: files that were picked or dropped, folders, and files that the page may write to.

pub mod compose;
pub mod directory;
pub mod dropped;
pub mod file_access;
pub mod picked_file;
pub mod sample;
pub mod watch;
pub mod write_in_place;
