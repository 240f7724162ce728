//! Orphaned blocks that are assigned to their numbers by hand.

use std::fs;
use std::path::Path;

use vhd_analyser_tests::build::{BAT_AT, Built, Creator, Disk, Fill, Kind, number32};
use vhd_analyser_tests::bytes::put;

use crate::browser::{Failure, Page, browse};
use crate::{accessible, fits, load_axe};

/// The blocks whose entries are lost.
const LOST: [usize; 2] = [3, 6];

/// A disk, and the same without some of its BAT entries in a file.
fn damaged(file: &Path) -> Result<Built, Failure> {
    let allocated = [0, 1, 2, 3, 4, 5, 6].map(|number| (number, Fill::Some));
    let built = Disk::small(Creator::Windows, Kind::Dynamic, &allocated).build();
    let mut bytes = built.bytes.clone();
    LOST.iter().for_each(|block| put(&mut bytes, BAT_AT + block * 4, &[0xFF; 4]));
    fs::write(file, bytes)?;
    Ok(built)
}

/// Where a block of the disk is shown, as a CSS selector.
fn row(built: &Built, block: usize) -> String {
    format!("[data-testid=orphan][data-sector='{}']", number32(&built.bytes, BAT_AT + block * 4))
}

/// Enters a number for the block in a row, and asks for the plan.
async fn enter(page: &Page, row: &str, number: &str) -> Result<(), Failure> {
    page.fill(&format!("{row} [data-testid=orphan-number]"), number).await?;
    page.click_first(&format!("{row} [data-testid=plan-orphan]")).await
}

#[tokio::test]
async fn orphaned_blocks_are_assigned_by_hand() -> Result<(), Failure> {
    browse(async |page| {
        let disk = page.folder().join("disk.vhd");
        let built = damaged(&disk)?;
        let [three, six] = LOST.map(|block| row(&built, block));
        page.choose(&disk).await?;
        page.expect_verdict("disk.vhd", "sound").await?;
        page.expect("[data-testid=finding][data-id='block.orphan']", "“Orphaned blocks”").await?;
        page.expect(&format!("{three} [data-testid=candidate][data-block='3']"), "between blocks 2 and 4").await?;
        page.expect(&format!("{six} [data-testid=candidate][data-block='6']"), "after block 5").await?;

        enter(page, &three, "3").await?;
        page.expect(&format!("{three} [data-testid=planned]"), "block 3").await?;
        page.expect("[data-testid=patch]", "").await?;
        page.expect("[data-testid=download-fixed][disabled]", "").await?;
        // Another beside it; each can be taken back.
        enter(page, &six, "7").await?;
        page.expect(&format!("{six} [data-testid=planned]"), "block 7").await?;
        page.click_first(&format!("{six} [data-testid=drop-assignment]")).await?;
        page.expect(&format!("{three} [data-testid=planned]"), "block 3").await?;
        enter(page, &six, "6").await?;
        page.expect(&format!("{six} [data-testid=planned]"), "block 6").await?;

        page.expect("[data-testid=loss]", "Block 6").await?;
        page.click("confirm-loss").await?;
        page.click("download-fixed").await?;
        let copy = fs::read(page.downloaded("disk.fixed.vhd").await?)?;
        assert!(copy == built.bytes, "the disk as it was before it lost its entries");
        page.click("check-fixed").await?;
        page.expect("[data-testid=fixed-verdict][data-verdict=sound]", "").await
    })
    .await
}

/// What cannot be a block's number is answered in a sentence, and the page goes on.
#[tokio::test]
async fn a_number_that_no_orphaned_block_can_have_is_explained() -> Result<(), Failure> {
    browse(async |page| {
        let disk = page.folder().join("disk.vhd");
        let built = damaged(&disk)?;
        let three = row(&built, 3);
        page.choose(&disk).await?;
        page.expect_verdict("disk.vhd", "sound").await?;
        for nothing in ["", "-3", "2.5", "99999999999"] {
            enter(page, &three, nothing).await?;
            page.expect(&format!("{three} [data-testid=orphan-problem]"), "whole number").await?;
        }
        for (number, sentence) in
            [("8", "no block 8"), ("2", "block 2 is in use"), ("4294967295", "no block 4294967295")]
        {
            enter(page, &three, number).await?;
            page.expect("[data-testid=notice] [data-notice=not-changed]", sentence).await?;
            page.expect_verdict("disk.vhd", "sound").await?;
        }
        page.expect_script("return !document.querySelector('[data-testid=orphan-problem]')", &[]).await?;
        enter(page, &three, "3").await?;
        page.expect(&format!("{three} [data-testid=planned]"), "block 3").await?;
        page.expect_script("return !document.querySelector('[data-testid=notice]')", &[]).await
    })
    .await
}

/// At 400 pixels every element fits the screen, and the keyboard alone assigns a block.
#[tokio::test]
async fn an_orphaned_block_is_assigned_on_a_narrow_screen_by_the_keyboard() -> Result<(), Failure> {
    browse(async |page| {
        page.narrow(400).await?;
        let disk = page.folder().join("disk.vhd");
        let built = damaged(&disk)?;
        page.choose(&disk).await?;
        page.expect("[data-testid=orphan]", "").await?;
        fits(page).await?;
        page.tab_to("orphan-number").await?;
        page.type_text("3\u{E007}").await?;
        page.expect(&format!("{} [data-testid=planned]", row(&built, 3)), "block 3").await?;
        fits(page).await?;
        load_axe(page).await?;
        accessible(page, "orphaned blocks").await
    })
    .await
}
