//! Out of lines the trouble that they tell of.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::mem;

use crate::answer::{Answer, Trouble};
use crate::commands;
use crate::encoding::Encoding;
use crate::event::{Event, Group};
use crate::identifiers::{Names, uuid_at_end};
use crate::line_match::{Found, LineMatcher, Match, Meaning, contains};
use crate::line_prefix::{Head, is_stamped};
use crate::lines::Lines;
use crate::ordering::Order;
use crate::patterns::{self, Pattern, Sign};
use crate::processes::Processes;
use memchr::memmem;
use vhd_analyser_core::text::printable;

/// How many groups of trouble are kept.
const GROUPS: usize = 400;
/// How many events wait for their tracebacks at once.
const OPEN: usize = 64;
/// How many disks’ and repositories’ names are remembered.
const REMEMBERED: usize = 4096;
/// Behind so many lines nothing belongs to an event any more.
const NEAR: u64 = 400;
/// So many lines are looked at for what kind of log it is.
const FIRST: u64 = 1000;
/// How much of a line is kept, in characters.
const EXCERPT: usize = 400;
/// How many functions of a traceback are kept.
const FRAMES: usize = 24;
/// How much of a function’s name, and of what an exception says, is kept, in characters.
const WORDS: usize = 100;

/// Reads logs and says what they tell.
#[derive(Debug)]
pub struct Explainer {
    matcher: Arc<LineMatcher>,
    encoding: Encoding,
    lines: Lines,
    state: State,
}

impl Default for Explainer {
    fn default() -> Self {
        Self::new()
    }
}

impl Explainer {
    /// Nothing read yet.
    pub fn new() -> Self {
        Self::of(Arc::new(LineMatcher::new()))
    }

    /// Another one with nothing read yet. It shares the words to look for, which take longer to put together than a short
    /// log takes to read.
    pub fn fresh(&self) -> Self {
        Self::of(Arc::clone(&self.matcher))
    }

    fn of(matcher: Arc<LineMatcher>) -> Self {
        Self { matcher, encoding: Encoding::default(), lines: Lines::default(), state: State::default() }
    }

    /// A log begins; `name` is how the answer calls it.
    pub fn begin(&mut self, name: &str) {
        self.end();
        self.state.begin(name);
    }

    /// Takes the log’s next bytes.
    pub fn feed(&mut self, bytes: &[u8]) {
        let Self { matcher, encoding, lines, state } = self;
        encoding.feed(bytes, &mut |text| {
            lines.feed(text, &mut |line, row| read_line(matcher, state, line, row));
        });
        state.rows = lines.rows();
    }

    /// Whether the log that was read last is of a kind that may tell of disks: some line has a time stamp, is a part of a
    /// JSON object, or speaks of what logs speak of.
    pub fn is_known_kind(&self) -> bool {
        self.state.is_known_kind || !self.state.has_text
    }

    /// The log is at its end.
    pub fn end(&mut self) {
        let Self { matcher, encoding, lines, state } = self;
        encoding.end(&mut |text| {
            lines.feed(text, &mut |line, row| read_line(matcher, state, line, row));
        });
        state.rows = lines.rows() + u64::from(lines.has_rest());
        lines.end(&mut |line, row| read_line(matcher, state, line, row));
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
fn read_line(matcher: &LineMatcher, state: &mut State, line: &[u8], row: u64) {
    let found = matcher.look(line, |pattern| state.allows(pattern, line));
    state.has_text = true;
    state.is_known_kind = state.is_known_kind || found.has_words || (row <= FIRST && looks_like_a_log(line));
    if !found.has_words {
        return;
    }
    // What a program printed in several lines may stand in one, as Python or JSON write it.
    if joint(line).is_none() {
        return state.take(found, Piece { whole: line, text: line, row });
    }
    let mut rest = Some(line);
    while let Some(text) = rest {
        let end = joint(text);
        let piece = text.get(..end.map_or(text.len(), |(end, _)| end)).unwrap_or_default();
        rest = end.and_then(|(_, next)| text.get(next..));
        let found = matcher.look(piece, |pattern| state.allows(pattern, line));
        state.take(found, Piece { whole: line, text: piece, row });
    }
}

/// Where the first of lines that are joined ends, and where the next begins.
fn joint(text: &[u8]) -> Option<(usize, usize)> {
    let ends = JOINED.iter().filter_map(|joined| memmem::find(text, joined).map(|at| (at, at + joined.len())));
    ends.min()
}

/// A line, or a part of one that was a line of its own.
#[derive(Clone, Copy)]
struct Piece<'a> {
    /// The line, which begins with when it was written and by whom.
    whole: &'a [u8],
    text: &'a [u8],
    row: u64,
}

/// Whether a line is one of a log: by its stamp, or by what it speaks of.
fn looks_like_a_log(line: &[u8]) -> bool {
    const WORDS: [&str; 8] = ["vhd", "VHD", "error", "Error", "xe ", "Event", "disk", "storage"];
    is_stamped(line)
        || line.trim_ascii_start().first().is_some_and(|first| b"{[".contains(first))
        || WORDS.iter().any(|word| contains(line, word))
}

/// What stands between lines that are joined in one: as Python and JSON write it, and as syslog does.
const JOINED: [&[u8]; 2] = [b"\\n", b"#012"];

/// What is known while logs are read.
#[derive(Debug, Default)]
struct State {
    order: Order,
    rows: u64,
    processes: Processes,
    /// The process that wrote last, of those lines that matter.
    last: u32,
    /// Events whose traceback may still follow, one a process.
    open: Vec<Event>,
    groups: Vec<Group>,
    left_out: u64,
    /// Whether a repository is made of logical volumes.
    kinds: BTreeMap<String, bool>,
    /// Whole UUIDs of disks, for those that a log names in short.
    disks: BTreeSet<String>,
    /// Whether the log is of a kind that may tell of disks.
    is_known_kind: bool,
    /// Whether the log has any line.
    has_text: bool,
    /// The disks that a tapdisk has open.
    attached: BTreeSet<String>,
}

impl State {
    fn begin(&mut self, name: &str) {
        self.rows = 0;
        self.is_known_kind = false;
        self.has_text = false;
        self.order.begin(name);
    }

    fn end(&mut self) {
        for event in mem::take(&mut self.open) {
            self.close(event);
        }
        self.processes.clear();
        self.last = 0;
        self.order.end(mem::take(&mut self.rows));
    }

    /// A line’s head. One without a stamp goes on with what the process before it wrote.
    fn head<'a>(&mut self, line: &'a [u8]) -> Head<'a> {
        let mut head = Head::read(line);
        match head.stamp {
            Some(_) => self.last = head.process,
            None => head.process = self.last,
        }
        head
    }

    /// Whether a pattern’s condition besides its words is met.
    fn allows(&mut self, pattern: &Pattern, line: &[u8]) -> bool {
        !matches!(pattern.sign, Sign::WordsAfterVhdUtil(_)) || {
            let process = self.head(line).process;
            self.processes.has_command(process)
        }
    }

    fn take(&mut self, found: Found, piece: Piece<'_>) {
        match (found.sign, found.context()) {
            (Some(sign), _) => self.event(sign, found.code, piece),
            (None, Some(meaning)) => self.context(meaning, piece),
            (None, None) => {}
        }
    }

    fn event(&mut self, sign: Match, code: Option<u16>, piece: Piece<'_>) {
        let Piece { whole, text, row } = piece;
        let head = self.head(whole);
        let when = self.order.read(&head, row);
        let text = String::from_utf8_lossy(text);
        let mut names = self.names(&text);
        if piece.text.len() < whole.len() {
            // The line speaks of what the piece belongs to, but a disk is its own.
            let around = Names::read(&String::from_utf8_lossy(whole)).0;
            names.fill(&Names { vdi: None, parent: None, path: None, ..around });
        }
        let process = self.processes.get(head.process);
        let fault: Option<String> = process.fault.take().filter(|(_, at)| row - at < NEAR).map(|(fault, _)| fault);
        // What a command was run on and what is merged are told apart: the one is for the command’s own failure.
        let pattern = sign.pattern;
        let work = process.command.as_ref().filter(|_| patterns::is_of_vhd_util(pattern)).unwrap_or(&process.work);
        if names.vdi.is_none() || names.vdi == work.vdi {
            names.fill(work);
        } else if names.sr.is_none() {
            names.sr.clone_from(&work.sr);
        }
        // Without a stamp, lines of many processes may be one.
        if let (None, Some(command), true) = (&names.vdi, &process.command, head.process > 0) {
            names.fill(command);
        }
        if names.vdi.is_none() && head.stamp.is_some() && (code.is_some() || text.contains("EXCEPTION <")) {
            names.vdi.clone_from(&process.locks.vdi);
        }
        // A line without a stamp may be anybody’s.
        if names.sr.is_none() && head.stamp.is_some() {
            names.sr.clone_from(&process.locks.sr);
        }
        names.host = names.host.or_else(|| head.host.map(|host| String::from_utf8_lossy(host).into_owned()));
        let number = pattern.number.and_then(|(before, _)| number_behind(&text, before));
        let process = head.process;
        let line = excerpt(&text);
        self.close_of(process);
        if self.open.len() >= OPEN {
            let oldest = self.open.remove(0);
            self.close(oldest);
        }
        let fault = fault.or_else(|| thrown(&text).filter(|_| patterns::is_vague(pattern))).unwrap_or_default();
        let is_attached = names.vdi.as_ref().is_some_and(|vdi| self.attached.contains(vdi));
        let pattern = patterns::refined(pattern, &fault, is_attached);
        let cause = cause(&text).unwrap_or_default();
        let by_code = sign.by_code;
        let traceback = Vec::new();
        self.open.push(Event { pattern, process, names, number, fault, code, by_code, cause, when, line, traceback });
    }

    fn context(&mut self, meaning: Meaning, piece: Piece<'_>) {
        let Piece { whole, text: line, row } = piece;
        let id = self.head(whole).process;
        // Logs are full of these, and they do not need the names.
        if let Meaning::Success = meaning {
            return self.processes.end_command(id);
        }
        // And of these they need one.
        if let Meaning::Lock = meaning {
            return self.lock(id, line);
        }
        let text = String::from_utf8_lossy(line);
        if let Meaning::Frame = meaning {
            return self.frame(id, &text, row);
        }
        let names = self.names(&text);
        if let (Meaning::Attached, Some(vdi), true) = (meaning, &names.vdi, self.attached.len() < REMEMBERED) {
            self.attached.insert(vdi.clone());
        }
        let process = self.processes.get(id);
        match meaning {
            Meaning::Coalescing => {
                let sr = process.work.sr.take();
                process.work = Names { sr, ..names };
            }
            Meaning::Command => process.command = Some(names),
            Meaning::Operation => {
                process.work = names;
                process.locks = Names::default();
            }
            Meaning::Fault => process.fault = Some((excerpt(text.trim_start_matches(['>', '|', ' ', '\t'])), row)),
            Meaning::Names => {
                if names.sr.is_some() {
                    process.work.sr.clone_from(&names.sr);
                }
                let near = |event: &&mut Event| event.process == id && row - event.when.row < NEAR;
                if let Some(event) = self.open.iter_mut().find(near) {
                    event.names.fill(&names);
                }
            }
            Meaning::Sign { .. }
            | Meaning::Frame
            | Meaning::Success
            | Meaning::Lock
            | Meaning::Attached
            | Meaning::Code
            | Meaning::CodeWords => {}
        }
    }

    /// A lock of a disk, `…/UUID/vdi`, or of a repository, `…/UUID/sr`.
    fn lock(&mut self, process: u32, line: &[u8]) {
        let line = line.trim_ascii_end();
        let (of, is_vdi) = match (line.strip_suffix(b"/vdi"), line.strip_suffix(b"/sr")) {
            (Some(of), _) => (of, true),
            (None, Some(of)) => (of, false),
            (None, None) => return,
        };
        let Some(name) = uuid_at_end(of) else { return };
        let locks = &mut self.processes.get(process).locks;
        let slot = if is_vdi { &mut locks.vdi } else { &mut locks.sr };
        *slot = Some(name);
    }

    /// A function of a traceback, which may say what its exception is about.
    fn frame(&mut self, process: u32, text: &str, row: u64) {
        let near = |event: &&mut Event| event.process == process && row - event.when.row < NEAR;
        let Some(event) = self.open.iter_mut().find(near) else { return };
        let Some((_, function)) = text.rsplit_once(", in ") else { return };
        let function: String =
            function.chars().take(WORDS).take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
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
            return group.add(event, &self.order);
        }
        self.groups.push(Group { first: event.when.clone(), event, count: 1 });
        if self.groups.len() > GROUPS {
            self.make_room();
        }
    }

    /// Leaves the oldest of that kind out that there is the most of: no flood of one kind may wash another away.
    fn make_room(&mut self) {
        let mut kinds: Vec<(&'static Pattern, usize)> = Vec::new();
        for group in &self.groups {
            let pattern = group.event.pattern;
            match kinds.iter_mut().find(|(known, _)| core::ptr::eq(*known, pattern)) {
                Some((_, count)) => *count += 1,
                None => kinds.push((pattern, 1)),
            }
        }
        let Some((most, _)) = kinds.into_iter().max_by_key(|(_, count)| *count) else { return };
        let of_it = self.groups.iter().enumerate().filter(|(_, group)| core::ptr::eq(group.event.pattern, most));
        if let Some((oldest, _)) = of_it.min_by_key(|(_, group)| group.event.when.roughly()) {
            self.groups.swap_remove(oldest);
            self.left_out += 1;
        }
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

    fn answer(&self) -> Answer {
        let all: Vec<&Group> = self.groups.iter().filter(|group| !self.is_told_by_another(group)).collect();
        let newest = self.order.newest(all.iter().map(|group| &group.event.when));
        let key = |group: &Group| (self.order.key(&group.event.when, newest), group.event.pattern.severity);
        let mut groups: Vec<_> = all.into_iter().map(|group| (key(group), group)).collect();
        groups.sort_by(|(one, _), (other, _)| other.cmp(one));
        Answer {
            lines: self.order.rows(),
            left_out: self.left_out,
            troubles: groups.into_iter().map(|(_, group)| self.trouble(group)).collect(),
        }
    }

    /// Whether a trouble is one that another tells of, which tells more.
    fn is_told_by_another(&self, group: &Group) -> bool {
        let mut is_behind = false;
        self.groups.iter().any(|other| {
            if core::ptr::eq(other, group) {
                is_behind = true;
                return false;
            }
            // Of two that tell the same of each other the first stays.
            group.event.is_part_of(&other.event) && (!is_behind || !other.event.is_part_of(&group.event))
        })
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
            title: group.event.title(),
            detail: group.event.detail(),
            happened: pattern.happened.to_owned(),
            why: pattern.why.to_owned(),
            check: pattern.check.to_owned(),
            remedy: pattern.remedy.to_owned(),
            commands: commands::filled(pattern, &names, lvm),
            names,
            count: group.count,
            first: self.order.moment(&group.first),
            last: self.order.moment(when),
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
}

fn number_behind(text: &str, before: &str) -> Option<u64> {
    let (_, rest) = text.split_once(before)?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// What an exception says: `… EXCEPTION <class 'util.CommandException'>, Invalid argument`.
fn thrown(text: &str) -> Option<String> {
    let (_, rest) = text.split_once(": EXCEPTION <")?;
    let (_, says) = rest.split_once(">, ")?;
    Some(excerpt(says).chars().take(WORDS).collect())
}

/// What the storage manager adds to an error: `[opterr=…]`, which may hold brackets itself.
fn cause(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("[opterr=")?;
    let mut depth = 1_usize;
    let ends = |(_, letter): &(usize, char)| {
        match letter {
            '[' => depth += 1,
            ']' => depth -= 1,
            _ => {}
        }
        depth == 0
    };
    let end = rest.char_indices().find(ends).map_or(rest.len(), |(at, _)| at);
    let whole = excerpt(rest.get(..end)?.trim());
    let mut says: String = whole.chars().take(WORDS).collect();
    if says.len() < whole.len() {
        says.push('…');
    }
    (!says.is_empty()).then_some(says)
}

/// A line as it can be shown: without what a terminal would obey.
fn excerpt(text: &str) -> String {
    let end = text.char_indices().nth(EXCERPT).map_or(text.len(), |(end, _)| end);
    printable(text[..end].trim_end()).into_owned()
}
