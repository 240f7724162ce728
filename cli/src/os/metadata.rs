//! What kind of thing a path leads to.

use std::fs::Metadata;
use std::os::unix::fs::FileTypeExt;

/// Whether it is a file or a block device. Anything else is not even to be opened: to open a pipe is to wait.
pub fn is_disk(metadata: &Metadata) -> bool {
    metadata.is_file() || metadata.file_type().is_block_device()
}
