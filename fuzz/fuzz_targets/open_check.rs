//! Opens and checks a file that may be of any length: 8 bytes say how many zeros stand in it, 8 bytes say where, and
//! the rest is the file.

#![no_main]

use std::ops::ControlFlow;

use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use vhd_analyser_core::analysis::analyse;
use vhd_analyser_core::progress::AnalysisError;
use vhd_analyser_core::source::Source;
use vhd_analyser_fuzz::{Gapped, mutate::mutate, number, options, within_limits};

/// Reads of tables in a file that is mostly a hole are not worth their time.
const MOST_STEPS: usize = 30;

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| { mutate(data, size, max_size, 16, seed) });

fuzz_target!(|input: &[u8]| {
    let (gap, rest) = number(input);
    let (at, bytes) = number(rest);
    let source = Gapped::new(bytes, at as usize, gap);
    let mut steps = 0;
    let result = within_limits(usize::try_from(source.length()).unwrap_or(usize::MAX), || {
        analyse(&source, "disk.vhd", &options(false), &mut |_| {
            steps += 1;
            if gap > 0 && steps > MOST_STEPS { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
    });
    match result {
        Ok(analysis) => {
            vhd_analyser_core::report::build(&analysis, None);
            vhd_analyser_core::report::vhd_util_read::render(&analysis, 0);
        }
        Err(AnalysisError::Cancelled) => {}
        Err(AnalysisError::Read(error)) => panic!("{error}"),
    }
});
