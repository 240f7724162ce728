//! What leaves the core: a report that is complete in itself, without a reference to the file.
//!
//! The page and the command line show these types and know nothing of the format below them.

#[cfg(feature = "fingerprint")]
pub mod fingerprint;
pub mod json;
pub mod markdown;
mod structures;
pub mod text;
mod words;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use crate::analysis::{Analysis, Proven};
use crate::check::link::LinkFault;
use crate::dialect::{Tool, minded_by};
pub use crate::finding::Severity;
use crate::finding::{Finding, Rule, Text};
use crate::layout::footer::DiskType;
use crate::layout::time::TimeStamp;
use crate::repair::Content;
pub use crate::repair::Segment;
pub(crate) use words::creator;
pub use words::{BY_ITSELF, CHAIN_IS_NOT_SOUND, PUT_BACK, Size};

/// The answer in one word, as scripts read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Verdict {
    /// No error was found.
    Sound,
    /// A plan without any loss mends every error.
    Repairable,
    /// A plan mends the errors, but assumes or loses something, which it names.
    Salvageable,
    /// There are errors, and no plan that mends them all.
    Unrepairable,
    /// The file is something else.
    NotAVhd,
}

impl Verdict {
    /// The name for scripts: `not-a-vhd`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sound => "sound",
            Self::Repairable => "repairable",
            Self::Salvageable => "salvageable",
            Self::Unrepairable => "unrepairable",
            Self::NotAVhd => "not-a-vhd",
        }
    }

    /// The worse of two answers, for disks that are read together.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        let rank = |verdict| match verdict {
            Self::Sound => 0,
            Self::Repairable => 1,
            Self::Salvageable => 2,
            Self::Unrepairable => 3,
            Self::NotAVhd => 4,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

/// Everything that a person or a script is told about one file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Report {
    /// The file's name, as the analysis was given it.
    pub file: String,
    /// The file's length in bytes.
    pub size: u64,
    /// The answer in one word.
    pub verdict: Verdict,
    /// What the disk is, in a line: "10 GiB differencing · tapdisk 1.3". Empty where the file is no VHD.
    pub description: String,
    /// The answer in one sentence.
    pub headline: String,
    /// What it means for the disk and what to do next, a paragraph each.
    pub explanation: Vec<String>,
    /// What to beware of before anything is written, a paragraph each.
    pub cautions: Vec<String>,
    /// What was checked and, named as such, what was not.
    pub scope: Vec<String>,
    /// The faults, worst first, in order of offset within one severity.
    pub findings: Vec<FindingReport>,
    /// What each tool says of it, and after the repair.
    pub tools: Vec<ToolReport>,
    /// The repair, if there is something to repair and a way to do it.
    pub repair: Option<RepairReport>,
    /// Other ways to repair it, which lose or assume more, or simply something else.
    pub alternatives: Vec<RepairReport>,
    /// The structures as they were found, field by field.
    pub structures: Vec<StructureReport>,
    /// The same with their hashes; empty until somebody puts them in (`fingerprint::regions`), since that takes the
    /// file once more.
    pub regions: Vec<RegionReport>,
    /// How much a deep check would read, in bytes; none where there are no blocks, or they were read.
    pub deep_check: Option<u64>,
}

impl Report {
    /// All ways to repair the file, the best first.
    pub fn repairs(&self) -> impl Iterator<Item = &RepairReport> {
        self.repair.iter().chain(&self.alternatives)
    }
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
    pub minded_by: Vec<Tool>,
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
    /// Whether it takes the disk after the repair, if there is one.
    pub accepts_after: Option<bool>,
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
pub struct Ticket<'a> {
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
    pub chain: Option<&'a [Ticket<'a>]>,
    /// The answer and its headline where the chain makes another than the disk's own.
    pub place: Option<(Verdict, &'a str)>,
    /// What coalescing it into its parent would do, a sentence each. It is told together with the ancestors.
    pub forecast: &'a [String],
}

impl<'a> Ticket<'a> {
    /// The answer and its headline.
    pub fn answer(&self) -> (Verdict, &'a str) {
        self.place.unwrap_or((self.report.verdict, &self.report.headline))
    }

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

/// Puts a report together.
pub(crate) fn build(analysis: &Analysis) -> Report {
    let words = words::Words::of(analysis);
    Report {
        file: analysis.name.clone(),
        size: analysis.image.length,
        verdict: analysis.verdict(),
        description: words.description,
        headline: words.headline,
        explanation: words.explanation,
        cautions: words.cautions,
        scope: words.scope,
        findings: analysis.findings.iter().map(|found| finding(found, analysis.image.kind())).collect(),
        tools: tools(analysis),
        repair: analysis.repairs.first().map(repair),
        alternatives: analysis.repairs.iter().skip(1).map(repair).collect(),
        structures: match analysis.foreign {
            Some(_) => Vec::new(),
            None => structures::structures(&analysis.image, &analysis.findings),
        },
        regions: Vec::new(),
        deep_check: unread(analysis),
    }
}

fn unread(Analysis { image, deep, .. }: &Analysis) -> Option<u64> {
    let (None, Some(shape), Some(bat)) = (deep, image.block_shape(), image.bat.value()) else { return None };
    (!bat.blocks.is_empty()).then_some(bat.blocks.len() as u64 * shape.length())
}

fn tools(analysis: &Analysis) -> Vec<ToolReport> {
    let after = |tool| analysis.opinions_after.as_ref()?.iter().find(|opinion| opinion.tool == tool);
    let opinions = analysis.opinions.iter();
    opinions
        .map(|opinion| ToolReport {
            tool: opinion.tool,
            name: opinion.tool.to_string(),
            accepts: opinion.accepts,
            says: opinion.says.clone(),
            virtual_size: opinion.virtual_size,
            accepts_after: after(opinion.tool).map(|after| after.accepts),
        })
        .collect()
}

/// One fault, told of a disk of this kind.
pub fn finding(finding: &Finding, kind: Option<DiskType>) -> FindingReport {
    FindingReport {
        offset: finding.offset,
        length: finding.length,
        found: finding.fault.found().to_string(),
        expected: finding.fault.expected().to_string(),
        minded_by: minded_by(&finding.fault, kind).collect(),
        ..ruled(finding.fault.rule())
    }
}

/// A parent that was found to be damaged after its disk had been told of, by the parent's name.
pub fn damaged_parent(parent: &str) -> FindingReport {
    let fault = LinkFault::Damaged(Text::new(parent));
    FindingReport { found: format!("“{parent}”"), expected: "a sound parent".into(), ..ruled(fault.rule()) }
}

/// What a rule says, wherever it is broken.
fn ruled(rule: &Rule) -> FindingReport {
    FindingReport {
        id: rule.id.into(),
        severity: rule.severity,
        title: rule.title.into(),
        message: rule.meaning.into(),
        remedy: rule.remedy.into(),
        offset: 0,
        length: 0,
        found: String::new(),
        expected: String::new(),
        vhd_util: rule.vhd_util.map(Into::into),
        minded_by: rule.minded_by.to_vec(),
    }
}

/// Says in a finding's title which two disks it is between: a chain has many links, and each may have the same fault.
pub fn tell_link(finding: &mut FindingReport, disk: &str, parent: &str) {
    if let Some(fault) = finding.title.strip_prefix("Chain:") {
        finding.title = ["Chain, “", disk, "” on “", parent, "”:", fault].concat();
    }
}

/// One repair, told.
pub fn repair(Proven { plan, replaced }: &Proven) -> RepairReport {
    RepairReport {
        title: words::title(plan),
        lossless: plan.is_lossless(),
        loses: plan.loses.clone(),
        assumes: plan.assumes.clone(),
        new_size: plan.new_length(),
        cut: plan.cut.as_ref().map(words::cut),
        patches: plan
            .patches()
            .into_iter()
            .zip(replaced)
            .map(|(patch, before)| PatchReport {
                offset: patch.offset,
                length: patch.content.length(),
                reason: patch.reason,
                before: before.clone(),
                copied_from: match patch.content {
                    Content::Copy { offset, .. } => Some(offset),
                    _ => None,
                },
                after: match patch.content {
                    Content::Bytes(bytes) => bytes,
                    _ => Vec::new(),
                },
            })
            .collect(),
        replaced: plan.replaced(),
        segments: plan.segments(),
    }
}
