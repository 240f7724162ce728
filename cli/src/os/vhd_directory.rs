//! What Xen Orchestra's block remotes hold: VHD directories, and the aliases that lead to them.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::{Component, Path, PathBuf};

use flate2::read::MultiGzDecoder;
use vhd_analyser_core::check::vhd_directory::{self, DirectoryCheck, DirectoryFault};

/// An alias is not longer, in bytes: Xen Orchestra refuses one that is.
const LONGEST_ALIAS: u64 = 1024;
/// The most that one of the files of metadata may have unpacked, in bytes: a bit for each block of the largest disk, and
/// Xen Orchestra sets a byte aside for each.
const LONGEST_PART: u64 = 16 << 20;

/// What is wrong with an alias or a VHD directory.
#[derive(Debug, thiserror::Error)]
pub enum RemoteFault {
    /// The alias has too many bytes, or is no text.
    #[error("it is no alias: an alias is one relative path, of at most {LONGEST_ALIAS} bytes")]
    NoAlias,
    /// It leads to another alias.
    #[error("it leads to another alias (“{0}”), which Xen Orchestra does not follow")]
    Chained(String),
    /// What it leads to is not there.
    #[error("it leads to “{0}”, which is not there: the disk’s data is lost, or the alias was copied without it")]
    Lost(String),
    /// The metadata.
    #[error(transparent)]
    Metadata(#[from] DirectoryFault),
    /// A file of the directory cannot be read.
    #[error("the file “{0}” cannot be read: {1}")]
    Unreadable(String, io::Error),
    /// The chunks are packed by what is not read here.
    #[error("its files are packed with {0}, which is not read here: nothing of it was checked")]
    Packed(String),
    /// Blocks that the BAT calls present have no file.
    #[error("{count} of its blocks have no file, the first is block {first} (“{path}”)")]
    MissingBlocks {
        /// How many.
        count: usize,
        /// The first of them.
        first: u32,
        /// Where its file should be.
        path: String,
    },
    /// Files of blocks have another length than a block.
    #[error("{count} of its blocks are not whole, the first is block {first}: {found} bytes instead of {needed}")]
    CutBlocks {
        /// How many.
        count: usize,
        /// The first of them.
        first: u32,
        /// Bytes of its file.
        found: u64,
        /// Bytes of a block.
        needed: u64,
    },
}

/// Whether a file is an alias, by its name and its length: a disk may have that name, too.
pub fn is_alias(path: &Path) -> bool {
    is_alias_name(path) && fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() <= LONGEST_ALIAS)
}

fn is_alias_name(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".alias.vhd"))
}

/// Where an alias leads.
///
/// # Errors
/// Where it is none, or leads nowhere.
pub fn alias_target(path: &Path) -> Result<PathBuf, RemoteFault> {
    let unreadable = |error| RemoteFault::Unreadable(path.display().to_string(), error);
    let mut text = String::new();
    let file = File::open(path).map_err(unreadable)?;
    match file.take(LONGEST_ALIAS + 1).read_to_string(&mut text) {
        Ok(length) if length as u64 > LONGEST_ALIAS => return Err(RemoteFault::NoAlias),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::InvalidData => return Err(RemoteFault::NoAlias),
        Err(error) => return Err(unreadable(error)),
    }
    let relative = text.trim();
    let is_path = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::ParentDir | Component::CurDir);
    if relative.is_empty() || relative.contains(char::is_control) || !Path::new(relative).components().all(is_path) {
        return Err(RemoteFault::NoAlias);
    }
    if is_alias_name(Path::new(relative)) {
        return Err(RemoteFault::Chained(relative.to_owned()));
    }
    let target = path.parent().unwrap_or(Path::new("")).join(relative);
    if target.exists() { Ok(target) } else { Err(RemoteFault::Lost(relative.to_owned())) }
}

/// Whether a folder is a VHD directory: it has the files of one.
pub fn is_vhd_directory(path: &Path) -> bool {
    path.is_dir() && ["header", "footer", "bat"].iter().filter(|part| path.join(part).is_file()).count() >= 2
}

/// Checks a VHD directory: its metadata, and that every block that its BAT has is there.
pub fn check(path: &Path) -> Vec<RemoteFault> {
    let packing = match Packing::of(path) {
        Ok(packing) => packing,
        Err(fault) => return vec![fault],
    };
    let mut faults = Vec::new();
    let mut part = |name: &str| {
        packing.read(&path.join(name)).unwrap_or_else(|error| {
            faults.push(RemoteFault::Unreadable(name.to_owned(), error));
            Vec::new()
        })
    };
    let (footer, header, bat) = (part("footer"), part("header"), part("bat"));
    let DirectoryCheck { faults: metadata, blocks, block_length } = vhd_directory::check(&footer, &header, &bat);
    faults.extend(metadata.into_iter().map(RemoteFault::from));
    let (mut missing, mut cut) = (Vec::new(), Vec::new());
    for block in blocks {
        match (fs::metadata(path.join(block_path(block))), block_length, packing) {
            (Err(_), ..) => missing.push(block),
            // How long one is unpacked, nobody knows before it is unpacked.
            (Ok(file), Some(needed), Packing::None) if file.len() != needed => cut.push((block, file.len(), needed)),
            _ => {}
        }
    }
    if let Some(&first) = missing.first() {
        faults.push(RemoteFault::MissingBlocks { count: missing.len(), first, path: block_path(first) });
    }
    if let Some(&(first, found, needed)) = cut.first() {
        faults.push(RemoteFault::CutBlocks { count: cut.len(), first, found, needed });
    }
    faults
}

/// Where a block is: a thousand in each folder.
fn block_path(block: u32) -> String {
    format!("blocks/{}/{}", block / 1000, block % 1000)
}

/// How the files of a VHD directory are packed.
#[derive(Clone, Copy)]
enum Packing {
    None,
    Gzip,
}

impl Packing {
    fn of(directory: &Path) -> Result<Self, RemoteFault> {
        const NAME: &str = "chunk-filters.json";
        let text = match fs::read_to_string(directory.join(NAME)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Self::None),
            Err(error) => return Err(RemoteFault::Unreadable(NAME.into(), error)),
        };
        let filters: Vec<String> =
            serde_json::from_str(&text).map_err(|error| RemoteFault::Unreadable(NAME.into(), error.into()))?;
        match filters.first().map(String::as_str) {
            None | Some("none") => Ok(Self::None),
            Some("gzip") => Ok(Self::Gzip),
            Some(other) => Err(RemoteFault::Packed(other.to_owned())),
        }
    }

    /// A file of metadata, unpacked.
    fn read(self, path: &Path) -> io::Result<Vec<u8>> {
        let file = File::open(path)?;
        let mut bytes = Vec::new();
        match self {
            Self::None => file.take(LONGEST_PART).read_to_end(&mut bytes)?,
            Self::Gzip => MultiGzDecoder::new(file).take(LONGEST_PART).read_to_end(&mut bytes)?,
        };
        Ok(bytes)
    }
}
