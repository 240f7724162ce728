//! Where a disk lies: its name, and what its parent locators lead to.

use crate::image::Image;

/// A disk in its place.
#[derive(Clone, Copy)]
pub struct Disk<'a> {
    /// Its name as the tools would print it: relative to the folder of the disk that was asked about.
    pub name: &'a str,
    /// The disk as it was found; of a file that is no VHD, too.
    pub image: &'a Image,
    /// What lies around it.
    pub parent_lookup: &'a dyn ParentLookup,
}

/// What lies around a disk.
pub trait ParentLookup {
    /// Follows a path from one of the disk's parent locators, with slashes: from the folder of the disk unless it
    /// begins with a slash.
    fn parent(&self, path: &str) -> Lookup<'_>;
}

/// What a path to a parent leads to.
#[derive(Clone, Copy)]
pub enum Lookup<'a> {
    /// It was not looked for: it is taken as there and right.
    Unknown,
    /// There is nothing that can be read.
    Missing,
    /// A file.
    Found(Disk<'a>),
}

/// Nothing is known of what lies around a disk.
#[derive(Clone, Copy, Debug)]
pub struct Unknown;

impl ParentLookup for Unknown {
    fn parent(&self, _: &str) -> Lookup<'_> {
        Lookup::Unknown
    }
}
