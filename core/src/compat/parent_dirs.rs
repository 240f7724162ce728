//! A disk's folder, in which its parent locators are followed when somebody asks.

extern crate std;

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use elsa::FrozenBTreeMap;

use super::parent_lookup::{Disk, Lookup, ParentLookup};
use crate::image::Image;
use crate::path::tidy;

/// Where paths are followed from.
pub trait Folder: Sized {
    /// Follows a path with slashes: from this folder, unless it begins with a slash.
    fn open(&self, path: &str) -> Resolved<Self>;
}

/// What a path leads to.
pub enum Resolved<F> {
    /// Nobody knows.
    Unknown,
    /// There is nothing that can be read.
    Missing,
    /// A file, opened, with the folder that it is in.
    Found(Box<Image>, F),
}

/// Finds the parents of a disk from its folder on, and keeps those that were asked for: each file is opened once.
pub struct ParentResolver<F> {
    folder: F,
    /// How tools that are started in the first disk's folder name this one: with a slash at its end, or empty.
    name: String,
    leads: FrozenBTreeMap<String, Box<Known<F>>>,
}

enum Known<F> {
    Unknown,
    Missing,
    Found { name: String, image: Box<Image>, place: ParentResolver<F> },
}

impl<F: Folder> ParentResolver<F> {
    /// The folder of the disk that is asked about.
    pub fn of(folder: F) -> Self {
        Self::named(folder, String::new())
    }

    fn named(folder: F, name: String) -> Self {
        Self { folder, name, leads: FrozenBTreeMap::new() }
    }

    fn follow(&self, path: &str) -> Known<F> {
        // What is not at the root is looked for as if the folder were it.
        let below = path.strip_prefix('/').map(|below| below.trim_start_matches('/'));
        let (path, lead) = match (self.folder.open(path), below) {
            (Resolved::Missing, Some(below)) => (below, self.folder.open(below)),
            (lead, _) => (path, lead),
        };
        match lead {
            Resolved::Unknown => Known::Unknown,
            Resolved::Missing => Known::Missing,
            Resolved::Found(image, folder) => {
                let is_absolute = path.starts_with('/');
                let name = if is_absolute { path.to_owned() } else { format!("{}{}", self.name, tidy(path)) };
                let folder_name = name.rfind('/').map_or("", |end| &name[..=end]).to_owned();
                Known::Found { name, image, place: Self::named(folder, folder_name) }
            }
        }
    }
}

impl<F: Folder> ParentLookup for ParentResolver<F> {
    fn parent(&self, path: &str) -> Lookup<'_> {
        let known = match self.leads.get(path) {
            Some(known) => known,
            None => self.leads.insert(path.to_owned(), Box::new(self.follow(path))),
        };
        match known {
            Known::Unknown => Lookup::Unknown,
            Known::Missing => Lookup::Missing,
            Known::Found { name, image, place } => Lookup::Found(Disk { name, image, parent_lookup: place }),
        }
    }
}
