//! Building the page, for serving it, for its tests, and for taking it elsewhere.

mod build;
mod built;
mod csp;
mod hashed_names;
mod minify;
mod postprocess;
mod reproducible;
mod service_worker;
mod single_file;
mod wasm_opt;

pub use build::{Weight, build, trunk};
pub use built::{PostprocessError, SINGLE_FILE};
pub use postprocess::postprocess;
pub use reproducible::{ReproducibleError, build_again};
