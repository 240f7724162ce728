//! Paths with slashes, as locators and scans have them.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

/// Where a path leads from a disk's folder.
pub fn from_folder_of(disk: &str, path: &str) -> String {
    let folder = disk.rfind('/').map_or("", |end| &disk[..=end]);
    tidy(&if path.starts_with('/') { path.to_string() } else { format!("{folder}{path}") })
}

/// A path without the steps that lead nowhere: `./a` as `a`, `b/../a` as `a`.
pub fn tidy(path: &str) -> String {
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => {
                steps.pop();
            }
            step => steps.push(step),
        }
    }
    let root = if path.starts_with('/') { "/" } else { "" };
    format!("{root}{}", steps.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_from_the_folder_of_the_disk() {
        assert_eq!(from_folder_of("sr/child.vhd", "./parent.vhd"), "sr/parent.vhd");
        assert_eq!(from_folder_of("a/b/child.vhd", "../parent.vhd"), "a/parent.vhd");
        assert_eq!(from_folder_of("/sr/child.vhd", "/other/parent.vhd"), "/other/parent.vhd");
        assert_eq!(from_folder_of("child.vhd", "../../x.vhd"), "../../x.vhd");
    }
}
