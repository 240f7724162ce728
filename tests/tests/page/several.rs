//! Several files, folders and logs at once.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::slice;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use vhd_analyser_core::convert::{ChainSource, Layer};
use vhd_analyser_core::repair::LinkRefusal;
use vhd_analyser_core::report::NotChecked;
use vhd_analyser_core::source::{Read, Source};
use vhd_analyser_logs::patterns;
use vhd_analyser_tests::analysed::analysed;
use vhd_analyser_tests::build::{BAT_AT, HEADER_AT, SECTOR};
use vhd_analyser_tests::bytes::{put, seal};
use vhd_analyser_tests::chain::{Linked, file_name, rename};
use vhd_analyser_tests::chain_verdicts::chains;
use vhd_analyser_tests::corpus::cases;
use vhd_analyser_tests::{incident, schema};

use crate::browser::{Browser, Failure, Page, Place, browse, visit};
use crate::{accessible, fits, load_axe, remedy};

const NOVA: &str = include_str!("../../images/incident/nova-compute.log");
const SM: &str = include_str!("../../images/incident/SMlog");
/// What vhd-util prints names the disk; the two logs do not.
const CHECK: &str = include_str!("../../images/incident/check-output.txt");

/// What a kind of trouble in a log is called.
fn title(id: &str) -> Result<String, Failure> {
    let pattern = patterns::all().find(|pattern| pattern.id == id);
    pattern.map(|pattern| pattern.title.to_owned()).ok_or_else(|| Failure::Corpus(format!("no pattern {id}")))
}

/// A disk that is selected is not read again: the worker that read all of them still knows it.
#[tokio::test]
async fn a_selected_disk_is_not_analysed_again() -> Result<(), Failure> {
    browse(async |page| {
        let count = "window.workers = 0;
            window.Worker = class extends Worker { constructor(...all) { super(...all); window.workers += 1; } };";
        page.before_the_page(count).await?;
        page.load().await?;
        let files = [0, 1].map(|number| page.folder().join(file_name(number)));
        fs::write(&files[0], Linked { hidden: true, allocated: vec![0], ..Linked::new(0, None) }.build())?;
        fs::write(&files[1], Linked::new(1, Some(0)).build())?;
        page.choose_all(&files).await?;
        let row = |number| format!("[data-testid=disk][data-file='{}']", file_name(number));
        for number in [0, 1, 0] {
            show(page, &row(number)).await?;
            page.expect_verdict(&file_name(number), "sound").await?;
            // What it is asked about the disk it answers about this one, in all forms.
            page.expect("[data-testid=file-name]", &file_name(number)).await?;
            page.click("report-json").await?;
            page.expect("[data-testid=report-text]", &format!("\"file\": \"{}\"", file_name(number))).await?;
            page.click("report-txt").await?;
            page.expect("[data-testid=report-text]", "VHD Footer Summary:").await?;
        }
        assert_eq!(page.script("return window.workers", vec![]).await?, 1, "workers were started");
        // What is asked of the file itself takes another.
        page.click("deep-check").await?;
        page.expect_script("return !document.querySelector('[data-testid=deep-check]')", &[]).await?;
        assert_eq!(page.script("return window.workers", vec![]).await?, 2, "workers were started");
        Ok(())
    })
    .await
}

/// The two logs of the incident with its disk and a parent: from the log to the disk, to the repair, to the coalesce.
#[tokio::test]
async fn the_incident_is_followed_from_its_logs_to_the_coalesce() -> Result<(), Failure> {
    browse(async |page| {
        let files = incident_files(page)?;
        page.choose_all(&files).await?;
        page.expect("[data-testid=overview][data-disks='2'][data-damaged='1'][data-troubles='2'][data-logs='2']", "").await?;
        let timeout = "[data-testid=log-finding][data-id='nova.coalesce-timeout'][data-severity=error]";
        page.expect(timeout, "20 attempts").await?;
        page.expect(timeout, "8c8a0f6e-7108-4202-bbd6-9e3dffda4688").await?;
        let failed = "[data-testid=log-finding][data-id='smgc.set-size'][data-severity=error][open]";
        page.expect(failed, &title("smgc.set-size")?).await?;
        page.expect(&format!("{failed} [data-testid=log-disk]"), incident::NAME).await?;
        // Its commands have the names that the log lacks and the files have.
        let folder = "/var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46";
        page.expect(&format!("{failed} .command"), &format!("vhd-util check -n {folder}/{}", incident::NAME)).await?;
        page.expect(&format!("{failed} .command"), &format!("vhd-util check -n {folder}/{}", incident::PARENT)).await?;

        // The damaged disk is chosen by itself, with its remedy.
        let tree = "[data-testid=chain]";
        page.expect(&format!("{tree} [data-verdict=sound][data-level='0']"), incident::PARENT).await?;
        page.expect(&format!("{tree} [data-verdict=repairable][data-level='1'][aria-current]"), incident::NAME).await?;
        page.expect_verdict(incident::NAME, "repairable").await?;
        page.expect("[data-testid=finding][data-id='footer.primary.cookie']", &remedy()?).await?;

        // It cannot run now, and can after the repair, once the parent has grown.
        let coalesce = "[data-testid=coalesce][data-runs=false][data-runs-repaired=true]";
        page.expect(coalesce, "primary footer invalid: invalid cookie").await?;
        page.expect(&format!("{coalesce}[data-grows-to='{}']", 10_u64 << 30), "3 GiB").await?;

        page.click("download-fixed").await?;
        let fixed = page.downloaded(&incident::NAME.replace(".vhd", ".fixed.vhd")).await?;
        page.add(&[page.moved(&fixed, incident::NAME)?]).await?;
        page.expect("[data-testid=overview][data-disks='2'][data-damaged='0'][data-broken='0'][data-incomplete='0'][data-troubles='2'][data-logs='2']", "").await?;
        page.expect(&format!("[data-testid=coalesce][data-runs=true][data-grows-to='{}']", 10_u64 << 30), "3 GiB").await
    })
    .await
}

/// A log that names the disk leads to it, and the disk's other name in a log of the garbage collector, too.
#[tokio::test]
async fn a_log_leads_to_the_disk_that_it_names() -> Result<(), Failure> {
    browse(async |page| {
        let files = incident_files(page)?;
        let check = page.folder().join("check.log");
        fs::write(&check, CHECK)?;
        page.choose_all(&[files[0].clone(), files[1].clone(), check]).await?;
        let disk = format!("[data-testid=log-disk][data-file='{}']", incident::NAME);
        page.expect(&disk, incident::NAME).await?;
        // Another is shown, and the log leads back.
        page.click_first("[data-testid=disk] button").await?;
        page.expect_verdict(incident::PARENT, "sound").await?;
        page.click_first(&format!("{disk} button")).await?;
        page.expect_verdict(incident::NAME, "repairable").await
    })
    .await
}

#[tokio::test]
async fn logs_may_be_pasted_packed_or_called_anything() -> Result<(), Failure> {
    browse(async |page| {
        paste(page, SM).await?;
        page.expect("[data-testid=log-finding][data-id='smgc.set-size']", "SMGC").await?;

        let packed = page.folder().join("SMlog.1.gz");
        let mut encoder = GzEncoder::new(File::create(&packed)?, Compression::fast());
        encoder.write_all(SM.repeat(2000).as_bytes())?;
        encoder.finish()?;
        page.choose(&packed).await?;
        page.expect("[data-testid=log-finding][data-id='smgc.set-size']", "SMlog.1.gz").await?;
        page.expect("main", "64,000").await?;

        let renamed = page.folder().join("from the customer.txt");
        fs::write(&renamed, NOVA)?;
        page.choose(&renamed).await?;
        page.expect("[data-testid=log-finding][data-id='nova.coalesce-timeout']", "20 attempts").await?;

        // Saved by Windows, in UTF-16.
        let utf16 = page.folder().join("saved.txt");
        let units = std::iter::once(0xFEFF).chain(SM.encode_utf16());
        fs::write(&utf16, units.flat_map(u16::to_le_bytes).collect::<Vec<_>>())?;
        page.choose(&utf16).await?;
        page.expect("[data-testid=log-finding][data-id='smgc.set-size']", "saved.txt").await?;

        // What is only called a log is judged by what it is.
        let binary = page.folder().join("catalog.bin");
        fs::write(&binary, [1, 2, 3, 0xEE].repeat(2000))?;
        page.choose(&binary).await?;
        page.expect_verdict("catalog.bin", "not-a-vhd").await?;

        // One that is cut off says so, with what it said before.
        let mut bytes = fs::read(&packed)?;
        bytes.truncate(bytes.len() - 9);
        fs::write(&packed, bytes)?;
        page.choose(&packed).await?;
        page.expect("[data-testid=unread]", "SMlog.1.gz").await?;
        page.expect("[data-testid=log-finding][data-id='smgc.set-size']", "SMGC").await
    })
    .await
}

/// A parent that was renamed: the disk is linked to it under its new name, and is where it belongs then.
#[tokio::test]
async fn a_disk_is_linked_to_its_renamed_parent() -> Result<(), Failure> {
    browse(async |page| {
        let (parent, child) = (page.folder().join("renamed.vhd"), page.folder().join(file_name(1)));
        fs::write(&parent, Linked { hidden: true, ..Linked::new(0, None) }.build())?;
        fs::write(&child, Linked::new(1, Some(0)).build())?;
        page.choose_all(&[parent, child]).await?;
        page.expect("[data-testid=overview][data-incomplete='1']", "").await?;
        page.expect("[data-testid=disk][aria-current][data-findings~='chain.parent-elsewhere']", "“renamed.vhd”").await?;
        page.click("link-now").await?;
        page.expect("[data-testid=patch]", "").await?;
        page.click("download-fixed").await?;
        let fixed = page.downloaded("d00001.fixed.vhd").await?;
        let linked = page.moved(&fixed, &file_name(1))?;
        page.add(&[linked]).await?;
        page.expect("[data-testid=overview][data-disks='2'][data-damaged='0'][data-broken='0'][data-incomplete='0'][data-unread='0']", "").await?;

        // The hidden flag is another such change.
        page.click("plan-hidden").await?;
        page.expect("[data-testid=download-fixed]", "").await?;
        page.click("drop-change").await?;
        page.expect_script("return !document.querySelector('[data-testid=download-fixed]')", &[]).await?;
        page.click("plan-hidden").await?;
        page.click("download-fixed").await?;
        fs::remove_file(page.folder().join("moved").join(file_name(1)))?;
        let hidden = page.moved(&page.downloaded("d00001.fixed.vhd").await?, &file_name(1))?;
        page.add(&[hidden]).await?;
        page.expect("[data-testid=disk][data-level='1']", "hidden").await
    })
    .await
}

/// Of single files nobody knows what else lies beside them; a folder is all there is.
#[tokio::test]
async fn a_parent_that_was_not_chosen_is_missing_only_from_a_folder() -> Result<(), Failure> {
    browse(async |page| {
        let folder = page.folder().join("sr");
        fs::create_dir(&folder)?;
        let (child, log) = (folder.join(file_name(1)), folder.join("SMlog"));
        fs::write(&child, Linked::new(1, Some(0)).build())?;
        fs::write(&log, SM)?;
        page.choose_all(&[child, log]).await?;
        page.expect("[data-testid=disk][data-parent-state=not-given]", "d00000.vhd").await?;
        page.expect_verdict(&file_name(1), "incomplete").await?;
        page.expect("#verdict-headline", "“d00000.vhd”").await?;
        page.drop_paths(&[folder]).await?;
        page.expect("[data-testid=disk][data-findings~='chain.parent-missing']", "").await?;
        page.expect_verdict(&file_name(1), "incomplete").await?;
        page.expect("[data-tool=vhd-util][data-accepts=false]", "error resolving").await
    })
    .await
}

/// A disk is no better than its chain: what is lost or damaged further down is told of every disk above, on the page and in
/// the reports that are handed over.
#[tokio::test]
async fn a_chain_is_broken_for_all_that_is_above() -> Result<(), Failure> {
    browse(async |page| {
        let folder = page.corpus("sound-chain-3")?;
        let base = fs::read(folder.join("parent.vhd"))?;
        fs::remove_file(folder.join("parent.vhd"))?;
        let grandchild = "[data-testid=disk][data-file='sound-chain-3/grandchild.vhd']";
        page.drop_paths(slice::from_ref(&folder)).await?;
        page.expect("[data-testid=overview][data-disks='2'][data-damaged='0'][data-incomplete='2']", "").await?;
        page.expect(grandchild, "incomplete").await?;
        page.expect(&format!("{grandchild} [data-testid=coalesce][data-runs=false]"), "error resolving").await?;
        show(page, grandchild).await?;
        page.expect_verdict("grandchild.vhd", "incomplete").await?;
        page.expect("#verdict-headline", "“sound-chain-3/child.vhd”").await?;
        page.expect(
            "[data-testid=finding][data-id='chain.parent-missing']",
            "Chain, “sound-chain-3/child.vhd” on “./parent.vhd”: the parent is not there",
        )
        .await?;
        page.expect_script("return !document.querySelector('main').innerText.includes('judged by itself')", &[])
            .await?;
        let report = handed_over(page, "incomplete").await?;
        assert_eq!(report["chain"][0]["file"], "sound-chain-3/child.vhd");
        assert_eq!(report["chain"].as_array().map(Vec::len), Some(1));
        assert!(report["findings"].to_string().contains("chain.parent-missing"), "{report:#}");

        // As `check --parents` tells it.
        let cut = base.len() - 512;
        fs::write(folder.join("parent.vhd"), [&base[..cut], &[0; 512]].concat())?;
        page.drop_paths(slice::from_ref(&folder)).await?;
        page.expect("[data-testid=overview][data-disks='3'][data-damaged='1'][data-broken='2']", "").await?;
        show(page, grandchild).await?;
        page.expect_verdict("grandchild.vhd", "repairable").await?;
        let report = handed_over(page, "repairable").await?;
        let verdicts: Vec<_> = report["chain"].as_array().into_iter().flatten().map(|disk| &disk["verdict"]).collect();
        assert_eq!(verdicts, ["sound", "repairable"]);
        page.click("report-md").await?;
        page.expect("[data-testid=report-text]", "`sound-chain-3/parent.vhd`: repairable. ").await?;
        let forecast = page.text("[data-testid=disk][aria-current] [data-testid=coalesce] p").await?;
        page.expect("[data-testid=report-text]", &forecast).await?;

        // By itself nothing is known of its chain, and it is no image.
        page.choose(&folder.join("grandchild.vhd")).await?;
        page.expect_verdict("grandchild.vhd", "incomplete").await?;
        page.expect("[data-testid=verdict]", &NotChecked::Parent.to_string()).await?;
        page.expect_script("return !document.querySelector('[data-testid=flatten]')", &[]).await?;
        let report = handed_over(page, "incomplete").await?;
        assert!(report.get("chain").is_none());
        Ok(())
    })
    .await
}

/// What only a deep check finds changes what is said of the disk, of its neighbours and of all, and stays found for as
/// long as the file is there.
#[tokio::test]
async fn what_a_deep_check_finds_is_told_of_all() -> Result<(), Failure> {
    browse(async |page| {
        let (parent, child) = (page.folder().join(file_name(0)), page.folder().join(file_name(1)));
        let mut bytes = Linked { hidden: true, allocated: vec![0], ..Linked::new(0, None) }.build();
        let sector = bytes[BAT_AT..BAT_AT + 4].iter().fold(0, |sector, byte| sector << 8 | usize::from(*byte));
        put(&mut bytes, sector * SECTOR, &[0; SECTOR]);
        fs::write(&parent, bytes)?;
        fs::write(&child, Linked::new(1, Some(0)).build())?;
        page.choose_all(&[parent, child]).await?;
        page.expect("[data-testid=overview][data-disks='2'][data-damaged='0'][data-broken='0'][data-incomplete='0'][data-unread='0']", "").await?;
        page.expect("[data-testid=coalesce][data-runs=true]", "").await?;
        let row = |number| format!("[data-testid=disk][data-file='{}']", file_name(number));
        show(page, &row(0)).await?;
        page.expect_verdict(&file_name(0), "sound").await?;
        page.click("deep-check").await?;
        page.expect_verdict(&file_name(0), "salvageable").await?;
        let damaged = "[data-testid=overview][data-disks='2'][data-damaged='1'][data-broken='1']";
        page.expect(damaged, "").await?;
        page.expect(&format!("{}[data-verdict=salvageable][aria-current]", row(0)), "").await?;
        page.expect(&format!("{}[data-verdict=sound][data-chain-verdict=salvageable]", row(1)), "").await?;
        page.expect_script("return !document.querySelector('[data-testid=coalesce]')", &[]).await?;

        show(page, &row(1)).await?;
        page.expect_verdict(&file_name(1), "salvageable").await?;
        page.expect("[data-testid=finding][data-id='chain.parent-damaged']", "").await?;
        let report = handed_over(page, "salvageable").await?;
        assert_eq!(report["chain"][0]["verdict"], "salvageable");
        show(page, &row(0)).await?;
        page.expect_verdict(&file_name(0), "salvageable").await?;

        let log = page.folder().join("SMlog");
        fs::write(&log, SM)?;
        page.add(&[log]).await?;
        page.expect(&format!("{damaged}[data-troubles='1'][data-logs='1']"), "").await?;
        page.expect_verdict(&file_name(0), "salvageable").await?;
        Ok(())
    })
    .await
}

/// Presses the disk in this row, and waits until it is the one that is shown: another may have the same answer.
async fn show(page: &Page, row: &str) -> Result<(), Failure> {
    page.click_first(&format!("{row} button")).await?;
    page.expect(&format!("{row}[aria-current]"), "").await
}

/// The report as JSON, once it has this answer and the ancestors have been read.
async fn handed_over(page: &Page, verdict: &str) -> Result<Value, Failure> {
    page.click("report-json").await?;
    page.expect("[data-testid=report-text]", &format!("\"verdict\": \"{verdict}\"")).await?;
    let is_chained = "return !document.querySelector('[data-testid=chain]') \
                      || document.querySelector('[data-testid=report-text]').innerText.includes('\"chain\"')";
    page.expect_script(is_chained, &[]).await?;
    let report = serde_json::from_str(&page.text("[data-testid=report-text]").await?)
        .map_err(|error| Failure::Corpus(error.to_string()))?;
    let validator = schema::report().map_err(|error| Failure::Corpus(error.to_string()))?;
    assert_eq!(schema::objections(&validator, &report), "");
    Ok(report)
}

/// A file that cannot be read does not keep the rest of its folder from it.
#[tokio::test]
async fn what_is_lost_in_a_folder_is_told_with_the_rest() -> Result<(), Failure> {
    browse(async |page| {
        let folder = page.corpus("sound-chain-2")?;
        fs::write(folder.join("locked.vhd"), [0; 512])?;
        // Whoever runs the tests may read everything.
        let lock = "
            const get = DataTransferItem.prototype.webkitGetAsEntry;
            const refuse = (_, fail) => fail(new DOMException('', 'NotReadableError'));
            DataTransferItem.prototype.webkitGetAsEntry = function () {
                const folder = get.call(this), reader = Object.getPrototypeOf(folder.createReader());
                const read = reader.readEntries;
                reader.readEntries = function (take, fail) {
                    const lock = entry => { if (entry.name == 'locked.vhd') entry.file = refuse; };
                    read.call(this, entries => { entries.forEach(lock); take(entries); }, fail);
                };
                return folder;
            }";
        page.script(lock, vec![]).await?;
        page.drop_paths(&[folder]).await?;
        page.expect("[data-testid=overview][data-disks='2'][data-damaged='0'][data-broken='0'][data-incomplete='0'][data-unread='1']", "").await?;
        page.expect("[data-testid=unread]", "sound-chain-2/locked.vhd").await?;
        page.expect("[data-testid=unread]", "NotReadableError").await
    })
    .await
}

/// What is no longer shown does not come back with what is added.
#[tokio::test]
async fn a_disk_that_is_gone_from_the_page_stays_gone() -> Result<(), Failure> {
    browse(async |page| {
        let (disk, gone) = (page.folder().join(file_name(0)), page.folder().join("gone.vhd"));
        fs::write(&disk, Linked::new(0, None).build())?;
        fs::write(&gone, Linked::new(1, None).build())?;
        page.choose(&disk).await?;
        page.expect_verdict(&file_name(0), "sound").await?;
        page.take(&gone).await?;
        fs::remove_file(&gone)?;
        page.drop_on("main").await?;
        page.expect("[data-testid=notice] [data-notice=failed]", "“gone.vhd”").await?;
        page.find("drop-zone").await?;
        paste(page, SM).await?;
        page.expect("[data-testid=overview][data-disks='0'][data-troubles='1'][data-logs='1']", "").await?;
        page.expect_script("return !document.querySelector('[data-testid=disk]')", &[]).await
    })
    .await
}

async fn paste(page: &Page, text: &str) -> Result<(), Failure> {
    page.find("log-input").await?;
    let paste = "
        const input = document.querySelector('[data-testid=log-input]');
        input.value = arguments[0];
        input.dispatchEvent(new InputEvent('input', { bubbles: true, inputType: 'insertFromPaste' }));";
    page.script(paste, vec![json!(text)]).await?;
    Ok(())
}

/// A name that shows itself as another is marked, and what is written on the host keeps to the name that is there.
#[tokio::test]
async fn names_that_turn_the_direction_of_writing_are_marked() -> Result<(), Failure> {
    browse(async |page| {
        let case = page.corpus("tap-primary-missing")?;
        let (disk, log) = (page.folder().join("disk\u{202E}dhv.vhd"), page.folder().join("SM\u{202E}gol"));
        fs::copy(case.join("disk.vhd"), &disk)?;
        fs::write(&log, SM)?;
        page.choose_all(&[disk.clone(), log]).await?;
        page.expect("[data-testid=disk]", "disk\u{FFFD}dhv.vhd").await?;
        page.expect("[data-testid=file-name]", "disk\u{FFFD}dhv.vhd").await?;
        page.expect("[data-testid=log-finding]", "SM\u{FFFD}gol:5").await?;
        let is_turned = "return document.querySelector('main').innerText.includes('\\u202E')";
        assert_eq!(page.script(is_turned, vec![]).await?, false);
        page.choose(&disk).await?;
        // Its name is the same before it is shown by itself.
        page.expect_script("return !document.querySelector('[data-testid=overview]')", &[]).await?;
        let script = page.downloaded_by("download-script-sh", "disk\u{FFFD}dhv.vhd.repair.sh").await?;
        assert!(script.contains("name='disk\u{202E}dhv.vhd'"), "{script}");

        // So is one inside of a disk.
        let mut bytes = Linked::new(1, Some(0)).build();
        put(&mut bytes, HEADER_AT + 64 + 6, &[0x20, 0x2E]);
        seal(&mut bytes[HEADER_AT..HEADER_AT + 1024], 36);
        let folder = page.folder().join("sr");
        fs::create_dir(&folder)?;
        fs::write(folder.join(file_name(1)), bytes)?;
        page.drop_paths(&[folder]).await?;
        page.expect("[data-testid=finding]", "\u{FFFD}").await?;
        page.expect("[data-testid=structure]", "\u{FFFD}").await?;
        page.script("document.querySelectorAll('details').forEach(e => e.open = true)", vec![]).await?;
        assert_eq!(page.script(is_turned, vec![]).await?, false);
        Ok(())
    })
    .await
}

/// A raw image may be called anything: in a folder it is found by the name that the disk on it gives.
#[tokio::test]
async fn a_raw_image_is_found_in_a_folder() -> Result<(), Failure> {
    browse(async |page| {
        let folder = page.folder().join("sr");
        fs::create_dir(&folder)?;
        let mut child = Linked { allocated: vec![1], ..Linked::new(1, Some(0)) }.build();
        let header = HEADER_AT..HEADER_AT + 1024;
        child[header.clone()][40..56].fill(0);
        rename(&mut child[..8192], &file_name(0), "base00.img");
        seal(&mut child[header], 36);
        fs::write(folder.join(file_name(1)), child)?;
        page.drop_paths(slice::from_ref(&folder)).await?;
        page.expect_verdict(&file_name(1), "incomplete").await?;

        fs::write(folder.join("base00.img"), vec![7; 16 << 20])?;
        fs::write(folder.join("other.img"), [7; 512])?;
        page.drop_paths(&[folder]).await?;
        page.expect("[data-testid=overview][data-disks='2'][data-damaged='0'][data-broken='0'][data-incomplete='0'][data-unread='0']", "").await?;
        page.expect("[data-testid=overview][data-others='1']", "").await?;
        page.expect("[data-testid=disk][data-level='0'][data-verdict=not-a-vhd]", "sr/base00.img").await?;
        page.expect_verdict(&file_name(1), "sound").await?;
        page.click("flat-raw").await?;
        page.click("flatten").await?;
        page.expect("main", "16,777,216 bytes").await
    })
    .await
}

/// Another parent than the one that the disk was made on is assumed to be right only when somebody says so.
#[tokio::test]
async fn a_disk_is_linked_to_another_parent_only_with_consent() -> Result<(), Failure> {
    browse(async |page| {
        let folder = page.corpus("chain-parent-uuid")?;
        page.drop_paths(slice::from_ref(&folder)).await?;
        page.expect("[data-testid=disk][aria-current][data-findings~='chain.parent-unique-id']", "").await?;
        page.expect("[data-testid=verdict][data-verdict=unrepairable]", "").await?;
        page.expect("[data-tool=vhd-util][data-accepts=false]", "invalid parent uuid").await?;
        page.click("plan-link").await?;
        page.expect("[data-testid=loss]", "parent.vhd").await?;
        // A copy of the disk is none that it could be based on; the plan stays what it was.
        page.click("drop-change").await?;
        let twin = page.folder().join("chain-parent-uuid/twin.vhd");
        fs::copy(page.folder().join("chain-parent-uuid/child.vhd"), &twin)?;
        page.drop_paths(slice::from_ref(&folder)).await?;
        page.expect("[data-testid=overview][data-disks='3']", "").await?;
        show(page, "[data-testid=disk][data-file='chain-parent-uuid/child.vhd']").await?;
        page.select_text("link-parent", "twin").await?;
        page.click("plan-link").await?;
        page.expect("[data-testid=notice] [data-notice=not-changed]", &LinkRefusal::Itself.to_string()).await?;
        page.expect_verdict("child.vhd", "unrepairable").await?;
        page.select_text("link-parent", "parent").await?;
        page.click("plan-link").await?;
        page.expect("[data-testid=loss]", "parent.vhd").await?;
        page.expect("[data-testid=download-fixed][disabled]", "").await
    })
    .await
}

/// The journal that lies beside a disk is found by the unique id in it, whatever it is called.
#[tokio::test]
async fn a_cut_off_resize_is_taken_back_with_its_journal() -> Result<(), Failure> {
    browse(async |page| {
        let folder = page.corpus("tap-resize-cut-metadata-moved")?;
        let journal = page.folder().join("something");
        fs::rename(folder.join("disk.vhd.journal"), &journal)?;
        page.choose_all(&[folder.join("disk.vhd"), journal]).await?;
        page.expect("[data-testid=disk][data-journal=something]", "“something”").await?;
        page.click("download-fixed").await?;
        page.choose(&page.downloaded("disk.fixed.vhd").await?).await?;
        page.expect_verdict("disk.fixed.vhd", "sound").await
    })
    .await
}

/// The image of a chain holds what the chain holds: in the raw one byte for byte.
#[tokio::test]
async fn a_chain_becomes_one_image() -> Result<(), Failure> {
    browse(async |page| {
        let folder = page.corpus("sound-chain-3")?;
        let mut disks = Vec::new();
        for name in ["grandchild.vhd", "child.vhd", "parent.vhd"] {
            let bytes = fs::read(folder.join(name))?;
            let layer = Layer::of(&analysed(&bytes, name).map_err(|error| Failure::Corpus(error.to_string()))?)
                .map_err(|error| Failure::Corpus(error.to_string()))?;
            disks.push((layer, bytes));
        }
        let disks = disks.iter().map(|(layer, bytes)| (layer.clone(), bytes.as_slice())).collect();
        let chain = ChainSource::new(disks).map_err(|error| Failure::Corpus(error.to_string()))?;
        let mut expected = vec![0; chain.length() as usize];
        chain
            .read(&mut [Read { offset: 0, buffer: &mut expected }])
            .map_err(|error| Failure::Corpus(error.to_string()))?;

        page.drop_paths(&[folder]).await?;
        page.expect("[data-testid=flatten]", "").await?;
        page.click("flat-raw").await?;
        page.click("flatten").await?;
        page.click("download-flat").await?;
        let raw = page.downloaded("grandchild.flat.img").await?;
        assert!(fs::read(raw)? == expected);

        page.click("flat-dynamic").await?;
        page.click("flatten").await?;
        page.expect("main", "grandchild.flat.vhd").await?;
        page.click("download-flat").await?;
        page.choose(&page.downloaded("grandchild.flat.vhd").await?).await?;
        page.expect_verdict("grandchild.flat.vhd", "sound").await
    })
    .await
}

/// Whatever is chosen gets a sentence.
#[tokio::test]
async fn odd_choices_are_answered() -> Result<(), Failure> {
    browse(async |page| {
        let folder = page.folder().join("nothing");
        fs::create_dir(&folder)?;
        page.drop_paths(slice::from_ref(&folder)).await?;
        page.expect("[data-testid=notice] [data-notice=empty]", "“nothing”").await?;

        // One file that is no disk by its name is judged like one nevertheless.
        let image = page.folder().join("image.iso");
        fs::write(&image, [0; 4096])?;
        page.choose(&image).await?;
        page.expect_verdict("image.iso", "not-a-vhd").await?;
        page.expect_script("return !document.querySelector('[data-testid=overview]')", &[]).await?;

        let case = page.corpus("tap-resize-cut-end")?;
        page.add(&[case.join("disk.vhd.journal")]).await?;
        page.expect("[data-testid=overview][data-disks='0'][data-foreign='1']", "").await?;
        page.expect("[data-testid=lone-journal][data-disk]", "disk.vhd.journal").await?;
        page.add(&[case.join("disk.vhd")]).await?;
        page.expect("[data-testid=overview][data-disks='1'][data-damaged='1'][data-foreign='1']", "").await?;
        page.expect_script("return !document.querySelector('[data-testid=lone-journal]')", &[]).await?;

        fs::write(folder.join("setup.exe"), "MZ")?;
        fs::write(folder.join("setup.ini"), "[setup]")?;
        page.drop_paths(&[folder]).await?;
        page.expect("[data-testid=overview][data-disks='0'][data-logs='0'][data-foreign='0'][data-others='2']", "")
            .await?;
        Ok(())
    })
    .await
}

/// Names and lines of logs are text, whatever they look like; commands are copied as they are shown.
#[tokio::test]
async fn texts_of_logs_are_text_and_commands_can_be_copied() -> Result<(), Failure> {
    browse(async |page| {
        let hostile = "<img src=x onerror=document.title='hacked'>";
        let log = page.folder().join("SMlog");
        fs::write(&log, SM.replace("Invalid argument", hostile))?;
        page.choose(&log).await?;
        page.expect("[data-testid=log-finding] .log-line", hostile).await?;
        page.expect_script("return !document.querySelector('main img') && document.title != 'hacked'", &[]).await?;
        page.allow_clipboard().await?;
        page.click_first("[data-testid=commands] summary").await?;
        page.click_first("[data-testid=copy-command]").await?;
        page.expect("[data-testid=copy-command]", "Copied").await?;
        assert_eq!(page.clipboard().await?, page.text(".command code").await?);
        assert!(page.clipboard().await?.starts_with("grep SMGC"));
        Ok(())
    })
    .await
}

/// The page's verdict of a chain is that of the commands, in the tree and in the report.
#[tokio::test]
async fn a_chain_has_one_verdict() -> Result<(), Failure> {
    browse(async |page| {
        for chain in chains().map_err(|error| Failure::Corpus(error.to_string()))? {
            let folder = page.folder().join(&chain.name);
            fs::create_dir(&folder)?;
            for (name, bytes) in &chain.files {
                fs::write(folder.join(name), bytes)?;
            }
            page.drop_paths(&[folder]).await?;
            let leaf = format!("[data-testid=disk][data-file='{}/{}']", chain.name, chain.leaf);
            page.expect(&leaf, "").await?;
            page.click_first(&format!("{leaf} button")).await?;
            page.expect(&format!("{leaf}[aria-current]"), "").await?;
            page.expect_verdict(&chain.leaf, chain.verdict).await?;
            page.expect(&format!("{leaf}[data-chain-verdict={}]", chain.verdict), "").await?;
        }
        Ok(())
    })
    .await
}

/// What vhd-util was recorded to say of every chain is what the page foresees.
#[tokio::test]
async fn every_chain_of_the_corpus_is_foreseen() -> Result<(), Failure> {
    browse(async |page| {
        let cases = cases().map_err(|error| Failure::Corpus(error.to_string()))?;
        for (name, case) in cases.iter().filter(|(name, _)| name.contains("chain-")) {
            page.drop_paths(&[page.corpus(name)?]).await?;
            let disk = format!("[data-testid=disk][data-file='{name}/{}']", case.target);
            let runs = case.vhd_util.check_parents.rc == 0;
            page.expect(&format!("{disk} [data-testid=coalesce][data-runs={runs}]"), "").await?;
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_chain_of_thirty_is_shown_as_one() -> Result<(), Failure> {
    browse(async |page| {
        let folder = page.folder().join("sr");
        fs::create_dir(&folder)?;
        for number in 0..30 {
            let mut disk = Linked::new(number, number.checked_sub(1));
            (disk.hidden, disk.allocated) = (number < 29, vec![0]);
            fs::write(folder.join(file_name(number)), disk.build())?;
        }
        // From the file manager, folder and all.
        page.drop_paths(&[folder]).await?;
        page.expect(
            "[data-testid=overview][data-disks='30'][data-damaged='0'][data-broken='0'][data-incomplete='0']",
            "",
        )
        .await?;
        page.expect_script("return document.querySelectorAll('[data-testid=chain]').length == 1", &[]).await?;
        page.expect(&format!("[data-testid=disk][data-file='sr/{}']", file_name(29)), "depth 30").await?;
        page.expect("[data-testid=coalesce-chains][data-steps='29']", "“sr/d00000.vhd”").await?;
        page.narrow(400).await?;
        fits(page).await
    })
    .await
}

/// A folder of thousands is read with a bar, while the page goes on to answer; it can be stopped.
#[tokio::test]
async fn a_folder_of_2000_files_does_not_hold_the_page_up() -> Result<(), Failure> {
    browse(async |page| {
        let folder = page.folder().join("sr");
        fs::create_dir(&folder)?;
        for number in 0..1990 {
            let mut disk = Linked::new(number, (number % 10 > 0).then(|| number - 1));
            (disk.hidden, disk.block_size) = (number % 10 < 9, 512 << 10);
            fs::write(folder.join(file_name(number)), disk.build())?;
        }
        for number in 0..10 {
            fs::write(folder.join(format!("notes {number}.txt")), "Nothing.")?;
        }
        // Counts how often the page was drawn while there was a bar.
        let count = "
            window.drawn = 0;
            const draw = () => {
                if (document.querySelector('[data-testid=progress]')) window.drawn += 1;
                requestAnimationFrame(draw);
            };
            requestAnimationFrame(draw);";
        page.script(count, vec![]).await?;
        page.choose_folder(&folder).await?;
        page.expect("main", "2,000").await?;
        page.click("cancel").await?;
        page.expect("[data-testid=notice] [data-notice=cancelled]", "").await?;

        page.choose_folder(&folder).await?;
        page.expect("[data-testid=overview][data-disks='1990'][data-damaged='0'][data-broken='0'][data-incomplete='0'][data-others='10']", "").await?;
        let drawn = page.script("return window.drawn", vec![]).await?;
        assert!(drawn.as_u64() > Some(10), "drawn {drawn} times");
        page.click("show-all").await?;
        page.expect_script("return document.querySelectorAll('[data-testid=disk]').length == 1990", &[]).await
    })
    .await
}

/// A log of 1 GB is read piece by piece, and only what matters is kept.
#[tokio::test]
async fn a_log_of_1_gb_is_read_without_memory() -> Result<(), Failure> {
    browse(async |page| {
        let log = page.folder().join("SMlog");
        let mut file = BufWriter::new(File::create(&log)?);
        let mut length = 0;
        for number in 0.. {
            let line = format!(
                "Sep 14 16:{:02}:{:02} fatxs-1 SM: [{number}] lock: acquired /var/lock/sm/0995f66a-6188-ad63-4d00-117498b7fd46/sr\n",
                number / 60 % 60,
                number % 60
            );
            file.write_all(line.as_bytes())?;
            length += line.len();
            if length > 1_000_000_000 {
                break;
            }
        }
        file.write_all(SM.as_bytes())?;
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.sync_all()?;
        let before = page.memory()?;
        page.choose(&log).await?;
        page.expect("main", "Log SMlog").await?;
        let mut most = 0;
        while page.script("return !document.querySelector('[data-testid=log-finding]')", vec![]).await? == true {
            most = most.max(page.memory()?);
        }
        let grown = most.saturating_sub(before);
        println!("1 GB of log: the browser's memory grew by {} KiB", grown / 1024);
        page.expect("[data-testid=log-finding][data-id='smgc.set-size']", &title("smgc.set-size")?).await?;
        assert!(grown < 200 << 20, "the browser's memory grew by {grown} bytes");
        Ok(())
    })
    .await
}

/// In Firefox, and from the page in one file, it is the same.
#[tokio::test]
async fn several_files_are_read_elsewhere_too() -> Result<(), Failure> {
    for (browser, place) in
        [(Browser::Firefox, Place::Server), (Browser::Firefox, Place::File), (Browser::Chromium, Place::File)]
    {
        visit(browser, place, async |page| {
            let mut files = incident_files(page)?;
            let packed = page.folder().join("SMlog.1.gz");
            let mut encoder = GzEncoder::new(File::create(&packed)?, Compression::fast());
            encoder.write_all(SM.as_bytes())?;
            encoder.finish()?;
            files.push(packed);
            page.choose_all(&files).await?;
            page.expect(
                "[data-testid=overview][data-disks='2'][data-damaged='1'][data-troubles='2'][data-logs='3']",
                "",
            )
            .await?;
            page.expect("[data-testid=coalesce][data-runs=false][data-runs-repaired=true]", "10 GiB").await?;
            page.expect_verdict(incident::NAME, "repairable").await?;
            page.choose_all(&[
                page.corpus("sound-chain-2")?.join("child.vhd"),
                page.folder().join("sound-chain-2/parent.vhd"),
            ])
            .await?;
            page.click("flatten").await?;
            page.click("download-flat").await?;
            page.choose(&page.downloaded("child.flat.vhd").await?).await?;
            page.expect_verdict("child.flat.vhd", "sound").await
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn everybody_can_use_it_with_several_files() -> Result<(), Failure> {
    browse(async |page| {
        page.choose_all(&incident_files(page)?).await?;
        page.expect_verdict(incident::NAME, "repairable").await?;
        load_axe(page).await?;
        page.script("document.querySelectorAll('details').forEach(e => e.open = true)", vec![]).await?;
        accessible(page, "a chain with its logs").await?;
        page.narrow(400).await?;
        fits(page).await
    })
    .await
}

/// The disk, its parent and the two logs, in the order of their names.
fn incident_files(page: &Page) -> Result<Vec<PathBuf>, Failure> {
    let path = |name: &str| page.folder().join(name);
    incident::write(&path(incident::NAME))?;
    incident::write_parent(&path(incident::PARENT))?;
    fs::write(path("SMlog"), SM)?;
    fs::write(path("nova-compute.log"), NOVA)?;
    Ok([incident::PARENT, incident::NAME, "SMlog", "nova-compute.log"].map(path).to_vec())
}

impl Page {
    /// A folder with the files of a case of the corpus.
    fn corpus(&self, name: &str) -> Result<PathBuf, Failure> {
        let cases = cases().map_err(|error| Failure::Corpus(error.to_string()))?;
        let case = cases.get(name).ok_or_else(|| Failure::Corpus(format!("there is no {name}")))?;
        let folder = self.folder().join(name);
        fs::create_dir(&folder)?;
        for file in case.files.keys() {
            fs::write(folder.join(file), case.file(file)?)?;
        }
        Ok(folder)
    }

    /// A file moved to another folder, under another name.
    fn moved(&self, file: &Path, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.folder().join("moved");
        fs::create_dir_all(&folder)?;
        fs::rename(file, folder.join(name))?;
        Ok(folder.join(name))
    }
}
