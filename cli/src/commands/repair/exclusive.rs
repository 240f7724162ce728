//! A disk opened for writing by nobody else.

use std::fs::File;
use std::io::ErrorKind;

use crate::error::Failure;
use crate::os::disk::Disk;
use crate::os::file_error::FileError;
use crate::os::holders::{Holder, open_alone};

/// Opens the disk for writing, unless somebody else uses it.
///
/// # Errors
/// Where somebody does (unless `force`), it is another file than before, or may not be written to.
pub fn open(disk: &Disk, force: bool) -> Result<File, Failure> {
    let path = || disk.path().to_owned();
    let in_use = |holders| Failure::InUse { path: path(), holders };
    let holders = disk.holders();
    if !holders.is_empty() && !force {
        return Err(in_use(holders));
    }
    let file = match open_alone(disk.path()) {
        Err(_) if force => File::options().read(true).write(true).open(disk.path()),
        opened => opened,
    };
    let file = file.map_err(|error| match error.kind() {
        ErrorKind::WouldBlock => in_use(vec![Holder::Lock]),
        ErrorKind::ResourceBusy => in_use(vec![Holder::System]),
        _ => Failure::File(FileError::Open { path: path(), error }),
    })?;
    match disk.is_unchanged(&file) {
        Ok(true) => Ok(file),
        Ok(false) => Err(Failure::Changed { path: path() }),
        Err(error) => Err(Failure::File(FileError::Read { path: path(), error })),
    }
}
