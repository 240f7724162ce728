//! A case laid out in a folder of its own, and the program run there.

use std::error::Error;
use std::fs::{self, File, FileTimes};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fancy_regex::Regex;
use flate2::read::GzDecoder;
use serde_json::Value;
use tempfile::TempDir;

use crate::disk::{self, Disk, NONE};
use crate::expect::{Check, Convert, Expect, Printed, Repair, Scan};

/// Seconds from 1970 to 2000.
const TO_2000: u64 = 946_684_800;

/// A case in its folder.
pub struct Case {
    folder: TempDir,
    expect: Expect,
    wrong: Vec<String>,
}

type Failed = Box<dyn Error>;

fn severity(name: &str) -> u8 {
    ["info", "warning", "error"].iter().position(|severity| *severity == name).unwrap_or_default() as u8
}

impl Case {
    /// Unpacks a case.
    pub fn lay_out(case: &Path) -> Result<Self, Failed> {
        let expect: Expect = serde_json::from_slice(&fs::read(case.join("expect.json"))?)?;
        let folder = TempDir::new()?;
        unpack(case, folder.path())?;
        for (name, sparse) in &expect.sparse {
            let whole = File::create(folder.path().join(name))?;
            whole.set_len(sparse.size)?;
            for (at, part) in &sparse.parts {
                whole.write_all_at(&fs::read(folder.path().join(part))?, *at)?;
            }
            for (_, part) in sparse.parts.iter().filter(|(_, part)| part.ends_with(".part")) {
                // One part may be used more than once.
                let _ = fs::remove_file(folder.path().join(part));
            }
        }
        for (name, seconds) in &expect.mtimes {
            let since_1970 = u64::try_from(*seconds)?.checked_add(TO_2000).ok_or("a time")?;
            let time = UNIX_EPOCH + Duration::from_secs(since_1970);
            let file = File::options().append(true).open(folder.path().join(name))?;
            file.set_times(FileTimes::new().set_modified(time))?;
        }
        Ok(Self { folder, expect, wrong: Vec::new() })
    }

    /// Runs everything that is expected, and answers with what does not hold.
    pub fn judge(mut self) -> Result<Vec<String>, Failed> {
        let expect = &self.expect;
        let mut wrong = Vec::new();
        for check in &expect.check {
            wrong.extend(self.check(check)?);
        }
        for repair in &expect.repair {
            wrong.extend(self.repair(repair)?);
        }
        for convert in &expect.convert {
            wrong.extend(self.convert(convert)?);
        }
        for read in &expect.read {
            wrong.extend(self.printed("read", read)?);
        }
        for scan in &expect.scan {
            wrong.extend(self.scan(scan)?);
        }
        self.wrong.append(&mut wrong);
        Ok(self.wrong)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, args: &[&str]) -> Result<(i32, String), Failed> {
        let output = Command::new(env!("CARGO_BIN_EXE_vhd-analyser"))
            .args(args)
            .current_dir(self.folder.path())
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .output()?;
        Ok((output.status.code().unwrap_or(-1), String::from_utf8_lossy(&output.stdout).into_owned()))
    }

    /// The clock of this run, which is that of the files, too.
    fn now() -> Result<String, Failed> {
        Ok((SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() - TO_2000).to_string())
    }

    fn json(&self, args: &[String], target: &str) -> Result<(i32, Value), Failed> {
        let now = Self::now()?;
        let mut all = vec!["check", "--json", "--now", &now];
        all.extend(args.iter().map(String::as_str));
        all.push(target);
        let (exit, out) = self.run(&all)?;
        Ok((exit, out.lines().next().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default()))
    }

    fn check(&self, expect: &Check) -> Result<Vec<String>, Failed> {
        let target = &self.expect.target;
        let (exit, report) = self.json(&expect.args, target)?;
        let mut wrong = answer(expect, exit, &report)?;
        if !expect.any.is_empty() {
            let tried: Vec<_> =
                expect.any.iter().map(|any| answer(any, exit, &report)).collect::<Result<_, Failed>>()?;
            if !tried.iter().any(Vec::is_empty) {
                wrong.push(format!("none of these: {tried:?}"));
            }
        }
        if expect.text.is_some() || expect.no_text.is_some() {
            let now = Self::now()?;
            let mut all = vec!["check", "--now", &now];
            all.extend(expect.args.iter().map(String::as_str));
            all.push(target);
            wrong.extend(texts(&self.run(&all)?.1, expect.text.as_deref(), expect.no_text.as_deref())?);
        }
        Ok(named("check", &expect.args, wrong))
    }

    fn repair(&self, expect: &Repair) -> Result<Vec<String>, Failed> {
        let target = self.expect.target.as_str();
        let mut names = Vec::new();
        for entry in fs::read_dir(self.folder.path())? {
            names.extend(Some(entry?.path()).filter(|path| path.is_file()));
        }
        let sums = || names.iter().map(|path| disk::file_digest(path)).collect::<io::Result<Vec<_>>>();
        let before = sums()?;
        let mut all = vec!["repair", target, "-o", "out.vhd"];
        all.extend(expect.args.iter().map(String::as_str));
        let (exit, _) = self.run(&all)?;
        let mut wrong = Vec::new();
        if sums()? != before {
            wrong.push("A FILE WAS CHANGED".into());
        }
        let exits = expect.exit.clone().unwrap_or(vec![0]);
        if !exits.contains(&exit) {
            wrong.push(format!("exit {exit}, not {exits:?}"));
        }
        let out = self.path("out.vhd");
        if out.exists() {
            wrong.extend(self.result(expect, &out)?);
            fs::remove_file(out)?;
        } else if if exit == 0 { !expect.nothing_ok } else { exits == [0] } {
            wrong.push("no result".into());
        }
        Ok(named("repair", &expect.args, wrong))
    }

    /// What of a repaired copy is not as it should be.
    fn result(&self, expect: &Repair, out: &Path) -> Result<Vec<String>, Failed> {
        let may_differ = |key: &str| match &expect.told_ok {
            Value::Bool(all) => *all,
            Value::Array(keys) => keys.iter().any(|allowed| allowed == key),
            _ => false,
        };
        let deep = expect.args.iter().filter(|arg| *arg == "--deep").cloned().collect::<Vec<_>>();
        let is_told = self.json(&deep, &self.expect.target)?.1["repair"]["lossless"] == Value::Bool(false);
        let mut wrong = Vec::new();
        let mut want = |key: &str, holds: bool, line: String| {
            if !(holds || may_differ(key) && is_told) {
                wrong.push(line);
            }
        };
        let after = match Disk::open(out) {
            Ok(disk) => disk,
            Err(error) => return Ok(vec![format!("the result cannot be read: {error}")]),
        };
        let input = File::open(self.path(&self.expect.target))?;
        let before = Disk::open(&self.path(&self.expect.target)).ok();
        for &block in &expect.bat_same {
            let table = before.as_ref().map(|disk| disk.table).or(expect.bat_at).ok_or("no place of the BAT")?;
            let was = disk::bytes(&input, table + 4 * block as u64, 4)?;
            let now = after.bat.get(block).copied();
            want(
                "bat_same",
                now.map(|now| now.to_be_bytes().to_vec()) == Some(was),
                format!("BAT entry {block} is {now:?}"),
            );
        }
        for (block, right) in &expect.bat_entry {
            let now = after.bat.get(block.parse::<usize>()?).copied();
            want("bat_entry", now == Some(*right), format!("BAT entry {block} is {now:?}, not {right}"));
        }
        for (block, sums) in &expect.block_sha256 {
            let now = after.bat.get(block.parse::<usize>()?).copied().unwrap_or(NONE);
            let sums = sums.as_array().cloned().unwrap_or_else(|| vec![sums.clone()]);
            let is_own = now == NONE || sums.contains(&disk::sha256(&after.block(now)?).into());
            want("block_sha256", is_own, format!("block {block} is linked to bytes that are not its own"));
        }
        if let Some(size) = expect.virtual_size {
            want("virtual_size", after.size == size, format!("virtual size {}, not {size}", after.size));
        }
        if expect.virtual_sha256.is_some() || expect.virtual_digest.is_some() {
            let (size, sectors) = disk::content(out, &[], false)?;
            let what = || "the virtual disk's content is not what it was".to_owned();
            if let Some(sum) = &expect.virtual_sha256 {
                want("virtual_sha256", disk::virtual_sha256(size, &sectors) == *sum, what());
            }
            if let Some(sum) = &expect.virtual_digest {
                want("virtual_digest", disk::virtual_digest(size, &sectors) == *sum, what());
            }
        }
        for &(at, length) in &expect.bytes_same {
            let is_same = after.at(at, length)? == disk::bytes(&input, at, length)?;
            want("bytes_same", is_same, format!("{length} bytes at {at} changed"));
        }
        for (at, right) in &expect.u32 {
            let is_right = after.at(at.parse()?, 4)? == right.to_be_bytes();
            want("u32", is_right, format!("the number at {at} is not {right:08x}"));
        }
        if let Some(size) = expect.file_size {
            want("file_size", after.length == size, format!("{} bytes long, not {size}", after.length));
        }
        if let Some(sum) = &expect.sha256 {
            want("sha256", disk::sha256(&fs::read(out)?) == *sum, "it is not the undamaged file".into());
        }
        if expect.peer_ok != Value::Null && expect.peer_ok != Value::Bool(false) {
            wrong.extend(self.refused(out)?);
        }
        Ok(wrong)
    }

    /// What qemu-img says against a result under the target's name.
    fn refused(&self, out: &Path) -> Result<Option<String>, Failed> {
        let folder = TempDir::new()?;
        let name = Path::new(&self.expect.target).file_name().unwrap_or_default();
        std::os::unix::fs::symlink(out, folder.path().join(name))?;
        let judge =
            Command::new("qemu-img").args(["info", "-f", "vpc"]).arg(name).current_dir(folder.path()).output()?;
        Ok((!judge.status.success())
            .then(|| format!("qemu-img refuses it: {}", String::from_utf8_lossy(&judge.stderr))))
    }

    fn convert(&self, expect: &Convert) -> Result<Vec<String>, Failed> {
        let target = self.expect.target.as_str();
        let before = disk::file_digest(&self.path(target))?;
        let mut all = vec!["convert", target, "-o", "converted", "--to", &expect.to];
        all.extend(expect.args.iter().map(String::as_str));
        let (exit, _) = self.run(&all)?;
        let mut wrong = Vec::new();
        if disk::file_digest(&self.path(target))? != before {
            wrong.push("THE ORIGINAL WAS CHANGED".into());
        }
        let exits = expect.exit.clone().unwrap_or(vec![0]);
        if !exits.contains(&exit) {
            wrong.push(format!("exit {exit}, not {exits:?}"));
        }
        let out = self.path("converted");
        match (out.exists(), exits == [0]) {
            (true, true) => wrong.extend(self.converted(expect, &out)?),
            (true, false) => wrong.push("it left a file, though it failed".into()),
            (false, true) => wrong.push("no result".into()),
            (false, false) => {}
        }
        let _ = fs::remove_file(out);
        Ok(named(&format!("convert --to {}", expect.to), &expect.args, wrong))
    }

    fn converted(&self, expect: &Convert, out: &Path) -> Result<Vec<String>, Failed> {
        let mut wrong = Vec::new();
        let mut want = |holds: bool, line: String| wrong.extend((!holds).then_some(line));
        if expect.to != "raw" {
            let made = Disk::open(out)?;
            let end = made.at(made.length.saturating_sub(512), 512)?;
            want(disk::is_footer(&end), "no sound footer at the end".into());
            want(made.kind == if expect.to == "dynamic" { 3 } else { 2 }, format!("disk type {}", made.kind));
            if matches!(expect.to.as_str(), "azure" | "fixed") {
                want(made.length == made.size + 512, format!("{} bytes for a disk of {}", made.length, made.size));
            }
            if expect.to == "azure" {
                want(made.size % (1 << 20) == 0, format!("{} bytes are no whole MiB", made.size));
                want(made.footer[16..24] == [0xFF; 8], "data offset".into());
            }
        }
        let (size, sectors) = disk::content(out, &[], expect.to == "raw")?;
        if let Some(right) = expect.virtual_size {
            want(size == right, format!("virtual size {size}, not {right}"));
        }
        if let Some(sum) = &expect.virtual_sha256 {
            want(disk::virtual_sha256(size, &sectors) == *sum, "the content is not what it should be".into());
        }
        if expect.content_same {
            let parents: Vec<_> = expect.parents.iter().map(|parent| self.path(parent)).collect();
            let was = disk::content(&self.path(&self.expect.target), &parents, expect.raw_input)?.1;
            want(sectors == was, "the content is not the input's, then zeros".into());
        }
        if expect.peer_ok != Value::Null && expect.peer_ok != Value::Bool(false) {
            wrong.extend(self.refused(out)?);
        }
        Ok(wrong)
    }

    fn scan(&self, expect: &Scan) -> Result<Vec<String>, Failed> {
        let now = Self::now()?;
        let here = vec![".".to_owned()];
        let paths = if expect.paths.is_empty() { &here } else { &expect.paths };
        let with = |first: &[&str]| -> Result<(i32, String), Failed> {
            let all = [first, &["--now", &now]].concat();
            let rest = expect.args.iter().chain(paths).map(String::as_str);
            self.run(&all.into_iter().chain(rest).collect::<Vec<_>>())
        };
        let (exit, out) = with(&["scan", "--json"])?;
        let report: Value = serde_json::from_str(&out).unwrap_or_default();
        let verdict = report["verdict"].as_str().unwrap_or_default().to_owned();
        let mut wrong = Vec::new();
        if expect.exit.as_ref().is_some_and(|exits| !exits.contains(&exit)) {
            wrong.push(format!("exit {exit}, not {:?}", expect.exit));
        }
        if expect.verdict.as_ref().is_some_and(|verdicts| !verdicts.contains(&verdict)) {
            wrong.push(format!("verdict {verdict}, not {:?}", expect.verdict));
        }
        if let Some(check) = &expect.as_check {
            let (_, report) = self.json(&check.args, check.target.as_ref().unwrap_or(&self.expect.target))?;
            if report["verdict"] != verdict {
                wrong.push(format!("scan says {verdict}, check {}", report["verdict"]));
            }
        }
        if expect.text.is_some() || expect.no_text.is_some() {
            wrong.extend(texts(&with(&["scan"])?.1, expect.text.as_deref(), expect.no_text.as_deref())?);
        }
        Ok(named("scan", &expect.args, wrong))
    }

    fn printed(&self, command: &str, expect: &Printed) -> Result<Vec<String>, Failed> {
        let mut all = vec![command];
        all.extend(expect.args.iter().map(String::as_str));
        all.push(&self.expect.target);
        let (exit, out) = self.run(&all)?;
        let mut wrong = Vec::new();
        if expect.exit.as_ref().is_some_and(|exits| !exits.contains(&exit)) {
            wrong.push(format!("exit {exit}, not {:?}", expect.exit));
        }
        if let Some(file) = &expect.stdout_is
            && out != String::from_utf8_lossy(&fs::read(self.path(file))?)
        {
            wrong.push(format!("not the text of {file}"));
        }
        wrong.extend(texts(&out, expect.stdout.as_deref(), expect.no_stdout.as_deref())?);
        Ok(named(command, &expect.args, wrong))
    }
}

fn named(command: &str, args: &[String], wrong: Vec<String>) -> Vec<String> {
    wrong.into_iter().map(|line| format!("{command} {}: {line}", args.join(" "))).collect()
}

/// Copies a folder, what is packed unpacked.
fn unpack(from: &Path, to: &Path) -> Result<(), Failed> {
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default();
        if path.is_dir() {
            fs::create_dir(to.join(name))?;
            unpack(&path, &to.join(name))?;
        } else if path.extension().is_some_and(|extension| extension == "gz") {
            let mut bytes = Vec::new();
            GzDecoder::new(File::open(&path)?).read_to_end(&mut bytes)?;
            File::create(to.join(name).with_extension(""))?.write_all(&bytes)?;
        } else if name != "expect.json" {
            fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}

fn texts(out: &str, text: Option<&str>, no_text: Option<&str>) -> Result<Vec<String>, Failed> {
    let mut wrong = Vec::new();
    if let Some(text) = text
        && !Regex::new(text)?.is_match(out)?
    {
        wrong.push(format!("/{text}/ is not said"));
    }
    if let Some(text) = no_text
        && let Some(found) = Regex::new(text)?.find(out)?
    {
        wrong.push(format!("{:?} is said", found.as_str()));
    }
    Ok(wrong)
}

/// What of a check's expectations does not hold; not the text.
fn answer(expect: &Check, exit: i32, report: &Value) -> Result<Vec<String>, Failed> {
    let mut wrong = Vec::new();
    let mut want = |holds: bool, line: String| wrong.extend((!holds).then_some(line));
    let none = Vec::new();
    let findings = report["findings"].as_array().unwrap_or(&none);
    let said: Vec<(u8, String)> = findings
        .iter()
        .map(|finding| {
            let tools: Vec<_> =
                finding["rejected_by"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let text = |key: &str| finding[key].as_str().unwrap_or_default();
            (severity(text("severity")), format!("{} {} [{}]", text("id"), text("message"), tools.join(" ")))
        })
        .collect();
    let least = severity(expect.min_severity.as_deref().unwrap_or("warning"));
    let count = |pattern: &str| -> Result<usize, Failed> {
        let pattern = Regex::new(pattern)?;
        let fits = |text: &str| pattern.is_match(text).unwrap_or(false);
        Ok(said.iter().filter(|(severity, text)| *severity >= least && fits(text)).count())
    };
    if let Some(exits) = &expect.exit {
        want(exits.contains(&exit), format!("exit {exit}, not {exits:?}"));
    }
    if let Some(verdicts) = &expect.verdict {
        let verdict = report["verdict"].as_str().unwrap_or_default();
        want(verdicts.iter().any(|right| right == verdict), format!("verdict {verdict}, not {verdicts:?}"));
    }
    let patterns = match &expect.finding {
        Some(Value::Array(patterns)) => patterns.iter().filter_map(Value::as_str).collect(),
        Some(pattern) => pattern.as_str().into_iter().collect(),
        None => Vec::new(),
    };
    for pattern in patterns {
        want(count(pattern)? > 0, format!("no finding /{pattern}/"));
    }
    if let Some(pattern) = &expect.no_finding {
        let pattern = Regex::new(pattern)?;
        let found = said.iter().find(|(_, text)| pattern.is_match(text).unwrap_or(true));
        want(found.is_none(), format!("finding {found:?}"));
    }
    for (pattern, least) in &expect.count {
        let found = count(pattern)?;
        want(found >= *least, format!("{found} findings /{pattern}/, not {least}"));
    }
    let is_lossless = report["repair"]["lossless"] == Value::Bool(true);
    if let Some(lossless) = expect.lossless {
        want(is_lossless == lossless, format!("lossless: {is_lossless}, {}", report["repair"]));
    }
    for (tool, fields) in [("vhd_util", &expect.vhd_util), ("qemu", &expect.qemu)] {
        for (field, right) in fields {
            want(report[tool][field] == *right, format!("{tool}.{field} is {}, not {right}", report[tool][field]));
        }
    }
    Ok(wrong)
}
