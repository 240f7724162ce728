//! The standard library for a target that is not this computer.
//!
//! rustup has it ready-made. Where rustup cannot download, Debian's compiler builds it once from Debian's source, into
//! a sysroot under `target/tools`; builds for that target then use Debian's compiler with this sysroot, and all others
//! keep the usual toolchain.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, io};

use super::{DEBIAN_RUST, Piece, SetupError};
use crate::process::{self, ProcessError};
use crate::workspace;

const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_RUSTDOC: &str = "/usr/bin/rustdoc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// rustup retries for minutes where a firewall swallows its requests.
const RUSTUP_LIMIT: Duration = Duration::from_secs(60);

/// The standard library, or a part of it, for one target.
pub struct StandardLibrary {
    /// The target's triple.
    pub target: &'static str,
    /// The crates that are needed, as `-Zbuild-std` takes them.
    pub crates: &'static str,
    /// The linker that Debian's compiler is to use.
    pub linker: &'static str,
    /// What the compiler is told besides.
    pub flags: &'static [&'static str],
    /// See [`Piece::purpose`].
    pub purpose: &'static str,
}

/// The folders in which cargo keeps the sources of crates, one for each registry: two computers that use another mirror
/// build the same bytes.
fn registries() -> Vec<PathBuf> {
    let home = env::home_dir().map(|home| home.join(".cargo"));
    let cargo = env::var_os("CARGO_HOME").map(PathBuf::from).or(home).unwrap_or_default();
    let folders = fs::read_dir(cargo.join("registry/src")).into_iter().flatten().flatten();
    folders.map(|folder| folder.path()).collect()
}

/// The flag that makes the compiler name files under `folder` as if they were under `name`.
fn remapped(folder: &Path, name: &str) -> OsString {
    let mut flag = OsString::from("--remap-path-prefix=");
    flag.push(folder);
    flag.push("=");
    flag.push(name);
    flag
}

impl StandardLibrary {
    /// The environment in which `cargo` builds for this target.
    ///
    /// The sources of the project itself lie in `folder`.
    pub fn environment(&self, folder: &Path) -> Vec<(String, OsString)> {
        // Where the sources lie on this computer is nobody's business who loads the page.
        let mut flags = vec![remapped(folder, "")];
        flags.extend(registries().iter().map(|registry| remapped(registry, "crates")));
        flags.extend(self.flags.iter().map(OsString::from));
        let mut environment = Vec::new();
        if !self.comes_with("rustc") {
            let mut sysroot = OsString::from("--sysroot=");
            sysroot.push(self.sysroot());
            flags.push(sysroot.clone());
            // For the examples in the documentation.
            environment.push(("CARGO_ENCODED_RUSTDOCFLAGS".to_owned(), sysroot));
            let target = self.target.to_uppercase().replace('-', "_");
            environment.push(("RUSTC".to_owned(), DEBIAN_RUSTC.into()));
            environment.push(("RUSTDOC".to_owned(), DEBIAN_RUSTDOC.into()));
            environment.push((format!("CARGO_TARGET_{target}_LINKER"), self.linker.into()));
        }
        // Names of folders may have spaces in them, and here they may.
        environment.push(("CARGO_ENCODED_RUSTFLAGS".to_owned(), flags.join(OsStr::new("\u{1f}"))));
        environment
    }

    fn comes_with(&self, rustc: &str) -> bool {
        let mut command = Command::new(rustc);
        command.current_dir(workspace::root()).args(["--print", "target-libdir", "--target", self.target]);
        process::read(&mut command).is_ok_and(|libraries| has_core(Path::new(libraries.trim())))
    }

    /// The sysroot for Debian's compiler as it is now: after an upgrade it is another one.
    fn sysroot(&self) -> PathBuf {
        let version = process::read(Command::new(DEBIAN_RUSTC).arg("--version")).unwrap_or_default();
        let number = version.split_whitespace().nth(1).unwrap_or("unknown");
        workspace::tools().join(format!("sysroot-{number}"))
    }

    fn libraries(&self) -> PathBuf {
        self.sysroot().join("lib/rustlib").join(self.target).join("lib")
    }

    /// Asks rustup, once: where it cannot download today it will not tomorrow, and the next run should not wait again.
    fn add_with_rustup(&self) -> Result<(), SetupError> {
        let refused = workspace::tools().join(format!("rustup-has-no-{}", self.target));
        if let Ok(reason) = fs::read_to_string(&refused) {
            println!(
                "rustup could not add it before ({}). Delete {} to let it try again.",
                reason.trim(),
                refused.display()
            );
            return Ok(());
        }
        let mut rustup = Command::new("rustup");
        // Its reason is one line; where in its code it arose helps nobody here.
        rustup.args(["target", "add", self.target]).env("RUST_BACKTRACE", "0");
        let added = process::run_within(&mut rustup, RUSTUP_LIMIT);
        if let Err(reason) = added {
            println!("{reason}. Going on with Debian's compiler.");
            let remembered =
                fs::create_dir_all(workspace::tools()).and_then(|()| fs::write(&refused, reason.to_string()));
            remembered.map_err(|source| self.file_error(&refused, source))?;
        }
        Ok(())
    }

    /// Builds the standard library with Debian's compiler, as the dependency of an empty crate.
    fn build(&self) -> Result<(), SetupError> {
        let package = workspace::tools().join(format!("std-{}", self.target));
        write_empty_crate(&package).map_err(|source| self.file_error(&package, source))?;
        let build = Command::new(DEBIAN_CARGO)
            .current_dir(&package)
            .args(["build", "--release", "--target", self.target])
            .arg(format!("-Zbuild-std={}", self.crates))
            .env("RUSTC", DEBIAN_RUSTC)
            .env("RUSTC_BOOTSTRAP", "1")
            // Without the bitcode no later build with `lto = true` links.
            .env("RUSTFLAGS", "-Cembed-bitcode=yes")
            .env("CARGO_TARGET_DIR", package.join("target"))
            .status();
        let built = package.join("target").join(self.target).join("release/deps");
        match build {
            Ok(status) if status.success() => {}
            Ok(status) => {
                return Err(self.build_error(ProcessError::Failed { command: DEBIAN_CARGO.to_owned(), status }));
            }
            Err(source) => {
                return Err(self.build_error(ProcessError::Start { command: DEBIAN_CARGO.to_owned(), source }));
            }
        }
        let libraries = self.libraries();
        copy_libraries(&built, &libraries).map_err(|source| self.file_error(&libraries, source))
    }

    fn build_error(&self, source: ProcessError) -> SetupError {
        let by_hand = format!("rustup target add {}", self.target);
        SetupError::Install { piece: self.name(), by_hand, source }
    }

    fn file_error(&self, path: &Path, source: io::Error) -> SetupError {
        SetupError::File { piece: self.name(), path: path.to_owned(), source }
    }
}

impl Piece for StandardLibrary {
    fn name(&self) -> String {
        format!("{} standard library", self.target)
    }

    fn purpose(&self) -> &str {
        self.purpose
    }

    fn effort(&self) -> &str {
        "some seconds with rustup, up to 3 minutes where rustup cannot download and Debian's compiler builds it"
    }

    fn find(&self) -> Option<String> {
        if self.comes_with("rustc") {
            return Some("in the Rust toolchain".to_owned());
        }
        has_core(&self.libraries()).then(|| "in target/tools".to_owned())
    }

    fn install(&self) -> Result<(), SetupError> {
        self.add_with_rustup()?;
        if self.find().is_some() {
            return Ok(());
        }
        super::ensure(&[&DEBIAN_RUST])?;
        self.build()
    }
}

fn has_core(libraries: &Path) -> bool {
    let Ok(entries) = fs::read_dir(libraries) else {
        return false;
    };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
}

const EMPTY_CRATE: &str = "empty";

fn write_empty_crate(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder.join("src"))?;
    // An own `[workspace]`, since it lies inside of this project's.
    let manifest = format!("[package]\nname = \"{EMPTY_CRATE}\"\nedition = \"2024\"\n[workspace]\n");
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), "#![no_std]\n")
}

/// Copies to the side first, so that an interruption leaves no half of a library behind.
fn copy_libraries(from: &Path, to: &Path) -> io::Result<()> {
    let side = to.with_extension("partial");
    fs::create_dir_all(&side)?;
    for entry in fs::read_dir(from)? {
        let file = entry?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with(&format!("lib{EMPTY_CRATE}-")) {
            fs::copy(&file, side.join(name))?;
        }
    }
    fs::rename(side, to)
}
