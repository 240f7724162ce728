//! The checks, a file for each family. Checking goes on after the first fault.

/// Declares the rules of a family. Each has its name in the code, its weight, its name for scripts and its title, vhd-util's
/// words, who minds, what it means, and what to do.
macro_rules! rules {
    ($($name:ident: $severity:ident, $id:literal, $title:literal, $vhd_util:expr, [$($tool:ident)*],
        $meaning:literal, $remedy:literal;)*) => {
        $(static $name: crate::finding::Rule = crate::finding::Rule {
            id: $id,
            severity: crate::finding::Severity::$severity,
            title: $title,
            meaning: $meaning,
            remedy: $remedy,
            vhd_util: $vhd_util,
            minded_by: &[$(crate::dialect::Tool::$tool),*],
        };)*
        /// Every rule of this family.
        pub(crate) static RULES: &[&crate::finding::Rule] = &[$(&$name),*];
    };
}

pub mod bat;
pub mod batmap;
pub mod blocks;
pub mod file;
pub mod footer;
pub mod header;
pub mod journal;
pub mod link;
pub mod locators;
pub mod parent;

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

    /// A fault of `length` bytes that lie elsewhere, at `offset` in the file.
    pub(crate) fn add_at(&mut self, offset: u64, length: u64, fault: T) {
        (self.tell)(Finding { fault: (self.wrap)(fault), offset, length });
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

/// Everything that is wrong with an image, worst first and by offset within one severity. What the blocks hold is
/// checked as far as `deep` tells.
pub fn check(
    image: &crate::image::Image,
    deep: Option<&crate::image::deep::Deep>,
    circumstances: &Circumstances,
) -> alloc::vec::Vec<Finding> {
    let mut findings = alloc::vec::Vec::new();
    let tell = &mut |finding| findings.push(finding);
    footer::check_image(image, circumstances, tell);
    header::check_image(image, tell);
    parent::check_image(image, circumstances, tell);
    locators::check_image(image, tell);
    bat::check_image(image, tell);
    batmap::check_image(image, tell);
    blocks::check_image(image, deep, tell);
    file::check_image(image, tell);
    crate::sorting::sort(&mut findings, &|a, b| b.severity().cmp(&a.severity()).then(a.offset.cmp(&b.offset)));
    findings
}
