//! The checks, a file for each family. Checking goes on after the first fault.

pub mod bat;
pub mod batmap;
pub mod file;
pub mod footer;
pub mod header;

use crate::finding::{Fault, Finding};
use crate::layout::time::TimeStamp;

/// What the checks go by besides the file.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// The present, against which creation times are held.
    pub now: TimeStamp,
}

/// The faults of one structure, each told at once, so that no allocator is needed.
pub(crate) struct Faults<'a, T> {
    tell: &'a mut dyn FnMut(Finding),
    wrap: &'a dyn Fn(T) -> Fault,
    base: u64,
}

impl<'a, T> Faults<'a, T> {
    /// Faults of a structure that lies at `base`.
    pub(crate) fn new(tell: &'a mut dyn FnMut(Finding), base: u64, wrap: &'a dyn Fn(T) -> Fault) -> Self {
        Self { tell, wrap, base }
    }

    /// A fault of `length` bytes, `at` bytes into the structure.
    pub(crate) fn add(&mut self, at: usize, length: usize, fault: T) {
        (self.tell)(Finding {
            fault: (self.wrap)(fault),
            offset: self.base.saturating_add(at as u64),
            length: length as u64,
        });
    }

    /// As [`Faults::add`], where `wrong` holds.
    pub(crate) fn add_if(&mut self, wrong: bool, at: usize, length: usize, fault: T) {
        if wrong {
            self.add(at, length, fault);
        }
    }
}

/// Everything that is wrong with an image, worst first and by offset within one severity.
#[cfg(feature = "alloc")]
pub fn check(image: &crate::image::Image, circumstances: &Circumstances) -> alloc::vec::Vec<Finding> {
    let mut findings = alloc::vec::Vec::new();
    let tell = &mut |finding| findings.push(finding);
    footer::check_image(image, circumstances, tell);
    header::check_image(image, tell);
    bat::check_image(image, tell);
    batmap::check_image(image, tell);
    file::check_image(image, tell);
    findings.sort_by_key(|finding| (core::cmp::Reverse(finding.severity()), finding.offset));
    findings
}
