//! The sentences: what the disk is, what the answer means, what to do next and what to beware of.

use core::fmt;

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use crate::analysis::Analysis;
use crate::check::{Circumstances, check};
use crate::finding::{Finding, Severity};
use crate::image::Image;
use crate::layout::creator::Creator;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::time::TimeStamp;
use crate::repair::{Cut, Plan};
use crate::verdict::Verdict;

/// What is said of a file as a whole.
pub(super) struct Words {
    pub description: String,
    pub headline: String,
    pub explanation: Vec<String>,
    pub cautions: Vec<String>,
    pub scope: Vec<String>,
}

impl Words {
    pub(super) fn of(analysis: &Analysis) -> Self {
        let verdict = analysis.verdict();
        Self {
            description: match analysis.foreign {
                Some(_) => String::new(),
                None => description(&analysis.image),
            },
            headline: headline(analysis, verdict),
            explanation: explanation(analysis, verdict),
            cautions: cautions(analysis),
            scope: match verdict {
                Verdict::NotAVhd => Vec::new(),
                _ => scope(analysis),
            },
        }
    }
}

/// A size in the largest binary unit that leaves a number to read: "10 GiB", "200.3 MiB".
pub struct Size(
    /// In bytes.
    pub u64,
);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [&str; 5] = ["bytes", "KiB", "MiB", "GiB", "TiB"];
        let unit = (self.0.max(1).ilog2() / 10).min(4);
        let scale = 1u64 << (10 * unit);
        let tenths = (u128::from(self.0 % scale) * 10 / u128::from(scale)) as u64;
        let name = UNITS.get(unit as usize).copied().unwrap_or("bytes");
        match tenths {
            0 => write!(f, "{} {name}", self.0 / scale),
            _ => write!(f, "{}.{tenths} {name}", self.0 / scale),
        }
    }
}

fn description(image: &Image) -> String {
    let Some(footer) = image.footer() else {
        return "VHD without a footer".into();
    };
    let kind = match image.kind() {
        Some(kind) => kind.to_string(),
        None => "VHD of unknown type".into(),
    };
    let size = Size(footer.current_size.get());
    format!("{size} {kind} · {}", Creator(footer))
}

fn headline(analysis: &Analysis, verdict: Verdict) -> String {
    match verdict {
        Verdict::Sound if analysis.findings.iter().any(|finding| finding.severity() == Severity::Warning) => {
            "Sound, with something worth knowing".into()
        }
        Verdict::Sound => "Sound".into(),
        Verdict::Repairable => "Damaged, and can be repaired without losing data".into(),
        Verdict::Salvageable => "Damaged, and can be repaired at a price".into(),
        Verdict::Unrepairable => "Damaged, and no repair is known that mends it all".into(),
        Verdict::NotAVhd => match analysis.foreign {
            Some(foreign) => format!("Not a VHD: this is {foreign}"),
            None => "Not a VHD".into(),
        },
    }
}

fn explanation(analysis: &Analysis, verdict: Verdict) -> Vec<String> {
    if let Some(foreign) = analysis.foreign {
        return vec![foreign.advice().into()];
    }
    let mut paragraphs = Vec::new();
    match story(analysis) {
        Some(story) => paragraphs.push(story),
        None => paragraphs.extend(analysis.findings.first().map(worst)),
    }
    let errors = analysis.findings.iter().filter(|finding| finding.severity() == Severity::Error).count();
    if errors > 1 {
        paragraphs.push(format!("{errors} errors were found in all; each is explained below."));
    }
    paragraphs.push(
        match verdict {
            Verdict::Sound => "Every structure that tells tools where the data is was checked. There is nothing to do.",
            Verdict::Repairable => {
                "Download the fixed copy, or look at the changes below first. Your file itself is not touched. The \
                 repair was tried out on it in memory, and the result checked: nothing is wrong with it any more."
            }
            Verdict::Salvageable => {
                "Read what the repair assumes or loses before you use it. Your file itself is not touched."
            }
            _ => {
                "Keep the file as it is, and keep other tools from writing to it: vhd-util’s repair cuts off or fills \
                 with zeros what it does not understand."
            }
        }
        .to_owned(),
    );
    paragraphs
}

/// The faults that people come with most often, told as what happened.
fn story(analysis: &Analysis) -> Option<String> {
    let image = &analysis.image;
    let has = |id: &str| analysis.findings.iter().any(|finding| finding.id() == id);
    let backup_is_intact =
        image.kind().is_some_and(DiskType::is_sparse) && image.backup.value().is_some_and(Footer::is_intact);
    if has("footer.primary.poisoned") || has("footer.backup.poisoned") {
        return Some(
            "vhd-util was changing the size of this disk and was cut off: its footers carry the mark “v_poison”. The \
             journal that it kept, a file next to the disk, holds what is needed to go back (vhd-util revert)."
                .into(),
        );
    }
    let lost = image.bat.value().map_or(0, |bat| bat.outside_file.count);
    if lost > 0 && is_primary_lost(analysis) {
        return Some(format!(
            "The end of the file is missing: the footer that belongs there, and {} that the block allocation table \
             (BAT) names. Look for a complete copy first; vhd-util’s repair would fill what is gone with zeros and \
             call the disk valid.",
            match lost {
                1 => "a block".to_owned(),
                many => format!("{many} blocks"),
            }
        ));
    }
    if has("file.trailing-bytes") && image.tail.footer.is_some() {
        return Some(format!(
            "The disk is whole, but the file goes on behind its end: {} follow the footer. Hypervisors look for the \
             footer in the last 512 bytes, do not find it there and refuse the disk (“primary footer invalid: \
             invalid cookie”).",
            Size(image.tail.length)
        ));
    }
    if is_primary_lost(analysis) && backup_is_intact {
        return Some(
            "The footer at the end of the file is missing; its copy at the start is sound. Hypervisors look at the \
             end and refuse the disk (“primary footer invalid: invalid cookie”)."
                .into(),
        );
    }
    if has("footer.backup.cookie") && image.closing_footer().is_some() {
        return Some(
            "The copy of the footer at the start of the file is missing; the footer at the end is sound. XenServer and \
             XCP-ng refuse the disk (“backup footer invalid: invalid cookie”); QEMU no longer sees that it is \
             dynamic."
                .into(),
        );
    }
    None
}

fn worst(finding: &Finding) -> String {
    let rule = finding.fault.rule();
    match rule.vhd_util {
        Some(words) => format!("{}. {} (“{words}”)", rule.title, rule.meaning),
        None => format!("{}. {}", rule.title, rule.meaning),
    }
}

/// Whether nothing that is a footer closes the file.
fn is_primary_lost(analysis: &Analysis) -> bool {
    analysis.findings.iter().any(|finding| matches!(finding.id(), "footer.primary.cookie" | "footer.primary.missing"))
}

fn cautions(analysis: &Analysis) -> Vec<String> {
    let mut cautions = Vec::new();
    if is_primary_lost(analysis) {
        cautions.push(
            "While a virtual machine is using the disk this is normal: tapdisk writes new blocks over the footer and \
             puts it back when the disk is closed. Shut the machine down or detach the disk first, and look again; \
             a repair of a disk in use destroys data."
                .into(),
        );
    }
    if analysis.plan().is_some() && analysis.image.kind() == Some(DiskType::Differencing) {
        cautions.push(PUT_BACK.into());
    }
    if may_hold_lost_block(analysis) {
        cautions.push(
            "The file holds bytes that may be a lost block. Nothing here cuts them off; vhd-util’s repair does.".into(),
        );
    }
    cautions
}

/// Whether bytes are there, and will be after the repair, that may be a lost block: the repair may be to link it.
fn may_hold_lost_block(analysis: &Analysis) -> bool {
    let is_lost = |findings: &[Finding]| {
        findings.iter().any(|finding| matches!(finding.id(), "file.unreferenced" | "block.orphan"))
    };
    // Of several ways, not all need do it. What the clock says does not matter here.
    let after = analysis.repaired.as_ref().filter(|_| analysis.repairs.len() == 1);
    let stays = |image| is_lost(&check(image, None, &Circumstances { now: TimeStamp(u32::MAX) }));
    is_lost(&analysis.findings) && after.is_none_or(stays)
}

/// The answer about a disk without a fault of its own in a chain that has one.
pub const CHAIN_IS_NOT_SOUND: &str = "The disk itself is sound, but its chain is not";

/// Said of a differencing disk. Whoever has looked at its parent takes it back.
pub const BY_ITSELF: &str = "The parent was not looked at: the disk is judged by itself.";

/// To beware of with a repaired copy of a differencing disk. Whoever repairs it where it is takes it back.
pub const PUT_BACK: &str = "This is a differencing disk: on its own it holds only what was changed since its parent. Put \
                            the fixed copy where the original was, under its name, so that the chain stays whole.";

fn scope(analysis: &Analysis) -> Vec<String> {
    let image = &analysis.image;
    if image.kind() == Some(DiskType::Fixed) {
        return vec![
            "Checked: the footer, and that the file is as long as the disk.".into(),
            "Not checked: the data, which on a fixed disk has no structure to be held against.".into(),
        ];
    }
    let mut checked: String = "Checked: both footers and that they agree; the dynamic header; that every block of the \
                               BAT lies between metadata and footer and no two share a byte; what no BAT entry points at"
        .into();
    if image.batmap.offset().is_some() {
        checked.push_str("; the batmap, and that it agrees with the BAT");
    }
    if image.kind() == Some(DiskType::Differencing) {
        checked.push_str("; the parent’s name in the header and the locators");
    }
    checked.push('.');
    let mut scope = vec![checked];
    match &analysis.deep {
        None => scope.push("Not checked: the blocks’ sector bitmaps and data. The deep check reads them all.".into()),
        Some(deep) => scope.push(format!(
            "Read: {} blocks with their bitmaps. Of {} sectors, the bitmaps call {} written, and {} hold data.",
            deep.blocks, deep.sectors, deep.sectors_set, deep.sectors_with_data
        )),
    }
    if image.unreferenced.unfinished {
        scope.push("Not looked at: all of the room between the blocks, of which there is much.".into());
    }
    if image.bat.value().is_some_and(|bat| bat.truncated) {
        scope.push("Not checked: overlaps of more than four million blocks.".into());
    }
    if image.kind() == Some(DiskType::Differencing) {
        scope.push(BY_ITSELF.into());
    }
    scope
}

/// What a plan does, in a few words.
pub(super) fn title(plan: &Plan) -> String {
    plan.steps.join(", then: ")
}

/// What a plan cuts off, in a sentence.
pub(super) fn cut(cut: &Cut) -> String {
    let what = if cut.zeros { "zeros" } else { "bytes that no structure refers to" };
    format!("The last {} of the file ({} bytes), {what}, are cut off.", Size(cut.length), cut.length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_at_a_glance() {
        assert_eq!(Size(0).to_string(), "0 bytes");
        assert_eq!(Size(512).to_string(), "512 bytes");
        assert_eq!(Size(1536).to_string(), "1.5 KiB");
        assert_eq!(Size(10 << 30).to_string(), "10 GiB");
        assert_eq!(Size(2040 << 30).to_string(), "1.9 TiB");
        assert_eq!(Size(u64::MAX).to_string(), "16777215.9 TiB");
    }
}
