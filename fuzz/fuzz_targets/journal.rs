//! A disk with a journal beside it: 8 bytes say how long the journal is; it follows, and then the disk. Entries get
//! right checksums, or no journal would ever be used.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use vhd_analyser_core::journal::Journal;
use vhd_analyser_fuzz::{analysed_with, mutate, try_plans, two_files, within_limits};
use vhd_analyser_tests::build::{number32, number64};
use vhd_analyser_tests::bytes::seal;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let start = 8 + two_files(&data[..size]).0.len();
    if seed % 3 == 0 {
        return mutate::mutate(data, size, max_size, start, seed);
    }
    let size = fuzzer_mutate(data, size, max_size);
    if seed % 3 == 1 && size > 8 {
        let end = 8 + two_files(&data[..size]).0.len();
        renew_checksums(&mut data[8..end]);
    }
    size
});

/// A right checksum for every entry that can be followed.
fn renew_checksums(journal: &mut [u8]) {
    if journal.len() < 512 {
        return;
    }
    for (at, count) in [(48, 36), (40, 32)] {
        let mut at = number64(journal, at) as usize;
        for _ in 0..number32(journal, count).min(64) {
            let Some(entry) = journal.get(at..at.saturating_add(32)) else {
                break;
            };
            let end = (at + 32).saturating_add(number32(entry, 12) as usize);
            let Some(entry) = journal.get_mut(at..end) else {
                break;
            };
            seal(entry, 24);
            at = end;
        }
    }
}

fuzz_target!(|input: &[u8]| {
    let (journal, disk) = two_files(input);
    let _ = within_limits(journal.len(), || Journal::parse(journal).is_ok());
    try_plans(disk, &analysed_with(disk, journal), false);
});
