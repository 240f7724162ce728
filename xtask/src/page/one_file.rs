//! The page in one file, for a computer without a network: it works where it is saved, by a double click.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lol_html::html_content::ContentType;
use lol_html::{RewriteStrSettings, element, rewrite_str};

use super::finish::{Built, FinishError};

/// Puts what the page loads into the page. The module is packed, and unpacked by the page's last script.
pub fn one_file(built: &Built, html: &str) -> Result<String, FinishError> {
    let program = built.text(&built.name_of(".js")?)?;
    for end in ["</script", "<!--"] {
        if program.contains(end) {
            return Err(FinishError::EndsElement(end));
        }
    }
    let module = packed(&built.bytes(&built.name_of(".wasm")?)?)?;
    let icon = BASE64_STANDARD.encode(built.bytes(&built.name_of(".svg")?)?);
    let rewrite = RewriteStrSettings::new()
        .append_element_content_handler(element!("link[rel=preload], link[rel=manifest]", |link| {
            link.remove();
            Ok(())
        }))
        .append_element_content_handler(element!("link[rel=icon]", |link| {
            link.set_attribute("href", &format!("data:image/svg+xml;base64,{icon}"))?;
            Ok(())
        }))
        .append_element_content_handler(element!("link[rel=stylesheet]", |link| {
            let name = link.get_attribute("href").unwrap_or_default();
            let style = built.text(name.trim_start_matches("./"))?;
            link.replace(&format!("<style>{style}</style>"), ContentType::Html);
            Ok(())
        }))
        .append_element_content_handler(element!("script[src]", |script| {
            script.before(&format!("<script id=\"module\" type=\"text/plain\">{module}</script>"), ContentType::Html);
            script.remove_attribute("src");
            script.set_inner_content(&program, ContentType::Html);
            Ok(())
        }));
    Ok(rewrite_str(html, rewrite)?)
}

/// Gzipped, and in base64, as text that may stand in a page.
fn packed(bytes: &[u8]) -> Result<String, FinishError> {
    let mut gzipped = Vec::new();
    zopfli::compress(zopfli::Options::default(), zopfli::Format::Gzip, bytes, &mut gzipped)
        .map_err(FinishError::Pack)?;
    Ok(BASE64_STANDARD.encode(gzipped))
}
