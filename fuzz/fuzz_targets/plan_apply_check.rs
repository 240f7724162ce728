//! Carries out every plan of repair for a file: the copy must be sound, and the undo must give the file back.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use vhd_analyser_fuzz::{analysed, mutate::mutate, try_plans};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| { mutate(data, size, max_size, 0, seed) });

fuzz_target!(|image: &[u8]| {
    try_plans(image, &analysed(image, false), false);
});
