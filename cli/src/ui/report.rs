//! The report for a person at a terminal.

use anstyle::AnsiColor;
use vhd_analyser_core::Verdict;
use vhd_analyser_core::chain::Next;
use vhd_analyser_core::compat::ParentUse;
use vhd_analyser_core::finding::Action;
use vhd_analyser_core::image::block_scan::BlockScan;
use vhd_analyser_core::report::{
    CandidateReport, FindingOnce, FindingReport, NextStep, OrphanReport, PartialReport, PatchReport, RepairReport,
    Report, Severity, ToolReport,
};
use vhd_analyser_core::units;

use super::page::{BOLD, DIM, PLAIN, Page, colored, look};
use super::text::quoted;
use crate::os::holders::Holder;

/// How many patches are listed; more say no more to a person.
const PATCHES: usize = 8;

/// Everything about one file: the answer first, then why, then what to do; with its chain and what is said of its
/// ancestors, where they were looked at.
pub fn report(page: &mut Page, report: &Report, ancestors: &[Report], deep: Option<&BlockScan>, holders: &[Holder]) {
    answer(page, report);
    for paragraph in report.explanation.iter().map(String::as_str).chain(next_step(report.next)) {
        page.gap();
        page.say(paragraph);
    }
    chain(page, report, ancestors);
    findings(page, report);
    orphans(page, report);
    tools(page, report);
    if let Some(deep) = deep {
        survey(page, deep);
    }
    if let Some(repair) = &report.repair {
        plan(page, report, repair);
        page.heading("To do so");
        page.item("", PLAIN, &command(report, repair));
    }
    if let Some(partial) = &report.partial {
        part(page, report, partial);
    }
    cautions(page, report, &[], holders);
    list(page, "What was checked", &report.scope.sentences());
}

/// What to do next, where no section below says it.
fn next_step(next: NextStep) -> Option<&'static str> {
    match next {
        NextStep::None | NextStep::Repair | NextStep::WeighRepair => None,
        NextStep::KeepFile => Some(
            "Keep the file as it is, and keep other tools from writing to it: vhd-util repair cuts off, or fills with \
             zeros, what it does not understand.",
        ),
    }
}

/// The file and the answer, with a word and a shape, for those who see no colours.
pub fn answer(page: &mut Page, report: &Report) {
    let description = match report.description.as_str() {
        "" => String::new(),
        description => format!("{description}, "),
    };
    page.fold("", "", BOLD, &format!("{}: {description}{}", report.file, units::exact_size(report.size)));
    let (mark, word, color) = look(report.verdict);
    page.fold("", "", colored(color).bold(), &format!("{mark} {word}: {}", report.headline));
}

/// What a plan would do, and at what price.
pub fn plan(page: &mut Page, report: &Report, repair: &RepairReport) {
    page.heading("Repair");
    page.item("", PLAIN, &format!("{}.", repair.title));
    for patch in repair.patches.iter().take(PATCHES) {
        page.item("- ", PLAIN, &change(patch));
    }
    if let Some(more @ 1..) = repair.patches.len().checked_sub(PATCHES) {
        page.item("- ", PLAIN, &format!("and {more} changes more"));
    }
    if let Some(cut) = &repair.cut {
        page.item("- ", PLAIN, cut);
    }
    if repair.new_size != report.size {
        page.item(
            "- ",
            PLAIN,
            &format!(
                "the file becomes {} long, from {}",
                units::exact_size(repair.new_size),
                units::decimal(report.size)
            ),
        );
    }
    price(page, repair);
    for (index, other) in report.alternatives.iter().enumerate() {
        page.gap();
        page.item("", PLAIN, &format!("Or, with --plan {}: {}.", index + 2, other.title));
        price(page, other);
    }
}

/// What can be repaired where there is no repair of all of it.
fn part(page: &mut Page, report: &Report, partial: &PartialReport) {
    page.heading("Partial repair");
    let PartialReport { repair, repaired, errors } = partial;
    page.item("", PLAIN, &format!("{repaired} of {errors} errors can be repaired safely. {}.", repair.title));
    price(page, repair);
    page.item("", PLAIN, &format!("vhd-analyser repair --partial {} -o COPY", quoted(&report.file)));
}

/// What a plan loses and assumes.
pub fn price(page: &mut Page, repair: &RepairReport) {
    let color = colored(AnsiColor::Magenta);
    for loss in &repair.loses {
        page.item("◆ Lost: ", color, loss);
    }
    for assumption in &repair.assumes {
        page.item("◆ Assumed: ", color, assumption);
    }
    for proof in &repair.evidence {
        page.item("• Proven: ", DIM, proof);
    }
    if repair.lossless {
        page.item("✔ ", colored(AnsiColor::Green), "Nothing is lost, and nothing had to be assumed.");
    }
}

/// What to beware of before anything is written.
pub fn cautions(page: &mut Page, report: &Report, warnings: &[String], holders: &[Holder]) {
    let in_use = holders.iter().map(|holder| format!("The disk is in use now: {holder}."));
    let cautions: Vec<String> =
        in_use.chain(report.cautions.iter().map(ToString::to_string)).chain(warnings.iter().cloned()).collect();
    list(page, "Beware", &cautions);
}

/// What to beware of with a parent that was given.
pub fn warnings(page: &mut Page, warnings: &[String]) {
    list(page, "Beware of the parent", warnings);
}

/// A disk with its ancestors, from the root of the chain.
fn chain(page: &mut Page, report: &Report, ancestors: &[Report]) {
    let end = end_of_chain(&report.chain_end);
    if ancestors.is_empty() && end.is_none() {
        return;
    }
    page.heading("Chain, each disk judged by itself");
    let levels = usize::from(end.is_some());
    if let Some((verdict, name, facts)) = end {
        page.branch(0, verdict, name, facts);
    }
    let reports = std::iter::once(report).chain(ancestors);
    let links: Vec<_> = report.chain.iter().zip(reports).enumerate().collect();
    for (level, (age, (link, told))) in links.into_iter().rev().enumerate() {
        let level = level + levels;
        page.branch(level, if age == 0 { link.verdict } else { told.verdict }, &link.file, facts(told, age));
        link.errors.iter().for_each(|error| page.note(level, error));
        // How the disk itself is repaired is told below.
        if let (1.., Some(repair)) = (age, &told.repair) {
            page.note(level, &how_to_repair(told, repair));
        }
    }
}

/// A disk's own answer in a sentence.
fn facts(report: &Report, age: usize) -> &str {
    match report.own {
        // Its headline is about the chain.
        Verdict::Sound if age == 0 && report.verdict != Verdict::Sound => "Sound by itself",
        _ => &report.headline,
    }
}

fn how_to_repair(report: &Report, repair: &RepairReport) -> String {
    match repair.lossless {
        true => format!("Repair it with: {}; then put the copy in its place.", command(report, repair)),
        false => "Its repair, and what that loses or assumes, is told below.".to_owned(),
    }
}

/// What a chain ends with that is no disk of its own.
fn end_of_chain(end: &Next) -> Option<(Verdict, &str, &'static str)> {
    match end {
        Next::Raw(path) => Some((Verdict::Sound, path, "Raw image")),
        Next::Missing(path) => Some((Verdict::Incomplete, path, "Not there")),
        Next::NotGiven(path) => Some((Verdict::Incomplete, path, "Not given")),
        Next::Loop(path) => Some((Verdict::Unrepairable, path, "A disk of this chain again")),
        Next::Base | Next::Parent(_) | Next::Ambiguous(_) | Next::Unknown => None,
    }
}

/// Which tools take the disk, and what those say that do not.
fn tools(page: &mut Page, report: &Report) {
    if report.verdict == Verdict::NotAVhd {
        return;
    }
    page.heading("Accepted by");
    for tool in &report.tools {
        let after = match tool.accepts_after {
            Some(true) if !tool.accepts => "; yes after the repair",
            Some(false) => "; nor after the repair",
            _ => "",
        };
        let (mark, color, answer) = match (tool.accepts, tool.says.as_str()) {
            (false, says) if tool.refuses_ancestor => {
                ("✖ ", AnsiColor::Red, format!("no: after “{says}” it refuses an ancestor{after}"))
            }
            (true, _) => accepted(tool),
            (false, "") => ("✖ ", AnsiColor::Red, format!("no{after}")),
            (false, says) => ("✖ ", AnsiColor::Red, format!("no, “{says}”{after}")),
        };
        page.item(mark, colored(color), &format!("{}: {answer}", tool.name));
    }
}

/// What a tool reads that takes a disk: the parent matters.
fn accepted(tool: &ToolReport) -> (&'static str, AnsiColor, String) {
    if let (Some(seen), Some(size)) = (tool.virtual_size, tool.not_of) {
        let how = if seen < size { "too short" } else { "too long" };
        let answer = format!(
            "opens it, but sees {} of {}: the disk is {how} there",
            units::exact_size(seen),
            units::exact_size(size)
        );
        return ("▲ ", AnsiColor::Yellow, answer);
    }
    match tool.parent {
        ParentUse::None | ParentUse::Seen => ("✔ ", AnsiColor::Green, "yes".to_owned()),
        ParentUse::Assumed => ("◇ ", AnsiColor::Blue, "yes, if the parent is there and is the right one".to_owned()),
        ParentUse::Ignored => (
            "▲ ",
            AnsiColor::Yellow,
            "opens it, but ignores the parent: what it reads is not what the disk holds".to_owned(),
        ),
    }
}

/// The orphaned blocks whose number nothing proves, with the option that assigns one and what speaks for its number.
fn orphans(page: &mut Page, report: &Report) {
    if report.orphans.is_empty() {
        return;
    }
    page.heading("Orphaned blocks");
    for OrphanReport { sector, written_sectors, candidates, .. } in &report.orphans {
        let written = units::count(*written_sectors, "written sector");
        page.item("- ", PLAIN, &format!("at sector {sector}, with {written}"));
        for CandidateReport { block, evidence } in candidates {
            page.item("  ", PLAIN, &format!("--assign {block}={sector}: {}", evidence.join(" ")));
        }
        if candidates.is_empty() {
            page.item("  ", PLAIN, &format!("--assign BLOCK={sector}: nothing in the file speaks for one number."));
        }
    }
}

/// The command that does what can be done about a fault of a disk.
fn command_for(action: Action, disk: &str) -> String {
    let disk = quoted(disk);
    match action {
        Action::LinkParent => format!("vhd-analyser repair {disk} --parent PARENT -o COPY"),
        Action::ConvertChain => format!("vhd-analyser convert {disk} --to dynamic -o IMAGE"),
        Action::AssignBlock => format!("vhd-analyser repair {disk} --assign BLOCK=SECTOR --allow-loss -o COPY"),
        Action::HideParent => "vhd-analyser repair PARENT --hide -o COPY".to_owned(),
    }
}

fn findings(page: &mut Page, report: &Report) {
    if report.findings.is_empty() {
        return;
    }
    page.heading("Findings");
    for FindingOnce { finding, message, remedy } in report.findings_once() {
        let (mark, color) = match finding.severity {
            Severity::Error => ("✖", AnsiColor::Red),
            Severity::Warning => ("▲", AnsiColor::Yellow),
            Severity::Info => ("•", AnsiColor::Blue),
        };
        page.item(&format!("{mark} {}: ", finding.severity), colored(color), &title(finding));
        page.item("    ", DIM, &place(finding));
        for (name, value) in [("found:    ", &finding.found), ("expected: ", &finding.expected)] {
            if !value.is_empty() {
                page.item(&format!("    {name}"), PLAIN, value);
            }
        }
        if let Some(message) = message {
            page.item("    ", PLAIN, message);
        }
        if let Some(remedy) = remedy {
            page.item("    ", PLAIN, remedy);
            if let Some(action) = finding.action {
                page.item("    ", PLAIN, &command_for(action, &report.file));
            }
        }
    }
}

fn title(finding: &FindingReport) -> String {
    match &finding.vhd_util {
        Some(words) => format!("{} [vhd-util: {words}]", finding.title),
        None => finding.title.clone(),
    }
}

fn place(finding: &FindingReport) -> String {
    let FindingReport { id, offset, length, .. } = finding;
    match length {
        0 => format!("{id}, at 0x{offset:X} ({offset})"),
        _ => format!("{id}, {} at 0x{offset:X} ({offset})", units::exact_size(*length)),
    }
}

fn change(patch: &PatchReport) -> String {
    let PatchReport { offset, length, reason, copied_from, .. } = patch;
    let verb = if copied_from.is_some() { "copies" } else { "writes" };
    let from = copied_from.map_or(String::new(), |from| format!(" from 0x{from:X}"));
    let reason = if reason.is_empty() { String::new() } else { format!(": {reason}") };
    format!("{verb} {}{from} to 0x{offset:X} ({offset}){reason}", units::exact_size(*length))
}

/// What writes a repaired copy of a disk.
pub fn command(report: &Report, repair: &RepairReport) -> String {
    let allow_loss = if repair.lossless { "" } else { " --allow-loss" };
    format!("vhd-analyser repair{allow_loss} {} -o COPY", quoted(&report.file))
}

fn survey(page: &mut Page, deep: &BlockScan) {
    page.heading("Blocks, all of which were read");
    page.item(
        "",
        PLAIN,
        &format!("{} with {}", units::count(deep.blocks, "block"), units::count(deep.sectors, "sector")),
    );
    page.item("", PLAIN, &format!("{} written, by the sector bitmaps", units::count(deep.sectors_set, "sector")));
    page.item("", PLAIN, &format!("{} with data other than zeros", units::count(deep.sectors_with_data, "sector")));
}

fn list(page: &mut Page, heading: &str, items: &[String]) {
    if items.is_empty() {
        return;
    }
    page.heading(heading);
    for item in items {
        page.item("- ", PLAIN, item);
    }
}
