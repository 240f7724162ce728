//! A repair as data: what the file is made of afterwards, piece by piece, and the file read as if it were done.

use core::ops::Range;

use alloc::borrow::Cow;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::evidence::{Evidence, Strength};
use crate::source::{Read, Source};

/// Bytes that a step puts into the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// New bytes.
    Bytes(Vec<u8>),
    /// Bytes that are elsewhere in the file, from `offset` on, `length` of them. A stream, never a buffer.
    Copy {
        /// First byte, from the start of the file as it is before the step.
        offset: u64,
        /// How many.
        length: u64,
    },
    /// Zeros, so many of them.
    Zeros(u64),
}

impl Content {
    /// How many bytes.
    pub fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Copy { length, .. } | Self::Zeros(length) => *length,
        }
    }

    /// `length` bytes of it, from `start` on, both within it.
    fn part(&self, start: u64, length: u64) -> Self {
        match self {
            Self::Bytes(bytes) => {
                let (start, length) = (start as usize, length as usize);
                Self::Bytes(bytes.iter().skip(start).take(length).copied().collect())
            }
            Self::Copy { offset, .. } => Self::Copy { offset: offset + start, length },
            Self::Zeros(_) => Self::Zeros(length),
        }
    }
}

/// A run of bytes to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Patch {
    /// Where, in bytes from the start of the file.
    pub offset: u64,
    /// What.
    pub content: Content,
    /// Why, in words that follow "writes": "a copy of the backup footer".
    pub reason: String,
}

impl Patch {
    /// New bytes.
    pub(crate) fn bytes(offset: u64, bytes: &[u8], reason: impl Into<String>) -> Self {
        Self { offset, content: Content::Bytes(bytes.to_vec()), reason: reason.into() }
    }

    /// The first byte behind the patch, from the start of the file.
    pub fn end(&self) -> u64 {
        self.offset.saturating_add(self.content.length())
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

/// The longest file there can be, in bytes: no system counts further.
const LONGEST_FILE: u64 = i64::MAX as u64;

/// One step of a plan, as a repair proposes it.
#[derive(Clone, Debug)]
pub struct Step {
    /// What it does, a few words.
    pub title: Cow<'static, str>,
    /// What it writes; the contents are those of the file before the step.
    pub patches: Vec<Patch>,
    /// The length of the file afterwards, in bytes.
    pub new_length: u64,
    /// What it cuts from the end.
    pub cut: Option<Cut>,
    /// What speaks for it.
    pub evidence: Vec<Evidence>,
    /// What is lost, a sentence each.
    pub loses: Vec<String>,
}

impl Step {
    /// A step that keeps the file's length and neither loses nor assumes anything.
    pub(crate) fn lossless(title: impl Into<Cow<'static, str>>, length: u64, patches: Vec<Patch>) -> Self {
        let title = title.into();
        Self { title, patches, new_length: length, cut: None, evidence: Vec::new(), loses: Vec::new() }
    }

    /// The same step, with something that had to be assumed.
    #[must_use]
    pub(crate) fn assuming(self, assumption: impl Into<String>) -> Self {
        self.because(Evidence::Assumed(assumption.into()))
    }

    /// The same step, with something that speaks for it.
    #[must_use]
    pub(crate) fn because(mut self, evidence: Evidence) -> Self {
        self.evidence.push(evidence);
        self
    }

    /// Whether a file system could hold the file afterwards: what a damaged disk says may lead anywhere.
    pub(crate) fn is_possible(&self) -> bool {
        let ends = self.patches.iter().map(|patch| patch.offset.checked_add(patch.content.length()));
        ends.chain([Some(self.new_length)]).all(|end| end.is_some_and(|end| end <= LONGEST_FILE))
    }
}

/// What is to be done to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What each step of the repair does, a few words each.
    pub steps: Vec<Cow<'static, str>>,
    /// The length before, in bytes.
    pub old_length: u64,
    /// What is cut from the end.
    pub cut: Option<Cut>,
    /// What proves its steps.
    pub evidence: Vec<Evidence>,
    /// What had to be assumed, a sentence each.
    pub assumes: Vec<String>,
    /// What is lost, a sentence each.
    pub loses: Vec<String>,
    /// The file afterwards, in order and without gaps.
    pieces: Vec<Piece>,
}

/// A run of bytes of the file afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// Where it begins, in bytes from the start of the file.
    start: u64,
    /// What is there; a copy is one of the original file.
    content: Content,
    /// Why it is there, if it is not what was there before.
    reason: Option<String>,
}

impl Piece {
    fn end(&self) -> u64 {
        self.start + self.content.length()
    }

    /// The part of it that lies between two places of the file, if any does.
    fn within(&self, start: u64, end: u64) -> Option<Self> {
        let start = start.max(self.start);
        let end = end.min(self.end());
        (start < end).then(|| Self {
            start,
            content: self.content.part(start - self.start, end - start),
            reason: self.reason.clone(),
        })
    }

    fn is_untouched(&self, old_length: u64) -> bool {
        match self.content {
            Content::Copy { offset, .. } => offset == self.start,
            // A file that is made longer is zero there by itself.
            Content::Zeros(_) => self.start >= old_length && self.reason.is_none(),
            Content::Bytes(_) => false,
        }
    }
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
    /// Zeros, so many of them.
    Zeros(u64),
}

impl Plan {
    /// A plan that changes nothing in a file of `length` bytes.
    pub fn nothing(length: u64) -> Self {
        let whole = Piece { start: 0, content: Content::Copy { offset: 0, length }, reason: None };
        Self {
            steps: Vec::new(),
            old_length: length,
            cut: None,
            evidence: Vec::new(),
            assumes: Vec::new(),
            loses: Vec::new(),
            pieces: if length == 0 { Vec::new() } else { vec![whole] },
        }
    }

    /// The length of the file afterwards, in bytes.
    pub fn new_length(&self) -> u64 {
        self.pieces.last().map_or(0, Piece::end)
    }

    /// Whether it neither loses nor assumes anything.
    pub fn is_lossless(&self) -> bool {
        self.loses.is_empty() && self.assumes.is_empty()
    }

    /// The plan with one more step behind its own. What the step copies is what the plan so far leaves there.
    #[must_use]
    pub fn then(&self, step: Step) -> Self {
        let mut plan = self.clone();
        plan.steps.push(step.title);
        plan.cut = step.cut.or(plan.cut);
        let (certain, likely): (Vec<_>, Vec<_>) =
            step.evidence.into_iter().partition(|evidence| evidence.strength() == Strength::Certain);
        plan.evidence.extend(certain);
        plan.assumes.extend(likely.iter().map(ToString::to_string));
        plan.loses.extend(step.loses);
        for patch in step.patches {
            let end = patch.end();
            plan.extend_to(end);
            let pieces: Vec<Piece> = match patch.content {
                // Of the plan before the step, so that patches of one step do not see each other.
                Content::Copy { offset, length } => self
                    .range(offset, offset.saturating_add(length))
                    .map(|piece| Piece {
                        start: patch.offset + (piece.start - offset),
                        content: piece.content,
                        reason: Some(patch.reason.clone()),
                    })
                    .collect(),
                content => vec![Piece { start: patch.offset, content, reason: Some(patch.reason) }],
            };
            plan.replace(patch.offset, end, pieces);
        }
        plan.extend_to(step.new_length);
        plan.pieces = plan.range(0, step.new_length).collect();
        plan
    }

    fn extend_to(&mut self, length: u64) {
        let start = self.new_length();
        if length > start {
            self.pieces.push(Piece { start, content: Content::Zeros(length - start), reason: None });
        }
    }

    /// Puts pieces in the place of what lies between two places of the file. The others are not touched: a step may
    /// have thousands of patches.
    fn replace(&mut self, start: u64, end: u64, pieces: Vec<Piece>) {
        let hit = self.touching(start, end);
        let before = self.pieces.get(hit.start).and_then(|piece| piece.within(0, start));
        let last = hit.end.checked_sub(1).and_then(|last| self.pieces.get(last));
        let behind = last.and_then(|piece| piece.within(end, u64::MAX));
        self.pieces.splice(hit, before.into_iter().chain(pieces).chain(behind));
    }

    /// The numbers of the pieces that have bytes between two places of the file, or around them.
    fn touching(&self, start: u64, end: u64) -> Range<usize> {
        let first = self.pieces.partition_point(|piece| piece.end() <= start);
        let behind = self.pieces.partition_point(|piece| piece.start < end);
        first..behind.max(first)
    }

    /// The pieces, or parts of pieces, between two places of the file.
    fn range(&self, start: u64, end: u64) -> impl Iterator<Item = Piece> {
        let pieces = self.pieces.get(self.touching(start, end)).unwrap_or_default();
        pieces.iter().filter_map(move |piece| piece.within(start, end))
    }

    /// The changes: what is not as it was, in the order in which it can be written in place. Copies come first,
    /// since what they read may be written over later. Each byte is written once.
    pub fn patches(&self) -> Vec<Patch> {
        let (copies, others): (Vec<&Piece>, _) =
            self.changed().partition(|piece| matches!(piece.content, Content::Copy { .. }));
        let patches = copies.into_iter().chain(others).map(|piece| Patch {
            offset: piece.start,
            content: piece.content.clone(),
            reason: piece.reason.clone().unwrap_or_default(),
        });
        patches.collect()
    }

    /// The pieces that are not as they were, in the order of the file.
    fn changed(&self) -> impl Iterator<Item = &Piece> {
        self.pieces.iter().filter(|piece| !piece.is_untouched(self.old_length))
    }

    /// Whether the changes can be made in place, in their order: no copy is written to where a copy is read.
    pub fn is_orderly(&self) -> bool {
        let reads = self.changed().filter_map(|piece| match piece.content {
            Content::Copy { offset, length } => Some((offset, offset + length)),
            _ => None,
        });
        reads.into_iter().all(|(start, end)| {
            self.changed()
                .filter(|piece| matches!(piece.content, Content::Copy { .. }))
                .all(|piece| piece.within(start, end).is_none())
        })
    }

    /// The ranges of the original file that the plan overwrites or cuts off, as offset and length, in order: with
    /// the old length they are all that is needed to go back.
    pub fn replaced(&self) -> Vec<(u64, u64)> {
        let changed = self.changed().map(|piece| (piece.start, piece.end()));
        let cut = (self.new_length(), self.old_length);
        let ranges = changed.chain([cut]).map(|(start, end)| (start, end.min(self.old_length).saturating_sub(start)));
        ranges.filter(|(_, length)| *length > 0).collect()
    }

    /// The repaired file, in order and without gaps, as pieces of the original and new bytes.
    pub fn segments(&self) -> Vec<Segment> {
        let pieces = self.pieces.iter();
        pieces
            .map(|piece| match &piece.content {
                Content::Bytes(bytes) => Segment::Bytes(bytes.clone()),
                Content::Copy { offset, length } => Segment::Source { offset: *offset, length: *length },
                Content::Zeros(length) => Segment::Zeros(*length),
            })
            .collect()
    }
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
        self.plan.new_length()
    }

    fn read(&self, reads: &mut [Read<'_>]) -> Result<(), S::Error> {
        let mut originals = Vec::with_capacity(reads.len());
        for read in reads.iter_mut() {
            let end = read.offset.saturating_add(read.buffer.len() as u64);
            let mut rest = &mut *read.buffer;
            for piece in self.plan.range(read.offset, end) {
                let (buffer, behind) = rest.split_at_mut(piece.content.length() as usize);
                rest = behind;
                match piece.content {
                    Content::Bytes(bytes) => buffer.copy_from_slice(&bytes),
                    Content::Zeros(_) => buffer.fill(0),
                    Content::Copy { offset, .. } => originals.push(Read { offset, buffer }),
                }
            }
            // Behind the end of the file: ask the source, which knows how to refuse it.
            if !rest.is_empty() {
                originals.push(Read { offset: u64::MAX, buffer: rest });
            }
        }
        if originals.is_empty() { Ok(()) } else { self.source.read(&mut originals) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patch(offset: u64, bytes: &[u8]) -> Patch {
        Patch { offset, content: Content::Bytes(bytes.to_vec()), reason: String::new() }
    }

    fn step(patches: Vec<Patch>, new_length: u64) -> Step {
        Step { title: "".into(), patches, new_length, cut: None, evidence: Vec::new(), loses: Vec::new() }
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
                Segment::Zeros(length) => bytes.resize(bytes.len() + length as usize, 0),
            }
        }
        bytes
    }

    /// The file as it is read through the plan, which is what the proof looks at.
    fn patched(source: &[u8], plan: &Plan) -> Vec<u8> {
        let mut bytes = vec![0xEE; plan.new_length() as usize];
        let read = Read { offset: 0, buffer: &mut bytes };
        assert_eq!(Patched::new(&source, plan).read(&mut [read]), Ok(()));
        bytes
    }

    #[test]
    fn a_step_to_where_no_file_reaches_is_not_possible() {
        assert!(step(vec![patch(2, b"ab")], 10).is_possible());
        assert!(!step(vec![], u64::MAX).is_possible());
        assert!(!step(vec![patch(LONGEST_FILE - 1, b"ab")], 10).is_possible());
        assert!(!step(vec![patch(u64::MAX - 1, b"abc")], 10).is_possible());
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
        let written: u64 = plan.patches().iter().map(|patch| patch.content.length()).sum();
        assert_eq!(written, 7, "every byte is written once");
        assert_eq!(plan.replaced(), [(0, 2), (2, 2), (4, 2), (9, 1)]);
    }

    fn copy(to: u64, offset: u64, length: u64) -> Patch {
        Patch { offset: to, content: Content::Copy { offset, length }, reason: String::new() }
    }

    #[test]
    fn a_copy_takes_what_the_steps_before_left() {
        let source = b"0123456789".as_slice();
        let plan = Plan::nothing(10)
            .then(step(vec![patch(2, b"ab")], 10))
            // Moves four bytes to the end and writes over the place that they had.
            .then(step(vec![copy(10, 1, 4), patch(1, b"____")], 14));
        assert_eq!(composed(source, &plan), b"0____567891ab4");
        assert_eq!(patched(source, &plan), b"0____567891ab4");
        assert!(plan.is_orderly());
        assert_eq!(plan.replaced(), [(1, 4)]);
    }

    #[test]
    fn copies_over_each_other_are_not_orderly() {
        let plan = Plan::nothing(10).then(step(vec![copy(0, 5, 5), copy(5, 0, 5)], 10));
        assert_eq!(composed(b"0123456789", &plan), b"5678901234");
        assert!(!plan.is_orderly());
    }

    #[test]
    fn what_is_cut_off_can_be_put_back() {
        let plan = Plan::nothing(10).then(step(vec![patch(3, b"x")], 4));
        assert_eq!(plan.replaced(), [(3, 1), (4, 6)]);
        assert!(Plan::nothing(10).replaced().is_empty());
        assert!(Plan::nothing(10).patches().is_empty());
    }
}
