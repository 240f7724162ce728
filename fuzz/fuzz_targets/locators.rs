//! A differencing disk whose parent fields are the input: the creator's version, the header's name and the eight
//! locators, then what the locators point at.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vhd_analyser_core::layout::locator::{Platform, decode, file_name};
use vhd_analyser_fuzz::{analysed, mutate::renew_checksums, try_plans};
use vhd_analyser_tests::build::{Creator, Disk, Fill, HEADER_AT, Kind};
use vhd_analyser_tests::bytes::put;

/// The parent's unique id, time stamp, name and locators.
const FIELDS: usize = 768 - 40;

static DISK: LazyLock<(Vec<u8>, usize)> = LazyLock::new(|| {
    let disk = Disk {
        creator: Creator::Tapdisk13,
        kind: Kind::Differencing,
        block_size: 4096,
        blocks: 4,
        cut_sectors: 0,
        spare_entries: 0,
        allocated: vec![(1, Fill::Some)],
        gap_sectors: 0,
        seed: 1,
    };
    let built = disk.build();
    (built.bytes, built.locators_at[0])
});

fuzz_target!(|input: &[u8]| {
    let Some((choice, input)) = input.split_first() else {
        return;
    };
    for platform in [Platform::MacX, Platform::W2ku, Platform::W2ru, Platform::Mac] {
        if let Some(path) = decode(platform, input) {
            assert!(path.ends_with(file_name(&path)));
        }
    }
    let (bytes, names_at) = &*DISK;
    let mut image = bytes.clone();
    let (fields, names) = input.split_at(input.len().min(FIELDS));
    put(&mut image, HEADER_AT + 40, fields);
    put(&mut image, *names_at, &names[..names.len().min(3 * 512)]);
    if choice % 2 == 1 {
        // tapdisk 0.1, which wrote names in either byte order.
        let end = image.len() - 512;
        [0, end].iter().for_each(|footer| put(&mut image, footer + 32, &[0, 0, 0, 1]));
    }
    renew_checksums(&mut image);
    try_plans(&image, &analysed(&image, false), false);
});
