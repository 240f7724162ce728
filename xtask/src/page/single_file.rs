//! The page in one file, for a computer without a network: it works where it is saved, by a double click.

use std::collections::HashMap;
use std::io::Write;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use lol_html::html_content::ContentType;
use lol_html::{RewriteStrSettings, element, rewrite_str};

use super::built::{Built, PostprocessError};
use super::csp;
use super::hashed_names::{PAGE, Program, WORKER};

/// The script that unpacks what is packed. It is in this page only, and no file beside the other.
const UNPACK: &str = "unpack.js";

/// Puts what the page loads into the page, packed, with the policy for it.
pub fn single_file(built: &Built, html: &str) -> Result<String, PostprocessError> {
    let icon = BASE64_STANDARD.encode(built.bytes(&built.name_of("icon", ".svg")?)?);
    let (packed, places) = packed(built, &styles(built, html)?)?;
    let unpack = format!("<script>{}</script>", script(built, UNPACK)?);
    let program = built.text(&Program::find(built, PAGE)?.script)?;
    built.remove(UNPACK)?;
    let rewrite = RewriteStrSettings::new()
        .append_element_content_handler(element!(
            "link[rel=preload], link[rel=manifest], link[rel=stylesheet]",
            |link| {
                link.remove();
                Ok(())
            }
        ))
        .append_element_content_handler(element!("link[rel=icon]", |link| {
            link.set_attribute("href", &format!("data:image/svg+xml;base64,{icon}"))?;
            Ok(())
        }))
        .append_element_content_handler(element!("script[src]", |program| {
            program.remove();
            Ok(())
        }))
        .append_element_content_handler(element!("script[data-src]", |part| {
            let address = part.get_attribute("data-src");
            let place = places.get(name(&address));
            let (from, to) = place.ok_or_else(|| PostprocessError::NotPacked(name(&address).to_owned()))?;
            part.remove_attribute("data-src");
            part.set_attribute("data-from", &from.to_string())?;
            part.set_attribute("data-to", &to.to_string())?;
            Ok(())
        }))
        .append_element_content_handler(element!("script:not([src]):not([type])", |last| {
            last.before(&packed, ContentType::Html);
            last.before(&unpack, ContentType::Html);
            Ok(())
        }));
    let html = rewrite_str(html, rewrite)?;
    // What is put into the page when it is unpacked is allowed by its hash, as if it stood there.
    csp::with_policy(&html, csp::SINGLE_FILE, Some(&program))
}

/// Where a file begins and ends in what is packed.
type Places = HashMap<String, (usize, usize)>;

/// All style sheets that the page names, in that order.
fn styles(built: &Built, html: &str) -> Result<String, PostprocessError> {
    let mut styles = String::new();
    let gather = element!("link[rel=stylesheet]", |link| {
        styles.push_str(&built.text(name(&link.get_attribute("href")))?);
        Ok(())
    });
    rewrite_str(html, RewriteStrSettings::new().append_element_content_handler(gather))?;
    Ok(styles)
}

/// An element with the styles and the programs, and where each file is in it: together, since the two programs have much
/// of the same in them. First come the styles and the page's script.
fn packed(built: &Built, styles: &str) -> Result<(String, Places), PostprocessError> {
    let (page, worker) = (Program::find(built, PAGE)?, Program::find(built, WORKER)?);
    let (mut bytes, mut places) = (styles.as_bytes().to_vec(), Places::new());
    bytes.extend(built.bytes(&page.script)?);
    let script_end = bytes.len();
    for name in [page.module, worker.script, worker.module] {
        let start = bytes.len();
        bytes.extend(built.bytes(&name)?);
        places.insert(name, (start, bytes.len()));
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&bytes).map_err(PostprocessError::Pack)?;
    let text = BASE64_STANDARD.encode(encoder.finish().map_err(PostprocessError::Pack)?);
    let attributes = format!("id=\"packed\" data-styles=\"{}\" data-script=\"{script_end}\"", styles.len());
    Ok((format!("<script type=\"text/plain\" {attributes}>{text}</script>\n    "), places))
}

/// The text of a script, to stand in an element.
fn script(built: &Built, name: &str) -> Result<String, PostprocessError> {
    let text = built.text(name)?;
    match ["</script", "<!--"].into_iter().find(|end| text.contains(end)) {
        Some(end) => Err(PostprocessError::EndsElement(end)),
        None => Ok(text),
    }
}

/// The name of the file beside the page that is at this address.
fn name(address: &Option<String>) -> &str {
    address.as_deref().unwrap_or_default().trim_start_matches("./")
}
