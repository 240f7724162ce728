//! Repairs as scripts: every repair of the corpus is carried out by `sh`, under dash and under busybox, each with
//! nothing on its path but the few programs that the script names.

use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use vhd_analyser_core::analysis::{Analysis, Proven};
use vhd_analyser_core::repair::{Content, Patch, Plan, Step};
use vhd_analyser_core::script::{Language, Script};
use vhd_analyser_tests::analysed::{analysed, analysed_deep, analysed_with, fixed_copy};
use vhd_analyser_tests::corpus::{Case, cases};

type Outcome = Result<(), Box<dyn Error>>;

/// The programs that a script may call, besides what the shell has in itself.
const TOOLS: [&str; 7] = ["cmp", "dd", "ln", "ls", "mv", "rm", "tr"];

/// A shell, with the programs that go with it.
struct Shell {
    name: &'static str,
    command: PathBuf,
    arguments: &'static [&'static str],
    tools: TempDir,
}

impl Shell {
    /// dash with the system's own programs.
    fn dash() -> Result<Self, Box<dyn Error>> {
        Self::new("dash", found("dash")?, &[], found)
    }

    /// busybox with nothing but its own.
    fn busybox() -> Result<Self, Box<dyn Error>> {
        let busybox = found("busybox")?;
        Self::new("busybox", busybox.clone(), &["sh"], |_| Ok(busybox.clone()))
    }

    fn new(
        name: &'static str,
        command: PathBuf,
        arguments: &'static [&'static str],
        program: impl Fn(&str) -> Result<PathBuf, Box<dyn Error>>,
    ) -> Result<Self, Box<dyn Error>> {
        let tools = tempfile::tempdir()?;
        for tool in TOOLS {
            symlink(program(tool)?, tools.path().join(tool))?;
        }
        Ok(Self { name, command, arguments, tools })
    }

    fn both() -> Result<[Self; 2], Box<dyn Error>> {
        Ok([Self::dash()?, Self::busybox()?])
    }

    fn run(&self, folder: &Path, arguments: &[&str]) -> io::Result<Output> {
        let mut command = Command::new(&self.command);
        command.args(self.arguments).arg("script.sh").args(arguments).current_dir(folder).stdin(Stdio::null());
        command.env_clear().env("PATH", self.tools.path()).output()
    }
}

/// Where a program is.
fn found(program: &str) -> Result<PathBuf, Box<dyn Error>> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut places = std::env::split_paths(&path).map(|folder| folder.join(program));
    Ok(places.find(|place| place.is_file()).ok_or_else(|| format!("{program} is missing: cargo xtask setup"))?)
}

/// A disk and its script, in a folder in memory where there is one: each change waits for the disk.
struct Bench<'a> {
    folder: TempDir,
    image: &'a [u8],
    proven: &'a Proven,
}

const UNDO: &str = "disk.vhd.undo";

impl<'a> Bench<'a> {
    fn new(image: &'a [u8], proven: &'a Proven) -> io::Result<Self> {
        Self::named(image, proven, "disk.vhd")
    }

    fn named(image: &'a [u8], proven: &'a Proven, file: &str) -> io::Result<Self> {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory)? } else { tempfile::tempdir()? };
        let script = Script { file, proven, version: "0" };
        fs::write(folder.path().join("script.sh"), script.text(Language::Sh))?;
        Ok(Self { folder, image, proven })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts the disk there, with nothing beside it.
    fn fresh(&self, bytes: &[u8]) -> io::Result<()> {
        let undo = self.path(UNDO);
        if undo.exists() {
            fs::remove_file(undo)?;
        }
        fs::write(self.path("disk.vhd"), bytes)
    }

    fn expect(&self, shell: &Shell, arguments: &[&str], code: i32, says: &str) -> Outcome {
        let output = shell.run(self.folder.path(), arguments)?;
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        if output.status.code() != Some(code) || !said.contains(says) {
            return Err(format!("{}: not {code}, “{says}” but {}: {said}", shell.name, output.status).into());
        }
        let parts = fs::read_dir(self.folder.path())?.filter(|entry| {
            entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(".part"))
        });
        if parts.count() > 0 {
            return Err("an unfinished file is left".into());
        }
        Ok(())
    }

    fn expect_disk(&self, bytes: &[u8], state: &str) -> Outcome {
        // The whole disk in a message would help nobody.
        if fs::read(self.path("disk.vhd"))? == bytes { Ok(()) } else { Err(format!("the disk is not {state}").into()) }
    }

    /// The repair, once and once again, and the way back, once and once again, and the repair after all.
    fn there_and_back(&self, shell: &Shell) -> Outcome {
        let fixed = fixed_copy(self.image, &self.proven.plan);
        self.fresh(self.image)?;
        self.expect(shell, &[], 0, "is repaired: ")?;
        self.expect_disk(&fixed, "the fixed copy")?;
        let undo = fs::read(self.path(UNDO))?;
        self.expect(shell, &[], 0, "is repaired already")?;
        self.expect_disk(&fixed, "the fixed copy, after the second run")?;
        for _ in 0..2 {
            self.expect(shell, &["--undo"], 0, "is as it was before the repair")?;
            self.expect_disk(self.image, "as it was")?;
        }
        self.expect(shell, &[], 0, "is repaired: ")?;
        self.expect_disk(&fixed, "the fixed copy again")?;
        if fs::read(self.path(UNDO))? == undo { Ok(()) } else { Err("the undo file was changed".into()) }
    }

    /// One byte that is to be replaced is another, or the length is: nothing is written.
    fn changed(&self, shell: &Shell) -> Outcome {
        let mut changed = vec![[self.image, &[0]].concat()];
        changed.extend(self.image.split_last().map(|(_, rest)| rest.to_vec()));
        let patches = self.proven.plan.patches();
        for (patch, before) in patches.iter().zip(&self.proven.replaced).filter(|(_, before)| !before.is_empty()) {
            for at in [0, before.len() - 1] {
                let mut image = self.image.to_vec();
                image[patch.offset as usize + at] ^= 0x10;
                changed.push(image);
            }
        }
        for image in changed {
            self.fresh(&image)?;
            self.expect(shell, &[], 1, "is not as it was when this script was made")?;
            self.expect_disk(&image, "untouched")?;
            assert!(!self.path(UNDO).exists());
        }
        Ok(())
    }
}

/// A disk of the corpus with one of its repairs.
struct Repairable {
    name: String,
    image: Vec<u8>,
    proven: Proven,
}

/// Every plan of every case: as found, with the blocks read, and with the journal.
fn repairables() -> Result<Vec<Repairable>, Box<dyn Error>> {
    let mut all = Vec::new();
    for (name, case) in cases()? {
        let image = case.image()?;
        let mut plans: Vec<Proven> = Vec::new();
        for analysis in analyses(&case, &image)? {
            let new = analysis.repairs.into_iter().filter(|proven| !plans.contains(proven));
            plans.extend(new.collect::<Vec<_>>());
        }
        all.extend(plans.into_iter().map(|proven| Repairable { name: name.clone(), image: image.clone(), proven }));
    }
    Ok(all)
}

fn analyses(case: &Case, image: &[u8]) -> Result<Vec<Analysis>, Box<dyn Error>> {
    let mut analyses = vec![analysed(image, "disk.vhd")?, analysed_deep(image, "disk.vhd")?];
    if case.files.contains_key("disk.vhd.journal") {
        analyses.push(analysed_with(image, &case.file("disk.vhd.journal")?, "disk.vhd")?);
    }
    Ok(analyses)
}

fn with_every_repair(test: impl Fn(&Bench<'_>, &Shell) -> Outcome) -> Outcome {
    let shells = Shell::both()?;
    let all = repairables()?;
    assert!(all.len() >= 86, "{} repairs, and 86 cases can be mended", all.len());
    for Repairable { name, image, proven } in &all {
        let bench = Bench::new(image, proven)?;
        for shell in &shells {
            test(&bench, shell).map_err(|error| format!("{name}, {:?}: {error}", proven.plan.steps))?;
        }
    }
    Ok(())
}

#[test]
fn every_repair_is_carried_out_and_taken_back() -> Outcome {
    with_every_repair(|bench, shell| bench.there_and_back(shell))
}

#[test]
fn a_changed_disk_is_refused() -> Outcome {
    with_every_repair(|bench, shell| bench.changed(shell))
}
