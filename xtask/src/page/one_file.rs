//! The page in one file, for a computer without a network: it works where it is saved, by a double click.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use lol_html::html_content::ContentType;
use lol_html::{RewriteStrSettings, element, rewrite_str};

use super::finish::{Built, FinishError};
use super::pack;

/// Puts what the page loads into the page. What `loadPart` loads is packed, and unpacked by it.
pub fn one_file(built: &Built, html: &str) -> Result<String, FinishError> {
    let icon = BASE64_STANDARD.encode(built.bytes(&built.name_of("icon", ".svg")?)?);
    let text = |address: Option<String>| built.text(name(&address));
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
            let style = text(link.get_attribute("href"))?;
            link.replace(&format!("<style>{style}</style>"), ContentType::Html);
            Ok(())
        }))
        .append_element_content_handler(element!("script[src]", |script| {
            let program = text(script.get_attribute("src"))?;
            if let Some(end) = ["</script", "<!--"].into_iter().find(|end| program.contains(end)) {
                return Err(FinishError::EndsElement(end).into());
            }
            script.remove_attribute("src");
            script.set_inner_content(&program, ContentType::Html);
            Ok(())
        }))
        .append_element_content_handler(element!("script[data-src]", |script| {
            let packed = pack::gzipped(&built.bytes(name(&script.get_attribute("data-src")))?)?;
            script.remove_attribute("data-src");
            script.set_attribute("data-bytes", &packed.len().to_string())?;
            script.set_inner_content(&pack::text(&packed), ContentType::Html);
            Ok(())
        }));
    Ok(rewrite_str(html, rewrite)?)
}

/// The name of the file beside the page that is at this address.
fn name(address: &Option<String>) -> &str {
    address.as_deref().unwrap_or_default().trim_start_matches("./")
}
