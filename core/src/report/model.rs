//! What leaves the core: a report that is complete in itself, without a reference to the file.
//!
//! The page and the command line show these types and know nothing of the format below them.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use super::caution::Caution;
use super::scope::Scope;
use crate::chain::Next;
use crate::compat::ParentUse;
use crate::finding::{Action, Severity, Tool};
use crate::layout::time::TimeStamp;
use crate::repair::Segment;
use crate::verdict::Verdict;

/// The version of the objects, of a report and of a scan. It changes when a name or a meaning does.
pub const VERSION: u32 = 2;

/// Everything that a person or a script is told about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Report {
    /// The file's name, as the analysis was given it.
    pub file: String,
    /// The file's length in bytes.
    pub size: u64,
    /// The answer in one word, about the disk in its place: with its parent or, where they were asked for, with all its
    /// ancestors.
    pub verdict: Verdict,
    /// The answer about the file by itself.
    pub own: Verdict,
    /// What the disk is, in a line: "10 GiB differencing · tapdisk 1.3". Empty where the file is no VHD.
    pub description: String,
    /// The answer in one sentence.
    pub headline: String,
    /// What it means for the disk, a paragraph each.
    pub explanation: Vec<String>,
    /// Whether the explanation says what the first of the findings means.
    pub explains_first: bool,
    /// What to do next.
    pub next: NextStep,
    /// What to beware of before anything is written, a paragraph each.
    pub cautions: Vec<Caution>,
    /// What was checked and, named as such, what was not.
    pub scope: Scope,
    /// The faults, worst first, in order of offset within one severity; with those of its chain.
    pub findings: Vec<FindingReport>,
    /// The disk's chain at a glance: the disk, then its ancestors as far as they were looked for and are here.
    pub chain: Vec<LinkReport>,
    /// What the last of them hangs on.
    pub chain_end: Next,
    /// What each tool says of it, and after the repair.
    pub tools: Vec<ToolReport>,
    /// The repair, if there is something to repair and a way to do it.
    pub repair: Option<RepairReport>,
    /// Other ways to repair it, which lose or assume more, or simply something else.
    pub alternatives: Vec<RepairReport>,
    /// What can be repaired safely where there is no repair of all of it.
    pub partial: Option<PartialReport>,
    /// The orphaned blocks whose number nothing proves, the first hundred in the file: each can be assigned to one by
    /// hand.
    pub orphans: Vec<OrphanReport>,
    /// The structures as they were found, field by field.
    pub structures: Vec<StructureReport>,
    /// The same with their hashes; empty where nobody read the file for them.
    pub regions: Vec<RegionReport>,
    /// How much a deep check would read, in bytes; none where there are no blocks, or they were read.
    pub deep_check: Option<u64>,
}

impl Report {
    /// All ways to repair the file, the best first.
    pub fn repairs(&self) -> impl Iterator<Item = &RepairReport> {
        self.repair.iter().chain(&self.alternatives)
    }

    /// The findings, each with what neither the explanation nor a finding before it says.
    pub fn findings_once(&self) -> impl Iterator<Item = FindingOnce<'_>> {
        let (mut messages, mut remedies) = (BTreeSet::new(), BTreeSet::new());
        if let (true, Some(first)) = (self.explains_first, self.findings.first()) {
            messages.insert(first.message.as_str());
        }
        self.findings.iter().map(move |finding| FindingOnce {
            finding,
            message: messages.insert(finding.message.as_str()).then_some(finding.message.as_str()),
            remedy: remedies.insert(finding.remedy.as_str()).then_some(finding.remedy.as_str()),
        })
    }
}

/// A finding in its list: several of one rule share their sentences, and these are said once.
#[derive(Clone, Copy, Debug)]
pub struct FindingOnce<'a> {
    /// The finding.
    pub finding: &'a FindingReport,
    /// What it means, where that is new.
    pub message: Option<&'a str>,
    /// What to do about it, where that is new.
    pub remedy: Option<&'a str>,
}

/// What to do next about a disk: the page and the command line have words for it, since each offers it in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum NextStep {
    /// Nothing, or what the explanation and the findings say.
    None,
    /// Take the repair, which loses and assumes nothing.
    Repair,
    /// Weigh what the repair loses or assumes, then take it.
    WeighRepair,
    /// Keep the file as it is, and other tools from writing to it.
    KeepFile,
}

/// One fault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FindingReport {
    /// Stable name, such as `footer.primary.cookie`.
    pub id: String,
    /// How much it weighs.
    pub severity: Severity,
    /// A few words: "Primary footer: invalid cookie".
    pub title: String,
    /// What it means, in plain sentences.
    pub message: String,
    /// What to do about it, in plain sentences.
    pub remedy: String,
    /// What can be done besides, for the command line and the page to put into words.
    pub action: Option<Action>,
    /// Where it is, in bytes from the start of the file.
    pub offset: u64,
    /// How many bytes it concerns; 0 where bytes are missing.
    pub length: u64,
    /// What was found there. May be empty.
    pub found: String,
    /// What belongs there. May be empty.
    pub expected: String,
    /// What `vhd-util check` prints of it, for those who search for the message.
    pub vhd_util: Option<String>,
    /// The tools that would stumble over it.
    pub rejected_by: Vec<Tool>,
}

/// What one tool says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ToolReport {
    /// Which tool.
    pub tool: Tool,
    /// Its name for a person.
    pub name: String,
    /// Whether it takes the disk as it is.
    pub accepts: bool,
    /// The line that it prints; empty where it prints none.
    pub says: String,
    /// The size that it gives the virtual disk, in bytes, if that is its own affair.
    pub virtual_size: Option<u64>,
    /// The size that the disk says, in bytes, where the tool takes the disk and gives it another.
    pub not_of: Option<u64>,
    /// Whether it takes the disk after the repair, if there is one.
    pub accepts_after: Option<bool>,
    /// What the answer has to do with the disk's parent.
    pub parent: ParentUse,
    /// Whether it takes the disk by itself, and refuses one of its ancestors.
    pub refuses_ancestor: bool,
}

/// A disk of a chain, in a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct LinkReport {
    /// The file.
    pub file: String,
    /// The answer about the disk with its parent's place, whatever the parent itself is like.
    pub verdict: Verdict,
    /// What keeps it from being read through its parent, in a few words each.
    pub errors: Vec<String>,
}

/// One plan of repair, proven on the file by applying it virtually and checking the result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RepairReport {
    /// A few words: "Renew the primary footer from the backup".
    pub title: String,
    /// Whether nothing of the virtual disk is lost and nothing had to be assumed.
    pub lossless: bool,
    /// What is lost, a sentence each. Empty where nothing is.
    pub loses: Vec<String>,
    /// What had to be assumed, a sentence each. Empty where nothing was.
    pub assumes: Vec<String>,
    /// What proves it, a sentence each.
    pub evidence: Vec<String>,
    /// The length of the file afterwards, in bytes.
    pub new_size: u64,
    /// What is cut from the end of the file, in a sentence, if anything is.
    pub cut: Option<String>,
    /// The changes, in the order in which they are to be made.
    pub patches: Vec<PatchReport>,
    /// The ranges of the original file, as offset and length in bytes, that the repair writes over or cuts off: what an
    /// undo file keeps.
    pub replaced: Vec<(u64, u64)>,
    /// The repaired file as pieces of the original and new bytes, in order, without gaps.
    pub segments: Vec<Segment>,
}

/// A repair that leaves errors, and neither loses nor assumes anything.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PartialReport {
    /// What it does.
    pub repair: RepairReport,
    /// How many errors it repairs.
    pub repaired: u64,
    /// How many errors there are.
    pub errors: u64,
}

/// An orphaned block whose number nothing proves.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct OrphanReport {
    /// The sector of the file at which it begins: what its BAT entry would be.
    pub sector: u32,
    /// The same in bytes from the start of the file.
    pub offset: u64,
    /// Sectors that its bitmap calls written.
    pub written_sectors: u32,
    /// The number of the block before it in the file, if there is one.
    pub before: Option<u32>,
    /// The number of the block after it in the file, if there is one.
    pub after: Option<u32>,
    /// Block numbers without a place that something speaks for, the most likely first.
    pub candidates: Vec<CandidateReport>,
}

/// A number that an orphaned block may have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct CandidateReport {
    /// The number of the block in the virtual disk, from 0.
    pub block: u32,
    /// What speaks for it, a sentence each, the strongest first.
    pub evidence: Vec<String>,
}

/// One run of bytes that a repair writes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct PatchReport {
    /// Where, in bytes from the start of the file.
    pub offset: u64,
    /// How many bytes.
    pub length: u64,
    /// Why, in words that follow "writes": "a copy of the backup footer".
    pub reason: String,
    /// The bytes that are there now; shorter than `after` where the file ends before.
    pub before: Vec<u8>,
    /// The bytes that will be there; empty where they are copied, or zeros.
    pub after: Vec<u8>,
    /// Where in the original file the bytes are copied from, if they are.
    pub copied_from: Option<u64>,
}

/// One structure of the file, as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct StructureReport {
    /// The specification's name: "Primary footer".
    pub name: String,
    /// Where it is, in bytes from the start of the file.
    pub offset: u64,
    /// How long it is, in bytes.
    pub length: u64,
    /// What became of reading it, if its fields are not simply there: "not within the file".
    pub state: Option<String>,
    /// Its fields in the order in which they lie on the disk.
    pub fields: Vec<FieldReport>,
}

/// The bytes of one structure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RegionReport {
    /// The specification's name: "Primary footer".
    pub name: String,
    /// Where they are, in bytes from the start of the file.
    pub offset: u64,
    /// How many.
    pub length: u64,
    /// Their SHA-256 in hex; none where they are too many.
    pub sha256: Option<String>,
}

/// A report with what it takes to hand it over: where it comes from, and what was done since.
#[derive(Clone, Copy, Debug)]
pub struct ReportExport<'a> {
    /// What was found.
    pub report: &'a Report,
    /// The SHA-256 of the whole file in hex, where it was asked for.
    pub sha256: Option<&'a str>,
    /// When the file was read.
    pub date: TimeStamp,
    /// The version of the program that read it.
    pub version: &'a str,
    /// The commit that the program was built from, where that is known.
    pub commit: Option<&'a str>,
    /// Which of the ways to repair the file was chosen, the best being 0.
    pub plan: usize,
    /// What was done about the file, a sentence each, with names of files in “quotation marks”.
    pub done: &'a [String],
    /// The ancestors, the parent first, where they were asked for.
    pub chain: Option<&'a [ReportExport<'a>]>,
    /// What coalescing it into its parent would do, a sentence each. It is told together with the ancestors.
    pub forecast: &'a [String],
}

impl<'a> ReportExport<'a> {
    /// The way to repair the file that was chosen, if there is any.
    pub fn repair(&self) -> Option<&'a RepairReport> {
        self.report.repairs().nth(self.plan)
    }
}

/// One field of a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FieldReport {
    /// The specification's name: "Data offset".
    pub name: String,
    /// The value as it stands.
    pub value: String,
    /// What it means, if the value does not say so itself.
    pub meaning: String,
    /// Where it is, in bytes from the start of the file.
    pub offset: u64,
    /// Whether a finding concerns it.
    pub faulty: bool,
}
