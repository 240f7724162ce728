//! The page without a network, and new versions of it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;
use vhd_analyser_tests::bytes;

use crate::browser::{Failure, Page, browse, from_xtask};

#[tokio::test]
async fn after_the_first_visit_no_server_is_needed() -> Result<(), Failure> {
    browse(async |page| {
        kept(page).await?;
        page.server.stop();
        page.load().await?;
        page.click("try-sample").await?;
        page.expect("[data-testid=verdict][data-verdict=repairable]", "").await?;
        // The page in one file is there, too.
        let one_file = "const [done] = arguments;
            fetch('vhd-analyser.html').then(page => page.text()).then(text => done(text.includes('id=\"packed\"')))";
        assert_eq!(page.script_with_callback(one_file, vec![]).await?, true);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn what_reads_files_is_fetched_when_a_file_comes_near() -> Result<(), Failure> {
    // Pressed or reached with the keyboard, and dragged over the window.
    for near in ["document.querySelector('input[type=file]').focus()", "dispatchEvent(new DragEvent('dragenter'))"] {
        browse(async |page| {
            let fetched = "return performance.getEntriesByType('resource')
                .filter(entry => entry.name.includes('vhd-analyser-worker')).length";
            assert_eq!(page.script(fetched, vec![]).await?, 0);
            page.script(near, vec![]).await?;
            page.script(near, vec![]).await?;
            page.expect_script(&format!("{fetched} === 2"), &[]).await?;
            page.click("try-sample").await?;
            page.expect("[data-testid=verdict][data-verdict=repairable]", "").await?;
            page.click("check-fixed").await?;
            page.expect(crate::FIXED_IS_SOUND, "").await?;
            assert_eq!(page.script(fetched, vec![]).await?, 2, "once for all workers");
            Ok(())
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn what_reads_files_may_be_missing_once() -> Result<(), Failure> {
    browse(async |page| {
        // As if a new version had taken its place on the server.
        let gone = "const own = fetch;
            fetch = (file) => own(window.isBack ? file : file.replace('vhd-analyser-worker', 'gone'))";
        page.before_the_page(gone).await?;
        page.load().await?;
        page.click("try-sample").await?;
        page.expect("[data-testid=notice]", "404").await?;
        page.expect("[data-testid=notice] [data-notice=failed]", "").await?;
        page.script("window.isBack = true", vec![]).await?;
        page.click("try-sample").await?;
        page.expect("[data-testid=verdict][data-verdict=repairable]", "").await
    })
    .await
}

#[tokio::test]
async fn a_whole_session_asks_the_server_for_nothing() -> Result<(), Failure> {
    browse(async |page| {
        kept(page).await?;
        page.server.requests();
        page.click("try-sample").await?;
        page.expect("[data-testid=verdict]", "").await?;
        page.click("check-fixed").await?;
        page.expect(crate::FIXED_IS_SOUND, "").await?;
        page.click("deep-check").await?;
        page.expect("[data-testid=verdict]", "").await?;
        page.click("download-fixed").await?;
        assert_eq!(page.server.requests(), [] as [&str; 0]);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_new_version_is_offered_and_taken_as_a_whole() -> Result<(), Failure> {
    browse(async |page| {
        kept(page).await?;
        let next = next_version(page)?;
        // While the new version is being put on the server, some of its files are still the old ones.
        let half = page.folder().join("half");
        copy(&next, &half)?;
        fs::copy(from_xtask("VHD_ANALYSER_DIST")?.join("index.html"), half.join("index.html"))?;
        page.server.serve(&half);
        page.load().await?;
        let update = "const [done] = arguments;
            navigator.serviceWorker.getRegistration().then(kept => kept.update()).then(kept => {
                const next = kept.installing ?? kept.waiting;
                const tell = () => next.state !== 'installing' && done(next.state);
                next.addEventListener('statechange', tell);
                tell();
            }).catch(error => done(String(error)))";
        assert_eq!(page.script_with_callback(update, vec![]).await?, "redundant");
        assert_eq!(version(page).await?, "old");
        assert_eq!(page.text("[data-testid=update]").await?, "");

        page.server.serve(&next);
        page.load().await?;
        page.expect("[data-testid=update]", "").await?;
        assert_eq!(version(page).await?, "old", "the old version goes on until the new one is asked for");
        page.load().await?;
        assert_eq!(version(page).await?, "old");
        page.expect("[data-testid=update]", "").await?;
        page.script("document.querySelector('[data-testid=update] button').click()", vec![]).await?;
        page.expect_script(&format!("return ({VERSION}) === 'next'"), &[]).await?;
        page.server.stop();
        page.load().await?;
        assert_eq!(version(page).await?, "next");
        let caches = page.script_with_callback("caches.keys().then(arguments[0])", vec![]).await?;
        assert_eq!(caches.as_array().map(Vec::len), Some(1), "{caches}");
        Ok(())
    })
    .await
}

const VERSION: &str = "document.documentElement.dataset.version ?? 'old'";

async fn version(page: &Page) -> Result<String, Failure> {
    Ok(serde_json::from_value(page.script(&format!("return {VERSION}"), vec![]).await?)?)
}

/// Waits until the service worker has everything and serves the page.
async fn kept(page: &Page) -> Result<(), Failure> {
    page.expect_script("return navigator.serviceWorker.controller !== null", &[]).await
}

/// The built page with another first line, and a service worker that knows it: what the next build would be.
fn next_version(page: &Page) -> Result<PathBuf, Failure> {
    let next = page.folder().join("next");
    copy(&from_xtask("VHD_ANALYSER_DIST")?, &next)?;
    let old = bytes::sha256(&next.join("index.html"))?;
    let html = fs::read_to_string(next.join("index.html"))?;
    fs::write(next.join("index.html"), html.replacen("<html ", "<html data-version=\"next\" ", 1))?;
    let new = bytes::sha256(&next.join("index.html"))?;
    assert_ne!(old, new);
    let worker = fs::read_to_string(next.join("service-worker.js"))?;
    let (before, after) = worker.split_once("const VERSION = \"").unwrap_or_default();
    let worker = format!("{before}const VERSION = \"next{after}").replace(&old, &new);
    fs::write(next.join("service-worker.js"), worker)?;
    Ok(next)
}

fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        fs::copy(entry.path(), to.join(entry.file_name()))?;
    }
    Ok(())
}

#[tokio::test]
async fn the_page_can_be_installed_and_opens_disks() -> Result<(), Failure> {
    browse(async |page| {
        let manifest = "const [done] = arguments;
            fetch(document.querySelector('link[rel=manifest]').href).then(answer => answer.json()).then(done)";
        let manifest = page.script_with_callback(manifest, vec![]).await?;
        let kinds = &manifest["file_handlers"][0]["accept"]["application/x-virtual-hard-disk"];
        assert_eq!(*kinds, json!([".vhd", ".avhd"]));
        for icon in manifest["icons"].as_array().into_iter().flatten() {
            let size = "const [name, done] = arguments; const icon = new Image();
                icon.onload = () => done(`${icon.naturalWidth}x${icon.naturalHeight}`); icon.src = name";
            assert_eq!(page.script_with_callback(size, vec![icon["src"].clone()]).await?, icon["sizes"]);
        }
        Ok(())
    })
    .await
}
