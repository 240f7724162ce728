//! A repair as data: patches and a new length, and the file as it would be with them.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use crate::source::{Read, Source};

/// A run of bytes to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where, in bytes from the start of the file.
    pub offset: u64,
    /// What.
    pub bytes: Vec<u8>,
    /// Why, in a sentence without its full stop.
    pub reason: String,
}

impl Patch {
    /// The first byte behind the patch, from the start of the file.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.bytes.len() as u64)
    }
}

/// Bytes at the end of the file that a repair cuts off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// First byte that goes.
    pub offset: u64,
    /// How many go.
    pub length: u64,
    /// Whether they are all zero.
    pub zeros: bool,
}

/// What is to be done to a file: patches in order, then its new length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What each step of the repair does, a few words each.
    pub steps: Vec<&'static str>,
    /// The changes. None lies in another, and all lie within the new length.
    pub patches: Vec<Patch>,
    /// The length before, in bytes.
    pub old_length: u64,
    /// The length afterwards, in bytes.
    pub new_length: u64,
    /// What is cut from the end.
    pub cut: Option<Cut>,
    /// What had to be assumed, a sentence each.
    pub assumes: Vec<String>,
    /// What is lost, a sentence each.
    pub loses: Vec<String>,
}

/// One piece of a repaired file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Segment {
    /// Bytes of the original file.
    Source {
        /// First byte, counted from the start of the original file.
        offset: u64,
        /// How many bytes.
        length: u64,
    },
    /// New bytes.
    Bytes(Vec<u8>),
}

impl Plan {
    /// A plan that changes nothing in a file of `length` bytes.
    pub fn nothing(length: u64) -> Self {
        Self {
            steps: Vec::new(),
            patches: Vec::new(),
            old_length: length,
            new_length: length,
            cut: None,
            assumes: Vec::new(),
            loses: Vec::new(),
        }
    }

    /// Whether it neither loses nor assumes anything.
    pub fn is_lossless(&self) -> bool {
        self.loses.is_empty() && self.assumes.is_empty()
    }

    /// The plan with one more step behind its own.
    ///
    /// A later patch takes the place of what it covers of an earlier one, so that every byte is written once.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut plan = self.clone();
        plan.steps.push(step.title);
        plan.new_length = step.new_length;
        for patch in step.patches {
            plan.write(patch);
        }
        plan.patches.retain_mut(|patch| {
            let left = step.new_length.saturating_sub(patch.offset);
            patch.bytes.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            !patch.bytes.is_empty()
        });
        plan.cut = step.cut.or(plan.cut);
        plan.assumes.extend(step.assumes);
        plan.loses.extend(step.loses);
        plan
    }

    fn write(&mut self, new: Patch) {
        let mut kept = Vec::new();
        for old in self.patches.drain(..) {
            let before = new.offset.saturating_sub(old.offset).min(old.bytes.len() as u64) as usize;
            let after = new.end().saturating_sub(old.offset).min(old.bytes.len() as u64) as usize;
            if before == old.bytes.len() || after == 0 {
                kept.push(old);
                continue;
            }
            for (start, end) in [(0, before), (after, old.bytes.len())] {
                if start < end {
                    kept.push(Patch {
                        offset: old.offset + start as u64,
                        bytes: old.bytes[start..end].to_vec(),
                        reason: old.reason.clone(),
                    });
                }
            }
        }
        self.patches = kept;
        self.patches.push(new);
    }

    /// The repaired file, in order and without gaps, as pieces of the original and new bytes.
    pub fn segments(&self) -> Vec<Segment> {
        let mut patches: Vec<&Patch> = self.patches.iter().collect();
        patches.sort_by_key(|patch| patch.offset);
        let mut segments = Vec::new();
        let mut at = 0;
        for patch in patches {
            self.original(at, patch.offset, &mut segments);
            segments.push(Segment::Bytes(patch.bytes.clone()));
            at = patch.end();
        }
        self.original(at, self.new_length, &mut segments);
        segments
    }

    /// The original's bytes from `start` to `end`, and zeros where it has ended: less than a sector, since no
    /// plan leaves a larger hole.
    fn original(&self, start: u64, end: u64, segments: &mut Vec<Segment>) {
        let source_end = end.min(self.old_length);
        if start < source_end {
            segments.push(Segment::Source { offset: start, length: source_end - start });
        }
        let hole = end.saturating_sub(start.max(source_end));
        if hole > 0 {
            segments.push(Segment::Bytes(vec![0; hole as usize]));
        }
    }
}

/// One step of a plan, as a repair proposes it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it does, a few words.
    pub title: &'static str,
    /// What it writes.
    pub patches: Vec<Patch>,
    /// The length of the file afterwards, in bytes.
    pub new_length: u64,
    /// What it cuts from the end.
    pub cut: Option<Cut>,
    /// What had to be assumed, a sentence each.
    pub assumes: Vec<String>,
    /// What is lost, a sentence each.
    pub loses: Vec<String>,
}

/// The file as a plan would leave it, without writing a byte.
pub struct Patched<'a, S> {
    source: &'a S,
    plan: &'a Plan,
}

impl<'a, S: Source> Patched<'a, S> {
    /// `source` with `plan` applied.
    pub fn new(source: &'a S, plan: &'a Plan) -> Self {
        Self { source, plan }
    }
}

impl<S: Source> Source for Patched<'_, S> {
    type Error = S::Error;

    fn length(&self) -> u64 {
        self.plan.new_length
    }

    fn read(&self, reads: &mut [Read<'_>]) -> Result<(), S::Error> {
        let mut originals = Vec::with_capacity(reads.len());
        for read in reads.iter_mut() {
            let there = self.plan.old_length.saturating_sub(read.offset);
            let there = usize::try_from(there).unwrap_or(usize::MAX).min(read.buffer.len());
            let (original, beyond) = read.buffer.split_at_mut(there);
            beyond.fill(0);
            if !original.is_empty() {
                originals.push(Read { offset: read.offset, buffer: original });
            }
        }
        self.source.read(&mut originals)?;
        for read in reads {
            for patch in &self.plan.patches {
                overlay(read, patch);
            }
        }
        Ok(())
    }
}

fn overlay(read: &mut Read<'_>, patch: &Patch) {
    let end = read.offset.saturating_add(read.buffer.len() as u64).min(patch.end());
    let start = read.offset.max(patch.offset);
    if start < end {
        let length = (end - start) as usize;
        let to = (start - read.offset) as usize;
        let from = (start - patch.offset) as usize;
        read.buffer[to..to + length].copy_from_slice(&patch.bytes[from..from + length]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(offset: u64, bytes: &[u8]) -> Patch {
        Patch { offset, bytes: bytes.to_vec(), reason: String::new() }
    }

    fn step(patches: Vec<Patch>, new_length: u64) -> Step {
        Step { title: "", patches, new_length, cut: None, assumes: Vec::new(), loses: Vec::new() }
    }

    /// The file as its segments make it, which is what a download is composed of.
    fn composed(source: &[u8], plan: &Plan) -> Vec<u8> {
        let mut bytes = Vec::new();
        for segment in plan.segments() {
            match segment {
                Segment::Source { offset, length } => {
                    bytes.extend_from_slice(&source[offset as usize..][..length as usize]);
                }
                Segment::Bytes(new) => bytes.extend(new),
            }
        }
        bytes
    }

    /// The file as it is read through the plan, which is what the proof looks at.
    fn patched(source: &[u8], plan: &Plan) -> Vec<u8> {
        let mut bytes = vec![0xEE; plan.new_length as usize];
        let read = Read { offset: 0, buffer: &mut bytes };
        assert_eq!(Patched::new(&source, plan).read(&mut [read]), Ok(()));
        bytes
    }

    #[test]
    fn segments_and_virtual_application_agree() {
        let source = b"0123456789".as_slice();
        let cases = [
            (vec![patch(2, b"ab")], 10, b"01ab456789".as_slice()),
            (vec![patch(8, b"abcd")], 12, b"01234567abcd"),
            (vec![patch(11, b"ab")], 13, b"0123456789\0ab"),
            (vec![], 4, b"0123"),
            (vec![patch(3, b"a"), patch(0, b"b")], 5, b"b12a4"),
            (vec![patch(0, b"aaaa"), patch(1, b"bb")], 10, b"abba456789"),
            (vec![patch(4, b"aaaa"), patch(2, b"bbb")], 6, b"01bbba"),
        ];
        for (patches, length, expected) in cases {
            let plan = Plan::nothing(10).then(step(patches, length));
            assert_eq!(composed(source, &plan), expected);
            assert_eq!(patched(source, &plan), expected);
        }
    }

    #[test]
    fn a_later_step_writes_over_an_earlier_one() {
        let source = b"0123456789".as_slice();
        let plan = Plan::nothing(10)
            .then(step(vec![patch(0, b"aaaaaa")], 10))
            .then(step(vec![patch(2, b"bb"), patch(9, b"c")], 10));
        assert_eq!(composed(source, &plan), b"aabbaa678c");
        assert_eq!(patched(source, &plan), b"aabbaa678c");
        let written: usize = plan.patches.iter().map(|patch| patch.bytes.len()).sum();
        assert_eq!(written, 7, "every byte is written once");
    }
}
