//! The Content Security Policy: what the browser lets the page do, which is to read files and nothing else.

use std::cell::RefCell;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lol_html::html_content::ContentType;
use lol_html::{RewriteStrSettings, element, rewrite_str, text};
use sha2::{Digest, Sha256};

use super::built::PostprocessError;

/// What a page may load.
pub struct Policy {
    scripts: &'static str,
    workers: &'static str,
    styles: &'static str,
    rest: &'static str,
}

/// The page in many files: what lies beside it. A worker's text is made by the page, and the service worker lies
/// beside it.
pub const FOLDER: Policy = Policy {
    scripts: "'self'",
    workers: "'self' blob:",
    styles: "'self'",
    rest: "img-src 'self'; connect-src 'self'; manifest-src 'self'",
};

/// The page in one file: what is in it. There is nothing that it might ask for.
pub const SINGLE_FILE: Policy = Policy { scripts: "", workers: "blob:", styles: "", rest: "img-src data:" };

/// Puts the policy into a page, before anything that it is for. Scripts and styles that are in the page itself are
/// allowed by their hashes, and so is a script that is put into it later.
pub fn with_policy(html: &str, policy: Policy, later: Option<&str>) -> Result<String, PostprocessError> {
    let mut scripts = hashes(html, "script:not([src]):not([type])")?;
    scripts.extend(later.map(hash));
    let styles = hashes(html, "style")?;
    let Policy { scripts: other_scripts, workers, styles: other_styles, rest } = policy;
    let policy = format!(
        "default-src 'none'; script-src {other_scripts}{scripts} 'wasm-unsafe-eval'; worker-src {workers}; \
         style-src {other_styles}{styles}; {rest}; base-uri 'none'; form-action 'none'"
    );
    let meta = format!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">");
    let behind_charset = element!("meta[charset]", |charset| {
        charset.after(&meta, ContentType::Html);
        Ok(())
    });
    Ok(rewrite_str(html, RewriteStrSettings::new().append_element_content_handler(behind_charset))?)
}

/// The hashes of the texts of these elements, each after a space.
fn hashes(html: &str, selector: &str) -> Result<String, PostprocessError> {
    let (texts, current) = (RefCell::new(Vec::new()), RefCell::new(String::new()));
    let gather = text!(selector, |chunk| {
        current.borrow_mut().push_str(chunk.as_str());
        if chunk.last_in_text_node() {
            texts.borrow_mut().push(current.take());
        }
        Ok(())
    });
    rewrite_str(html, RewriteStrSettings::new().append_element_content_handler(gather))?;
    Ok(texts.into_inner().iter().map(|text| hash(text)).collect())
}

fn hash(text: &str) -> String {
    format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_in_the_page_is_allowed_by_its_hash() -> Result<(), PostprocessError> {
        let html = "<meta charset=utf-8><style>a{}</style><script>alert(1)</script><script src=a.js></script>";
        let page = with_policy(html, SINGLE_FILE, Some("alert(2)"))?;
        // As `printf 'alert(1)' | openssl dgst -sha256 -binary | base64` has it.
        assert!(page.contains("script-src  'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI=' 'sha256-"), "{page}");
        assert!(page.starts_with("<meta charset=utf-8><meta http-equiv=\"Content-Security-Policy\""), "{page}");
        // The style and the script that comes later.
        assert_eq!(page.matches("sha256-").count(), 3);
        Ok(())
    }
}
