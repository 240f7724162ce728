//! Which program this is.

/// The version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// The commit that it was built from, where that is known.
pub const COMMIT: Option<&str> = option_env!("VHD_ANALYSER_COMMIT");
