//! `cargo xtask test tidy`: imports go one way, as [`table`] has it, and no files import each other in a circle.

mod modules;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use modules::{Edge, Modules, ReadError};

use crate::workspace;

/// The packages whose sources are looked through.
const PACKAGES: [&str; 7] = ["core", "logs", "cli", "web", "xtask", "tests", "fuzz"];

/// What is not in order.
#[derive(Debug, thiserror::Error)]
pub enum TidyError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("the folder `{folder}` could not be read: {source}")]
    Folder { folder: PathBuf, source: io::Error },
    #[error("{} of the imports above go the wrong way; docs/architecture.md has the order", .0)]
    Wrong(usize),
}

/// Looks through every crate, prints what is wrong, and how many files and imports are right.
///
/// # Errors
///
/// [`TidyError::Wrong`] when an import goes the wrong way or in a circle.
pub fn check() -> Result<(), TidyError> {
    let mut wrong = 0;
    for package in PACKAGES {
        let order = table::ORDERS.iter().find(|order| order.folder == package);
        for root in roots(&workspace::root().join(package))? {
            let modules = Modules::read(&root)?;
            let edges = modules.edges();
            let mut faults = Vec::new();
            for edge in &edges {
                if order.is_some_and(|order| !order.allows(&edge.from.0, &edge.to.0)) {
                    faults.push(format!("imports upwards: {}", in_words(edge)));
                }
            }
            if package == "logs" {
                faults.extend(beyond_what_logs_may_take(&modules));
            }
            faults.extend(circles(&edges).iter().map(|circle| format!("a circle: {circle}")));
            println!("{:<40} {:>4} imports from file to file", shown(&root), edges.len());
            for fault in &faults {
                println!("  {fault}");
            }
            wrong += faults.len();
        }
    }
    if wrong == 0 { Ok(()) } else { Err(TidyError::Wrong(wrong)) }
}

/// The root files of a package: its library, programs, tests and measurements.
fn roots(package: &Path) -> Result<Vec<PathBuf>, TidyError> {
    let mut roots = vec![package.join("src/lib.rs"), package.join("src/main.rs")];
    for folder in ["src/bin", "tests", "benches", "examples", "fuzz_targets"].map(|folder| package.join(folder)) {
        if !folder.exists() {
            continue;
        }
        let entries = fs::read_dir(&folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
        let entries = entries.map_err(|source| TidyError::Folder { folder, source })?;
        for entry in entries.iter().map(fs::DirEntry::path) {
            let is_rust = entry.extension().is_some_and(|extension| extension == "rs");
            roots.push(if is_rust { entry } else { entry.join("main.rs") });
        }
    }
    roots.retain(|root| root.is_file());
    roots.sort();
    Ok(roots)
}

fn shown(file: &Path) -> String {
    file.strip_prefix(workspace::root()).unwrap_or(file).display().to_string()
}

fn in_words(edge: &Edge) -> String {
    format!("{} imports {} of {}", shown(&edge.from.1), edge.name, shown(&edge.to.1))
}

fn beyond_what_logs_may_take(modules: &Modules) -> Vec<String> {
    let of_core = modules.external("vhd_analyser_core");
    let beyond = of_core.into_iter().filter(|(_, path)| {
        let inside = path[1..].join("::");
        !table::LOGS_MAY_TAKE.iter().any(|allowed| inside == *allowed || inside.starts_with(&format!("{allowed}::")))
    });
    beyond.map(|(file, path)| format!("{} takes {} of the core", shown(file), path.join("::"))).collect()
}

/// The groups of files that import each other, directly or by way of others, with the imports that make them so.
fn circles(edges: &[Edge]) -> Vec<String> {
    let mut next: BTreeMap<&Path, BTreeSet<&Path>> = BTreeMap::new();
    for edge in edges {
        next.entry(&edge.from.1).or_default().insert(&edge.to.1);
    }
    let reach = |from: &'_ Path| {
        let mut seen = BTreeSet::new();
        let mut open: Vec<&Path> = next.get(from).into_iter().flatten().copied().collect();
        while let Some(file) = open.pop() {
            if seen.insert(file) {
                open.extend(next.get(file).into_iter().flatten());
            }
        }
        seen
    };
    let reached: BTreeMap<&Path, BTreeSet<&Path>> = next.keys().map(|&file| (file, reach(file))).collect();
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for (&file, seen) in reached.iter().filter(|(file, seen)| seen.contains(*file)) {
        if !told.insert(file) {
            continue;
        }
        let mutual = |other: &Path| seen.contains(other) && reached.get(other).is_some_and(|back| back.contains(file));
        let inside = edges.iter().filter(|edge| mutual(&edge.from.1) && mutual(&edge.to.1)).collect::<Vec<_>>();
        told.extend(inside.iter().map(|edge| edge.from.1.as_path()));
        circles.push(inside.iter().map(|edge| in_words(edge)).collect::<Vec<_>>().join("\n            "));
    }
    circles
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The imports in a crate of two files with these contents, beside a root that names them.
    fn edges(first: &str, second: &str) -> Result<Vec<Edge>, Box<dyn std::error::Error>> {
        let thread = std::thread::current().name().unwrap_or("test").replace("::", "-");
        let folder = std::env::temp_dir().join(format!("vhd-analyser-tidy-{}-{thread}", std::process::id()));
        fs::create_dir_all(&folder)?;
        fs::write(folder.join("lib.rs"), "mod first; mod second; pub use first::First;")?;
        fs::write(folder.join("first.rs"), first)?;
        fs::write(folder.join("second.rs"), second)?;
        let edges = Modules::read(&folder.join("lib.rs"))?.edges();
        fs::remove_dir_all(&folder)?;
        Ok(edges)
    }

    #[test]
    fn a_circle_is_seen_through_what_hands_a_name_on() -> Result<(), Box<dyn std::error::Error>> {
        let second = "use crate::First; pub struct Second; pub fn make() -> First { First }";
        let circle = edges("use crate::second::Second; pub struct First;", second)?;
        assert_eq!(circle.len(), 2);
        assert_eq!(circles(&circle).len(), 1);
        assert_eq!(circles(&edges("pub struct First;", second)?).len(), 0);
        Ok(())
    }

    #[test]
    fn imports_are_seen_in_code_and_in_macros_and_not_in_tests() -> Result<(), Box<dyn std::error::Error>> {
        let second = "pub struct Second;";
        assert_eq!(edges("pub struct First; fn f() { crate::second::Second; }", second)?.len(), 1);
        assert_eq!(edges("pub struct First; fn f() { show!(crate::second::Second); }", second)?.len(), 1);
        assert_eq!(edges("use super::second; pub struct First; fn f() { second::Second; }", second)?.len(), 1);
        let only_in_tests = "pub struct First; #[cfg(test)] mod tests { use crate::second::Second; }";
        assert_eq!(edges(only_in_tests, second)?.len(), 0);
        Ok(())
    }
}
