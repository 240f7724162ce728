//! Files that the page writes itself. The browser's own dialogs cannot be answered by a test: what they would give, a
//! handle of a real file, comes from the browser's private file system.

use std::fs;

use serde_json::{Value, json};
use vhd_analyser_tests::bytes::sha256_of;
use vhd_analyser_tests::corpus::cases;
use vhd_analyser_tests::huge;

use crate::browser::{Browser, Failure, Page, Place, browse, visit};

/// A disk with a byte too few at its end, and one with a block in the wrong place.
const CASES: [&str; 3] = ["tap-bat-overlap", "tap-trailing-zeros", "qemu-short-footer"];

#[tokio::test]
async fn a_disk_is_repaired_in_place_and_can_go_back() -> Result<(), Failure> {
    browse(async |page| {
        for name in CASES {
            let image = cases()?[name].image()?;
            drop_disk(page, &image).await?;
            page.click("repair-in-place").await?;
            page.click("save-undo").await?;
            page.click("start-in-place").await?;
            page.expect("[data-testid=notice] [data-notice=repaired-in-place]", "disk.vhd.undo").await?;
            page.expect_verdict("disk.vhd", "sound").await?;
            assert_eq!(undone(&read(page, "disk.vhd").await?, &read(page, "disk.vhd.undo").await?), image, "{name}");
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_disk_that_was_changed_is_not_repaired() -> Result<(), Failure> {
    browse(async |page| {
        let image = cases()?["tap-bat-overlap"].image()?;
        drop_disk(page, &image).await?;
        page.click("repair-in-place").await?;
        page.click("save-undo").await?;
        let changed: Vec<u8> =
            image.iter().enumerate().map(|(at, byte)| if at == 5000 { !byte } else { *byte }).collect();
        write(page, "disk.vhd", &changed).await?;
        page.click("start-in-place").await?;
        page.expect("[data-testid=output] [data-output=failed]", "").await?;
        assert!(read(page, "disk.vhd").await? == changed, "the disk is untouched");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_disk_that_was_chosen_is_chosen_once_more() -> Result<(), Failure> {
    browse(async |page| {
        let image = cases()?["tap-bat-overlap"].image()?;
        with_handles(page, &image).await?;
        // As the input gives it: a file, and no way to write to it.
        page.script("chooseDisk()", vec![]).await?;
        page.expect_verdict("disk.vhd", "repairable").await?;
        page.click("repair-in-place").await?;
        // Nothing is to be saved before the disk was chosen.
        page.expect("[data-testid=save-undo][disabled]", "").await?;
        page.click("choose-in-place").await?;
        page.click("save-undo").await?;
        page.click("start-in-place").await?;
        page.expect_verdict("disk.vhd", "sound").await
    })
    .await
}

/// What is said of the others is said anew when one of them was repaired.
#[tokio::test]
async fn a_disk_of_a_chain_is_repaired_in_place() -> Result<(), Failure> {
    browse(async |page| {
        let case = &cases()?["chain-child-footer"];
        with_handles(page, &case.file("child.vhd")?).await?;
        page.script("chooseDisk()", vec![]).await?;
        page.expect_verdict("disk.vhd", "repairable").await?;
        let parent = page.folder().join("parent.vhd");
        fs::write(&parent, case.file("parent.vhd")?)?;
        page.add(&[parent]).await?;
        page.expect("[data-testid=coalesce][data-runs=false][data-runs-repaired=true]", "").await?;
        for step in ["repair-in-place", "choose-in-place", "save-undo", "start-in-place"] {
            page.click(step).await?;
        }
        page.expect(
            "[data-testid=overview][data-disks='2'][data-damaged='0'][data-broken='0'][data-incomplete='0']",
            "",
        )
        .await?;
        page.expect("[data-testid=notice] [data-notice=repaired-in-place]", "disk.vhd.undo").await?;
        page.expect("[data-testid=disk][aria-current] [data-testid=coalesce][data-runs=true]", "").await
    })
    .await
}

#[tokio::test]
async fn the_fixed_copy_is_saved_where_it_is_wanted() -> Result<(), Failure> {
    browse(async |page| {
        let image = cases()?["tap-bat-overlap"].image()?;
        drop_disk(page, &image).await?;
        page.click("save-fixed").await?;
        page.expect("[data-testid=output]", "disk.fixed.vhd").await?;
        page.click("download-fixed").await?;
        let downloaded = fs::read(page.downloaded("disk.fixed.vhd").await?)?;
        assert_eq!(sha256_of(&read(page, "disk.fixed.vhd").await?), sha256_of(&downloaded));
        Ok(())
    })
    .await
}

#[tokio::test]
async fn saving_can_be_stopped() -> Result<(), Failure> {
    browse(async |page| {
        with_handles(page, &[]).await?;
        let disk = page.folder().join("huge.vhd");
        huge::write(&disk)?;
        page.choose(&disk).await?;
        page.expect_verdict("huge.vhd", "repairable").await?;
        page.click("save-fixed").await?;
        page.expect("[data-testid=progress] + p", "left").await?;
        page.click("cancel-output").await?;
        page.expect_script("return document.querySelector('[data-testid=cancel-output]') === null", &[]).await?;
        page.expect("[data-testid=save-fixed]:not([disabled])", "").await?;
        let length = "const [done] = arguments;
            navigator.storage.getDirectory().then(folder => folder.getFileHandle('huge.fixed.vhd'))
                .then(handle => handle.getFile()).then(file => done(file.size))";
        assert_eq!(page.script_with_callback(length, vec![]).await?, 0, "nothing was written");
        Ok(())
    })
    .await
}

#[tokio::test]
async fn a_disk_is_opened_from_the_file_manager() -> Result<(), Failure> {
    browse(async |page| {
        with_handles(page, &cases()?["tap-bat-overlap"].image()?).await?;
        // What the browser does for an installed page, which a test cannot install.
        page.before_the_page(
            "Object.defineProperty(window, 'launchQueue', { value: {
            setConsumer(consumer) { window.launch = consumer; } } })",
        )
        .await?;
        page.load().await?;
        let launch = "navigator.storage.getDirectory().then(folder => folder.getFileHandle('disk.vhd'))
            .then(handle => window.launch({ files: [handle] }))";
        page.script(launch, vec![]).await?;
        page.expect_verdict("disk.vhd", "repairable").await?;
        page.click("repair-in-place").await?;
        page.expect("[data-testid=save-undo]:not([disabled])", "").await
    })
    .await
}

#[tokio::test]
async fn where_the_browser_cannot_write_there_is_no_dead_button() -> Result<(), Failure> {
    visit(Browser::Firefox, Place::Server, async |page| {
        page.click("try-sample").await?;
        page.find("download-fixed").await?;
        let buttons =
            "return document.querySelectorAll('[data-testid=repair-in-place], [data-testid=save-fixed]').length";
        assert_eq!(page.script(buttons, vec![]).await?, 0);
        Ok(())
    })
    .await
}

/// Many disks lost their footers: their copies go into a folder in one go. Nothing that is there is replaced, and one that
/// cannot be written does not keep the others from it.
#[tokio::test]
async fn all_repaired_copies_are_saved_into_a_folder() -> Result<(), Failure> {
    browse(async |page| {
        page.load().await?;
        let picker = "
            const [done] = arguments;
            navigator.storage.getDirectory().then(folder => {
                window.showDirectoryPicker = async () => folder;
                const { createWritable } = FileSystemFileHandle.prototype;
                FileSystemFileHandle.prototype.createWritable = function (...all) {
                    const refused = new DOMException('no room', 'QuotaExceededError');
                    return this.name === 'b.fixed.vhd' ? Promise.reject(refused) : createWritable.apply(this, all);
                };
                done();
            });";
        page.script_with_callback(picker, vec![]).await?;
        let sound = cases()?["sound-tap"].image()?;
        let lost = [&sound[..sound.len() - 512], &[0; 512]].concat();
        let names = ["a.vhd", "b.vhd", "c.vhd", "d.vhd", "sound.vhd"];
        for name in names {
            fs::write(page.folder().join(name), if name == "sound.vhd" { &sound } else { &lost })?;
        }
        write(page, "c.fixed.vhd", b"somebody's").await?;
        page.choose_all(&names.map(|name| page.folder().join(name))).await?;
        page.click("save-all").await?;
        page.expect("[data-testid=output] [data-output=done]", "“c.vhd”").await?;
        page.expect("[data-testid=output] [data-output=done]", "“b.vhd”").await?;
        let there = "
            const [done] = arguments;
            navigator.storage.getDirectory()
                .then(folder => Array.fromAsync(folder.keys()))
                .then(names => done(names.sort().join()));";
        let there = page.script_with_callback(there, vec![]).await?;
        assert_eq!(there, "a.fixed.vhd,c.fixed.vhd,d.fixed.vhd", "nothing is left of what could not be written");
        for name in ["a.fixed.vhd", "d.fixed.vhd"] {
            assert!(read(page, name).await? == sound, "{name}");
        }
        assert!(read(page, "c.fixed.vhd").await? == b"somebody's", "what is there stays");
        // What is shown is what was shown before.
        page.expect("[data-testid=overview][data-disks='5'][data-damaged='4']", "").await
    })
    .await
}

/// Drops a disk that the page may write to.
async fn drop_disk(page: &Page, image: &[u8]) -> Result<(), Failure> {
    with_handles(page, image).await?;
    page.script("dropDisk()", vec![]).await?;
    page.expect_verdict("disk.vhd", "repairable").await
}

/// Puts a disk into the browser's own file system, from where the dialogs and drops then take it.
async fn with_handles(page: &Page, image: &[u8]) -> Result<(), Failure> {
    page.load().await?;
    let script = "
        const [done] = arguments;
        navigator.storage.getDirectory().then(folder => {
            window.showSaveFilePicker = ({ suggestedName }) => folder.getFileHandle(suggestedName, { create: true });
            window.showOpenFilePicker = async () => [await folder.getFileHandle('disk.vhd')];
            const pass = async (handle, take) => {
                const transfer = new DataTransfer();
                transfer.items.add(await handle.getFile());
                take(transfer);
            };
            window.dropDisk = async () => {
                const handle = await folder.getFileHandle('disk.vhd');
                DataTransferItem.prototype.getAsFileSystemHandle = async () => handle;
                await pass(handle, dataTransfer => document.body.dispatchEvent(
                    new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true })));
            };
            window.chooseDisk = async () => pass(await folder.getFileHandle('disk.vhd'), transfer => {
                const input = document.querySelector('[data-testid=file-input]');
                input.files = transfer.files;
                input.dispatchEvent(new Event('change', { bubbles: true }));
            });
            done();
        });";
    page.script_with_callback(script, vec![]).await?;
    write(page, "disk.vhd", image).await
}

async fn write(page: &Page, name: &str, bytes: &[u8]) -> Result<(), Failure> {
    let file = page.folder().join("written");
    fs::write(&file, bytes)?;
    page.take(&file).await?;
    let script = "
        const [name, done] = arguments;
        navigator.storage.getDirectory()
            .then(folder => folder.getFileHandle(name, { create: true }))
            .then(handle => handle.createWritable())
            .then(async writable => { await writable.write(window.takenFile); await writable.close(); })
            .then(() => done('written'), error => done(String(error)))";
    assert_eq!(page.script_with_callback(script, vec![json!(name)]).await?, "written");
    Ok(())
}

/// Reads a file of the browser's own file system, by way of a download.
async fn read(page: &Page, name: &str) -> Result<Vec<u8>, Failure> {
    let script = "
        const [name, done] = arguments;
        navigator.storage.getDirectory()
            .then(folder => folder.getFileHandle(name))
            .then(handle => handle.getFile())
            .then(file => {
                const link = document.createElement('a');
                link.href = URL.createObjectURL(file);
                link.download = `read-${performance.now()}-${name}`;
                link.click();
                done(link.download);
            }, error => done(String(error)))";
    let download: Value = page.script_with_callback(script, vec![json!(name)]).await?;
    Ok(fs::read(page.downloaded(download.as_str().unwrap_or_default()).await?)?)
}

/// The disk with the bytes of its undo file put back, by the words of the undo file's first line.
fn undone(disk: &[u8], undo: &[u8]) -> Vec<u8> {
    let end = undo.iter().position(|byte| *byte == b'\n').unwrap_or_default();
    let (head, mut bytes) = (&undo[..end], &undo[end + 1..]);
    let head: Value = serde_json::from_slice(head).unwrap_or_default();
    assert_eq!(head["format"], "vhd-analyser undo 1");
    let number = |value: &Value| value.as_u64().unwrap_or_default() as usize;
    let mut disk = disk.to_vec();
    disk.resize(number(&head["old_length"]).max(disk.len()), 0);
    for range in head["ranges"].as_array().into_iter().flatten() {
        let (offset, length) = (number(&range["offset"]), number(&range["length"]));
        let (kept, rest) = bytes.split_at(length);
        disk[offset..offset + length].copy_from_slice(kept);
        bytes = rest;
    }
    disk.truncate(number(&head["old_length"]));
    disk
}
