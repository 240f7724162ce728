//! The service worker, with every file of the page by its SHA-256: so that no page is made of two versions.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::built::{Built, PostprocessError};

/// The service worker's file, which is itself none of those that it keeps.
pub const SERVICE_WORKER: &str = "service-worker.js";

/// The service worker with its constants filled in.
pub fn service_worker(built: &Built) -> Result<String, PostprocessError> {
    let mut files = BTreeMap::new();
    for name in built.names()?.into_iter().filter(|name| name != SERVICE_WORKER) {
        let digest = digest(&built.bytes(&name)?);
        // The page itself is asked for by the name of its folder.
        files.insert(if name == "index.html" { "./".to_owned() } else { name }, digest);
    }
    // Plain names and digits: how Rust writes such a map for developers is how JavaScript reads it.
    let files = format!("{files:?}");
    let version = hex(&Sha256::digest(&files)[..8]);
    let text = built.text(SERVICE_WORKER)?;
    let filled = fill(&text, "\"{{version}}\"", &format!("{version:?}"))?;
    fill(&filled, "\"{{files}}\"", &files)
}

/// The SHA-256 in hex.
pub fn digest(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn fill(text: &str, place: &'static str, with: &str) -> Result<String, PostprocessError> {
    match text.split_once(place) {
        Some((before, after)) => Ok([before, with, after].concat()),
        None => Err(PostprocessError::NoPlace(place)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
