//! The two programs of the page, each a script and a module of WebAssembly, as Trunk has built them.

use super::built::{Built, PostprocessError};
use super::service_worker::digest;

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
    pub fn find(built: &Built, name: &'static str) -> Result<Self, PostprocessError> {
        Ok(Self { script: built.name_of(name, ".js")?, module: built.name_of(name, ".wasm")? })
    }
}

/// Gives the programs' files names that change with what is in them: a page that is still open when a new version takes
/// its place gets no part of that. Returns the page with these names.
pub fn name_by_content(built: &Built, html: String) -> Result<String, PostprocessError> {
    let mut html = html;
    for program in [PAGE, WORKER] {
        let Program { script, module } = Program::find(built, program)?;
        for (name, kind) in [(script, "js"), (module, "wasm")] {
            if !html.contains(&name) {
                return Err(PostprocessError::NotNamed(name));
            }
            let digest = digest(&built.bytes(&name)?);
            let named = format!("{program}-{}.{kind}", digest.get(..DIGITS).unwrap_or(&digest));
            html = html.replace(&name, &named);
            built.rename(&name, &named)?;
        }
    }
    Ok(html)
}
