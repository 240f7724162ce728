//! Where things are in the project.

use std::path::{Path, PathBuf};

/// The folder of the workspace's `Cargo.toml`.
pub fn root() -> &'static Path {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask)
}

/// What the set-up installs lives here, out of the way of the system's own programs.
pub fn tools() -> PathBuf {
    root().join("target/tools")
}

/// The built page.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// The version of a crate that `Cargo.lock` has pinned, if the workspace uses the crate.
pub fn locked_version(package: &str) -> Option<String> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).ok()?;
    let entry = format!("name = \"{package}\"\nversion = \"");
    let (_, rest) = lock.split_once(&entry)?;
    rest.split('"').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn versions_are_read_from_the_lock_file() {
        assert_eq!(locked_version("xtask").as_deref(), Some(env!("CARGO_PKG_VERSION")));
        assert_eq!(locked_version("no-such-crate"), None);
    }
}
