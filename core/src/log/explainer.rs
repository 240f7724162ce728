//! Out of lines the trouble that they tell of.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::mem;

use super::encoding::Encoding;
use super::lines::Lines;
use super::needles::Needles;
use super::patterns::{self, Pattern, Sign, exit_code};
use super::stamp::Stamp;
use super::{Answer, Moment, Names, Trouble, commands, is_hostile};

/// How many groups of trouble are kept.
const GROUPS: usize = 400;
/// How many processes are followed at once.
const PROCESSES: usize = 64;
/// How many disks’ and repositories’ names are remembered.
const REMEMBERED: usize = 4096;
/// Behind so many lines nothing belongs to an event any more.
const NEAR: u64 = 400;
/// Lines of one process within so many seconds tell of the same.
const AT_ONCE: u32 = 2;
/// How much of a line is kept, in characters.
const EXCERPT: usize = 400;
/// How many functions of a traceback are kept.
const FRAMES: usize = 24;
/// Days of half a year, as [`Stamp::day_of_year`] counts them.
const HALF_A_YEAR: i32 = 190;

/// Reads logs and says what they tell.
#[derive(Debug)]
pub struct Explainer {
    needles: Needles,
    meanings: Vec<Meaning>,
    encoding: Encoding,
    lines: Lines,
    state: State,
}

/// What a needle means.
#[derive(Clone, Copy, Debug)]
enum Meaning {
    /// The first word of a pattern; these must follow.
    Sign { pattern: &'static Pattern, rank: usize, rest: &'static [&'static str] },
    /// A function in a traceback.
    Frame,
    /// The disk that the garbage collector turns to.
    Coalescing,
    /// A `vhd-util` command.
    Command,
    /// A command that succeeded.
    Success,
    /// Names that belong to what the process does.
    Names,
    /// What `vhd-util` says before it says that the disk is invalid.
    Fault,
}

const CONTEXT: &[(&str, Meaning)] = &[
    (".py\", line ", Meaning::Frame),
    ("Coalescing ", Meaning::Coalescing),
    ("Leaf-coalescing ", Meaning::Coalescing),
    ("/vhd-util', '", Meaning::Command),
    ("vhd-util check", Meaning::Command),
    ("vhd-util read", Meaning::Command),
    ("vhd-util repair", Meaning::Command),
    ("vhd-util coalesce", Meaning::Command),
    ("pread SUCCESS", Meaning::Success),
    (": gc ===", Meaning::Names),
    ("srUpdate for SR ", Meaning::Names),
    ("Parent name  ", Meaning::Names),
    ("footer invalid: ", Meaning::Fault),
    ("header invalid: ", Meaning::Fault),
];

impl Default for Explainer {
    fn default() -> Self {
        Self::new()
    }
}

impl Explainer {
    /// Nothing read yet.
    pub fn new() -> Self {
        let mut words = Vec::new();
        let mut meanings = Vec::new();
        for (rank, pattern) in patterns::all().enumerate() {
            let rows = match &pattern.sign {
                Sign::Words(rows) | Sign::WordsAfterVhdUtil(rows) => *rows,
                Sign::Frames(_) => &[],
            };
            for (first, rest) in rows.iter().filter_map(|row| row.split_first()) {
                words.push(*first);
                meanings.push(Meaning::Sign { pattern, rank, rest });
            }
        }
        for (word, meaning) in CONTEXT {
            words.push(word);
            meanings.push(*meaning);
        }
        Self {
            needles: Needles::new(words),
            meanings,
            encoding: Encoding::default(),
            lines: Lines::default(),
            state: State::default(),
        }
    }

    /// A log begins; `name` is how the answer calls it.
    pub fn begin(&mut self, name: &str) {
        self.end();
        self.state.begin(name);
    }

    /// Takes the log’s next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Self { needles, meanings, encoding, lines, state } = self;
        encoding.feed(bytes, &mut |text| {
            lines.feed(text, &mut |line, row| take(needles, meanings, state, line, row));
        });
        state.rows = lines.rows();
    }

    /// The log is at its end.
    pub fn end(&mut self) {
        let Self { needles, meanings, encoding, lines, state } = self;
        encoding.end(&mut |text| {
            lines.feed(text, &mut |line, row| take(needles, meanings, state, line, row));
        });
        state.rows = lines.rows() + u64::from(lines.has_rest());
        lines.end(&mut |line, row| take(needles, meanings, state, line, row));
        state.end();
    }

    /// How many kinds of trouble were found up to now.
    pub fn found(&self) -> usize {
        self.state.groups.len() + self.state.open.len()
    }

    /// Ends the log, if none has ended it, and says what was found in all of them.
    pub fn answer(&mut self) -> Answer {
        self.end();
        self.state.answer()
    }
}

/// Reads a line further if there is something in it.
fn take(needles: &Needles, meanings: &[Meaning], state: &mut State, line: &[u8], row: u64) {
    let mut sign: Option<(&'static Pattern, usize)> = None;
    let mut context: Option<Meaning> = None;
    needles.find(line, |word, at| match meanings.get(word) {
        Some(Meaning::Sign { pattern, rank, rest }) => {
            let is_first = sign.is_none_or(|(_, best)| *rank < best);
            if is_first && follow(line.get(at..).unwrap_or_default(), rest) && state.allows(pattern, line) {
                sign = Some((pattern, *rank));
            }
        }
        Some(meaning) => context = context.or(Some(*meaning)),
        None => {}
    });
    match (sign, context) {
        (Some((pattern, _)), _) => state.event(pattern, line, row),
        (None, Some(meaning)) => state.context(meaning, line, row),
        (None, None) => {}
    }
}

/// Whether the words stand in the text, one behind the other.
fn follow(mut text: &[u8], words: &[&str]) -> bool {
    words.iter().all(|word| {
        let at = text.windows(word.len()).position(|window| window == word.as_bytes());
        text = at.and_then(|at| text.get(at + word.len()..)).unwrap_or_default();
        at.is_some()
    })
}

/// What is known while logs are read.
#[derive(Debug, Default)]
struct State {
    logs: Vec<Log>,
    rows: u64,
    processes: Vec<Process>,
    /// Events whose traceback may still follow, one a process.
    open: Vec<Event>,
    groups: Vec<Group>,
    left_out: u64,
    /// Whether a repository is made of logical volumes.
    kinds: BTreeMap<String, bool>,
    /// Whole UUIDs of disks, for those that a log names in short.
    disks: BTreeSet<String>,
}

/// A log, and what is needed to order its stamps.
#[derive(Debug)]
struct Log {
    name: String,
    rows: u64,
    /// How often a year has ended in it, by stamps without a year.
    turns: i32,
    /// The last stamp without a year.
    last: Option<Stamp>,
    /// The last stamp of any kind.
    any: Option<(Stamp, i32)>,
}

/// A process that writes to the log.
#[derive(Debug, Default)]
struct Process {
    id: u32,
    /// The disk that the garbage collector has turned to, and its repository.
    work: Names,
    /// What the last `vhd-util` command was run on, while it has not succeeded.
    command: Option<Names>,
    fault: String,
}

/// A line’s head.
struct Head {
    process: u32,
    host: Option<String>,
    when: When,
}

/// When something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
struct When {
    log: usize,
    row: u64,
    /// As it is written.
    time: String,
    /// Its own stamp or the one before it, and how many years had ended before it.
    stamp: Option<(Stamp, i32)>,
}

#[derive(Debug)]
struct Event {
    pattern: &'static Pattern,
    process: u32,
    names: Names,
    number: Option<u64>,
    fault: String,
    when: When,
    line: String,
    traceback: Vec<String>,
}

#[derive(Debug)]
struct Group {
    event: Event,
    first: When,
    count: u64,
}

impl State {
    fn begin(&mut self, name: &str) {
        self.rows = 0;
        self.logs.push(Log { name: name.to_owned(), rows: 0, turns: 0, last: None, any: None });
    }

    fn end(&mut self) {
        for event in mem::take(&mut self.open) {
            self.close(event);
        }
        self.processes.clear();
        if let Some(log) = self.logs.last_mut() {
            log.rows = log.rows.max(self.rows);
        }
        self.rows = 0;
    }

    /// Whether a pattern’s condition besides its words is met.
    fn allows(&self, pattern: &Pattern, line: &[u8]) -> bool {
        match pattern.sign {
            Sign::WordsAfterVhdUtil(_) => {
                let process = process_of(line);
                self.processes.iter().any(|known| known.id == process && known.command.is_some())
            }
            _ => true,
        }
    }

    fn event(&mut self, pattern: &'static Pattern, line: &[u8], row: u64) {
        let head = self.head(line, row);
        let text = String::from_utf8_lossy(line);
        let mut names = self.names(&text);
        let process = self.process(head.process);
        let fault = mem::take(&mut process.fault);
        // What a command was run on and what is merged are told apart: the one is for the command’s own failure.
        let work = process.command.as_ref().filter(|_| pattern.id.starts_with("vhd-util")).unwrap_or(&process.work);
        if names.vdi.is_none() || names.vdi == work.vdi {
            names.fill(work);
        } else if names.sr.is_none() {
            names.sr.clone_from(&work.sr);
        }
        names.host = names.host.or(head.host);
        let number = pattern.number.and_then(|(before, _)| number_behind(&text, before));
        let (process, when) = (head.process, head.when);
        let line = excerpt(&text);
        self.close_of(process);
        if self.open.len() >= PROCESSES {
            let oldest = self.open.remove(0);
            self.close(oldest);
        }
        self.open.push(Event { pattern, process, names, number, fault, when, line, traceback: Vec::new() });
    }

    fn context(&mut self, meaning: Meaning, line: &[u8], row: u64) {
        let id = process_of(line);
        // Logs are full of these two, and neither needs the names.
        if let Meaning::Success = meaning {
            self.process(id).command = None;
            return;
        }
        let text = String::from_utf8_lossy(line);
        if let Meaning::Frame = meaning {
            return self.frame(&text, row);
        }
        let names = self.names(&text);
        let process = self.process(id);
        match meaning {
            Meaning::Coalescing => {
                let sr = process.work.sr.take();
                process.work = Names { sr, ..names };
            }
            Meaning::Command => process.command = Some(names),
            Meaning::Fault => process.fault = excerpt(&text),
            Meaning::Names => {
                if names.sr.is_some() {
                    process.work.sr.clone_from(&names.sr);
                }
                let near = |event: &&mut Event| event.process == id && row - event.when.row < NEAR;
                if let Some(event) = self.open.iter_mut().find(near) {
                    event.names.fill(&names);
                }
            }
            Meaning::Sign { .. } | Meaning::Frame | Meaning::Success => {}
        }
    }

    /// A function of a traceback, which may say what its exception is about.
    fn frame(&mut self, text: &str, row: u64) {
        let process = process_of(text.as_bytes());
        let near = |event: &&mut Event| event.process == process && row - event.when.row < NEAR;
        let Some(event) = self.open.iter_mut().find(near) else { return };
        let Some((_, function)) = text.rsplit_once(", in ") else { return };
        let function: String =
            function.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
        let is_refined = |pattern: &&Pattern| match &pattern.sign {
            Sign::Frames(frames) => frames.contains(&function.as_str()),
            _ => false,
        };
        let is_open = patterns::is_general(event.pattern) || matches!(event.pattern.sign, Sign::Frames(_));
        if let Some(pattern) = patterns::all().find(is_refined).filter(|_| is_open) {
            event.pattern = pattern;
        }
        if event.traceback.len() < FRAMES && !function.is_empty() {
            event.traceback.push(function);
        }
    }

    fn close_of(&mut self, process: u32) {
        if let Some(at) = self.open.iter().position(|event| event.process == process) {
            let event = self.open.remove(at);
            self.close(event);
        }
    }

    /// Puts an event to those like it.
    fn close(&mut self, event: Event) {
        if let Some(group) = self.groups.iter_mut().find(|group| group.event.is_like(&event)) {
            return group.add(event);
        }
        if self.groups.len() >= GROUPS {
            let weight = |group: &Group| (group.event.pattern.severity, provisional(&group.event.when));
            let least = self.groups.iter().enumerate().min_by_key(|(_, group)| weight(group)).map(|(at, _)| at);
            if let Some(at) = least {
                self.groups.swap_remove(at);
                self.left_out += 1;
            }
        }
        self.groups.push(Group { first: event.when.clone(), event, count: 1 });
    }

    fn names(&mut self, text: &str) -> Names {
        let (names, lvm) = Names::read(text);
        if let (Some(sr), Some(lvm)) = (&names.sr, lvm)
            && self.kinds.len() < REMEMBERED
        {
            self.kinds.insert(sr.clone(), lvm);
        }
        for disk in [&names.vdi, &names.parent].into_iter().flatten() {
            if disk.len() > 8 && self.disks.len() < REMEMBERED {
                self.disks.insert(disk.clone());
            }
        }
        names
    }

    fn process(&mut self, id: u32) -> &mut Process {
        let at = match self.processes.iter().position(|process| process.id == id) {
            Some(at) => at,
            None => {
                if self.processes.len() >= PROCESSES {
                    self.processes.remove(0);
                }
                self.processes.push(Process { id, ..Process::default() });
                self.processes.len() - 1
            }
        };
        &mut self.processes[at]
    }

    fn head(&mut self, line: &[u8], row: u64) -> Head {
        if self.logs.is_empty() {
            self.begin("");
        }
        let log = self.logs.len() - 1;
        let stamp = Stamp::parse(line);
        let state = &mut self.logs[log];
        let mut time = String::new();
        let mut host = None;
        if let Some((stamp, length)) = stamp {
            time = String::from_utf8_lossy(line.get(..length).unwrap_or_default()).trim_matches(['[', ' ']).to_owned();
            if stamp.year == 0 {
                let day = stamp.day_of_year();
                let has_turned = state.last.is_some_and(|last| last.day_of_year() - day > HALF_A_YEAR);
                state.turns += i32::from(has_turned);
                state.last = Some(stamp);
                host = host_name(line.get(length..).unwrap_or_default());
            }
            state.any = Some((stamp, state.turns));
        }
        Head { process: process_of(line), host, when: When { log, row, time, stamp: state.any } }
    }

    fn answer(&self) -> Answer {
        let mut groups: Vec<&Group> = self.groups.iter().collect();
        let newest = groups.iter().filter_map(|group| group.event.when.stamp).map(|(stamp, _)| stamp);
        let newest = newest.filter(|stamp| stamp.year > 0).max();
        groups.sort_by_cached_key(|group| {
            let when = &group.event.when;
            core::cmp::Reverse((self.order(when, newest), when.log, when.row, group.event.pattern.severity))
        });
        Answer {
            lines: self.logs.iter().map(|log| log.rows).sum(),
            left_out: self.left_out,
            troubles: groups.into_iter().map(|group| self.trouble(group)).collect(),
        }
    }

    /// What to order by: year, day, second. A stamp without a year is of that which brings its log’s end closest to the
    /// newest stamp that has one.
    fn order(&self, when: &When, newest: Option<Stamp>) -> (i32, i32, u32) {
        let Some((stamp, turns)) = when.stamp else { return (i32::MIN, 0, 0) };
        let mut year = i32::from(stamp.year);
        if let (0, Some(log)) = (stamp.year, self.logs.get(when.log)) {
            let end = log.last.map_or(0, |last| last.day_of_year());
            let apart = newest.map_or(0, |newest| end - newest.day_of_year());
            let shift = i32::from(apart < -HALF_A_YEAR) - i32::from(apart > HALF_A_YEAR);
            year = newest.map_or(0, |newest| i32::from(newest.year)) + shift + turns - log.turns;
        }
        (year, stamp.day_of_year(), stamp.second)
    }

    fn trouble(&self, group: &Group) -> Trouble {
        let Event { pattern, names, line, traceback, when, .. } = &group.event;
        let mut names = names.clone();
        for name in [&mut names.vdi, &mut names.parent].into_iter().flatten() {
            self.lengthen(name);
        }
        let lvm = names.sr.as_ref().and_then(|sr| self.kinds.get(sr)).copied();
        Trouble {
            id: pattern.id.to_owned(),
            severity: pattern.severity,
            title: pattern.title.to_owned(),
            detail: group.event.detail(),
            happened: pattern.happened.to_owned(),
            why: pattern.why.to_owned(),
            check: pattern.check.to_owned(),
            remedy: pattern.remedy.to_owned(),
            commands: commands::filled(pattern, &names, lvm),
            names,
            count: group.count,
            first: self.moment(&group.first),
            last: self.moment(when),
            line: line.clone(),
            traceback: traceback.clone(),
        }
    }

    /// Makes a short name whole, where just one disk begins with it.
    fn lengthen(&self, name: &mut String) {
        let mut like = self.disks.iter().filter(|disk| disk.len() > name.len() && disk.starts_with(name.as_str()));
        if let (Some(disk), None) = (like.next(), like.next()) {
            name.clone_from(disk);
        }
    }

    fn moment(&self, when: &When) -> Moment {
        let log = self.logs.get(when.log).map(|log| log.name.clone()).unwrap_or_default();
        Moment { log, line: when.row, time: when.time.clone() }
    }
}

impl Event {
    /// Whether both tell of the same trouble.
    fn is_like(&self, other: &Self) -> bool {
        // A disk is in one repository, also where a line does not say in which.
        let is_partly_known = self.names.sr.is_none() || other.names.sr.is_none();
        let is_code = |event: &Self| event.pattern.number.is_some_and(|(_, counts)| counts == "exit code");
        self.pattern.id == other.pattern.id
            && self.names.vdi == other.names.vdi
            && self.names.instance == other.names.instance
            && (self.names.sr == other.names.sr || (self.names.vdi.is_some() && is_partly_known))
            && (!is_code(self) || self.number == other.number)
    }

    /// Takes from another event of the same trouble what this one does not tell.
    fn fill(&mut self, other: Self) {
        self.names.fill(&other.names);
        self.number = self.number.or(other.number);
        if self.traceback.is_empty() {
            self.traceback = other.traceback;
        }
        if self.fault.is_empty() {
            self.fault = other.fault;
        }
    }

    fn detail(&self) -> String {
        let mut detail = match (self.number, self.pattern.number) {
            (Some(code), Some((_, "exit code"))) => {
                let mut text = String::from("exit code ");
                text.push_str(&code.to_string());
                if !exit_code(code).is_empty() {
                    text.push_str(", ");
                    text.push_str(exit_code(code));
                }
                text
            }
            (Some(number), Some((_, counts))) => {
                let mut text = number.to_string();
                text.push(' ');
                text.push_str(counts);
                text
            }
            _ => String::new(),
        };
        detail.push_str(&self.fault);
        detail
    }
}

impl Group {
    fn add(&mut self, event: Event) {
        let Event { when, process, .. } = &self.event;
        if event.process == *process && event.when.log == when.log && is_close(when, &event.when) {
            return self.event.fill(event);
        }
        self.count += 1;
        if provisional(&event.when) < provisional(&self.first) {
            self.first = event.when.clone();
        }
        if provisional(&event.when) < provisional(when) {
            self.event.fill(event);
        } else {
            let older = mem::replace(&mut self.event, event);
            self.event.fill(older);
        }
    }
}

fn is_close(one: &When, other: &When) -> bool {
    match (one.stamp, other.stamp) {
        (Some((one, turns)), Some((other, others))) => {
            turns == others
                && (one.year, one.month, one.day) == (other.year, other.month, other.day)
                && one.second.abs_diff(other.second) <= AT_ONCE
        }
        _ => one.row.abs_diff(other.row) <= u64::from(AT_ONCE),
    }
}

/// What events of one kind are ordered by while years are not known.
fn provisional(when: &When) -> (i32, i32, u32, usize, u64) {
    let (year, day, second) = when
        .stamp
        .map_or((i32::MIN, 0, 0), |(stamp, turns)| (i32::from(stamp.year) + turns, stamp.day_of_year(), stamp.second));
    (year, day, second, when.log, when.row)
}

/// The process that wrote a line: the number in brackets behind the program, or behind a nova stamp; 0 where none is.
fn process_of(line: &[u8]) -> u32 {
    let Some((stamp, length)) = Stamp::parse(line) else { return 0 };
    let rest = line.get(length..).unwrap_or_default();
    let digits = if stamp.year > 0 && rest.get(1).is_some_and(u8::is_ascii_digit) {
        rest.get(1..)
    } else {
        let head = rest.get(..rest.len().min(96)).unwrap_or_default();
        let is_number = |pair: &[u8]| pair[0] == b'[' && pair[1].is_ascii_digit();
        head.windows(2).position(is_number).and_then(|at| rest.get(at + 1..))
    };
    let digits = digits.unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).take(9);
    digits.fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
}

/// The host behind a syslog stamp.
fn host_name(rest: &[u8]) -> Option<String> {
    let rest = rest.strip_prefix(b" ")?;
    let end = rest.iter().position(|byte| *byte == b' ')?;
    let name = rest.get(..end).filter(|name| name.len() <= 64)?;
    let is_name = !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(byte));
    is_name.then(|| String::from_utf8_lossy(name).into_owned())
}

fn number_behind(text: &str, before: &str) -> Option<u64> {
    let (_, rest) = text.split_once(before)?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// A line as it can be shown: without what a terminal would obey.
fn excerpt(text: &str) -> String {
    let shown = |letter: char| if is_hostile(letter) { '\u{FFFD}' } else { letter };
    text.trim_end().chars().take(EXCERPT).map(shown).collect()
}
