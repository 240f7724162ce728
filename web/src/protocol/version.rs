//! What this page was built from.

/// The version of the project.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit, abbreviated, with a plus sign where something was changed since; none outside of a repository.
pub const COMMIT: Option<&str> = option_env!("VHD_ANALYSER_COMMIT");
