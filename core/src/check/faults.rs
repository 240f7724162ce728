//! What the checks go by, and how they hand on what they find.

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
    report: &'a mut dyn FnMut(Finding),
    wrap: &'a dyn Fn(T) -> Fault,
    base: u64,
}

impl<'a, T> Faults<'a, T> {
    /// Faults of a structure that lies at `base`.
    pub(crate) fn new(report: &'a mut dyn FnMut(Finding), base: u64, wrap: &'a dyn Fn(T) -> Fault) -> Self {
        Self { report, wrap, base }
    }

    /// A fault of `length` bytes, `at` bytes into the structure.
    pub(crate) fn add(&mut self, at: usize, length: usize, fault: T) {
        (self.report)(Finding {
            fault: (self.wrap)(fault),
            offset: self.base.saturating_add(at as u64),
            length: length as u64,
        });
    }

    /// A fault of `length` bytes that lie elsewhere, at `offset` in the file.
    pub(crate) fn add_at(&mut self, offset: u64, length: u64, fault: T) {
        (self.report)(Finding { fault: (self.wrap)(fault), offset, length });
    }

    /// As [`Faults::add`], where `wrong` holds.
    pub(crate) fn add_if(&mut self, wrong: bool, at: usize, length: usize, fault: T) {
        if wrong {
            self.add(at, length, fault);
        }
    }
}

impl<T> Faults<'_, T> {
    /// A fault for each thing that is named, at the place that `at` gives with it, and one more for the rest.
    pub(crate) fn list<N>(
        &mut self,
        named: &crate::image::Named<N>,
        each: impl Fn(&N) -> (usize, usize, T),
        rest: impl FnOnce(u32) -> T,
    ) {
        for thing in &named.first {
            let (at, length, fault) = each(thing);
            self.add(at, length, fault);
        }
        let first = u32::try_from(named.first.len()).unwrap_or(u32::MAX);
        if named.count > first {
            self.add(0, 0, rest(named.count - first));
        }
    }
}
