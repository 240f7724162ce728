//! What concerns the operating system: files and devices, folders, signals.

pub mod atomic_file;
pub mod chain_files;
pub mod disk;
pub mod file_error;
pub mod holders;
pub mod metadata;
pub mod parent_dir;
pub mod signals;
pub mod sparse_copy;
pub mod vhd_directory;
