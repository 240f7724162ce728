//! A file being read, or several.

use crate::protocol::{DiskChanges, Progress};

/// A file being read, or several.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Its name, or how many they are.
    pub name: String,
    /// Whether they are several.
    pub of_several: bool,
    /// Which of the disks it is that were chosen together, by its number in the forest.
    pub disk: Option<usize>,
    /// What is to be changed in it besides what is wrong.
    pub changes: DiskChanges,
    /// Whether it has taken so long that progress is worth showing.
    pub slow: bool,
    /// How far it is, as soon as the worker has told it.
    pub progress: Option<Progress>,
}
