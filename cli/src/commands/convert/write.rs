//! The image, written from its start to its end.

use std::fs::{self, Permissions};
use std::ops::ControlFlow;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use vhd_analyser_core::convert::{ImageWriter, Piece};

use super::members::{Chain, ChainDisk, refused};
use super::refusal::Refusal;
use crate::error::Failure;
use crate::os::atomic_file::{AtomicFile, Existing};
use crate::os::file_error::FileError;
use crate::os::holders::same;
use crate::os::sparse_copy::{Copy, CopyError, Zeros, write_data};
use crate::ui::progress::Watch;

/// Begins a file that is not to take the place of a disk of the chain.
///
/// # Errors
/// Where it would, or as [`AtomicFile::beside`].
pub fn begin(members: &[ChainDisk], out: &Path, existing: Existing) -> Result<AtomicFile, Failure> {
    let is_member = |there: fs::Metadata| members.iter().any(|member| same(&there, member.disk.metadata()));
    // By either name: of a link, and of what it leads to.
    if [fs::symlink_metadata(out), fs::metadata(out)].into_iter().flatten().any(is_member) {
        return Err(Failure::OntoMember { path: out.to_owned() });
    }
    // The image holds what all of them hold: nobody may read it who may not read each.
    let mode = members.iter().fold(0o777, |mode, member| mode & member.disk.metadata().permissions().mode());
    Ok(AtomicFile::beside(out, Permissions::from_mode(mode), existing)?)
}

/// Writes the pieces of the image one after the other, and waits until they are on the disk.
///
/// # Errors
/// Where a file fails, the chain cannot be read, or Ctrl-C stops it.
pub fn fill(draft: &AtomicFile, members: &[ChainDisk], chain: &Chain<'_>, flat: &ImageWriter) -> Result<(), Refusal> {
    let mut writer = Writer { draft, members, at: 0, total: flat.length(), watch: Watch::new() };
    let mut failure = None;
    let written = flat.write(chain, &mut |piece| match writer.put(&piece) {
        Ok(()) => ControlFlow::Continue(()),
        Err(why) => {
            failure = Some(why);
            ControlFlow::Break(())
        }
    });
    match (written, failure) {
        (_, Some(failure)) => return Err(failure.into()),
        (Err(error), None) => return Err(refused(error, members)),
        (Ok(()), None) => {}
    }
    draft.file().set_len(writer.total).map_err(|error| draft.failed(error))?;
    match writer.watch.at("waiting for the disk", writer.total, writer.total) {
        ControlFlow::Continue(()) => Ok(draft.sync()?),
        ControlFlow::Break(()) => Err(Failure::File(FileError::Interrupted).into()),
    }
}

/// Where the image has been written to.
struct Writer<'a> {
    draft: &'a AtomicFile,
    members: &'a [ChainDisk],
    at: u64,
    total: u64,
    watch: Watch,
}

impl Writer<'_> {
    fn put(&mut self, piece: &Piece) -> Result<(), Failure> {
        let Self { draft, members, at, total, watch } = self;
        let mut on_progress = |done| watch.at("writing the image", *at + done, *total);
        match piece {
            Piece::Source { layer, offset, length } => {
                // Pieces come of the chain that these members make.
                let member = members.get(*layer).ok_or(Failure::NotTheSame)?;
                let range = *offset..offset + length;
                let copy = Copy { from: member.disk.file(), range, to: draft.file(), at: *at, zeros: Zeros::Leave };
                copy.run(&mut on_progress).map_err(|error| match error {
                    CopyError::Read(error) => member.unreadable(error),
                    CopyError::Write(error) => draft.failed(error).into(),
                    CopyError::Interrupted => Failure::File(FileError::Interrupted),
                })?;
            }
            // What is not written is zero.
            Piece::Zeros(_) if on_progress(0).is_break() => return Err(Failure::File(FileError::Interrupted)),
            Piece::Zeros(_) => {}
            Piece::Bytes(bytes) => write_data(draft.file(), bytes, *at).map_err(|error| draft.failed(error))?,
        }
        *at += piece.length();
        Ok(())
    }
}
