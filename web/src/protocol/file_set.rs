//! What several files are that were chosen together, and how they belong together.

use serde::{Deserialize, Serialize};
use vhd_analyser_core::Verdict;
use vhd_analyser_core::chain::{Lineage, Link, LinkFinding, Next, Reach};
use vhd_analyser_core::finding::Text;
use vhd_analyser_core::finding::link::LinkFault;
use vhd_analyser_core::journal::is_unique_id;
use vhd_analyser_core::report::{self, DiskReport, ForestReport, ParentState, Report};
use vhd_analyser_logs::{Answer, Trouble};

use crate::protocol::failure::Failure;
use vhd_analyser_core::units;

/// The name that a pasted log goes by.
pub const PASTED: &str = "pasted log";
/// So many disks without trouble are shown as a list only: none of them is what somebody came for.
const FEW: usize = 8;

/// What several files are.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub struct FileSet {
    /// The disks, as a forest.
    pub forest: ForestReport,
    /// How each disk of the forest hangs on its parent.
    pub links: Vec<Link>,
    /// For each disk of the forest, which of the files it is.
    pub disks: Vec<usize>,
    /// For each disk of the forest, whether the worker kept its analysis.
    pub kept: Vec<bool>,
    /// What the logs say, if there are any.
    pub answer: Option<Answer>,
    /// The paths of the logs.
    pub logs: Vec<String>,
    /// The paths of journals of disks that are not here, with the disks' unique ids.
    pub lone_journals: Vec<(String, String)>,
    /// How many files in folders are none of these.
    pub passed_over: u64,
    /// The paths of files that could not be read to the end, with the reason.
    pub unread: Vec<(String, Failure)>,
}

/// How many files of each kind there are, and how they fare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileCounts {
    /// Disks.
    pub disks: usize,
    /// Damaged disks.
    pub damaged: usize,
    /// Disks that are not damaged, but an ancestor is, or the link to it.
    pub broken: usize,
    /// Disks whose parent is missing.
    pub incomplete: usize,
    /// Files that are called disks, and are none.
    pub foreign: usize,
    /// Logs.
    pub logs: usize,
    /// Kinds of trouble in them.
    pub troubles: usize,
    /// Files that could not be read.
    pub unread: usize,
}

impl FileSet {
    /// How many files of each kind there are.
    pub fn counts(&self) -> FileCounts {
        let (foreign, disks): (Vec<_>, Vec<_>) = self.forest.disks.iter().partition(|disk| is_foreign(disk));
        let count = |is: fn(&DiskReport) -> bool| disks.iter().filter(|disk| is(disk)).count();
        FileCounts {
            disks: disks.len(),
            damaged: count(is_damaged),
            broken: count(|disk| !is_damaged(disk) && disk.chain_verdict > Verdict::Incomplete),
            incomplete: count(is_incomplete),
            foreign: foreign.len(),
            logs: self.logs.len(),
            troubles: self.answer.as_ref().map_or(0, |answer| answer.troubles.len()),
            unread: self.unread.len(),
        }
    }

    /// The answer in a sentence or two: "2 disks, 1 damaged. 3 kinds of trouble in 2 logs."
    pub fn headline(&self) -> String {
        let mut parts = Vec::new();
        let FileCounts { disks, damaged, broken, incomplete, foreign, logs, troubles, unread } = self.counts();
        if disks > 0 {
            let mut states = Vec::new();
            if damaged > 0 {
                states.push(format!("{damaged} damaged"));
            }
            match broken {
                0 => {}
                1 => states.push("1 whose chain is broken".into()),
                many => states.push(format!("{many} whose chains are broken")),
            }
            if incomplete > 0 {
                states.push(format!("{incomplete} without {} parent", if incomplete == 1 { "its" } else { "a" }));
            }
            let state = match &states[..] {
                [] if disks == 1 => "sound".to_owned(),
                [] => "all sound".to_owned(),
                states => states.join(", "),
            };
            parts.push(format!("{}, {state}.", units::count(disks as u64, "disk")));
        }
        if self.answer.is_some() {
            let logs = units::count(logs as u64, "log");
            parts.push(match troubles {
                0 => format!("No trouble that is known here in {logs}."),
                1 => format!("One kind of trouble in {logs}."),
                many => format!("{many} kinds of trouble in {logs}."),
            });
        }
        let mut count = |number: usize, one: &str, many: &str| {
            if number > 0 {
                let says = if number == 1 { one } else { many };
                parts.push(format!("{} {says}.", units::count(number as u64, "file")));
            }
        };
        count(foreign, "that is neither a VHD nor a log", "that are neither VHDs nor logs");
        let (one, many) =
            ("that is the journal of a disk which is not here", "that are journals of disks which are not here");
        count(self.lone_journals.len(), one, many);
        count(unread, "could not be read", "could not be read");
        if parts.is_empty() {
            return "No disk and no log among these files.".into();
        }
        parts.join(" ")
    }

    /// Whether one file is nothing to speak of beyond what it is by itself: a disk of whose folder nothing is known, or a
    /// text in which nothing was found and which is not called a log.
    pub fn is_one_thing(&self) -> bool {
        let nothing_found = self.answer.as_ref().is_none_or(|answer| answer.troubles.is_empty());
        let is_in_place = !self.forest.disks.iter().any(is_in_folder);
        let is_no_log = self.logs.iter().all(|path| !is_called_log(path));
        nothing_found && is_in_place && self.lone_journals.is_empty() && is_no_log
    }

    /// The disk that a log speaks of, by its number in the forest: its file has the name that the log gives.
    pub fn disk_of(&self, trouble: &Trouble) -> Option<usize> {
        self.named(trouble.names.vdi.as_deref()?)
    }

    /// Its parent, likewise.
    pub fn parent_of(&self, trouble: &Trouble) -> Option<usize> {
        self.named(trouble.names.parent.as_deref()?)
    }

    /// A command with the names of the disks that are here, where the log gives none, or only the beginning of one: of
    /// the disk that it speaks of, otherwise of the only one that is in trouble.
    pub fn filled(&self, trouble: &Trouble, line: &str) -> String {
        let mut in_trouble = self.in_trouble();
        let only = in_trouble.next().filter(|_| trouble.names.vdi.is_none() && in_trouble.next().is_none());
        let Some(disk) = self.disk_of(trouble).or(only).and_then(|disk| self.forest.disks.get(disk)) else {
            return line.to_owned();
        };
        let mut line = line.to_owned();
        for (place, path) in [("<vdi-uuid>", Some(disk.file.as_str())), ("<parent-uuid>", disk.parent.as_deref())] {
            if let Some(uuid) = path.and_then(uuid) {
                let begun = format!("<uuid that begins with {}>", uuid.get(..8).unwrap_or_default());
                line = line.replace(place, &uuid).replace(&begun, &uuid);
            }
        }
        line
    }

    fn named(&self, name: &str) -> Option<usize> {
        self.forest.disks.iter().position(|disk| is_named(&disk.file, name))
    }

    /// The disks that are damaged, incomplete or whose chains are broken, by their numbers.
    pub fn in_trouble(&self) -> impl Iterator<Item = usize> {
        let disks = self.forest.disks.iter().enumerate();
        disks.filter(|(_, disk)| disk.chain_verdict != Verdict::Sound && !is_foreign(disk)).map(|(number, _)| number)
    }

    /// A disk, by its number, with everything that it is based on and that is here.
    pub fn lineage(&self, disk: usize) -> Lineage {
        let ancestors = self.ancestors(disk).filter_map(|number| self.links.get(number));
        // A raw image is no link.
        let ancestors = ancestors.take_while(|link| link.own != Verdict::NotAVhd);
        let links = self.links.get(disk).into_iter().chain(ancestors).cloned().collect();
        Lineage { links, reach: Reach::Ancestors }
    }

    /// Whether a disk is damaged or its chain is broken, by its number.
    pub fn is_in_trouble(&self, disk: usize) -> bool {
        self.in_trouble().any(|other| other == disk)
    }

    /// Goes by what a deep check found in a disk with this path. What was foreseen of it took it for what it was before,
    /// and does not count any more.
    pub fn correct(&mut self, path: &str, found: &Corrected) {
        let Some(number) = self.disk_at(path) else { return };
        let Some(link) = self.links.get_mut(number) else { return };
        let was_sound = link.own == Verdict::Sound;
        link.own = found.verdict;
        if was_sound {
            let children = self.links.iter_mut().filter(|link| link.next == Next::Parent(path.to_owned()));
            for child in children {
                let fault = LinkFault::Damaged(Text::new(path));
                child.faults.insert(0, LinkFinding { fault, offset: 0, length: 0 });
            }
        }
        for number in 0..self.forest.disks.len() {
            let lineage = self.lineage(number);
            let disk = &mut self.forest.disks[number];
            if disk.verdict != Verdict::NotAVhd {
                (disk.verdict, disk.chain_verdict) = (lineage.own_verdict(), lineage.verdict());
            }
        }
        let disk = &mut self.forest.disks[number];
        if !was_sound {
            return;
        }
        disk.error = Some(format!(
            "{}, which the deep check found. What a coalesce would do is foreseen again once that is repaired",
            found.error
        ));
        (disk.coalesce, disk.coalesce_repaired) = (None, None);
        let children = self.forest.disks.iter_mut().filter(|disk| disk.parent.as_deref() == Some(path));
        for child in children.filter(|child| child.parent_state == ParentState::Found) {
            (child.coalesce, child.coalesce_repaired) = (None, None);
            child.findings.insert(0, report::link_finding(&LinkFault::Damaged(Text::new(path))));
        }
        for chains in [&mut self.forest.chains, &mut self.forest.chains_repaired] {
            chains.retain(|chain| {
                chain.into != path && !chain.order.iter().chain(&chain.stopped_at).any(|at| at == path)
            });
        }
    }

    /// The disks that a disk is based on and that are here, the parent first, by their numbers.
    pub fn ancestors(&self, disk: usize) -> impl Iterator<Item = usize> {
        let disks = &self.forest.disks;
        let mut level = disks.get(disk).map_or(0, |disk| disk.level);
        // Read from the bottom to the top, the next that stands further to the left is the parent.
        (0..disk).rev().filter(move |other| {
            let is_parent = disks[*other].level < level;
            level = level.min(disks[*other].level);
            is_parent
        })
    }

    /// The disk to look at first, by its number in the forest: the one that the newest trouble speaks of, otherwise
    /// the first that is damaged, otherwise the end of a chain.
    pub fn first_disk(&self) -> Option<usize> {
        let disks = &self.forest.disks;
        let damaged = || disks.iter().position(is_damaged);
        let end = || disks.iter().position(|disk| disk.children.is_empty()).filter(|_| disks.len() <= FEW);
        let troubles = self.answer.iter().flat_map(|answer| &answer.troubles);
        let mut spoken_of = troubles.filter_map(|trouble| self.disk_of(trouble));
        spoken_of
            .find(|disk| self.is_in_trouble(*disk))
            .or_else(damaged)
            .or_else(|| self.in_trouble().next())
            .or_else(end)
    }

    /// A disk and all that it is based on, the last child first, by their numbers; none where one of them is damaged, not
    /// here, or not the right one.
    pub fn chain(&self, disk: usize) -> Option<Vec<usize>> {
        let mut chain = vec![disk];
        loop {
            let number = *chain.last()?;
            let disk = self.forest.disks.get(number).filter(|_| !self.is_in_trouble(number))?;
            match (disk.parent_state, &disk.parent) {
                (ParentState::None, _) => return Some(chain),
                (ParentState::Found | ParentState::Raw, Some(parent)) => {
                    let parent = self.disk_at(parent).filter(|parent| !chain.contains(parent))?;
                    chain.push(parent);
                }
                _ => return None,
            }
        }
    }

    /// Another disk that has the unique id of a disk's parent, by its number.
    pub fn named_parent(&self, disk: usize) -> Option<usize> {
        let named = self.forest.disks.get(disk)?.parent_unique_id.as_ref()?;
        let mut disks = self.forest.disks.iter().enumerate();
        let (number, _) = disks.find(|(number, other)| *number != disk && other.unique_id.as_ref() == Some(named))?;
        Some(number)
    }

    /// The same, where it lies somewhere else than the disk says, so that the disk only has to be linked to it.
    pub fn parent_elsewhere(&self, disk: usize) -> Option<usize> {
        let faults = &self.links.get(disk)?.faults;
        faults.iter().any(|finding| matches!(finding.fault, LinkFault::Elsewhere(_))).then_some(())?;
        self.named_parent(disk)
    }

    /// The disk with this path, by its number in the forest.
    pub fn disk_at(&self, path: &str) -> Option<usize> {
        self.forest.disks.iter().position(|disk| disk.file == path)
    }
}

/// What a deep check found in a disk that is not sound.
#[derive(Clone, Debug)]
pub struct Corrected {
    verdict: Verdict,
    /// The worst error, in a few words.
    error: String,
}

impl Corrected {
    /// By the report of the deep check; nothing where there is nothing to correct.
    pub fn by(report: &Report) -> Option<Self> {
        let is_damaged = report.own.is_damage();
        let worst = report.findings.first().filter(|_| is_damaged)?;
        Some(Self { verdict: report.own, error: worst.title.clone() })
    }
}

/// Whether the parent is not among the files, which means nothing where single files were chosen.
pub fn lacks_parent(disk: &DiskReport) -> bool {
    disk.parent_state == ParentState::NotGiven
}

/// Whether nothing is damaged, but a parent is missing somewhere.
fn is_incomplete(disk: &DiskReport) -> bool {
    disk.chain_verdict == Verdict::Incomplete
}

/// Whether a disk came with the whole folder that it is in.
pub fn is_in_folder(disk: &DiskReport) -> bool {
    disk.file.contains('/')
}

/// Whether a disk is damaged. What is no VHD is not: it may be the raw image at the base of a chain.
pub fn is_damaged(disk: &DiskReport) -> bool {
    disk.verdict.is_damage() && disk.error.is_some()
}

/// Whether a file is no VHD, and nothing that a VHD is based on.
fn is_foreign(disk: &DiskReport) -> bool {
    disk.verdict == Verdict::NotAVhd && disk.children.is_empty()
}

/// How a disk finds another from its own folder, with slashes.
pub fn way(from: &str, to: &str) -> String {
    let (from, to): (Vec<&str>, Vec<&str>) = (from.split('/').collect(), to.split('/').collect());
    let folders = |path: &[&str]| path.len().saturating_sub(1);
    let most = folders(&from).min(folders(&to));
    let common = from.iter().zip(&to).take(most).take_while(|(a, b)| a == b).count();
    let mut way = vec![".."; folders(&from) - common];
    way.extend(&to[common..]);
    way.join("/")
}

/// Whether a file is the disk that a log calls by a UUID, or by its first eight digits: `<uuid>.vhd`, `VHD-<uuid>`.
fn is_named(path: &str, name: &str) -> bool {
    let stem = stem(path);
    name.len() >= 8 && stem.len() >= 8 && stem.starts_with(name)
}

/// The UUID that a file is called by.
fn uuid(path: &str) -> Option<String> {
    Some(stem(path)).filter(|stem| is_unique_id(stem))
}

fn stem(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
    let file = file.strip_prefix("vhd-").unwrap_or(&file);
    file.split('.').next().unwrap_or_default().to_owned()
}

/// Whether a file is to be judged as a disk by its name.
pub fn is_called_disk(path: &str) -> bool {
    let name = path.to_ascii_lowercase();
    [".vhd", ".avhd"].iter().any(|end| name.ends_with(end))
}

/// Whether a file is a log by its name: `SMlog`, `nova-compute.log.2.gz`.
pub fn is_called_log(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.to_ascii_lowercase().contains("log")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_and_a_file_call_one_disk_alike() {
        let uuid = "91499ab6-63e9-47cf-b73a-b7fc2b09dcc7";
        for path in [format!("sr/{uuid}.vhd"), format!("{}.VHD", uuid.to_uppercase()), format!("VHD-{uuid}")] {
            assert!(is_named(&path, uuid), "{path}");
            assert!(is_named(&path, "91499ab6"), "{path}");
            assert!(!is_named(&path, "16f02a7d"), "{path}");
        }
        assert!(is_named(&format!("{uuid}.fixed.vhd"), uuid));
        assert!(!is_named("a.vhd", ""));
        assert!(!is_named("9149.vhd", "9149"));
    }

    #[test]
    fn a_disk_finds_another_from_its_folder() {
        assert_eq!(way("a.vhd", "b.vhd"), "b.vhd");
        assert_eq!(way("sr/a.vhd", "sr/b.vhd"), "b.vhd");
        assert_eq!(way("sr/new/a.vhd", "sr/old/b.vhd"), "../old/b.vhd");
        assert_eq!(way("a.vhd", "sr/b.vhd"), "sr/b.vhd");
        assert_eq!(way("sr/a.vhd", "b.vhd"), "../b.vhd");
        assert_eq!(way("sr/sr/a.vhd", "sr/b.vhd"), "../b.vhd");
    }

    #[test]
    fn disks_and_logs_are_told_by_their_names() {
        assert!(is_called_disk("a/B.VHD") && is_called_disk("snapshot.avhd") && !is_called_disk("a.vhd.gz"));
        assert!(is_called_log("var/log/SMlog") && is_called_log("nova-compute.log.2.gz"));
        assert!(!is_called_log("logs/disk.iso"));
    }
}
