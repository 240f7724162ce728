//! What logs say: every pattern by its excerpt, and the logs of a real incident.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::{env, fs};

use vhd_analyser_core::finding::Severity;
use vhd_analyser_logs::patterns::{self, CODE, On, Pattern, Sign, exit_code};
use vhd_analyser_logs::{Answer, Explainer, Trouble};

const NOVA: &str = include_str!("../images/incident/nova-compute.log");
const SM: &str = include_str!("../images/incident/SMlog");
const CHECK: &str = include_str!("../images/incident/check-output.txt");

fn explained(logs: &[(&str, &str)]) -> Answer {
    static READY: LazyLock<Explainer> = LazyLock::new(Explainer::new);
    let mut explainer = READY.fresh();
    for (name, text) in logs {
        explainer.begin(name);
        explainer.feed(text.as_bytes());
        explainer.end();
    }
    explainer.answer()
}

fn only<'a>(answer: &'a Answer, id: &str) -> &'a Trouble {
    let all: Vec<_> = answer.troubles.iter().filter(|trouble| trouble.id == id).collect();
    assert_eq!(all.len(), 1, "{id} in {answer:#?}");
    all[0]
}

fn pattern(id: &str) -> &'static Pattern {
    let found = patterns::all().find(|pattern| pattern.id == id);
    found.unwrap_or_else(|| panic!("there is no pattern {id}"))
}

fn lines(trouble: &Trouble) -> Vec<&str> {
    trouble.commands.iter().map(|step| step.line.as_str()).collect()
}

/// Each wording of a pattern is found in its excerpt, and nothing else is.
#[test]
fn every_pattern_is_found_in_its_excerpts() {
    for pattern in patterns::all() {
        let rows = match pattern.sign {
            Sign::Words(rows) | Sign::WordsAfterVhdUtil(rows) => rows,
            Sign::Frames(_) | Sign::AnyCode | Sign::Said(_) | Sign::Attached => &[&[] as &[&str]],
        };
        assert_eq!(pattern.excerpts.len(), rows.len(), "{} has an excerpt for each wording", pattern.id);
        for (row, excerpt) in rows.iter().zip(pattern.excerpts) {
            assert!(row.iter().all(|word| excerpt.contains(word)), "{row:?} in {excerpt}");
            let answer = explained(&[("log", excerpt)]);
            let ids: Vec<_> = answer.troubles.iter().map(|trouble| trouble.id.as_str()).collect();
            assert_eq!(ids, [pattern.id], "{excerpt}");
            assert_eq!(answer.troubles[0].count, 1, "{}", pattern.id);
        }
        if pattern.number.is_some() {
            let answer = explained(&[("log", pattern.excerpts[0])]);
            assert!(!answer.troubles[0].detail.is_empty(), "{}", pattern.id);
        }
    }
}

/// Every function of a traceback that a pattern knows leads to it.
#[test]
fn every_function_is_found() {
    const HEAD: &str = "Sep 14 16:36:26 fatxs-1 SM: [19805] ";
    for pattern in patterns::all() {
        let Sign::Frames(frames) = pattern.sign else { continue };
        for function in frames {
            let frame = format!("  File \"/opt/xensource/sm/cleanup.py\", line 1, in {function}");
            let log = format!("{HEAD}coalesce: EXCEPTION <class 'util.SMException'>, x\n{HEAD}{frame}\n");
            assert_eq!(explained(&[("log", &log)]).troubles[0].id, pattern.id, "{log}");
        }
    }
}

#[test]
fn every_pattern_says_what_it_has_to() {
    let mut ids = BTreeSet::new();
    for pattern in patterns::all() {
        assert!(ids.insert(pattern.id), "{} is there twice", pattern.id);
        for text in [pattern.title, pattern.happened, pattern.why, pattern.check, pattern.remedy] {
            assert!(!text.is_empty(), "{}", pattern.id);
        }
        if let Sign::Words(rows) | Sign::WordsAfterVhdUtil(rows) = pattern.sign {
            for row in rows {
                assert!(row.first().is_some_and(|word| word.len() >= 8), "{}: {row:?}", pattern.id);
            }
        }
        for command in pattern.commands.iter().copied().flatten() {
            let writing =
                ["vhd-util repair", "sr-scan", "lvchange", "param-remove", "vhd-util modify", "vhd-util coalesce"];
            let is_writing = writing.iter().any(|word| command.line.contains(word));
            assert_eq!(!command.warning.is_empty(), is_writing, "{}", command.line);
        }
    }
}

/// The two logs that led to the disk of the incident.
#[test]
fn the_logs_of_the_incident_are_explained() {
    let answer = explained(&[("nova-compute.log", NOVA), ("SMlog", SM)]);
    let timeout = only(&answer, "nova.coalesce-timeout");
    let counted = pattern("nova.coalesce-timeout").number.map(|(_, counts)| format!("20 {counts}"));
    assert_eq!(Some(&timeout.detail), counted.as_ref());
    assert_eq!(timeout.count, 1, "three lines of one failure");
    assert_eq!(timeout.names.instance.as_deref(), Some("8c8a0f6e-7108-4202-bbd6-9e3dffda4688"));
    assert_eq!(
        timeout.names.request.as_deref(),
        Some("req-89edd082-6755-447a-bce8-93464d812ac1".trim_start_matches("req-"))
    );
    assert_eq!((timeout.first.line, timeout.first.time.as_str()), (1, "2017-09-13 12:58:57.807"));

    let failed = only(&answer, "smgc.set-size");
    assert_eq!(failed.names.sr.as_deref(), Some("0995f66a-6188-ad63-4d00-117498b7fd46"));
    assert_eq!(failed.names.host.as_deref(), Some("fatxs-1"));
    assert!(failed.line.ends_with("coalesce: EXCEPTION <class 'util.CommandException'>, Invalid argument"));
    assert_eq!(failed.traceback[..4], ["coalesce", "_coalesce", "_doCoalesce", "_increaseSizeVirt"]);
    assert!(lines(failed).contains(&"xe sr-scan uuid=0995f66a-6188-ad63-4d00-117498b7fd46"), "{failed:#?}");

    let ids: Vec<_> = answer.troubles.iter().map(|trouble| trouble.id.as_str()).collect();
    assert_eq!(ids, ["smgc.set-size", "nova.coalesce-timeout"], "a day later, and so first");
    assert_eq!(answer.lines, NOVA.lines().count() as u64 + SM.lines().count() as u64);
}

/// What a person copies from the terminal names the disk.
#[test]
fn the_disk_is_named_by_what_vhd_util_printed() {
    const SR: &str = "0995f66a-6188-ad63-4d00-117498b7fd46";
    let disk = format!("/var/run/sr-mount/{SR}/91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd");
    let pasted = format!("# vhd-util check -n {disk}\n> {CHECK}");
    let answer = explained(&[("paste", &pasted), ("check-output.txt", CHECK)]);
    let invalid = only(&answer, "vhd-util.invalid");
    assert_eq!(invalid.names.vdi.as_deref(), Some("91499ab6-63e9-47cf-b73a-b7fc2b09dcc7"));
    assert_eq!(invalid.names.parent.as_deref(), Some("16f02a7d-4e4b-4298-a44a-9cc155cbd2b1"));
    assert_eq!(invalid.detail, "primary footer invalid: invalid cookie");
    let check = format!("vhd-util check -n {disk}");
    assert!(lines(invalid).contains(&check.as_str()), "{invalid:#?}");
    assert!(invalid.commands.iter().all(|step| !step.line.starts_with("lvchange")), "the repository is one of files");
}

#[test]
fn volumes_are_named_by_their_device_and_activated_first() {
    const SR: &str = "25e96f21-b8d3-f880-3df5-f71897c52429";
    const DISK: &str = "ad1f957a-9f60-48d0-8833-e7b7fd19dde5";
    let device = format!("/dev/VG_XenStorage-{SR}/VHD-{DISK}");
    let log = format!(
        "Nov 13 12:31:27 x SMGC: [13829]   Running VHD coalesce on *ad1f957a[VHD](1800.000G//2.500G|n)\n\
         Nov 13 12:31:27 x SM: [13829] ['/usr/bin/vhd-util', 'coalesce', '--debug', '-n', '{device}']\n\
         Nov 13 12:31:28 x SM: [13829] FAILED in util.pread: (rc 28) stdout: '', stderr: ''\n\
         Nov 13 12:31:30 x SM: [99] ['/sbin/lvs', '{device}']\n\
         Nov 13 12:31:30 x SM: [99] FAILED in util.pread: (rc 5) stdout: '', stderr: ''\n"
    );
    let answer = explained(&[("SMlog", &log)]);
    let failed = only(&answer, "vhd-util.failed");
    assert_eq!(failed.names.vdi.as_deref(), Some(DISK));
    assert!(exit_code(28).starts_with("ENOSPC"), "{}", exit_code(28));
    assert_eq!(failed.detail, format!("{CODE} 28, {}", exit_code(28)));
    let commands = lines(failed);
    let place = |line: String| commands.iter().position(|known| *known == line);
    let (on, check) = (place(format!("lvchange -ay {device}")), place(format!("vhd-util check -n {device}")));
    assert!(on.is_some() && on < check, "{commands:#?}");
    assert_eq!(answer.troubles.len(), 1, "another tool may fail: {answer:#?}");
}

/// The garbage collector writes the first eight digits of a disk; elsewhere the log has all of them.
#[test]
fn short_names_are_made_whole() {
    let log = "Jan  2 16:01:10 x SM: [7] ['/usr/bin/vhd-util', 'query', '-n', '/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/cf4a78da-153a-4fff-9c59-0fbab710d373.vhd']\n\
               Jan  2 16:01:16 x SMGC: [3802739] Coalescing *85ff84a8[VHD](65.000G///33.836G|n) -> *cf4a78da[VHD](65.000G///52.555G|n)\n\
               Jan  2 16:01:17 x SMGC: [3802739] coalesce: EXCEPTION <class 'util.SMException'>, no\n\
               Jan  2 16:01:17 x SMGC: [3802739] Starting asynch srUpdate for SR 0995f66a-6188-ad63-4d00-117498b7fd46\n";
    let answer = explained(&[("SMlog", log)]);
    let failed = only(&answer, "smgc.coalesce");
    assert_eq!(failed.names.vdi.as_deref(), Some("85ff84a8"));
    assert_eq!(failed.names.parent.as_deref(), Some("cf4a78da-153a-4fff-9c59-0fbab710d373"));
    let commands = lines(failed);
    assert!(
        commands.contains(&"vhd-util check -n /var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/85ff84a8*.vhd")
    );
    assert!(commands.contains(&"vhd-util check -n /var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/cf4a78da-153a-4fff-9c59-0fbab710d373.vhd"));
    let unknown = failed.commands.iter().find(|step| step.line.contains("<uuid that begins with 85ff84a8>"));
    assert!(unknown.is_some_and(|step| !step.is_complete));
}

/// Syslog writes no year: December comes before January, and both before what nova dates later.
#[test]
fn the_newest_comes_first_over_the_end_of_a_year() {
    let full = |date: &str, sr: char| {
        format!(
            "{date} x SM: [1] No space left on device in SR {}\n",
            sr.to_string().repeat(8) + "-6188-ad63-4d00-117498b7fd46"
        )
    };
    let sm = full("Dec 31 23:50:58", 'a') + &full("Jan  1 00:00:02", 'b') + &full("Dec 31 23:59:59", 'a');
    let nova = "2026-01-01 00:00:01.000 7 ERROR nova [instance: 8c8a0f6e-7108-4202-bbd6-9e3dffda4688] VHD coalesce attempts exceeded (5), giving up...\n";
    // The third line came late.
    for (sm, last) in [(&sm[..sm.len() / 3 * 2], "Dec 31 23:50:58"), (&sm, "Dec 31 23:59:59")] {
        let answer = explained(&[("nova", nova), ("SMlog", sm)]);
        let times: Vec<_> = answer.troubles.iter().map(|trouble| trouble.last.time.as_str()).collect();
        assert_eq!(times, ["Jan  1 00:00:02", "2026-01-01 00:00:01.000", last]);
    }
}

/// Logs come quoted, searched, coloured and copied, from programs of all ages: trouble keeps its time and its process.
#[test]
fn lines_are_read_whatever_stands_before_them() {
    const SR: &str = "0995f66a-6188-ad63-4d00-117498b7fd46";
    for (head, time) in [
        ("Sep 14 16:36:26 x SMGC: [7] ", "Sep 14 16:36:26"),
        ("Sep 4 16:36:26 x SMGC: [7] ", "Sep 4 16:36:26"),
        ("> Sep 14 16:36:26 x SMGC: [7] ", "Sep 14 16:36:26"),
        ("\tSep 14 16:36:26 x SMGC: [7] ", "Sep 14 16:36:26"),
        ("/var/log/SMlog.2:Sep 14 16:36:26 x SMGC: [7] ", "Sep 14 16:36:26"),
        ("\x1b[31mSep 14 16:36:26\x1b[0m x SMGC: \x1b[1m[7] ", "Sep 14 16:36:26"),
        ("[7] 2013-06-09 12:00:00.123456\t", "2013-06-09 12:00:00.123456"),
        ("2026-01-02T16:01:16.123456-07:00 x SMGC: [7] ", "2026-01-02T16:01:16.123456-07:00"),
        ("Jan 02 16:01:16.123456 x SMGC[7]: [7] ", "Jan 02 16:01:16.123456"),
    ] {
        let other = head.replace("[7]", "[8]");
        let log = format!(
            "{head}=== SR {SR}: gc ===\n--\n\
             {head}Coalescing *85ff84a8[VHD](65.000G///33.836G|n) -> *cf4a78da[VHD](65.000G///52.555G|n)\r\n\
             {other}Coalescing *11111111[VHD](65.000G///33.836G|n) -> *22222222[VHD](65.000G///52.555G|n)\n\
             {head}coalesce: EXCEPTION <class 'util.SMException'>, no\n\
             {other}  File \"/opt/xensource/sm/cleanup.py\", line 5, in _relinkSkip\n\
             {head}  File \"/opt/xensource/sm/cleanup.py\", line 5, in _increaseSizeVirt\n"
        );
        let answer = explained(&[("SMlog", &log)]);
        let failed = only(&answer, "smgc.set-size");
        assert_eq!(failed.last.time, time, "{log}");
        assert_eq!(failed.names.vdi.as_deref(), Some("85ff84a8"), "{log}");
        assert_eq!(failed.names.parent.as_deref(), Some("cf4a78da"), "{log}");
        assert_eq!(failed.names.sr.as_deref(), Some(SR), "{log}");
    }
}

/// A merge goes on for hours, in which hundreds of other processes write.
#[test]
fn the_disk_of_a_long_merge_is_not_forgotten() {
    let coalescing = "Sep 14 16:36:26 x SMGC: [19805] Coalescing *85ff84a8[VHD](65.000G) -> *cf4a78da[VHD](65.000G)\n";
    let others: String = (0..900)
        .map(|id| format!("Sep 14 17:00:00 x SM: [{id}] ['/usr/bin/vhd-util', 'scan', '-f', '-m', 'VHD-*']\n"))
        .collect();
    let failed = "Sep 14 18:36:26 x SMGC: [19805] coalesce: EXCEPTION <class 'util.SMException'>, no\n";
    let answer = explained(&[("SMlog", &format!("{coalescing}{others}{failed}"))]);
    assert_eq!(only(&answer, "smgc.coalesce").names.vdi.as_deref(), Some("85ff84a8"));
}

/// Of logs without years those that were rotated over the end of one are told in their order, as they were dropped in any.
#[test]
fn rotated_logs_are_ordered_over_the_end_of_a_year() {
    let line = |time: &str, words: &str| format!("{time} x SM: [1] {words}\n");
    let old = line("Dec 30 10:00:00", "No space left on device") + &line("Dec 30 10:00:05", "Stale file handle");
    let new = line("Jan  2 10:00:00", "No space left on device") + &line("Jan  2 10:00:05", "Read-only file system");
    for logs in [[("SMlog.1", old.as_str()), ("SMlog", new.as_str())], [("SMlog", &new), ("SMlog.1", &old)]] {
        let answer = explained(&logs);
        let ids: Vec<_> = answer.troubles.iter().map(|trouble| trouble.id.as_str()).collect();
        assert_eq!(ids, ["storage.read-only", "storage.no-space", "storage.nfs-stale"]);
        let full = only(&answer, "storage.no-space");
        let times = (full.count, full.first.time.as_str(), full.last.time.as_str());
        assert_eq!(times, (2, "Dec 30 10:00:00", "Jan  2 10:00:00"));
    }
}

/// Hosts in different zones write different clocks.
#[test]
fn zones_are_told_apart() {
    let east = "2026-01-03T00:30:00+02:00 a SM: [1] No space left on device\n";
    let west = "2026-01-02T15:00:00-08:00 b SM: [1] Stale file handle\n";
    let utc = "[20260102T22:45:00.000Z|error|b|1|x] Read-only file system\n";
    let answer = explained(&[("a", east), ("b", west), ("c", utc)]);
    let ids: Vec<_> = answer.troubles.iter().map(|trouble| trouble.id.as_str()).collect();
    assert_eq!(ids, ["storage.nfs-stale", "storage.read-only", "storage.no-space"]);
}

/// A thousand disks with one kind of trouble do not wash away what there is once of another kind.
#[test]
fn a_flood_of_one_kind_leaves_the_others() {
    let mut log = String::from("Sep 13 16:36:26 x SM: [1] Found VHD journal 0995f66a-6188-ad63-4d00-117498b7fd46, x\n");
    for disk in 0..2000 {
        writeln!(log, "Sep 14 16:36:26 x SM: [{disk}] Stale file handle: VDI {disk:08x}-6188-ad63-4d00-117498b7fd46")
            .ok();
    }
    let answer = explained(&[("SMlog", &log)]);
    only(&answer, "journal.resize");
    assert!(answer.left_out > 0);
}

const DISK: &str = "/var/run/sr-mount/0995f66a-6188-ad63-4d00-117498b7fd46/91499ab6-63e9-47cf-b73a-b7fc2b09dcc7.vhd";

/// What goes well, and what only looks like trouble.
#[test]
fn benign_lines_are_no_trouble() {
    let log = format!(
        "Sep 14 16:36:26 x SM: [7] ['/usr/bin/vhd-util', 'check', '--debug', '-n', '{DISK}']\n\
         Sep 14 16:36:26 x SM: [7]   pread SUCCESS\n\
         Sep 14 16:36:26 x SM: [7] ['/usr/bin/vhd-util', 'query', '--debug', '-n', '{DISK}']\n\
         Sep 14 16:36:26 x SM: [7] ['/sbin/lvs', 'VG_XenStorage-0995f66a-6188-ad63-4d00-117498b7fd46']\n\
         Sep 14 16:36:26 x SM: [7] FAILED in util.pread: (rc 5) stdout: '', stderr: ''\n\
         Sep 14 16:36:26 x SM: [7] Ignoring exception for LV check: /dev/VG_XenStorage-x/y.cbtlog !\n\
         Sep 14 16:36:26 x SMGC: [7] Found 0 VDIs for deletion:\n\
         Sep 14 16:36:26 x SMGC: [7]   Coalesce verification succeeded\n\
         # vhd-util check -n {DISK}\n{DISK} is valid\n"
    );
    assert_eq!(explained(&[("SMlog", &log)]).troubles, []);
}

/// The exception says that a read or a write failed; its traceback, in which step.
#[test]
fn the_step_that_failed_is_told_whatever_the_exception_is() {
    for (says, frame, id) in [
        ("Input/output error", "_increaseSizeVirt", "smgc.set-size"),
        ("Input/output error", "_relinkSkip", "smgc.relink"),
        ("Input/output error", "somewhere", "smgc.coalesce"),
        ("No space left on device", "_increaseSizeVirt", "storage.no-space"),
    ] {
        let head = "Sep 14 16:36:26 x SMGC: [7]";
        let log = format!(
            "{head} coalesce: EXCEPTION <class 'util.CommandException'>, {says}\n\
             {head}   File \"/opt/xensource/sm/cleanup.py\", line 692, in {frame}\n"
        );
        let answer = explained(&[("SMlog", &log)]);
        let detail = if id.starts_with("smgc") { says } else { "" };
        assert_eq!(only(&answer, id).detail, detail, "{log}");
    }
}

/// The storage manager logs what it is asked to do with all names, and what went wrong often with none.
#[test]
fn an_operation_that_fails_names_its_disk() {
    let head = "Aug  1 17:24:46 x SM: [12820]";
    let log = format!(
        "{head} vdi_attach {{'sr_uuid': '0995f66a-6188-ad63-4d00-117498b7fd46', 'subtask_of': \
         'DummyRef:|eae0510e-1a25-03ad-69c2-076f8ef7899d|VDI.attach2', 'vdi_ref': \
         'OpaqueRef:f25db949-ec0e-e414-8f87-7fa393c228fe', 'vdi_location': '91499ab6-63e9-47cf-b73a-b7fc2b09dcc7', \
         'command': 'vdi_attach', 'vdi_uuid': '91499ab6-63e9-47cf-b73a-b7fc2b09dcc7'}}\n\
         {head} ['/usr/bin/vhd-util', 'query', '--debug', '-vsfp', '-n', '{DISK}']\n\
         {head}   pread SUCCESS\n\
         {head} ***** vdi_attach: EXCEPTION <class 'SR.SROSError'>, The VDI is not available\n"
    );
    let answer = explained(&[("SMlog", &log)]);
    let names = &only(&answer, "storage.vdi-unavailable").names;
    assert_eq!(names.vdi.as_deref(), Some("91499ab6-63e9-47cf-b73a-b7fc2b09dcc7"));
    assert_eq!(names.sr.as_deref(), Some("0995f66a-6188-ad63-4d00-117498b7fd46"));
    assert!(lines(&answer.troubles[0]).contains(&format!("vhd-util check -n {DISK}").as_str()));
}

/// One disk by its short and by its whole name is one trouble; virtual machines, hosts and error numbers are told apart.
#[test]
fn what_is_one_is_gathered_and_what_is_not_is_told_apart() {
    let log = "Sep 14 16:36:26 x SMGC: [7] No space to coalesce *ad1f957a[VHD](1G//1G|n) (free space: 1)\n\
               Sep 14 16:46:26 x SMGC: [8] No space to coalesce VDI ad1f957a-9f60-48d0-8833-e7b7fd19dde5 (free space: 2)\n\
               Sep 14 16:56:26 x SMGC: [9] No space to coalesce *ad1f957a[VHD](1G//1G|n) (free space: 3)\n";
    let answer = explained(&[("SMlog", log)]);
    let full = only(&answer, "smgc.no-space");
    let counted = pattern("smgc.no-space").number.map(|(_, counts)| format!("3 {counts}"));
    assert_eq!((full.count, Some(&full.detail)), (3, counted.as_ref()));
    assert_eq!(full.names.vdi.as_deref(), Some("ad1f957a-9f60-48d0-8833-e7b7fd19dde5"));

    let start = |vm: char| {
        let vm = vm.to_string().repeat(8) + "-6188-ad63-4d00-117498b7fd46";
        format!(
            "Jun  3 10:12:44 a xapi: [error||1 ||xapi] VM {vm}: SR_BACKEND_FAILURE_46(, The VDI is not available, )\n"
        )
    };
    let host = |host: &str| format!("Jun  3 10:12:44 {host} SM: [1] Stale file handle\n");
    let log = start('a') + &start('b') + &host("a") + &host("b") + "SR_BACKEND_FAILURE_460(, Failed to calculate)\n";
    let answer = explained(&[("xensource.log", &log)]);
    let count = |id| answer.troubles.iter().filter(|trouble| trouble.id == id).count();
    assert_eq!([count("storage.vdi-unavailable"), count("storage.nfs-stale")], [2, 2], "{answer:#?}");
}

/// A line full of the words that a pattern begins with, and without those that follow, is read once.
#[test]
fn half_of_a_pattern_again_and_again_takes_no_time() {
    let log = format!("Sep 14 16:36:26 x SM: [7] {}\n", "leaf-coalesce ".repeat(1000)).repeat(300);
    let begun = std::time::Instant::now();
    assert_eq!(explained(&[("SMlog", &log)]).troubles, []);
    assert!(begun.elapsed().as_secs() < 4, "{:?}", begun.elapsed());
}

/// A volume is visible for each command that reads or writes it, and hidden after the last; nothing else is told twice.
#[test]
fn commands_for_volumes_work_in_their_order() {
    let volume = "/dev/VG_XenStorage-0995f66a-6188-ad63-4d00-117498b7fd46/VHD-";
    for pattern in patterns::all() {
        let log = format!("x SM: {volume}91499ab6-63e9-47cf-b73a-b7fc2b09dcc7\n{}", pattern.excerpts[0]);
        let known = format!("vhd-util check -n {volume}91499ab6-63e9-47cf-b73a-b7fc2b09dcc7\n{log}");
        for (log, is_known) in [(pattern.excerpts[0], false), (known.as_str(), true)] {
            let answer = explained(&[("SMlog", log)]);
            let mut visible = BTreeSet::new();
            let mut told = BTreeSet::new();
            for step in &answer.troubles[0].commands {
                let line = step.line.as_str();
                assert!(told.insert(line) || line.starts_with("lvchange"), "{line} is told twice for {}", pattern.id);
                let Some((command, device)) = line.split_once("/dev/VG_XenStorage-") else { continue };
                assert!(!device.contains('*'), "{line}: the shell does not find what is not visible");
                match command {
                    "lvchange -ay " => assert!(visible.insert(device), "{line} twice in {}", pattern.id),
                    "lvchange -an " => assert!(visible.remove(device), "{line} twice in {}", pattern.id),
                    _ => assert!(visible.contains(device), "{line} of a hidden volume in {}, {is_known}", pattern.id),
                }
            }
            assert_eq!(visible.len(), 0, "{} leaves a volume visible", pattern.id);
        }
    }
}

/// Which setting has to go depends on what is switched off.
#[test]
fn what_is_switched_off_is_switched_on_by_its_own_setting() {
    for (says, command) in [
        (
            "GC is disabled for this SR, abort",
            "xe sr-param-remove uuid=0995f66a-6188-ad63-4d00-117498b7fd46 param-name=other-config param-key=gc",
        ),
        (
            "Coalesce disabled for this SR",
            "xe sr-param-remove uuid=0995f66a-6188-ad63-4d00-117498b7fd46 param-name=other-config param-key=coalesce",
        ),
        (
            "Leaf-coalesce disabled for VDI 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7",
            "xe vdi-param-remove uuid=91499ab6-63e9-47cf-b73a-b7fc2b09dcc7 param-name=other-config param-key=leaf-coalesce",
        ),
    ] {
        let sr = "Sep 14 16:36:26 x SMGC: [7] === SR 0995f66a-6188-ad63-4d00-117498b7fd46: gc ===\n";
        let answer = explained(&[("SMlog", &format!("{sr}Sep 14 16:36:26 x SMGC: [7] {says}\n"))]);
        assert!(lines(&answer.troubles[0]).contains(&command), "{:#?}", answer.troubles[0].commands);
    }
}

/// The storage manager once wrote tracebacks without stamps, and its merges run in processes of their own.
#[test]
fn tracebacks_without_stamps_and_children_belong_to_their_process() {
    let long = "x".repeat(100);
    let log = format!(
        "[7] 2013-06-09 12:00:00.123456\tcoalesce: EXCEPTION <class 'util.SMException'>, {long}\n  \
         File \"/opt/xensource/sm/cleanup.py\", line 692, in _doCoalesce\n    self.parent._increaseSizeVirt(x)\n  \
         File \"/opt/xensource/sm/cleanup.py\", line 890, in _increaseSizeVirt\n"
    );
    let answer = explained(&[("SMlog", &log)]);
    assert_eq!(only(&answer, "smgc.set-size").traceback, ["_doCoalesce", "_increaseSizeVirt"]);

    let head = "Aug 21 12:31:09 rigel SM: [700]";
    let log = format!(
        "{head} ['/usr/bin/vhd-util', 'coalesce', '--debug', '-n', '{DISK}']\n\
         {head} Coalesce failed on SR 0995f66a-6188-ad63-4d00-117498b7fd46: Input/output error (I/O error while coalescing.)\n\
         {head} Child process failed with : (Input/output error)\n"
    );
    let answer = explained(&[("SMlog", &log)]);
    for id in ["smgc.io-error", "storage.io-error"] {
        assert_eq!(only(&answer, id).names.vdi.as_deref(), Some("91499ab6-63e9-47cf-b73a-b7fc2b09dcc7"), "{id}");
    }
}

/// A resize that a person asked for is no coalesce, though it runs through the same functions.
#[test]
fn operations_are_not_taken_for_merges() {
    for says in ["Input/output error", "Invalid argument"] {
        let head = "Sep 14 16:36:26 x SM: [7]";
        let log = format!(
            "{head} ***** VDI.resize: EXCEPTION <class 'util.CommandException'>, {says}\n\
             {head}   File \"/opt/xensource/sm/vhdutil.py\", line 228, in setSizeVirt\n"
        );
        let answer = explained(&[("SMlog", &log)]);
        let trouble = &answer.troubles[0];
        assert!(trouble.id.starts_with("storage."), "{trouble:#?}");
        assert_eq!((answer.troubles.len(), trouble.detail.as_str()), (1, says));
        assert_eq!(trouble.traceback, ["setSizeVirt"]);
    }
}

#[test]
fn what_comes_again_is_gathered() {
    let line = |minute: u32| format!("Sep 14 16:{minute:02}:26 x SMGC: [19805] Coalesce disabled for this SR\n");
    let log: String = (0..60).map(line).collect();
    let answer = explained(&[("SMlog", &log)]);
    let trouble = only(&answer, "smgc.disabled");
    assert_eq!((trouble.count, trouble.severity), (60, Severity::Warning));
    assert_eq!((trouble.first.time.as_str(), trouble.last.time.as_str()), ("Sep 14 16:00:26", "Sep 14 16:59:26"));
    assert_eq!((trouble.first.line, trouble.last.line), (1, 60));
}

/// However the bytes come, the answer is the same.
#[test]
fn chunks_do_not_matter() {
    let whole = explained(&[("log", SM)]);
    let mut explainer = Explainer::new();
    explainer.begin("log");
    SM.as_bytes().chunks(7).for_each(|chunk| explainer.feed(chunk));
    assert_eq!(explainer.answer(), whole);
}

#[test]
fn a_log_full_of_different_trouble_is_kept_within_bounds() {
    let mut explainer = Explainer::new();
    explainer.begin("SMlog");
    for disk in 0..5000 {
        explainer.feed(
            format!(
                "Sep 14 16:36:26 x SM: [{disk}] Scan error on attempt 2 VDI {disk:08x}-6188-ad63-4d00-117498b7fd46\n"
            )
            .as_bytes(),
        );
    }
    let answer = explainer.answer();
    assert!(answer.troubles.len() <= 500, "{}", answer.troubles.len());
    assert_eq!(answer.troubles.len() as u64 + answer.left_out, 5000);
    assert_eq!(answer.troubles[0].last.line, 5000, "the newest is kept");
}

/// Where a log does not tell what a repository is made of, there are commands for both.
#[test]
fn an_unknown_repository_gets_commands_for_files_and_for_volumes() {
    let log = "Jan  2 16:01:17 x SMGC: [7] coalesce: EXCEPTION <class 'util.SMException'>, no\n";
    let answer = explained(&[("SMlog", log)]);
    let commands = &only(&answer, "smgc.coalesce").commands;
    for (on, template, line) in [
        (On::Files, "vhd-util check -n {disk}", "vhd-util check -n /var/run/sr-mount/<sr-uuid>/<vdi-uuid>.vhd"),
        (On::Any, "xe vdi-list uuid={vdi} ", "xe vdi-list uuid=<vdi-uuid> "),
    ] {
        let mut known = pattern("smgc.coalesce").commands.iter().copied().flatten();
        let says = known.find(|command| command.line.starts_with(template)).map(|command| command.says);
        let found = commands.iter().filter(|step| {
            step.on == on && Some(step.says.as_str()) == says && step.line.starts_with(line) && !step.is_complete
        });
        assert_eq!(found.count(), 1, "{line} in {commands:#?}");
    }
    // What applies to some storage only says so, and to which.
    let places = [On::Any, On::Files, On::Lvm].map(|on| on.to_string());
    assert!(places[0].is_empty() && !places[1].is_empty() && !places[2].is_empty() && places[1] != places[2]);
}

/// Nobody shall guess a name in a command that writes.
#[test]
fn no_command_that_writes_has_a_placeholder() {
    for excerpt in patterns::all().flat_map(|pattern| pattern.excerpts) {
        for step in explained(&[("log", excerpt)]).troubles.iter().flat_map(|trouble| &trouble.commands) {
            assert!(step.warning.is_empty() || !step.line.contains(['<', '*']), "{} for {excerpt}", step.line);
        }
    }
}

/// The files of a repository lie in it; others are where the log says.
#[test]
fn a_path_is_kept_whole() {
    const SR: &str = "0995f66a-6188-ad63-4d00-117498b7fd46";
    const DISK: &str = "91499ab6-63e9-47cf-b73a-b7fc2b09dcc7";
    let usual = format!("/var/run/sr-mount/{SR}/{DISK}.vhd");
    for path in [format!("/var/run/sr-mount/{SR}/tmpQ8vLk3/{DISK}.vhd"), format!("/mnt/old/{DISK}.vhd"), usual.clone()]
    {
        let log = format!("primary footer invalid: invalid cookie\n{path} appears invalid; dumping metadata\n");
        let answer = explained(&[("log", &log)]);
        let invalid = only(&answer, "vhd-util.invalid");
        assert_eq!(invalid.names.path.as_ref(), Some(&path).filter(|path| **path != usual));
        if path.contains(SR) {
            assert!(lines(invalid).contains(&format!("vhd-util check -n {path}").as_str()), "{invalid:#?}");
        }
    }
}

/// What several lines were is joined in one by Python and by JSON: each is read by itself.
#[test]
fn joined_lines_are_lines() {
    const SR: &str = "0995f66a-6188-ad63-4d00-117498b7fd46";
    const DISKS: [&str; 2] = ["91499ab6-63e9-47cf-b73a-b7fc2b09dcc7", "16f02a7d-4e4b-4298-a44a-9cc155cbd2b1"];
    let [sound, broken] = DISKS.map(|disk| format!("/var/run/sr-mount/{SR}/{disk}.vhd"));
    let log = format!(
        "2014-06-16 04:51:20 3317 TRACE nova.compute.manager [instance: 8c8a0f6e-7108-4202-bbd6-9e3dffda4688] Failure: \
         \"Unexpected output '{sound} is valid\\nprimary footer invalid: invalid cookie\\n{broken} appears invalid; \
         dumping metadata\\n'\"\n"
    );
    let answer = explained(&[("nova-compute.log", &log)]);
    assert_eq!(answer.troubles.len(), 1);
    let invalid = only(&answer, "vhd-util.invalid");
    assert_eq!((invalid.names.vdi.as_deref(), invalid.names.parent.as_deref()), (Some(DISKS[1]), None));
    assert_eq!(invalid.names.instance.as_deref(), Some("8c8a0f6e-7108-4202-bbd6-9e3dffda4688"));
    assert_eq!(invalid.detail, "primary footer invalid: invalid cookie");
}

/// The locks that a process takes name what it works on, where its error names nothing; another process’s do not.
#[test]
fn locks_name_the_disk_of_an_error() {
    let head = "Aug 19 20:02:58 x SM: [";
    let locks = "0995f66a-6188-ad63-4d00-117498b7fd46/sr 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7/vdi";
    let locks: String =
        locks.split(' ').map(|lock| format!("{head}7] lock: opening lock file /var/lock/sm/{lock}\n")).collect();
    for (process, vdi) in [(7, Some("91499ab6-63e9-47cf-b73a-b7fc2b09dcc7")), (8, None)] {
        let log = format!("{locks}{head}{process}] Raising exception [46, The VDI is not available]\n");
        let answer = explained(&[("SMlog", &log)]);
        assert_eq!(only(&answer, "storage.vdi-unavailable").names.vdi.as_deref(), vdi, "{process}");
    }
    // What was pasted below without a stamp may be anybody’s.
    let pasted = format!("{locks}{{\n \"message\": \"SR_BACKEND_FAILURE_46(, The VDI is not available, )\"\n}}\n");
    let names = only(&explained(&[("paste", &pasted)]), "storage.vdi-unavailable").names.clone();
    assert_eq!((names.vdi, names.sr), (None, None));
}

/// One failure is told once, whoever tells of it: the manager’s exception, XenServer’s log, the cause in its words.
#[test]
fn one_failure_in_several_words_is_one() {
    let failed = "SR_BACKEND_FAILURE_47, [ ; The SR is not available [opterr=not mounted /var/run/sr-mount/x];  ]";
    let log = format!(
        "Oct 14 17:02:36 h SM: [22074] Raising exception [47, The SR is not available [opterr=not mounted /var/run/sr-mount/x]]\n\
         Oct 14 17:02:36 h xapi: [error||4471 HTTPS|Async.SR.scan R:5a48aca17d39|backtrace] Server_error({failed})\n"
    );
    let answer = explained(&[("SMlog", &log)]);
    assert_eq!(answer.troubles.len(), 1, "{answer:#?}");
    assert!(answer.troubles[0].title.ends_with(": not mounted /var/run/sr-mount/x"));
    let later = log.replace("17:02:36 h xapi", "17:44:10 h xapi");
    assert_eq!(explained(&[("SMlog", &later)]).troubles.len(), 1, "the same trouble again");
    let other = later.replace("sr-mount/x];", "sr-mount/y];");
    assert_eq!(explained(&[("SMlog", &other)]).troubles[0].count, 2);
}

/// Each number leads to one kind. What a probe usually answers is a note, and an error that no kind knows is told in the
/// storage manager’s words.
#[test]
fn every_number_has_its_meaning() {
    let codes: Vec<u16> = patterns::all().flat_map(|pattern| pattern.codes).copied().collect();
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len(), "a number is there twice: {codes:?}");
    let of = |code: u16| {
        let words = patterns::meaning(code);
        assert!(!words.is_empty(), "{code}");
        let log = format!("Sep 14 16:36:26 h SM: [7] Raising exception [{code}, {words}]\n");
        let mut troubles = explained(&[("SMlog", &log)]).troubles;
        assert_eq!(troubles.len(), 1, "{code}");
        troubles.remove(0)
    };
    for code in codes {
        assert!(of(code).detail.contains(patterns::meaning(code)), "{code}");
    }
    assert_eq!([96, 107].map(|code| of(code).severity), [Severity::Info; 2]);
    for code in [69, 71, 84, 86, 106, 142, 182] {
        let told = of(code);
        assert_eq!((told.id.as_str(), told.title.as_str()), ("storage.refused", patterns::meaning(code)));
    }
}

/// `docs/logs.md` lists every pattern there is. `UPDATE_DOCS=1 cargo test --test logs` writes it anew.
#[test]
fn the_list_of_patterns_is_up_to_date() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/logs.md");
    let mut page = String::from(
        "# What logs tell\n\n\
         Everything that `vhd-analyser explain` knows of logs, by its name, which is stable for scripts. This page comes \
         from the tables in `logs/src/patterns`, each entry of which has its log excerpt as a test.\n",
    );
    for pattern in patterns::all() {
        let words = [pattern.happened, pattern.why, pattern.check, pattern.remedy];
        write!(page, "\n## `{}`\n\n**{}** ({})\n", pattern.id, pattern.title, pattern.severity)?;
        for (label, text) in
            ["What happened", "Why that usually is", "How to make sure", "What to do"].iter().zip(words)
        {
            write!(page, "\n{label}: {text}\n")?;
        }
    }
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page)?;
    }
    let is_new = fs::read_to_string(path)? == page;
    assert!(is_new, "run UPDATE_DOCS=1 cargo test -p vhd-analyser-tests --test logs");
    Ok(())
}
