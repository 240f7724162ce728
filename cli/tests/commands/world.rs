//! A folder with disks in it, and the program run there.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use tempfile::TempDir;
use vhd_analyser_tests::bytes::{put, seal};
use vhd_analyser_tests::corpus::cases;
use vhd_analyser_tests::incident;

/// What a test ends with.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// How often something may come too late.
const ATTEMPTS: u32 = 5;

/// The present of the other tests, in seconds since 2000.
pub const NOW: &str = "848793600";
/// When the disks were last written, since 1970: a year before [`NOW`].
const WRITTEN: Duration = Duration::from_secs(946_684_800 + 848_793_600 - 365 * 86_400);

/// A folder that vanishes after the test.
pub struct World {
    folder: TempDir,
}

impl World {
    /// An empty folder.
    pub fn new() -> io::Result<Self> {
        Ok(Self { folder: tempfile::tempdir()? })
    }

    /// A folder with one image of the corpus in it, as `disk.vhd`.
    pub fn with(case: &str) -> io::Result<Self> {
        Self::holding(&cases()?[case].image()?)
    }

    /// A folder with a disk of these bytes in it, as `disk.vhd`.
    pub fn holding(image: &[u8]) -> io::Result<Self> {
        let world = Self::new()?;
        fs::write(world.path("disk.vhd"), image)?;
        Ok(world)
    }

    /// A file in the folder.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a disk that was last written before the present of the tests: whoever links to it takes that time down.
    pub fn write(&self, name: impl AsRef<Path>, image: &[u8]) -> io::Result<()> {
        let mut file = File::create(self.path(name))?;
        file.write_all(image)?;
        file.set_modified(SystemTime::UNIX_EPOCH + WRITTEN)
    }

    /// The names of the files in the folder, in order.
    pub fn files(&self) -> io::Result<Vec<String>> {
        let entries = fs::read_dir(self.folder.path())?.collect::<io::Result<Vec<_>>>()?;
        let mut names: Vec<_> = entries.iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// The program, to be run in the folder.
    pub fn program<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vhd-analyser"));
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs the program in the folder.
    pub fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> io::Result<Output> {
        self.program(arguments).output()
    }

    /// Runs the program by way of the shell, where `$0` is the program.
    pub fn shell(&self, script: &str) -> io::Result<Output> {
        let program = env!("CARGO_BIN_EXE_vhd-analyser");
        Command::new("sh").args(["-c", script, program]).current_dir(self.folder.path()).output()
    }

    /// What the program ended by and what it said, if something happens while it writes `disk.vhd`'s copy by a command.
    /// A busy computer may let it end before that happens; then it is to happen once more.
    pub fn copy_while(
        &self,
        command: &str,
        happens: impl Fn(&Child) -> io::Result<()>,
    ) -> Result<(ExitStatus, String), Box<dyn std::error::Error>> {
        for _ in 0..ATTEMPTS {
            let child = self.start_copy(command, "--default-signal")?;
            happens(&child)?;
            let (status, words) = ended(child)?;
            if !status.success() {
                return Ok((status, words));
            }
            fs::remove_file(self.path("copy.vhd"))?;
        }
        Err("the copy was always whole".into())
    }

    /// Starts the program, and waits until it has begun to write `disk.vhd`'s copy by a command. `signals` is an option
    /// of `env`: what the tests themselves were started with is not to matter.
    pub fn start_copy(&self, command: &str, signals: &str) -> Result<Child, Box<dyn std::error::Error>> {
        let arguments = [signals, env!("CARGO_BIN_EXE_vhd-analyser"), command, "disk.vhd", "-o", "copy.vhd"];
        let mut command = Command::new("env");
        command.args(arguments);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        let begun = Instant::now();
        while !self.files()?.iter().any(|name| name.ends_with(".part")) {
            if child.try_wait()?.is_some() || begun.elapsed() > Duration::from_secs(30) {
                child.kill()?;
                return Err("the copy was never seen while it was written".into());
            }
            sleep(Duration::from_millis(1));
        }
        Ok(child)
    }
}

/// Waits for the end of the program; what it ended by and what it said.
pub fn ended(mut child: Child) -> io::Result<(ExitStatus, String)> {
    let status = child.wait()?;
    let mut words = String::new();
    child.stderr.take().ok_or(io::ErrorKind::NotFound)?.read_to_string(&mut words)?;
    Ok((status, words))
}

/// Whether a text names the process that runs the tests, as one that has a disk open.
pub fn names_this_process(text: &str) -> bool {
    numbers(text).contains(&u64::from(std::process::id()))
}

/// The whole numbers in a text, with or without commas between their digits.
pub fn numbers(text: &str) -> Vec<u64> {
    let is_other = |letter: char| !letter.is_ascii_alphanumeric() && letter != ',';
    text.split(is_other).filter_map(|word| word.replace(',', "").parse().ok()).collect()
}

/// A text without its line breaks and indentation: sentences are found however they were broken.
pub fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether one line of a text has all of these.
pub fn has_line(text: &str, parts: &[&str]) -> bool {
    text.lines().any(|line| parts.iter().all(|part| line.contains(part)))
}

/// How the program ended.
pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

/// What it said on standard output.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it said on standard error.
pub fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The objects that `check --json` printed, one a line.
pub fn objects(output: &Output) -> serde_json::Result<Vec<Value>> {
    said(output).lines().map(serde_json::from_str).collect()
}

/// A fixed disk whose footer lacks its cookie: sparse, a GiB long, with `data` bytes that are not zero.
pub fn write_fixed(path: &Path, data: u64) -> io::Result<()> {
    const LENGTH: u64 = 1 << 30;
    let mut footer = incident::footer();
    put(&mut footer, 16, &u64::MAX.to_be_bytes());
    put(&mut footer, 40, &LENGTH.to_be_bytes());
    put(&mut footer, 48, &LENGTH.to_be_bytes());
    put(&mut footer, 56, &2080_u16.to_be_bytes()); // cylinders, of 16 heads and 63 sectors
    put(&mut footer, 60, &2_u32.to_be_bytes());
    seal(&mut footer, 64);
    put(&mut footer, 0, &[0; 8]);
    let file = File::create(path)?;
    let piece = vec![0x5A; 1 << 20];
    for at in (0..data).step_by(piece.len()) {
        file.write_all_at(&piece, (100 << 20) + at)?;
    }
    file.write_all_at(&footer, LENGTH)
}
