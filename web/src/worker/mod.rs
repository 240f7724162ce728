//! The worker: reads files and answers with what they are.

pub mod analyse;
pub mod blob_source;
mod context;
mod file_set;
mod flatten;
pub mod kept;
mod marks;
mod named_file;
mod parents;
pub mod serve;
