//! SHA-256 of the metadata, structure by structure, and of a whole file: which bytes a report speaks of.

use core::fmt::Write;
use core::ops::ControlFlow;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use super::model::RegionReport;
use crate::image::{Found, Image, Reader};
use crate::layout::bat::ENTRY_LENGTH;
use crate::layout::batmap::{BatmapHeader, checked_length};
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::progress::{AnalysisError, Progress, Stage, Watch};
use crate::source::Source;

/// The longest structure that is read once more for its hash, in bytes: the BAT of the largest disk with blocks of
/// the usual size.
const LONGEST: u64 = 4 << 20;

/// The structures that were read from `source`, in the order in which tools come by them, with their hashes. A file
/// that is no VHD has none.
///
/// # Errors
/// Where the source fails.
pub fn regions<S: Source>(source: &S, image: &Image) -> Result<Vec<RegionReport>, AnalysisError<S::Error>> {
    let mut regions = places(image);
    for region in &mut regions {
        if region.length <= LONGEST {
            region.sha256 = Some(hash(source, region.offset, region.length, &mut |_| ControlFlow::Continue(()))?);
        }
    }
    Ok(regions)
}

/// The hash of the whole file, in hex. It takes as long as reading the file, and no memory to speak of.
///
/// # Errors
/// Where the source fails, or `progress` asks to stop.
pub fn whole_file<S: Source>(
    source: &S,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<String, AnalysisError<S::Error>> {
    hash(source, 0, source.length(), progress)
}

fn hash<S: Source>(
    source: &S,
    offset: u64,
    length: u64,
    progress: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<String, AnalysisError<S::Error>> {
    let mut hash = Sha256::new();
    Reader::new(source).windows(offset, length, Stage::WholeFile, &mut Watch::new(progress), &mut |_, bytes| {
        hash.update(bytes);
        true
    })?;
    let mut hex = String::new();
    for byte in hash.finalize() {
        // A string takes everything.
        let _ = write!(hex, "{byte:02x}");
    }
    Ok(hex)
}

fn places(image: &Image) -> Vec<RegionReport> {
    let mut places = Vec::new();
    if !image.is_vhd() {
        return places;
    }
    let mut add = |name: &str, offset, length| {
        places.push(RegionReport { name: name.into(), offset, length, sha256: None });
    };
    match image.intact_short_footer() {
        Some(_) => read(&image.short, |offset, _| add("Primary footer", offset, Footer::SHORT_LENGTH)),
        None => read(&image.primary, |offset, _| add("Primary footer", offset, Footer::LENGTH)),
    }
    if image.kind().is_none_or(DiskType::is_sparse) {
        read(&image.backup, |offset, _| add("Backup footer", offset, Footer::LENGTH));
    }
    read(&image.stray, |offset, _| add("Footer before the end", offset, Footer::LENGTH));
    read(&image.header, |offset, _| add("Dynamic header", offset, DynamicHeader::LENGTH));
    read(&image.bat, |offset, bat| {
        add("Block allocation table (BAT)", offset, u64::from(bat.entries) * ENTRY_LENGTH);
    });
    for (number, _, name) in image.locators() {
        read(name, |offset, name| add(&format!("Data of parent locator {number}"), offset, name.len() as u64));
    }
    read(&image.batmap, |offset, batmap| {
        add("Batmap’s header", offset, BatmapHeader::LENGTH);
        if let (Some(_), Some(footer)) = (batmap.computed_checksum, image.footer()) {
            add("Batmap", batmap.header.batmap_offset.get(), checked_length(footer.current_size.get()));
        }
    });
    places
}

fn read<T>(found: &Found<T>, then: impl FnOnce(u64, &T)) {
    if let Found::Read { offset, value } = found {
        then(*offset, value);
    }
}
