//! Every repair is carried out by `sh`, under dash, busybox and bash, each with nothing on its path but the few programs
//! that the script names.

use std::error::Error;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;
use vhd_analyser_core::analysis::VerifiedRepair;
use vhd_analyser_core::script::{Language, Script};
use vhd_analyser_tests::analysed::fixed_copy;

use crate::Outcome;
use crate::plans::{NAMES, Repairable, bytes, numbers, proven, repairables, strange_plans};

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

    /// Makes one more program known.
    fn add(&mut self, name: &str, program: &Path) -> io::Result<()> {
        symlink(program, self.tools.path().join(name))
    }

    /// What `sh` is in a XenServer control domain.
    fn bash() -> Result<Self, Box<dyn Error>> {
        Self::new("bash", found("bash")?, &["--posix"], found)
    }

    fn all() -> Result<[Self; 3], Box<dyn Error>> {
        Ok([Self::dash()?, Self::busybox()?, Self::bash()?])
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
    proven: &'a VerifiedRepair,
}

const UNDO: &str = "disk.vhd.undo";

impl<'a> Bench<'a> {
    fn new(image: &'a [u8], proven: &'a VerifiedRepair) -> io::Result<Self> {
        Self::named(image, proven, "disk.vhd")
    }

    fn named(image: &'a [u8], proven: &'a VerifiedRepair, file: &str) -> io::Result<Self> {
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
        let parts = fs::read_dir(self.folder.path())?
            .filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name().to_string_lossy().ends_with(".part")));
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
        // A footer that lacks its last byte, which is zero, is mended by a zero.
        let fixed = fixed_copy(self.image, &self.proven.plan);
        for image in changed.into_iter().filter(|image| *image != fixed) {
            self.fresh(&image)?;
            self.expect(shell, &[], 1, "is not as it was when this script was made")?;
            self.expect_disk(&image, "untouched")?;
            assert!(!self.path(UNDO).exists());
        }
        Ok(())
    }
}

fn with_every_repair(test: impl Fn(&Bench<'_>, &Shell) -> Outcome) -> Outcome {
    let shells = [Shell::dash()?, Shell::busybox()?];
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
fn strange_plans_are_carried_out_and_taken_back() -> Outcome {
    let image = numbers();
    for proven in strange_plans(&image) {
        let bench = Bench::new(&image, &proven)?;
        for shell in &Shell::all()? {
            let told = |error| {
                format!("{:?}: {error}", proven.plan.patches().iter().map(|patch| patch.offset).collect::<Vec<_>>())
            };
            bench.there_and_back(shell).and_then(|()| bench.changed(shell)).map_err(told)?;
        }
    }
    Ok(())
}

/// Wherever a run was cut off, the way back leads back, and the repair can be made afterwards.
#[test]
fn a_run_that_was_cut_off_is_taken_back() -> Outcome {
    let image = numbers();
    for proven in strange_plans(&image) {
        let bench = Bench::new(&image, &proven)?;
        let fixed = fixed_copy(&image, &proven.plan);
        for shell in &Shell::all()? {
            bench.fresh(&image)?;
            bench.expect(shell, &[], 0, "is repaired: ")?;
            let longest = if fixed.len() > image.len() { &fixed } else { &image };
            for cut in [1, fixed.len().min(image.len()) / 2, longest.len() * 3 / 4, longest.len()] {
                // Written up to here, and not yet set to its length.
                let mut half = [&fixed[..cut.min(fixed.len())], &image[cut.min(image.len())..]].concat();
                half.truncate(longest.len());
                fs::write(bench.path("disk.vhd"), &half)?;
                if half != fixed && half != image {
                    bench.expect(shell, &[], 1, "go back with --undo")?;
                    bench.expect_disk(&half, "untouched")?;
                }
                if half.len() >= fixed.len().min(image.len()) {
                    bench.expect(shell, &["--undo", "disk.vhd"], 0, "is as it was before the repair")?;
                    bench.expect_disk(&image, "as it was")?;
                }
            }
        }
    }
    Ok(())
}

/// What cannot be written leaves the disk and everything beside it alone.
#[test]
fn what_is_in_the_way_stays() -> Outcome {
    let image = numbers();
    let proven = proven(&image, vec![bytes(512, b"over")], 4096);
    let bench = Bench::new(&image, &proven)?;
    for shell in &Shell::all()? {
        bench.fresh(&image)?;
        bench.expect(shell, &["--undo"], 1, "There is no ./disk.vhd.undo to go back with")?;
        bench.expect(shell, &["elsewhere.vhd"], 1, "There is no disk elsewhere.vhd")?;
        bench.expect(shell, &["disk.vhd", "disk.vhd"], 2, "Usage")?;
        for other in ["", "somebody's"] {
            fs::write(bench.path(UNDO), other)?;
            bench.expect(shell, &[], 1, "exists already")?;
            bench.expect(shell, &["--undo"], 1, "does not belong to this script")?;
            assert_eq!(fs::read_to_string(bench.path(UNDO))?, other);
        }
        fs::remove_file(bench.path(UNDO))?;
        symlink("nowhere", bench.path(UNDO))?;
        bench.expect(shell, &[], 1, "exists already")?;
        fs::remove_file(bench.path(UNDO))?;
        bench.expect_disk(&image, "untouched")?;

        bench.expect(shell, &[], 0, "is repaired: ")?;
        let longer = vec![0; image.len() + 1];
        fs::write(bench.path("disk.vhd"), &longer)?;
        bench.expect(shell, &["--undo"], 1, "has been written to since, or is another disk")?;
        bench.expect_disk(&longer, "untouched")?;
    }
    Ok(())
}

/// Only the owner may read the bytes of the disk that are saved.
#[test]
fn the_undo_file_is_for_its_owner() -> Outcome {
    let image = numbers();
    let proven = proven(&image, vec![bytes(512, b"over")], 4096);
    let bench = Bench::new(&image, &proven)?;
    for shell in &Shell::all()? {
        bench.fresh(&image)?;
        bench.expect(shell, &[], 0, "is repaired: ")?;
        assert_eq!(fs::metadata(bench.path(UNDO))?.mode() & 0o777, 0o600);
    }
    Ok(())
}

/// A disk that somebody has open is refused where there is a `fuser` to see it.
#[test]
fn an_open_disk_is_refused() -> Outcome {
    let image = numbers();
    let proven = proven(&image, vec![bytes(512, b"over")], 4096);
    let bench = Bench::new(&image, &proven)?;
    for mut shell in Shell::all()? {
        bench.fresh(&image)?;
        // Debian's busybox has none.
        shell.add("fuser", &found("fuser")?)?;
        let open = File::open(bench.path("disk.vhd"))?;
        for arguments in [&[][..], &["--undo"]] {
            bench.expect(&shell, arguments, 1, "is open in another program")?;
        }
        bench.expect_disk(&image, "untouched")?;
        drop(open);
        bench.expect(&shell, &[], 0, "is repaired: ")?;
    }
    Ok(())
}

/// Of tapdisks, those count that have this very disk, by whatever name.
#[test]
fn a_disk_of_tapdisk_is_refused() -> Outcome {
    let image = numbers();
    let proven = proven(&image, vec![bytes(512, b"over")], 4096);
    let bench = Bench::new(&image, &proven)?;
    fs::write(bench.path("other.vhd"), "another")?;
    for mut shell in Shell::all()? {
        let recorded = bench.path("tap-ctl");
        shell.add("tap-ctl", &recorded)?;
        for (name, code) in [("disk.vhd", 1), ("./script.sh/../disk.vhd", 0), ("link.vhd", 1), ("other.vhd", 0)] {
            bench.fresh(&image)?;
            let link = bench.path("link.vhd");
            if !link.exists() {
                symlink("disk.vhd", link)?;
            }
            // A line as tap-ctl prints it, since XenServer's tapdisk is not to be had here.
            let path = bench.path(name);
            let line = format!("#!/bin/sh\necho 'pid=4711 minor=3 state=0 args=vhd:{}'\n", path.display());
            fs::write(&recorded, line)?;
            fs::set_permissions(&recorded, fs::Permissions::from_mode(0o755))?;
            bench
                .expect(&shell, &[], code, if code == 0 { "is repaired: " } else { "is attached by tapdisk" })
                .map_err(|error| format!("{name}: {error}"))?;
        }
    }
    Ok(())
}

/// Names that a shell would carry out, and a comment would end with, are names.
#[test]
fn names_are_only_names() -> Outcome {
    let image = numbers();
    let proven = proven(&image, vec![bytes(512, b"over")], 4096);
    let fixed = fixed_copy(&image, &proven.plan);
    for shell in &Shell::all()? {
        for name in NAMES {
            let bench = Bench::named(&image, &proven, name)?;
            let script = format!("{}/script.sh", bench.folder.path().display());
            // AnalysisContext the script by default, or as an argument.
            for arguments in [vec![], vec!["--", name]] {
                fs::write(bench.path(name), &image)?;
                bench.expect(shell, &arguments, 0, "is repaired: ").map_err(|error| format!("{name:?}: {error}"))?;
                assert!(fs::read(bench.path(name))? == fixed, "{name:?}");
                let back = [&["--undo"][..], &arguments].concat();
                bench.expect(shell, &back, 0, "is as it was before").map_err(|error| format!("{name:?}: {error}"))?;
                assert!(fs::read(bench.path(name))? == image, "{name:?}");
            }
            assert_eq!(fs::read_dir(bench.folder.path())?.count(), 3, "{name:?}: script, disk and undo file");
            // From another folder, too.
            let mut command = Command::new(&shell.command);
            command.args(shell.arguments).arg(script).current_dir("/").env("PATH", shell.tools.path());
            assert!(command.output()?.status.success());
            assert!(fs::read(bench.path(name))? == fixed, "{name:?}");
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
