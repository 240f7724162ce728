//! Why a command could not do what it was asked to.

use std::io::{self, ErrorKind, Write};
use std::path::PathBuf;

use vhd_analyser_core::repair::{AssignRefusal, LinkRefusal};
use vhd_analyser_core::units::exact_size;

use crate::os::file_error::FileError;
use crate::os::holders::Holder;
use crate::ui::text::{printable, quoted, undo_command};

/// What went wrong, where, and what to do next.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// With a file, a device or the system.
    #[error(transparent)]
    File(#[from] FileError),
    /// Standard output does not take more.
    #[error("the output cannot be written: {0}")]
    Output(io::Error),
    /// A creator that is not four characters.
    #[error("a creator is four ASCII characters, spaces included, such as \"win \" or \"vpc \"")]
    Creator,
    /// A disk without a block that could be exported.
    #[error(
        "{} has no block that could be exported: either it is no dynamic VHD, or its header and BAT do not say where blocks are. Look at it with: vhd-analyser check {}",
        path.display(), quoted(&path.to_string_lossy())
    )]
    NoBlocks {
        /// The disk.
        path: PathBuf,
    },
    /// A way to repair that there is not.
    #[error("there is no plan {plan}: {}", match ways { 0 => "nothing can be repaired here".to_owned(), 1 => "there is one, which is taken without --plan".to_owned(), ways => format!("choose one of 1 to {ways}") })]
    NoSuchPlan {
        /// The one that was asked for.
        plan: usize,
        /// How many there are.
        ways: usize,
    },
    /// A parent that the disk cannot be linked to.
    #[error("{} cannot be the parent: {refusal}", path.display())]
    NotAParent {
        /// The file that was given.
        path: PathBuf,
        /// Why not.
        refusal: LinkRefusal,
    },
    /// A parent that is based on the disk.
    #[error(
        "{} cannot be the parent: it is itself based on {}; look for the disk below both",
        path.display(),
        disk.display()
    )]
    Loop {
        /// The file that was given.
        path: PathBuf,
        /// The disk that was to be linked.
        disk: PathBuf,
    },

    /// A file that is no text.
    #[error(
        "{} {is}, so that to find no trouble in it says nothing: give a log as text, gzipped or not; a disk is looked at by vhd-analyser check",
        path.display()
    )]
    NotALog {
        /// Which.
        path: PathBuf,
        /// What it is.
        is: &'static str,
    },
    /// A text that tells of nothing that is known.
    #[error("{} is not a known kind of log; give one of XenServer, XCP-ng, Xen Orchestra, OpenStack, Hyper-V, Azure or QEMU, or what vhd-util printed (docs/logs.md lists what is known)", path.display())]
    UnknownLog {
        /// Which.
        path: PathBuf,
    },
    /// A file changed under the work.
    #[error("{} was changed by somebody else meanwhile, and nothing was written to it; end what uses it and start again", path.display())]
    Changed {
        /// Which.
        path: PathBuf,
    },
    /// The copy would take the place of what it is a copy of.
    #[error("{} is the disk itself; name another file, or use --in-place", path.display())]
    OntoItself {
        /// Which.
        path: PathBuf,
    },
    /// An undo file of an earlier repair is in the way.
    #[error("{} exists already: it is the undo file of an earlier repair; move it elsewhere first", path.display())]
    UndoExists {
        /// Which.
        path: PathBuf,
    },

    /// Somebody else uses the disk.
    #[error(
        "{} is in use: {}; shut the virtual machine down or detach the disk first (--force goes on regardless, and may \
         destroy data)",
        path.display(),
        in_words(holders)
    )]
    InUse {
        /// Which.
        path: PathBuf,
        /// By whom.
        holders: Vec<Holder>,
    },
    /// The plan moves bytes over one another.
    #[error("this repair cannot be made in place; write a copy with -o instead")]
    NotOrderly,
    /// A device keeps its length.
    #[error("{} is a device and cannot become {} long; write a copy with -o instead", path.display(), exact_size(*new_length))]
    FixedLength {
        /// Which.
        path: PathBuf,
        /// How long it would have to be, in bytes.
        new_length: u64,
    },
    /// Writing in place was cut off.
    #[error(
        "{} is half changed, since writing failed ({error}); go back with: {}",
        path.display(),
        undo_command(path, undo)
    )]
    HalfChanged {
        /// Which.
        path: PathBuf,
        /// What leads back.
        undo: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// What was written is not sound.
    #[error("the repaired copy was read again and is not sound, so it was removed; the disk itself is untouched")]
    CopyNotSound,
    /// Several disks for one copy, or for what is done to one at a time.
    #[error("several disks are repaired into a folder: add -o FOLDER/; everything else is done one disk at a time")]
    SeveralDisks,
    /// A block cannot be given the place that was asked for.
    #[error(transparent)]
    NotAssigned(#[from] AssignRefusal),
    /// Nothing says what kind of image is wanted.
    #[error("what {} is to be, its name does not say; add --to dynamic, fixed or raw", out.display())]
    UnknownKind {
        /// The image.
        out: PathBuf,
    },
    /// A flattened image would take the place of a disk of its chain.
    #[error("{} is a disk of the chain, and nothing is written over it; name another file", path.display())]
    OntoMember {
        /// Which.
        path: PathBuf,
    },
    /// The chain cannot be flattened to this format.
    #[error("{0}")]
    NotFlattened(String),
    /// What was written is not the virtual disk of the chain.
    #[error(
        "the flattened image was read again and is not what the chain holds, so it was removed; the disks of the chain \
         are untouched"
    )]
    NotTheSame,
    /// What was written in place is not sound.
    #[error(
        "{} was repaired and read again, and is not sound; go back with: {}",
        path.display(),
        undo_command(path, undo)
    )]
    NotSound {
        /// Which.
        path: PathBuf,
        /// What leads back.
        undo: PathBuf,
    },

    /// What should be an undo file is none, or is not whole.
    #[error("{} is not a whole undo file of this program", path.display())]
    NotAnUndo {
        /// Which.
        path: PathBuf,
    },
    /// An undo file that does not belong to the disk as it is.
    #[error(
        "{} is {} long, which it was neither before the repair nor after it: it has been written to since, \
         or the undo file belongs to another disk; --force goes back regardless",
        path.display(), exact_size(*length)
    )]
    UndoDoesNotFit {
        /// The disk.
        path: PathBuf,
        /// How long it is, in bytes.
        length: u64,
    },
}

impl Failure {
    /// Whether a signal asked to stop.
    pub fn is_interrupted(&self) -> bool {
        matches!(self, Self::File(FileError::Interrupted))
    }

    /// Says it on standard error.
    pub fn print(&self) {
        // Whoever closed the pipe has seen enough.
        if matches!(self, Self::Output(error) if error.kind() == ErrorKind::BrokenPipe) {
            return;
        }
        print_error(&format!("vhd-analyser: {self}"));
    }
}

/// Writes a line to standard error. Where that fails there is nobody left to tell.
pub fn print_error(line: &str) {
    let _ = writeln!(anstream::stderr(), "{}", printable(line));
}

fn in_words(holders: &[Holder]) -> String {
    holders.iter().map(Holder::to_string).collect::<Vec<_>>().join(", ")
}
