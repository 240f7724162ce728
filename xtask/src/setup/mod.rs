//! `cargo xtask setup`: what building and testing need, what of it is there, and how the rest gets there.
//!
//! The table below is the one place that names a tool, its version and why it is needed. What has to be installed
//! goes into the project's `target/tools` wherever it can; only Debian's packages go into the system.

mod cargo_tool;
mod debian;
mod npm;
mod piece;
mod rustup;

pub use cargo_tool::CargoTool;
pub use debian::DebianPackages;
pub use npm::NpmPackage;
pub use piece::{Piece, SetupError, path};
pub use rustup::{RustupComponent, RustupTarget};

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fs};

use crate::workspace;

/// The standard library for the browser's WebAssembly.
pub static WASM: RustupTarget =
    RustupTarget { target: "wasm32-unknown-unknown", purpose: "compile the page for the browser" };
/// `core` and `alloc` for a machine without an operating system.
pub static NO_STD: RustupTarget =
    RustupTarget { target: "x86_64-unknown-none", purpose: "show that the core crate needs no operating system" };
static RUSTFMT: RustupComponent = RustupComponent { name: "rustfmt", command: "fmt", purpose: "check the formatting" };
static CLIPPY: RustupComponent =
    RustupComponent { name: "clippy", command: "clippy", purpose: "find mistakes in the code" };
static WASM_BINDGEN: CargoTool = CargoTool {
    package: "wasm-bindgen-cli",
    program: "wasm-bindgen",
    // Generated bindings and the crate must be of one version.
    version: || workspace::locked_version("wasm-bindgen").unwrap_or_else(|| "0.2.128".to_owned()),
    debug: false,
    purpose: "make the JavaScript that loads the page's WASM, and run its tests",
    effort: "about 2 minutes: compiled from source",
};
static TRUNK: CargoTool = CargoTool {
    package: "trunk",
    program: "trunk",
    version: || "0.21.14".to_owned(),
    debug: true,
    purpose: "put the page together and serve it",
    effort: "about 3 minutes: compiled from source with the web server in it",
};
static CARGO_FUZZ: CargoTool = CargoTool {
    package: "cargo-fuzz",
    program: "cargo-fuzz",
    version: || "0.13.2".to_owned(),
    debug: true,
    purpose: "give the core broken files",
    effort: "about 1 minute: compiled from source",
};
static CARGO_DENY: CargoTool = CargoTool {
    package: "cargo-deny",
    program: "cargo-deny",
    version: || "0.20.2".to_owned(),
    debug: true,
    purpose: "check the licences, sources and known faults of what others wrote",
    effort: "about 2 minutes: compiled from source",
};
static GECKODRIVER: CargoTool = CargoTool {
    package: "geckodriver",
    program: "geckodriver",
    version: || "0.37.1".to_owned(),
    debug: true,
    purpose: "drive Firefox in the page's tests",
    effort: "about 2 minutes: compiled from source",
};
static NPM: DebianPackages = DebianPackages {
    programs: &["node", "npm"],
    packages: &["nodejs", "npm"],
    purpose: "install and run wasm-opt",
    effort: "about 1 minute: some hundred small packages",
};
static WASM_OPT: NpmPackage = NpmPackage {
    package: "binaryen",
    version: "132.0.0",
    purpose: "make the page's WASM smaller (wasm-opt)",
    effort: "some seconds: 15 MB to download",
};
static ESBUILD: NpmPackage = NpmPackage {
    package: "esbuild",
    version: "0.28.2",
    purpose: "make the page's scripts and styles smaller",
    effort: "some seconds: 10 MB to download",
};
/// The accessibility checker that the page's test runs in the browser.
pub static AXE: NpmPackage = NpmPackage {
    package: "axe-core",
    version: "4.14.1",
    purpose: "check that the page can be used by everybody",
    effort: "some seconds",
};
static BROWSER: DebianPackages = DebianPackages {
    programs: &["chromium", "chromedriver"],
    packages: &["chromium", "chromium-driver"],
    purpose: "run the page's tests in a real browser",
    effort: "about 1 minute: 100 MB to download",
};
static FIREFOX: DebianPackages = DebianPackages {
    programs: &["firefox-esr"],
    packages: &["firefox-esr"],
    purpose: "run the page's tests in a second browser",
    effort: "about 1 minute: 70 MB to download",
};

static JUDGES: DebianPackages = DebianPackages {
    programs: &["qemu-img", "vhdiinfo", "/usr/share/doc/python3-libvhdi/copyright"],
    packages: &["qemu-utils", "libvhdi-utils", "python3-libvhdi"],
    purpose: "let tools of others judge the repaired disks",
    effort: "some seconds: 10 MB to download",
};

static SHELLS: DebianPackages = DebianPackages {
    programs: &["bash", "busybox", "cmp", "dash", "fuser"],
    packages: &["bash", "busybox", "dash", "diffutils", "psmisc"],
    purpose: "run the scripts that repair a disk",
    effort: "some seconds: 1 MB to download",
};

/// What the tests over the images take.
pub static FOR_NATIVE: &[&dyn Piece] = &[&JUDGES, &SHELLS];
/// What checking the dependencies takes.
pub static FOR_DEPENDENCIES: &[&dyn Piece] = &[&CARGO_DENY];
/// What fuzzing takes, besides the nightly toolchain.
pub static FOR_FUZZING: &[&dyn Piece] = &[&CARGO_FUZZ];
/// What checking the formatting takes.
pub static FOR_FORMAT: &[&dyn Piece] = &[&RUSTFMT];
/// What the lints take.
pub static FOR_LINT: &[&dyn Piece] = &[&CLIPPY];
/// What building the core without an operating system takes.
pub static FOR_NO_STD: &[&dyn Piece] = &[&NO_STD];
/// What building the page takes.
pub static FOR_PAGE: &[&dyn Piece] = &[&WASM, &WASM_BINDGEN, &TRUNK, &NPM, &WASM_OPT, &ESBUILD];
/// What running the page's unit tests in the browser takes.
pub static FOR_WASM_TESTS: &[&dyn Piece] = &[&WASM, &WASM_BINDGEN, &BROWSER];
/// What driving the page in the browser takes, once it is built.
pub static FOR_BROWSER: &[&dyn Piece] = &[&AXE, &BROWSER, &FIREFOX, &GECKODRIVER];

/// Shows what is there and installs the rest.
pub fn setup() -> Result<(), SetupError> {
    for piece in [FOR_FORMAT, FOR_LINT, FOR_NATIVE, FOR_NO_STD, FOR_PAGE, FOR_BROWSER].concat() {
        ensure(&[piece])?;
        println!("{:<44} {}", piece.name(), piece.find().unwrap_or_default());
    }
    Ok(())
}

/// Installs those of the pieces that are missing; says nothing of the others.
pub fn ensure(pieces: &[&dyn Piece]) -> Result<(), SetupError> {
    for piece in pieces {
        if piece.find().is_some() {
            continue;
        }
        println!(
            "{} is missing, and needed to {}. Installing it takes {}.",
            piece.name(),
            piece.purpose(),
            piece.effort()
        );
        piece.install()?;
        if piece.find().is_none() {
            return Err(SetupError::StillMissing { piece: piece.name() });
        }
    }
    Ok(())
}

/// The environment in which the page's programs are built; the sources of the project lie in `folder`.
pub fn wasm_environment(folder: &Path) -> Vec<(String, OsString)> {
    // Where the sources lie on this computer is nobody's business who loads the page.
    let mut flags = vec![remapped(folder, "")];
    flags.extend(registries().iter().map(|registry| remapped(registry, "crates")));
    // Every browser that the page asks for has it.
    flags.push("-Ctarget-feature=+simd128".into());
    // Names of folders may have spaces in them, and here they may.
    vec![("CARGO_ENCODED_RUSTFLAGS".to_owned(), flags.join(OsStr::new("\u{1f}")))]
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
