//! Who else has a disk open: processes of this computer, as far as the system shows them.

use std::fmt;
use std::fs::{self, File, Metadata};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{process, thread};

use rustix::fs::OFlags;

/// How long a process may take to become a program of its own. Until then it has open whatever the one had open that
/// started it, and uses none of that.
const BIRTH: Duration = Duration::from_millis(100);

/// Somebody who has a file open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A process.
    Process {
        /// Its number.
        id: u32,
        /// The name of its program.
        name: String,
        /// Whether it may write.
        writes: bool,
    },
    /// The system, which shows the file as a device.
    Device {
        /// The device's name, such as `loop0`.
        name: String,
    },
    /// The system, which has mounted the device or built on it.
    System,
    /// Somebody who locked the file and does not show.
    Lock,
}

impl Holder {
    /// Whether the file may change under the reader.
    pub fn writes(&self) -> bool {
        !matches!(self, Self::Process { writes: false, .. })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Process { id, name, writes } => {
                let purpose = if *writes { "for writing" } else { "for reading" };
                write!(f, "{name} (process {id}) has it open {purpose}")
            }
            Self::Device { name } => write!(f, "it is attached as {name}"),
            Self::System => f.write_str("it is mounted, or part of another device"),
            Self::Lock => f.write_str("another program has locked it"),
        }
    }
}

/// Everybody but this process who has a file open. Without the rights of the system's administrator only one's own
/// processes show, and those of other computers never do.
pub fn holders(file: &Metadata) -> Vec<Holder> {
    let found: Vec<u32> = processes().filter(|process| holder(*process, file).is_some()).collect();
    if !found.is_empty() {
        thread::sleep(BIRTH);
    }
    let mut holders: Vec<Holder> = found.into_iter().filter_map(|process| holder(process, file)).collect();
    holders.extend(devices_over(file));
    holders
}

/// The numbers of all processes but this one.
fn processes() -> impl Iterator<Item = u32> {
    entries(Path::new("/proc"))
        .filter_map(|entry| entry.file_name()?.to_str()?.parse().ok())
        .filter(|id| *id != process::id())
}

/// A process, if it has the file open.
fn holder(id: u32, file: &Metadata) -> Option<Holder> {
    let process = Path::new("/proc").join(id.to_string());
    let descriptors =
        entries(&process.join("fd")).filter(|open| fs::metadata(open).is_ok_and(|open| same(&open, file)));
    let writes = descriptors.map(|open| open.file_name().is_some_and(|number| may_write(&process, Path::new(number))));
    let writes = writes.reduce(|a, b| a || b)?;
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    Some(Holder::Process { id, name: name.trim_end().to_owned(), writes })
}

/// Whether a process has opened one of its descriptors for writing. In doubt it has.
fn may_write(process: &Path, descriptor: &Path) -> bool {
    let info = fs::read_to_string(process.join("fdinfo").join(descriptor)).unwrap_or_default();
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"));
    let flags = flags.and_then(|flags| u32::from_str_radix(flags.trim(), 8).ok());
    flags.is_none_or(|flags| OFlags::from_bits_retain(flags).intersects(OFlags::WRONLY | OFlags::RDWR))
}

/// Loop devices over the file: the system holds it open for them, and no process shows.
fn devices_over(file: &Metadata) -> Vec<Holder> {
    let over = |device: &Path| {
        let backing = fs::read_to_string(device.join("loop/backing_file")).ok()?;
        let backing = fs::metadata(backing.trim_end_matches('\n')).ok()?;
        let name = device.file_name()?.to_string_lossy().into_owned();
        same(&backing, file).then_some(Holder::Device { name })
    };
    entries(Path::new("/sys/block")).filter_map(|device| over(&device)).collect()
}

/// Opens a file or device for reading and writing, and keeps others out as far as they ask.
///
/// # Errors
/// Of kind [`io::ErrorKind::ResourceBusy`] or [`io::ErrorKind::WouldBlock`] where somebody else has it.
pub fn open_alone(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true);
    if fs::metadata(path)?.file_type().is_block_device() {
        // Of a device this refuses what is mounted.
        options.custom_flags(OFlags::EXCL.bits().cast_signed());
    }
    let file = options.open(path)?;
    match file.try_lock() {
        Err(fs::TryLockError::WouldBlock) => Err(io::ErrorKind::WouldBlock.into()),
        // Some file systems know no locks.
        Ok(()) | Err(fs::TryLockError::Error(_)) => Ok(file),
    }
}

/// Whether two names lead to the same file or device.
pub fn same(one: &Metadata, other: &Metadata) -> bool {
    let devices = one.file_type().is_block_device() && other.file_type().is_block_device();
    (devices && one.rdev() == other.rdev()) || (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// What is in a folder, or nothing where it cannot be read.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}
