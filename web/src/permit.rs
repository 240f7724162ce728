//! A way for the page to stop work in the worker that is not listening.
//!
//! While the worker reads it takes no messages, and gloo-worker has no way to end it from outside. But an
//! object URL that the page revokes can no longer be opened by anybody, and that a worker can see in the
//! middle of its work. So every analysis gets a [`Permit`], and looks from time to time whether it stands.

use gloo_file::{Blob, ObjectUrl};
use web_sys::XmlHttpRequest;

/// How often the worker looks, in milliseconds.
const INTERVAL: f64 = 250.0;

/// The page's side: the work may go on as long as this lives.
pub struct Permit(ObjectUrl);

impl Permit {
    /// Grants a permit.
    pub fn grant() -> Self {
        Self(Blob::new("").into())
    }

    /// What the worker needs to see whether the permit stands.
    pub fn url(&self) -> String {
        self.0.to_string()
    }
}

/// The worker's side.
pub struct PermitWatch {
    url: String,
    looked: f64,
    visible: bool,
}

impl PermitWatch {
    /// Watches a permit. Where the browser shows it nobody from the start (a page opened as `file://`), it
    /// counts as standing: then a cancelled analysis runs to its end, unheard.
    pub fn new(url: String) -> Self {
        let visible = opens(&url);
        Self { url, looked: js_sys::Date::now(), visible }
    }

    /// Whether the permit was withdrawn. Cheap to ask often.
    pub fn is_withdrawn(&mut self) -> bool {
        let now = js_sys::Date::now();
        if !self.visible || now - self.looked < INTERVAL {
            return false;
        }
        self.looked = now;
        !opens(&self.url)
    }
}

fn opens(url: &str) -> bool {
    XmlHttpRequest::new()
        .is_ok_and(|request| request.open_with_async("GET", url, false).is_ok() && request.send().is_ok())
}
