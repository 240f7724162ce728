//! The folder of a disk: where its parent locators lead.

use std::fs::{self, File};
use std::ops::ControlFlow;
use std::path::{Component, Path, PathBuf};

use elsa::FrozenMap;
use vhd_analyser_core::dialect::{Disk, Lookup, Surroundings};
use vhd_analyser_core::image::{self, Image};
use vhd_analyser_core::layout::footer::DiskType;
use vhd_analyser_core::layout::locator::file_name;
use vhd_analyser_core::source::FileSource;

use crate::disk::is_disk;

/// A folder, with the disks that were asked for in it.
pub struct Place {
    folder: PathBuf,
    /// How tools that are started in the first disk's folder name this one: with a separator at its end, or empty.
    name: String,
    ancestors: FrozenMap<String, Box<Ancestor>>,
}

struct Ancestor {
    name: String,
    image: Image,
    place: Place,
}

impl Place {
    /// The folder that a disk is in.
    pub fn of(disk: &Path) -> Self {
        Self::named(disk.parent().unwrap_or(Path::new("")), String::new())
    }

    fn named(folder: &Path, name: String) -> Self {
        Self { folder: folder.to_owned(), name, ancestors: FrozenMap::new() }
    }
}

impl Surroundings for Place {
    fn parent(&self, path: &str) -> Lookup<'_> {
        let ancestor = self.ancestors.get(path).or_else(|| {
            let ancestor = Ancestor::open(self, path)?;
            Some(self.ancestors.insert(path.to_owned(), Box::new(ancestor)))
        });
        match ancestor {
            None => Lookup::Missing,
            Some(Ancestor { name, image, place }) => Lookup::Found(Disk { name, image, surroundings: place }),
        }
    }
}

impl Ancestor {
    /// Opens what a path leads to; `None` where nothing is there that can be read.
    fn open(place: &Place, path: &str) -> Option<Self> {
        let full = place.folder.join(path);
        fs::metadata(&full).ok().filter(is_disk)?;
        let source = FileSource::new(File::open(&full).ok()?).ok()?;
        let image = image::open(&source, &mut |_| ControlFlow::Continue(())).ok()?;
        let absolute = path.starts_with('/');
        let name = if absolute { path.to_owned() } else { format!("{}{}", place.name, tidy(path)) };
        let folder = name.rfind('/').map_or("", |end| &name[..=end]).to_owned();
        let place = Place::named(full.parent().unwrap_or(Path::new("")), folder);
        Some(Self { name, image, place })
    }
}

/// A path without the steps that lead nowhere: `./a` as `a`, `b/../a` as `a`.
fn tidy(path: &str) -> String {
    let mut tidied = PathBuf::new();
    for component in Path::new(path).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if tidied.file_name().is_some() => {
                tidied.pop();
            }
            component => tidied.push(component),
        }
    }
    tidied.to_string_lossy().into_owned()
}

/// Where a differencing disk's parent is: the first of the places that its locators name which is
/// there. Of a path of another
/// computer, the file name in the disk's own folder counts.
pub fn parent_of(disk: &Path, image: &Image) -> Result<PathBuf, String> {
    let folder = disk.parent().unwrap_or(Path::new(""));
    let candidates = |path: String| [folder.join(&path), folder.join(file_name(&path))];
    let missing = || image.parent_paths().next().or_else(|| image.parent_name()).unwrap_or_default();
    let is_there = |path: &PathBuf| fs::metadata(path).is_ok_and(|metadata| is_disk(&metadata));
    image.parent_paths().flat_map(candidates).find(is_there).ok_or_else(missing)
}

/// The unique id of a disk's parent, as the disk has it: null for a raw image; none for a disk without a parent.
pub fn named_parent(image: &Image) -> Option<[u8; 16]> {
    let header = image.header.value().filter(|_| image.kind() == Some(DiskType::Differencing))?;
    Some(header.parent_unique_id)
}
