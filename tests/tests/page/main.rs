//! The whole page in a real browser, as somebody meets it who has a broken disk.
//!
//! `cargo xtask test browser` builds the page and starts these tests. Each has a browser of its own, and leaves a
//! screenshot in `target/screenshots` when it fails.

mod browser;
mod elsewhere;
mod in_place;
mod offline;
mod orphans;
mod processes;
mod server;
mod several;

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use browser::{Failure, Page, browse, from_xtask};
use serde_json::{Value, json};
use thirtyfour::Key;
use vhd_analyser_tests::analysed::analysed;
use vhd_analyser_tests::build::{BAT_AT, Creator, Disk, Fill, Kind};
use vhd_analyser_tests::bytes::put;
use vhd_analyser_tests::corpus::cases;
use vhd_analyser_tests::{bytes, huge, incident, schema};

/// What is to be done about a lost primary footer.
fn remedy() -> Result<String, Failure> {
    let failed = |error: String| Failure::Corpus(error);
    let cases = cases().map_err(|error| failed(error.to_string()))?;
    let image = cases["tap-primary-cookie"].image().map_err(|error| failed(error.to_string()))?;
    let analysis = analysed(&image, "disk.vhd").map_err(|error| failed(error.to_string()))?;
    let report = vhd_analyser_core::report::build(&analysis, None);
    let finding = report.findings.into_iter().find(|finding| finding.id == "footer.primary.cookie");
    Ok(finding.ok_or_else(|| failed("no finding".into()))?.remedy)
}

#[tokio::test]
async fn the_incidents_disk_is_diagnosed_and_repaired() -> Result<(), Failure> {
    browse(async |page| {
        choose_incident(page, incident::NAME).await?;
        // With what to do about it, as the list of findings has it.
        page.expect("[data-testid=finding][data-id='footer.primary.cookie']", &remedy()?).await?;

        page.select("report-utc-offset", "420").await?;
        page.expect("[data-testid=report-text]", "Thu Sep 14 15:48:19 2017").await?;
        let printed = page.text("[data-testid=report-text]").await?;
        assert_eq!(printed.trim_end(), incident::metadata().trim_end());

        page.click("download-fixed").await?;
        let fixed = page.downloaded(&incident::NAME.replace(".vhd", ".fixed.vhd")).await?;
        assert_eq!(bytes::sha256(&fixed)?, incident::FIXED_SHA256);
        page.choose(&fixed).await?;
        page.expect_verdict("fixed.vhd", "incomplete").await
    })
    .await
}

#[tokio::test]
async fn a_disk_can_be_dropped_anywhere_at_any_time() -> Result<(), Failure> {
    browse(async |page| {
        let (broken, sound) = (page.folder().join("broken.vhd"), page.folder().join("sound.vhd"));
        incident::write(&broken)?;
        incident::write_sound(&sound)?;
        page.take(&broken).await?;
        page.drop_on("[data-testid=drop-zone]").await?;
        page.expect_verdict("broken.vhd", "repairable").await?;
        page.take(&sound).await?;
        page.drop_on("[data-testid=verdict]").await?;
        page.expect_verdict("sound.vhd", "incomplete").await?;
        page.take(&broken).await?;
        page.drop_on("body").await?;
        page.expect_verdict("broken.vhd", "repairable").await
    })
    .await
}

#[tokio::test]
async fn the_sample_shows_what_the_page_can_do() -> Result<(), Failure> {
    browse(async |page| {
        page.click("try-sample").await?;
        page.expect("[data-testid=verdict][data-verdict=repairable]", "").await?;
        page.expect("[data-testid=finding]", "").await?;
        page.expect("[data-testid=patch]", "").await?;
        page.click("check-fixed").await?;
        page.expect(FIXED_IS_SOUND, "").await
    })
    .await
}

#[tokio::test]
async fn a_text_file_is_told_from_a_disk() -> Result<(), Failure> {
    browse(async |page| {
        let (text, sound) = (page.folder().join("notes.vhd"), page.folder().join("sound.vhd"));
        fs::write(&text, "Not a disk, just some words about one.\n".repeat(100))?;
        incident::write_sound(&sound)?;
        page.choose(&text).await?;
        page.expect_verdict("notes.vhd", "not-a-vhd").await?;
        page.expect("[data-testid=verdict]", "text").await?;
        page.choose(&sound).await?;
        page.expect_verdict("sound.vhd", "incomplete").await
    })
    .await
}

#[tokio::test]
async fn a_disk_that_vanishes_before_it_is_read_is_explained() -> Result<(), Failure> {
    browse(async |page| {
        let disk = page.folder().join("gone.vhd");
        incident::write(&disk)?;
        page.take(&disk).await?;
        fs::remove_file(&disk)?;
        page.drop_on("body").await?;
        page.expect("[data-testid=notice]", "gone.vhd").await?;
        page.expect("[data-testid=notice]", CHANGED).await?;
        still_works(page).await
    })
    .await
}

#[tokio::test]
async fn a_disk_that_vanishes_after_it_was_read_is_explained() -> Result<(), Failure> {
    browse(async |page| {
        let disk = choose_incident(page, "gone.vhd").await?;
        fs::remove_file(&disk)?;
        page.click("check-fixed").await?;
        page.expect("main", CHANGED).await?;
        still_works(page).await
    })
    .await
}

#[tokio::test]
async fn a_disk_that_changes_is_explained() -> Result<(), Failure> {
    browse(async |page| {
        let disk = choose_incident(page, "busy.vhd").await?;
        fs::File::options().append(true).open(&disk)?.write_all(&[1; 4096])?;
        page.click("check-fixed").await?;
        page.expect("main", CHANGED).await?;
        still_works(page).await
    })
    .await
}

#[tokio::test]
async fn the_report_is_handed_over_in_three_forms() -> Result<(), Failure> {
    browse(async |page| {
        let disk = choose_incident(page, "disk.vhd").await?;
        page.allow_clipboard().await?;
        let json = page.downloaded_by("download-report-json", "disk.vhd.json").await?;

        let text = page.text("[data-testid=report-text]").await?;
        assert!(text.starts_with("VHD Footer Summary:"), "{text}");
        assert_eq!(page.downloaded_by("save-report", "disk.vhd.txt").await?, text);

        // The choice is one stop for the Tab key; the arrows go on in it.
        page.click("report-txt").await?;
        page.press(Key::Down).await?;
        page.expect("[data-testid=report-text]", " `disk.vhd`\n").await?;
        let text = page.text("[data-testid=report-text]").await?;
        for wanted in
            ["footer.primary.cookie", "**SHA-256 of the whole file:** not computed", env!("CARGO_PKG_VERSION")]
        {
            assert!(text.contains(wanted), "{wanted}: {text}");
        }
        page.click("copy-report").await?;
        page.expect("[data-testid=copy-report]", "Copied").await?;
        assert_eq!(page.clipboard().await?, text);
        assert_eq!(page.downloaded_by("save-report", "disk.vhd.md").await?, text);

        page.press(Key::Down).await?;
        page.click("report-json").await?;
        page.expect("[data-testid=report-text]", "\"version\": 2").await?;
        assert_eq!(page.text("[data-testid=report-text]").await?, json);
        let object: Value = serde_json::from_str(&json)?;
        let schema = schema::report().map_err(|error| Failure::Schema(error.to_string()))?;
        assert_eq!(schema::objections(&schema, &object), "");
        assert_eq!(object["size"].as_u64(), Some(fs::metadata(&disk)?.len()));
        assert_eq!(object["metadata"][1]["name"], "Backup footer");
        assert_eq!(object["metadata"][1]["sha256"], json!(bytes::sha256_of(&incident::footer())));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_whole_file_is_hashed_on_request() -> Result<(), Failure> {
    browse(async |page| {
        let disk = choose_incident(page, "disk.vhd").await?;
        page.click("hash-file").await?;
        let sha256 = bytes::sha256(&disk)?;
        page.expect("[data-testid=sha256]", &sha256).await?;
        page.click("report-json").await?;
        page.expect("[data-testid=report-text]", &format!("\"sha256\": \"{sha256}\"")).await?;
        page.click("report-md").await?;
        page.expect("[data-testid=report-text]", &sha256).await
    })
    .await
}

#[tokio::test]
async fn hashing_shows_progress_and_can_be_stopped() -> Result<(), Failure> {
    browse(async |page| {
        let disk = page.folder().join("huge.vhd");
        huge::write(&disk)?;
        page.choose(&disk).await?;
        page.expect_verdict("huge.vhd", "repairable").await?;
        let before = page.memory()?;
        page.click("hash-file").await?;
        page.expect("[data-testid=progress]", "").await?;
        page.find("progress").await?;
        page.expect_script(
            "return document.querySelector('[data-testid=progress]')?.hasAttribute('value') === true",
            &[],
        )
        .await?;
        let grown = page.memory()?.saturating_sub(before);
        // What was read is garbage until the browser collects it, which it does once there is some of it.
        assert!(grown < 256 << 20, "the browser's memory grew by {grown} bytes");
        page.click("cancel-hash").await?;
        page.find("hash-file").await?;
        page.expect_script("return !document.querySelector('[data-testid=progress]')", &[]).await?;
        still_works(page).await
    })
    .await
}

/// Of a disk that cannot be repaired whole, what can be repaired safely is to be had.
#[tokio::test]
async fn a_part_is_repaired_where_the_whole_cannot_be() -> Result<(), Failure> {
    browse(async |page| {
        let sound = Disk::small(Creator::Windows, Kind::Dynamic, &[(0, Fill::Full), (2, Fill::Full)]).build().bytes;
        let mut image = sound.clone();
        put(&mut image, 0, &[0; 8]);
        put(&mut image, BAT_AT, &[0x77; 64]);
        let disk = page.folder().join("disk.vhd");
        fs::write(&disk, &image)?;
        page.choose(&disk).await?;
        page.expect_verdict("disk.vhd", "unrepairable").await?;
        page.expect("[data-testid=partial-repair][data-repaired='1']", "").await?;
        page.expect_script("return !document.querySelector('[data-testid=download-fixed]')", &[]).await?;
        page.click("download-partial").await?;
        let copy = fs::read(page.downloaded("disk.partial.vhd").await?)?;
        assert!(copy[..512] == sound[..512] && copy[512..] == image[512..], "the backup footer, and nothing else");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_file_that_is_no_disk_has_a_report_too() -> Result<(), Failure> {
    browse(async |page| {
        let name = "<b>`no` |_disk_";
        let text = page.folder().join(name);
        fs::write(&text, "Not a disk.\n")?;
        page.choose(&text).await?;
        page.expect_verdict(name, "not-a-vhd").await?;
        page.expect("[data-testid=report-text]", " ``<b>`no` |_disk_``\n").await?;
        page.click("report-json").await?;
        page.expect("[data-testid=report-text]", "\"verdict\": \"not-a-vhd\"").await
    })
    .await
}

#[tokio::test]
async fn paper_shows_what_matters_and_nothing_to_press() -> Result<(), Failure> {
    browse(async |page| {
        choose_incident(page, "disk.vhd").await?;
        page.print().await?;
        let shown = |selector: &str| {
            format!("return [...document.querySelectorAll('{selector}')].filter(e => e.checkVisibility({{ contentVisibilityAuto: true }})).length")
        };
        for selector in ["button:not(.exact)", "a.button", "select", "input", "[data-testid=report-text]"] {
            assert_eq!(page.script(&shown(selector), vec![]).await?, 0, "{selector}");
        }
        for selector in ["[data-testid=finding] dl", "[data-testid=hashes] dd", "[data-testid=patch]", "[data-testid=origin]"] {
            assert_ne!(page.script(&shown(selector), vec![]).await?, 0, "{selector}");
        }
        let height = "return document.querySelector('[data-testid=finding] dl').getBoundingClientRect().height > 20";
        assert_eq!(page.script(height, vec![]).await?, true);
        Ok(())
    })
    .await
}

#[tokio::test]
async fn the_keyboard_is_enough() -> Result<(), Failure> {
    browse(async |page| {
        page.tab_to("file-input").await?;
        page.tab_to("try-sample").await?;
        page.press(Key::Enter).await?;
        page.expect("[data-testid=verdict][data-verdict=repairable]", "").await?;
        page.tab_to("download-fixed").await?;
        page.press(Key::Enter).await?;
        let link = page.find("download-fixed").await?;
        page.downloaded(&link.attr("download").await?.unwrap_or_default()).await?;
        page.tab_to("finding").await
    })
    .await
}

#[tokio::test]
async fn nothing_leaves_the_computer() -> Result<(), Failure> {
    browse(async |page| {
        page.click("try-sample").await?;
        page.expect("[data-testid=verdict]", "").await?;
        page.click("check-fixed").await?;
        page.expect(FIXED_IS_SOUND, "").await?;
        page.click("download-fixed").await?;
        assert!(page.refused().is_empty(), "asked others: {:?}", page.refused());
        // Had there been something, it would have been seen, wherever it came from.
        let asking = "fetch('http://vhd.invalid/').catch(() => {})";
        page.script(asking, vec![]).await?;
        page.script("new Worker(URL.createObjectURL(new Blob([arguments[0]])))", vec![json!(asking)]).await?;
        page.expect_refused(2).await
    })
    .await
}

#[tokio::test]
async fn a_narrow_window_needs_no_sideways_scrolling() -> Result<(), Failure> {
    browse(async |page| {
        page.narrow(400).await?;
        fits(page).await?;
        page.click("try-sample").await?;
        page.expect("[data-testid=verdict]", "").await?;
        page.script("document.querySelectorAll('details').forEach(e => e.open = true)", vec![]).await?;
        fits(page).await
    })
    .await
}

#[tokio::test]
async fn light_and_dark_follow_the_system_and_the_switch() -> Result<(), Failure> {
    browse(async |page| {
        page.prefer_colours("light").await?;
        let light = background(page).await?;
        page.prefer_colours("dark").await?;
        let dark = background(page).await?;
        assert_ne!(light, dark);
        let switched = format!("return {BACKGROUND} === arguments[0]");
        page.click("theme").await?;
        page.expect_script(&switched, &[light]).await?;
        page.click("theme").await?;
        page.expect_script(&switched, &[dark]).await
    })
    .await
}

#[tokio::test]
async fn a_disk_of_100_gb_is_repaired_without_memory() -> Result<(), Failure> {
    browse(async |page| {
        let disk = page.folder().join("huge.vhd");
        huge::write(&disk)?;
        // What reads and repairs any disk takes its memory once, for its program; beyond that a larger disk takes none.
        page.click("try-sample").await?;
        page.expect("[data-testid=verdict][data-verdict=repairable]", "").await?;
        page.click("check-fixed").await?;
        page.expect(FIXED_IS_SOUND, "").await?;
        let before = page.memory()?;
        page.choose(&disk).await?;
        page.expect_verdict("huge.vhd", "repairable").await?;
        page.click("check-fixed").await?;
        page.expect(FIXED_IS_SOUND, "").await?;
        let grown = page.memory()?.saturating_sub(before);
        println!("100 GB: the browser's memory grew by {} KiB", grown / 1024);
        assert!(grown < 64 << 20, "the browser's memory grew by {grown} bytes");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn everybody_can_use_it() -> Result<(), Failure> {
    browse(async |page| {
        load_axe(page).await?;
        let (text, sound) = (page.folder().join("notes.vhd"), page.folder().join("sound.vhd"));
        fs::write(&text, "Not a disk.\n")?;
        incident::write_sound(&sound)?;

        accessible(page, "before a file").await?;
        page.click("try-sample").await?;
        page.expect("[data-testid=verdict][data-verdict=repairable]", "").await?;
        page.script("document.querySelectorAll('details').forEach(e => e.open = true)", vec![]).await?;
        accessible(page, "a broken disk").await?;
        page.choose(&sound).await?;
        page.expect_verdict("sound.vhd", "incomplete").await?;
        accessible(page, "a sound disk").await?;
        page.choose(&text).await?;
        page.expect_verdict("notes.vhd", "not-a-vhd").await?;
        accessible(page, "not a disk").await
    })
    .await
}

const FIXED_IS_SOUND: &str = "[data-testid=fixed-verdict][data-verdict=sound]";

/// How the page begins to explain that the browser no longer gives a file's bytes.
const CHANGED: &str = "The file was changed, moved or removed";

/// Opens the incident's disk under this name, and gives its path.
async fn choose_incident(page: &Page, name: &str) -> Result<PathBuf, Failure> {
    let disk = page.folder().join(name);
    incident::write(&disk)?;
    page.choose(&disk).await?;
    page.expect_verdict(name, "repairable").await?;
    Ok(disk)
}

async fn still_works(page: &Page) -> Result<(), Failure> {
    let sound = page.folder().join("sound.vhd");
    incident::write_sound(&sound)?;
    page.choose(&sound).await?;
    page.expect_verdict("sound.vhd", "incomplete").await
}

async fn fits(page: &Page) -> Result<(), Failure> {
    let script = "const root = document.documentElement; return [root.scrollWidth, root.clientWidth, innerWidth]";
    let (content, room, window): (u32, u32, u32) = serde_json::from_value(page.script(script, vec![]).await?)?;
    assert_eq!(window, 400);
    assert!(content <= room, "{content} px of content in {room} px");
    Ok(())
}

const BACKGROUND: &str = "getComputedStyle(document.documentElement).backgroundColor";

async fn background(page: &Page) -> Result<Value, Failure> {
    page.script(&format!("return {BACKGROUND}"), vec![]).await
}

/// Loads axe, for [`accessible`].
async fn load_axe(page: &Page) -> Result<(), Failure> {
    let axe = fs::read_to_string(from_xtask("VHD_ANALYSER_AXE")?)?;
    page.script(&axe, vec![]).await?;
    Ok(())
}

/// Lets axe look at the page in both colour schemes.
async fn accessible(page: &Page, state: &str) -> Result<(), Failure> {
    let script = "
        const done = arguments[0];
        axe.run().then(result => done(result.violations
            .filter(violation => ['serious', 'critical'].includes(violation.impact))
            .map(violation => [violation.id, violation.help, violation.nodes.map(node => node.html)])))";
    for colours in ["light", "dark"] {
        page.prefer_colours(colours).await?;
        let violations = page.script_with_callback(script, vec![]).await?;
        assert_eq!(violations, json!([]), "{state}, {colours}");
    }
    Ok(())
}
