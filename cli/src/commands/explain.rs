//! `explain`: what logs say.

use std::cell::Cell;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use anstyle::{AnsiColor, Style};
use flate2::bufread::MultiGzDecoder;
use serde::Serialize;
use vhd_analyser_core::finding::Severity;
use vhd_analyser_core::report::VERSION;
use vhd_analyser_core::units::count;
use vhd_analyser_logs::{Answer, Explainer, Moment, Names, Trouble, not_a_log};

use crate::error::Failure;
use crate::exit_code::Exit;
use crate::os::file_error::FileError;
use crate::os::signals;
use crate::ui::page::{BOLD, DIM, PLAIN, Page, colored};
use crate::ui::progress::Watch;
use crate::ui::text::printable;

/// How much is read at once, in bytes.
const CHUNK: usize = 256 << 10;
/// How many commands a short answer has for each kind of trouble.
const FIRST_COMMANDS: usize = 2;
/// What a gzipped file begins with.
const GZIP: &[u8] = &[0x1F, 0x8B];

/// Says what logs tell of: nova-compute.log, SMlog, xensource.log, or what vhd-util printed.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 no trouble found, 1 trouble found, 2 a log that cannot be read, or is of no known kind."
)]
pub struct Arguments {
    /// The logs, gzipped or not; - is standard input.
    #[arg(required = true, value_name = "LOGFILE")]
    logs: Vec<PathBuf>,

    /// Prints one JSON object.
    #[arg(long)]
    json: bool,

    /// Says everything of each kind of trouble: all names, how to make sure, every command.
    #[arg(long, short = 'v', visible_alias = "verbose", conflicts_with = "json")]
    all: bool,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Object<'a> {
    version: u32,
    #[serde(flatten)]
    answer: &'a Answer,
}

/// Carries the command out: every log, even where one before it cannot be read, and what was read of that one.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let mut explainer = Explainer::new();
    let mut worst = Exit::Done;
    for path in &arguments.logs {
        match read(path, &mut explainer) {
            Ok(()) => {}
            Err(Failure::File(FileError::Interrupted)) => return Err(Failure::File(FileError::Interrupted)),
            Err(failure) => {
                failure.print();
                worst = Exit::Unusable;
            }
        }
    }
    let answer = explainer.answer();
    if arguments.json {
        print_json(&answer)?
    } else if !answer.troubles.is_empty() || worst == Exit::Done {
        print(&answer, arguments.all)?
    }
    let is_trouble = answer.troubles.iter().any(|trouble| trouble.severity > Severity::Info);
    Ok(worst.max(if is_trouble { Exit::Damaged } else { Exit::Done }))
}

fn read(path: &Path, explainer: &mut Explainer) -> Result<(), Failure> {
    if path.as_os_str() == "-" {
        explainer.begin("standard input");
        let stdin = io::stdin().lock();
        return feed(path, stdin, explainer, |_| Ok(signals::stop_if_requested()?));
    }
    let file = File::open(path).map_err(|error| Failure::File(FileError::Open { path: path.to_owned(), error }))?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    explainer.begin(&printable(&path.to_string_lossy()));
    let done = Cell::new(0);
    let mut watch = Watch::new();
    feed(path, Counted { inner: file, done: &done }, explainer, |()| {
        if watch.at("reading the log", done.get(), length.max(done.get())).is_break() {
            return Err(Failure::File(FileError::Interrupted));
        }
        Ok(())
    })
}

/// Hands a log over, unpacked; `pause` is called between chunks.
fn feed(
    path: &Path,
    source: impl Read,
    explainer: &mut Explainer,
    mut pause: impl FnMut(()) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let failed = |error| Failure::File(FileError::Read { path: path.to_owned(), error });
    let mut packed = BufReader::with_capacity(CHUNK, source);
    let is_packed = packed.fill_buf().map_err(failed)?.starts_with(GZIP);
    let log: Box<dyn Read> = if is_packed { Box::new(MultiGzDecoder::new(packed)) } else { Box::new(packed) };
    let mut log = BufReader::with_capacity(CHUNK, log);
    let foreign = not_a_log(log.fill_buf().map_err(failed)?);
    let found = explainer.found();
    let mut chunk = vec![0; CHUNK];
    loop {
        pause(())?;
        match log.read(&mut chunk) {
            Ok(0) => break,
            Ok(length) => explainer.feed(chunk.get(..length).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error)),
        }
    }
    explainer.end();
    // Trouble that is found is told, whatever it is found in.
    match foreign.filter(|_| explainer.found() == found) {
        Some(is) => Err(Failure::NotALog { path: path.to_owned(), is }),
        None if !explainer.is_known_kind() => Err(Failure::UnknownLog { path: path.to_owned() }),
        None => Ok(()),
    }
}

/// Counts what is read of a file, since of a packed one that is not what comes out.
struct Counted<'a> {
    inner: File,
    done: &'a Cell<u64>,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.done.set(self.done.get().saturating_add(length as u64));
        Ok(length)
    }
}

fn print_json(answer: &Answer) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let written = serde_json::to_writer(&mut out, &Object { version: VERSION, answer }).map_err(io::Error::from);
    written.and_then(|()| writeln!(out)).and_then(|()| out.flush()).map_err(Failure::Output)
}

fn print(answer: &Answer, all: bool) -> Result<(), Failure> {
    let mut page = Page::new();
    match answer.troubles.len() {
        0 => page.say(&format!("No known problem found in {}.", count(answer.lines, "line"))),
        1 => page.say(&format!("One kind of trouble in {}:", count(answer.lines, "line"))),
        many => page.say(&format!("{many} kinds of trouble in {}, the newest first:", count(answer.lines, "line"))),
    }
    let mut told = HashSet::new();
    for trouble in &answer.troubles {
        if all {
            print_all(&mut page, trouble, &mut told);
        } else {
            print_shortly(&mut page, trouble, &mut told);
        }
    }
    if !all && !answer.troubles.is_empty() {
        page.gap();
        page.say("With --all: all names, how to make sure, and every command with what to beware of.");
    }
    if answer.left_out > 0 {
        page.gap();
        page.say(&format!("{} more, older or lighter, are left out.", answer.left_out));
    }
    page.show()
}

/// Says one kind of trouble in a few lines: what, whom it concerns, why, what to do, and what to run first, as far as
/// that was not `told`.
fn print_shortly<'a>(page: &mut Page, trouble: &'a Trouble, told: &mut HashSet<&'a str>) {
    let (mark, style) = look(trouble.severity);
    page.gap();
    page.item(&format!("{mark} {}: ", trouble.severity), style, &headline(trouble));
    let Names { vdi, sr, instance, path, .. } = &trouble.names;
    let whom = [("disk", vdi), ("SR", sr), ("instance", instance), ("file", path)];
    let whom = whom.iter().filter_map(|(what, name)| Some(format!(", {what} {}", name.as_deref()?)));
    page.item("    ", DIM, &format!("{}{}", times(trouble), whom.collect::<String>()));
    page.item("    why:   ", PLAIN, &trouble.why);
    page.item("    to do: ", PLAIN, &trouble.remedy);
    // What comes after a step that writes may need it: a volume that is not visible cannot be read.
    let before_writing = trouble.commands.iter().take_while(|step| step.warning.is_empty());
    for step in
        before_writing.filter(|step| step.is_complete).filter(|step| told.insert(&step.line)).take(FIRST_COMMANDS)
    {
        page.command("      ", &step.line);
    }
}

/// Says everything of one kind of trouble. Its commands are left out where all of them were `told`.
fn print_all<'a>(page: &mut Page, trouble: &'a Trouble, told: &mut HashSet<&'a str>) {
    let (mark, style) = look(trouble.severity);
    page.gap();
    page.item(&format!("{mark} {}: ", trouble.severity), style, &headline(trouble));
    page.item("    ", DIM, &format!("{}, {}", trouble.id, times(trouble)));
    for (what, name) in named(&trouble.names) {
        page.item(&format!("    {what:9} "), PLAIN, name);
    }
    page.item("    the log:  ", PLAIN, &trouble.line);
    if !trouble.traceback.is_empty() {
        page.item("    steps:    ", PLAIN, &trouble.traceback.join(" → "));
    }
    for (label, text) in [
        ("what:     ", &trouble.happened),
        ("why:      ", &trouble.why),
        ("check:    ", &trouble.check),
        ("to do:    ", &trouble.remedy),
    ] {
        page.item(&format!("    {label}"), PLAIN, text);
    }
    let is_news = trouble.commands.iter().any(|step| !told.contains(step.line.as_str()));
    if !is_news && !trouble.commands.is_empty() {
        return page.item("    # ", DIM, "Its commands are among those above.");
    }
    for step in &trouble.commands {
        told.insert(&step.line);
        page.item("    # ", DIM, &format!("{}{}", step.on, step.says));
        if !step.warning.is_empty() {
            page.item("    # ▲ ", colored(AnsiColor::Yellow), &step.warning);
        }
        page.command("      ", &step.line);
    }
}

fn look(severity: Severity) -> (&'static str, Style) {
    match severity {
        Severity::Error => ("✖", BOLD.fg_color(colored(AnsiColor::Red).get_fg_color())),
        Severity::Warning => ("▲", BOLD.fg_color(colored(AnsiColor::Yellow).get_fg_color())),
        Severity::Info => ("•", BOLD),
    }
}

fn headline(trouble: &Trouble) -> String {
    let detail = if trouble.detail.is_empty() { String::new() } else { format!(" ({})", trouble.detail) };
    format!("{}{detail}", trouble.title)
}

fn times(trouble: &Trouble) -> String {
    match trouble.count {
        0 | 1 => at(&trouble.last),
        many => format!("{many} times, first {}, last {}", at(&trouble.first), at(&trouble.last)),
    }
}

fn at(moment: &Moment) -> String {
    let time = if moment.time.is_empty() { String::new() } else { format!("{}, ", moment.time) };
    format!("{time}{}:{}", moment.log, moment.line)
}

fn named(names: &Names) -> impl Iterator<Item = (&'static str, &str)> {
    [
        ("disk:", &names.vdi),
        ("its file:", &names.path),
        ("parent:", &names.parent),
        ("SR:", &names.sr),
        ("instance:", &names.instance),
        ("VM:", &names.vm),
        ("host:", &names.host),
        ("request:", &names.request),
        ("task:", &names.task),
    ]
    .into_iter()
    .filter_map(|(what, name)| Some((what, name.as_deref()?)))
}
