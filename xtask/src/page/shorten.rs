//! Small modules: what wasm-opt finds, and short names for what a module and its script have of one another.
//!
//! wasm-bindgen gives each a name with a hash in it, in both files, and hashes are what no server can pack.

use std::process::Command;

use serde::Deserialize;

use super::finish::{Built, FinishError};
use super::programs::Program;
use crate::{process, setup};

/// What wasm-opt says of the names it gave.
#[derive(Deserialize)]
struct Names {
    /// Module, name before, name after.
    imports: Vec<(String, String, String)>,
    /// Name before, name after.
    exports: Vec<(String, String)>,
}

/// What rustc has used, and every browser knows: with more, wasm-opt writes what not every browser reads.
const FEATURES: [&str; 6] = [
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
];

/// As small as can be once it is gzipped: code that stands twice is packed well, and the more so the nearer it stands.
const PASSES: [&str; 5] = [
    "-Oz",
    "--always-inline-max-function-size=0",
    "--one-caller-inline-max-function-size=20",
    "--reorder-functions-by-name",
    "--minify-imports-and-exports-and-modules",
];

/// The one module that the imports are in then, as wasm-opt calls it.
const MODULE: &str = "a";

/// Makes a program's module smaller, and gives its imports and exports short names, in the module and in its script.
pub fn shorten(built: &Built, program: &Program) -> Result<(), FinishError> {
    let path = built.path(&program.module);
    let mut wasm_opt = Command::new("wasm-opt");
    wasm_opt.env("PATH", setup::path()).args(FEATURES).args(PASSES);
    let names = process::read(wasm_opt.arg(&path).arg("-o").arg(&path))?;
    let Names { imports, exports } = serde_json::from_str(&names)?;
    let mut renamed = exports;
    for (module, before, after) in imports {
        renamed.push((before, after));
        renamed.push((format!("\"{module}\""), MODULE.to_owned()));
    }
    // A name that another begins with comes after that one.
    renamed.sort_unstable_by(|a, b| b.cmp(a));
    renamed.dedup();
    let text = built.text(&program.script)?;
    let text = renamed.iter().fold(text, |text, (before, after)| text.replace(before, after));
    built.write(&program.script, &text)
}
