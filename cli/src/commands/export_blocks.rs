//! `export-blocks`: the blocks of a disk, each as a file of its own.

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};

use vhd_analyser_core::image::{Image, IntactBlock};
use vhd_analyser_core::layout::SECTOR;
use vhd_analyser_core::layout::bat::BlockShape;
use vhd_analyser_core::layout::bitmap::Bitmap;
use vhd_analyser_core::units;

use crate::error::Failure;
use crate::exit_code::Exit;
use crate::os::atomic_file::{AtomicFile, Existing};
use crate::os::disk::{Companions, Disk, options};
use crate::os::file_error::FileError;
use crate::os::signals;
use crate::os::sparse_copy::write_data;
use crate::ui::page::{PLAIN, Page};
use crate::ui::progress::Watch;

/// Bytes that are read at once: whole sectors.
const PIECE: u64 = 1 << 20;

/// Writes each block that lies whole in a disk into a folder: what is left of it where the BAT is beyond repair.
///
/// A block whose number is known is named after it, such as block-0000005.raw; one that no BAT entry points at is named
/// after its place, such as sector-0000008223.raw. Sectors that were never written are zeros.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The disk: a file or a block device.
    file: PathBuf,

    /// The folder for the blocks. It is made if it is not there.
    #[arg(short, long, value_name = "FOLDER")]
    out: PathBuf,
}

/// Carries the command out.
///
/// # Errors
/// Where a file fails or is in the way, or there is no block to be had.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let disk = Disk::open(&arguments.file)?;
    let analysis = disk.analyse(Companions::default(), &options(None, false)?, &mut Watch::new().analysis())?;
    let image = &analysis.image;
    let blocks = image.intact_blocks();
    let (Some(shape), false) = (image.block_shape(), blocks.is_empty()) else {
        return Err(Failure::NoBlocks { path: disk.path().to_owned() });
    };
    let folder = &arguments.out;
    fs::create_dir_all(folder).map_err(|error| FileError::Write { path: folder.clone(), error })?;
    let mut page = Page::new();
    for block in &blocks {
        let path = folder.join(name(block));
        export(&disk, image, shape, block, &path)?;
        page.item("- ", PLAIN, &line(block, shape, &path));
    }
    let known = blocks.iter().filter(|block| block.number.is_some()).count();
    let orphans = units::count((blocks.len() - known) as u64, "orphaned block");
    page.say(&format!("{} exported, and {orphans}.", units::count(known as u64, "block")));
    let allocated = image.bat.value().map_or(0, |bat| bat.blocks.len());
    let left = allocated - known;
    if left > 0 {
        page.say(&format!("{} could not be: their BAT entries are wrong.", units::count(left as u64, "block")));
    }
    if image.unreferenced.unfinished {
        page.say("There may be more orphaned blocks: not all of the file was searched for them.");
    }
    page.show()?;
    let is_all = left == 0 && known == blocks.len() && !image.unreferenced.unfinished;
    Ok(if is_all { Exit::Done } else { Exit::Damaged })
}

fn name(block: &IntactBlock) -> String {
    match block.number {
        Some(number) => format!("block-{number:07}.raw"),
        None => format!("sector-{:010}.raw", block.offset / SECTOR),
    }
}

fn line(block: &IntactBlock, shape: BlockShape, path: &Path) -> String {
    let path = path.display();
    match block.number {
        Some(number) => {
            let at = u64::from(number) * shape.data;
            format!("{path}: block {number}, at {at} (0x{at:X}) of the virtual disk")
        }
        None => format!("{path}: orphaned, from 0x{:X} of the file", block.offset),
    }
}

/// Writes the data of a block; nothing where the bitmap calls a sector not written.
fn export(disk: &Disk, image: &Image, shape: BlockShape, block: &IntactBlock, path: &Path) -> Result<(), Failure> {
    let draft = AtomicFile::beside(path, Permissions::from_mode(0o600), Existing::Keep)?;
    let read = |buffer: &mut [u8], offset: u64| {
        let failed = |error: io::Error| FileError::Read { path: disk.path().to_owned(), error };
        disk.file().read_exact_at(buffer, offset).map_err(failed)
    };
    let mut bits = vec![0; shape.bitmap as usize];
    read(&mut bits, block.offset)?;
    let bitmap = Bitmap::new(&bits, image.footer(), shape);
    let mut piece = vec![0; PIECE.min(shape.data) as usize];
    let mut done = 0;
    while done < shape.data {
        signals::stop_if_requested()?;
        let length = PIECE.min(shape.data - done);
        let piece = &mut piece[..length as usize];
        read(piece, block.offset + shape.bitmap + done)?;
        for (sector, bytes) in ((done / SECTOR) as u32..).zip(piece.chunks_mut(SECTOR as usize)) {
            if !bitmap.is_set(sector) {
                bytes.fill(0);
            }
        }
        write_data(draft.file(), piece, done).map_err(|error| draft.failed(error))?;
        done += length;
    }
    draft.file().set_len(shape.data).map_err(|error| draft.failed(error))?;
    draft.sync()?;
    Ok(draft.publish(Existing::Keep)?)
}
