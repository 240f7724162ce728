//! The page in other places and browsers: in one file, without a server, in Firefox.

use std::fs::{self, File};
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

use serde_json::json;
use vhd_analyser_core::analysis::{Options, analyse};
use vhd_analyser_core::repair::RequestedChanges;
use vhd_analyser_core::script::{Language, Script};
use vhd_analyser_core::source::FileSource;
use vhd_analyser_tests::analysed::NOW;
use vhd_analyser_tests::{bytes, incident};

use crate::browser::{Browser, Failure, Page, Place, visit};
use crate::{FIXED_IS_SOUND, choose_incident};

#[tokio::test]
async fn one_file_is_enough_for_chromium() -> Result<(), Failure> {
    visit(Browser::Chromium, Place::File, everything_works).await
}

#[tokio::test]
async fn one_file_is_enough_for_firefox() -> Result<(), Failure> {
    visit(Browser::Firefox, Place::File, everything_works).await
}

#[tokio::test]
async fn firefox_shows_the_page_from_a_server() -> Result<(), Failure> {
    visit(Browser::Firefox, Place::Server, everything_works).await
}

/// The worker, the sample, the diagnosis, the fixed copy and its check.
async fn everything_works(page: &Page) -> Result<(), Failure> {
    choose_incident(page, incident::NAME).await?;
    page.expect("[data-testid=finding][data-id='footer.primary.cookie']", "").await?;
    page.click("check-fixed").await?;
    page.expect(FIXED_IS_SOUND, "").await?;
    page.click("download-fixed").await?;
    let fixed = page.downloaded(&incident::NAME.replace(".vhd", ".fixed.vhd")).await?;
    assert_eq!(bytes::sha256(&fixed)?, incident::FIXED_SHA256);
    page.click("download-script-powershell").await?;
    page.downloaded(&format!("{}.repair.ps1", incident::NAME)).await?;
    page.click("download-script-sh").await?;
    let script = page.downloaded(&format!("{}.repair.sh", incident::NAME)).await?;
    let disk = page.folder().join(incident::NAME);
    assert_eq!(fs::read_to_string(&script)?, own_script(&disk)?, "the text that the command line gives, too");
    assert!(Command::new("sh").arg(&script).arg(&disk).status()?.success());
    assert_eq!(bytes::sha256(&disk)?, incident::FIXED_SHA256);
    page.expect("main", &format!("{}.repair.sh", incident::NAME)).await?;
    page.load().await?;
    page.click("try-sample").await?;
    page.expect("[data-testid=verdict][data-verdict=repairable]", "").await
}

/// The script as the core writes it, which is what the command line saves.
fn own_script(disk: &Path) -> Result<String, Failure> {
    let source = FileSource::new(File::open(disk)?)?;
    let options = Options { now: NOW, fresh_unique_id: [1; 16], deep: false, request: RequestedChanges::default() };
    let analysis = analyse(&source, incident::NAME, &options, &mut |_| ControlFlow::Continue(()));
    let analysis = analysis.map_err(|error| io::Error::other(error.to_string()))?;
    let proven = analysis.repairs.first().ok_or_else(|| io::Error::other("no repair"))?;
    Ok(Script { file: incident::NAME, proven, version: env!("CARGO_PKG_VERSION") }.text(Language::Sh))
}

#[tokio::test]
async fn one_file_asks_nobody_for_anything() -> Result<(), Failure> {
    visit(Browser::Chromium, Place::File, async |page| {
        page.click("try-sample").await?;
        page.expect("[data-testid=verdict]", "").await?;
        let asked = "return performance.getEntriesByType('resource').map(entry => entry.name)
            .filter(name => !name.startsWith('blob:') && !name.startsWith('data:'))";
        assert_eq!(page.script(asked, vec![]).await?, json!([]));
        nothing_can_be_sent(page).await
    })
    .await
}

#[tokio::test]
async fn the_browser_keeps_the_page_from_sending_anything() -> Result<(), Failure> {
    visit(Browser::Firefox, Place::File, nothing_can_be_sent).await
}

#[tokio::test]
async fn names_are_text_and_never_markup() -> Result<(), Failure> {
    visit(Browser::Chromium, Place::File, async |page| {
        let name = "<img src=x onerror=alert(1)><svg onload=alert(2)> `|&amp;.vhd";
        choose_incident(page, name).await?;
        page.expect("[data-testid=file-name]", name).await?;
        for form in ["report-md", "report-json"] {
            page.script("document.querySelector(`[data-testid=${arguments[0]}]`).click()", vec![json!(form)]).await?;
            page.expect("[data-testid=report-text]", "onerror").await?;
        }
        let made = "return document.querySelectorAll('img, svg[onload], [onerror]').length";
        assert_eq!(page.script(made, vec![]).await?, 0);
        Ok(())
    })
    .await
}

/// Everything that a script could try, against a server that is there and would take it.
async fn nothing_can_be_sent(page: &Page) -> Result<(), Failure> {
    let attempts = "
        const [place, done] = arguments;
        const violations = [];
        addEventListener('securitypolicyviolation', event => violations.push(event.effectiveDirective));
        const add = (tag, more) => document.body.append(Object.assign(document.createElement(tag), more));
        const form = Object.assign(document.createElement('form'), { action: place + 'form', method: 'post' });
        const attempts = [
            () => fetch(place).catch(() => {}),
            () => navigator.sendBeacon(place, 'disk'),
            () => new WebSocket(place.replace('http', 'ws')),
            () => { const request = new XMLHttpRequest(); request.open('POST', place); request.send('disk'); },
            () => new Image().src = place + 'image',
            () => add('script', { src: place + 'script' }),
            () => add('iframe', { src: place + 'frame' }),
            () => add('link', { rel: 'stylesheet', href: place + 'style' }),
            () => add('script', { textContent: `fetch('${place}inline')` }),
            () => { document.body.append(form); form.submit(); },
        ];
        for (const attempt of attempts) {
            try { attempt(); } catch {}
        }
        setTimeout(() => done(violations), 1500);";
    page.server.requests();
    let place = format!("http://{}/taken/", page.server.address);
    let violations = page.script_with_callback(attempts, vec![json!(place)]).await?;
    assert_eq!(page.server.requests(), [] as [&str; 0], "arrived");
    let violations: Vec<String> = serde_json::from_value(violations)?;
    assert!(violations.len() >= 8, "{violations:?}");
    Ok(())
}
