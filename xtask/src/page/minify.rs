//! Scripts and styles without what only people need, the same bytes every time.

use std::process::Command;

use super::built::{Built, PostprocessError};
use super::service_worker::SERVICE_WORKER;
use crate::{process, setup};

/// Makes the page's scripts and styles smaller. The service worker stays as it is: it is loaded when the page has long been
/// there, and whoever looks for its version should find it.
pub fn minify(built: &Built) -> Result<(), PostprocessError> {
    for name in built.names()?.iter().filter(|name| *name != SERVICE_WORKER) {
        if name.ends_with(".js") || name.ends_with(".css") {
            let mut esbuild = Command::new("esbuild");
            esbuild.env("PATH", setup::path()).args(["--minify", "--charset=utf8", "--log-level=warning"]);
            let path = built.path(name);
            built.write(name, &process::read(esbuild.arg(path))?)?;
        }
    }
    Ok(())
}
