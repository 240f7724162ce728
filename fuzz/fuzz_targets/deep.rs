//! The same as `plan_apply_check`, with every block read.

#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use vhd_analyser_fuzz::{analysed, mutate::mutate, try_plans};

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| { mutate(data, size, max_size, 0, seed) });

fuzz_target!(|image: &[u8]| {
    try_plans(image, &analysed(image, true), true);
});
