//! The two programs of the page, each a script and a module of WebAssembly, as Trunk has built them.

use super::finish::{Built, FinishError};
use super::offline::digest;

/// How the names of the program's files begin that a browser loads before the page works.
pub const PAGE: &str = "vhd-analyser-web";
/// How those begin of the one that it loads with the first file.
pub const WORKER: &str = "vhd-analyser-worker";

/// Hex digits in a name: enough for the versions of a page.
const DIGITS: usize = 16;

/// The names of a program's files.
pub struct Program {
    pub script: String,
    pub module: String,
}

impl Program {
    /// The page's, or the worker's.
    pub fn find(built: &Built, name: &'static str) -> Result<Self, FinishError> {
        Ok(Self { script: built.name_of(name, ".js")?, module: built.name_of(name, ".wasm")? })
    }
}

/// Gives the worker's files names that change with what is in them, as Trunk has done for all others: a page that is still
/// open when a new version takes its place gets no part of that. Returns the page with these names.
pub fn name_by_content(built: &Built, html: &str) -> Result<String, FinishError> {
    let Program { script, module } = Program::find(built, WORKER)?;
    let mut html = html.to_owned();
    for (name, kind) in [(script, "js"), (module, "wasm")] {
        let digest = digest(&built.bytes(&name)?);
        let digest = digest.get(..DIGITS).unwrap_or(&digest);
        let named = format!("{WORKER}-{digest}.{kind}");
        if !html.contains(&name) {
            return Err(FinishError::NotNamed(name));
        }
        html = html.replace(&name, &named);
        built.rename(&name, &named)?;
    }
    Ok(html)
}
