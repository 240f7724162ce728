//! What wasm-opt makes of a module.

use std::process::Command;

use super::built::{Built, PostprocessError};
use crate::{process, setup};

/// What a module is made better for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// It is loaded before the page works.
    Size,
    /// It reads the disks.
    Speed,
}

/// What rustc has used, and every browser knows that the page asks for: with more, wasm-opt writes what not every browser
/// reads.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-simd",
];

/// Makes a program's module smaller or faster, in its place.
///
/// # Errors
/// Where wasm-opt fails.
pub fn optimise(built: &Built, module: &str, goal: Goal) -> Result<(), PostprocessError> {
    let path = built.path(module);
    let level = match goal {
        Goal::Size => "-Oz",
        Goal::Speed => "-O3",
    };
    let mut wasm_opt = Command::new("wasm-opt");
    wasm_opt.env("PATH", setup::path()).args(FEATURES).arg(level).arg("--strip-producers");
    Ok(process::run(wasm_opt.arg(&path).arg("-o").arg(&path))?)
}
