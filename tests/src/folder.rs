//! Disks in memory that lie beside each other.

use std::collections::BTreeMap;

use vhd_analyser_core::compat::{Disk, Lookup, ParentLookup};
use vhd_analyser_core::image::Image;

/// A folder with disks, all known by their names.
#[derive(Default)]
pub struct Folder(
    /// The disks, by name.
    pub BTreeMap<String, Image>,
);

impl Folder {
    /// One of the disks, in its place.
    pub fn disk(&self, name: &str) -> Option<Disk<'_>> {
        let (name, image) = self.0.get_key_value(name)?;
        Some(Disk { name, image, parent_lookup: self })
    }
}

impl ParentLookup for Folder {
    fn parent(&self, path: &str) -> Lookup<'_> {
        self.disk(path.trim_start_matches("./")).map_or(Lookup::Missing, Lookup::Found)
    }
}
