//! `cargo xtask serve`: the release page on this computer.

use std::io;
use std::net::{Ipv4Addr, TcpListener};

use crate::page;
use crate::process::{self, ProcessError};
use crate::setup::{self, SetupError};

/// Why the page is not served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    #[error("port {port} cannot be used ({source}). Stop the program that uses it, or choose another with `cargo xtask serve --port {}`", port.wrapping_add(1).max(1024))]
    Port { port: u16, source: io::Error },
    #[error("the page was not built: {0}")]
    Build(ProcessError),
    #[error("the page was built, but not served: {0}")]
    Serve(ProcessError),
    #[error(transparent)]
    Setup(#[from] SetupError),
}

/// Builds the page and serves it until it is stopped; edits are built as they are saved.
pub fn serve(port: u16) -> Result<(), ServeError> {
    // Asked first, since nobody wants to wait for a build to learn it.
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|source| ServeError::Port { port, source })?;
    setup::ensure(setup::FOR_PAGE)?;
    page::build().map_err(ServeError::Build)?;
    println!("\nVHD Analyser: http://127.0.0.1:{port}/ (Ctrl+C stops it)\n");
    let mut server = page::trunk();
    server
        .args(["serve", "--release", "--no-autoreload", "--disable-address-lookup", "--address", "127.0.0.1", "--port"])
        .arg(port.to_string());
    match process::become_program(&mut server).map_err(ServeError::Serve)? {}
}
