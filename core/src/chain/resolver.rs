//! Who the parent of a differencing disk is. All that look for a parent look here, in one order: where the parent
//! locators lead, then the file that has the name of the parent beside the disk, then the unique id among the disks that
//! were given.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::summary::DiskSummary;
use crate::check::link::{LinkEnd, NamedParent};
use crate::finding::Text;
use crate::finding::link::LinkFault;
use crate::layout::footer::DiskType;
use crate::layout::locator::{file_name, leads};
use crate::path::{from_folder_of, tidy};
use crate::verdict::Verdict;

/// The files that paths lead to, besides the disks that were given.
pub trait Files {
    /// Why a file that is there cannot be read.
    type Error;

    /// What a path with slashes leads to: from the folder of the disk called `from`, unless it begins with a slash.
    ///
    /// # Errors
    /// Where there is a file that cannot be read.
    fn follow(&mut self, from: &str, path: &str) -> Result<Followed, Self::Error>;
}

/// What a path leads to.
#[derive(Debug)]
pub enum Followed {
    /// Nobody knows what else lies beside the disk.
    Unknown,
    /// Nothing that can be read as a disk.
    Nothing,
    /// A disk that is known already, by its name.
    Known(String),
    /// A disk, or the raw image that a disk was made on.
    Disk(Box<DiskSummary>),
}

/// Only the disks that were given, by their paths.
#[derive(Debug)]
pub struct GivenFiles {
    /// From each path without detours to the disk's name.
    names: BTreeMap<String, String>,
    is_complete: bool,
}

impl GivenFiles {
    /// Of disks with these names. `is_complete` says whether all that lies in their folders was given; of single files
    /// that were chosen nobody knows what else is there.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>, is_complete: bool) -> Self {
        Self { names: names.into_iter().map(|name| (tidy(name), name.into())).collect(), is_complete }
    }
}

impl Files for GivenFiles {
    type Error = core::convert::Infallible;

    fn follow(&mut self, from: &str, path: &str) -> Result<Followed, Self::Error> {
        Ok(match self.names.get(&from_folder_of(from, path)) {
            Some(name) => Followed::Known(name.clone()),
            None if self.is_complete => Followed::Nothing,
            None => Followed::Unknown,
        })
    }
}

/// How far up parents are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub enum Reach {
    /// The parents of the disks that were given.
    Parents,
    /// All ancestors.
    Ancestors,
}

/// What a disk is based on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parent {
    /// Nothing.
    None,
    /// Another disk, or a raw image, by its number.
    Disk(usize),
    /// A disk that is at none of the places that are named; this is the first of them.
    Missing(String),
    /// A disk that was not given, and that nobody looked for; this is the first place that is named.
    NotGiven(String),
    /// One of these disks, which have the same unique id.
    Ambiguous(Vec<usize>),
    /// That cannot be read: the dynamic header is lost.
    Unknown,
}

/// What a disk is based on, and what is wrong with the way to it.
#[derive(Clone, Debug)]
pub(super) struct Resolved {
    pub parent: Parent,
    pub faults: Vec<LinkFault>,
}

impl Resolved {
    fn sound(parent: Parent) -> Self {
        Self { parent, faults: Vec::new() }
    }

    fn faulty(parent: Parent, fault: LinkFault) -> Self {
        Self { parent, faults: vec![fault] }
    }
}

/// A disk with its parent, as it is and as it would be after the best repair.
pub(super) struct Linked {
    pub disk: DiskSummary,
    pub now: Resolved,
    pub repaired: Option<Resolved>,
}

/// The parents of the disks that were given, and theirs, as far as `reach` says. Numbers are those of the answer, in which
/// the disks come in the order of their names.
///
/// # Errors
/// Where `files` has one.
pub(super) fn resolve<E>(
    given: Vec<DiskSummary>,
    reach: Reach,
    files: &mut dyn Files<Error = E>,
) -> Result<Vec<Linked>, E> {
    let mut resolver = Resolver::of(given, files);
    let mut linked = Vec::new();
    let given = resolver.disks.len();
    let mut number = 0;
    while number < resolver.disks.len() {
        let goes_on = number < given || reach == Reach::Ancestors;
        let summary = resolver.disks[number].clone();
        let end = |summary: &DiskSummary| (summary.kind, summary.end.clone());
        linked.push(if goes_on {
            let now = resolver.parent_of(&summary.name, end(&summary))?;
            let repaired = summary.repaired.as_deref().map(end);
            let repaired = repaired.map(|end| resolver.parent_of(&summary.name, end)).transpose()?;
            (now, repaired)
        } else {
            (Resolved::sound(Parent::None), None)
        });
        number += 1;
    }
    Ok(in_order(resolver.disks, linked))
}

/// The disks in the order of their names, and their parents' numbers with them.
fn in_order(disks: Vec<DiskSummary>, linked: Vec<(Resolved, Option<Resolved>)>) -> Vec<Linked> {
    let mut order: Vec<usize> = (0..disks.len()).collect();
    order.sort_by(|one, other| disks[*one].name.cmp(&disks[*other].name));
    let mut place = vec![0; order.len()];
    for (new, old) in order.iter().enumerate() {
        place[*old] = new;
    }
    let moved = |resolved: Resolved| Resolved {
        parent: match resolved.parent {
            Parent::Disk(disk) => Parent::Disk(place[disk]),
            Parent::Ambiguous(disks) => Parent::Ambiguous(disks.into_iter().map(|disk| place[disk]).collect()),
            other => other,
        },
        faults: resolved.faults,
    };
    let all = disks.into_iter().zip(linked);
    let mut all: Vec<Linked> =
        all.map(|(disk, (now, repaired))| Linked { disk, now: moved(now), repaired: repaired.map(moved) }).collect();
    all.sort_by(|one, other| one.disk.name.cmp(&other.disk.name));
    all
}

struct Resolver<'a, E> {
    disks: Vec<DiskSummary>,
    by_name: BTreeMap<String, usize>,
    /// Of the disks that were given only.
    by_id: BTreeMap<[u8; 16], Vec<usize>>,
    files: &'a mut dyn Files<Error = E>,
}

impl<'a, E> Resolver<'a, E> {
    fn of(given: Vec<DiskSummary>, files: &'a mut dyn Files<Error = E>) -> Self {
        let mut by_id: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (number, disk) in given.iter().enumerate() {
            if let Some(id) = disk.end.as_ref().and_then(|end| end.unique_id) {
                by_id.entry(id).or_default().push(number);
            }
        }
        let by_name = given.iter().enumerate().map(|(number, disk)| (disk.name.clone(), number)).collect();
        Self { disks: given, by_name, by_id, files }
    }

    fn parent_of(&mut self, name: &str, (kind, end): (Option<DiskType>, Option<LinkEnd>)) -> Result<Resolved, E> {
        if kind != Some(DiskType::Differencing) {
            return Ok(Resolved::sound(Parent::None));
        }
        let Some(named) = end.and_then(|end| end.parent) else {
            return Ok(Resolved::sound(Parent::Unknown));
        };
        // What the tools find there instead, if it is not the parent.
        let mut other: Option<FoundParent> = None;
        let mut is_known = true;
        for (path, is_led_to) in places(&named) {
            let place = match self.files.follow(name, path)? {
                Followed::Unknown => {
                    is_known = false;
                    continue;
                }
                Followed::Nothing => continue,
                Followed::Known(name) => match self.by_name.get(&name) {
                    Some(number) => FoundParent::Number(*number),
                    None => continue,
                },
                Followed::Disk(disk) => match self.by_name.get(&disk.name) {
                    Some(number) => FoundParent::Number(*number),
                    None => FoundParent::Found(disk),
                },
            };
            if is_right(&named, self.disk(&place)) {
                let fault = other.map(|other| {
                    let found = self.disk(&other).end.as_ref().and_then(|end| end.unique_id).unwrap_or_default();
                    LinkFault::OtherDisk { named: named.unique_id, found }
                });
                // A bare name in the header is a path, too: it leads beside the disk.
                let by_name = (!is_led_to && fault.is_none()).then(|| LinkFault::ByName(Text::new(path)));
                let parent = self.add_parent(place);
                return Ok(Resolved { parent, faults: fault.into_iter().chain(by_name).collect() });
            }
            other = other.or(Some(place));
        }
        let by_id = self.by_id.get(&named.unique_id).map_or(&[][..], Vec::as_slice);
        let path = || named.paths.first().cloned().unwrap_or_default();
        Ok(match (by_id, other) {
            ([disk], None) => {
                let fault = LinkFault::Elsewhere(Text::new(&self.disks[*disk].name));
                Resolved::faulty(Parent::Disk(*disk), fault)
            }
            (several @ [_, ..], None) => {
                let count = u32::try_from(several.len()).unwrap_or(u32::MAX);
                Resolved::faulty(Parent::Ambiguous(several.to_vec()), LinkFault::Ambiguous(count))
            }
            // That it is another disk is found when the two are compared.
            (_, Some(other)) => Resolved::sound(self.add_parent(other)),
            ([], None) if is_known => Resolved::faulty(Parent::Missing(path()), LinkFault::Missing(Text::new(&path()))),
            ([], None) => Resolved::faulty(Parent::NotGiven(path()), LinkFault::NotGiven(Text::new(&path()))),
        })
    }

    fn disk<'b>(&'b self, place: &'b FoundParent) -> &'b DiskSummary {
        match place {
            FoundParent::Number(number) => &self.disks[*number],
            FoundParent::Found(disk) => disk,
        }
    }

    /// Counts a disk that was found among the others.
    fn add_parent(&mut self, place: FoundParent) -> Parent {
        match place {
            FoundParent::Number(number) => Parent::Disk(number),
            FoundParent::Found(disk) => {
                let number = self.disks.len();
                self.by_name.insert(disk.name.clone(), number);
                self.disks.push(*disk);
                Parent::Disk(number)
            }
        }
    }
}

/// A disk that a path leads to.
enum FoundParent {
    /// By its number.
    Number(usize),
    Found(Box<DiskSummary>),
}

/// Whether a disk is the one that is named.
fn is_right(named: &NamedParent, disk: &DiskSummary) -> bool {
    match named.is_raw() {
        true => disk.verdict == Verdict::NotAVhd,
        false => disk.end.as_ref().is_some_and(|end| end.unique_id == Some(named.unique_id)),
    }
}

/// Where a parent may be, in the order in which it is looked for: where the locators lead and the name in the header,
/// then, of paths of another computer, their file names beside the disk.
///
/// With each goes whether the disk itself leads there.
fn places(named: &NamedParent) -> impl Iterator<Item = (&str, bool)> {
    let led_to = named.paths.iter().flat_map(|path| leads(path)).map(|path| (path, true));
    let names = named.paths.iter().map(|path| (file_name(path), false));
    led_to.chain(names).filter(|(path, _)| !path.is_empty())
}
