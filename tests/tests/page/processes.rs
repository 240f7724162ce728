//! The browser's processes: how much memory they take, and their end.

use std::path::Path;
use std::process::Command;
use std::{fs, io};

/// A process and everything that it started, directly or not.
pub fn family(root: u32) -> io::Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let Ok(process) = entry?.file_name().to_string_lossy().parse::<u32>() else {
            continue;
        };
        // A process may end while the list is made.
        if let Some(parent) = status_field(process, "PPid:") {
            parents.push((process, parent));
        }
    }
    let mut family = vec![root];
    let mut next = 0;
    while let Some(&parent) = family.get(next) {
        family.extend(parents.iter().filter(|(_, of)| *of == u64::from(parent)).map(|(process, _)| process));
        next += 1;
    }
    Ok(family)
}

/// The memory that these processes have to themselves, in bytes: neither files nor what they share counts.
pub fn memory(processes: &[u32]) -> u64 {
    processes.iter().filter_map(|&process| status_field(process, "RssAnon:")).map(|kilobytes| kilobytes * 1024).sum()
}

/// Ends these processes at once.
pub fn kill(processes: &[u32]) {
    // Some have ended on their own, which is as good.
    let _ = Command::new("kill").arg("-9").args(processes.iter().map(u32::to_string)).output();
}

fn status_field(process: u32, name: &str) -> Option<u64> {
    let status = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}
