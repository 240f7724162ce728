//! Many disks at once: each judged by itself, its repaired copy in one folder, and a summary at the end.

use std::fs;
use std::path::{Path, PathBuf};

use vhd_analyser_core::units::count;

use crate::error::Failure;
use crate::exit_code::Exit;
use crate::os::file_error::FileError;
use crate::ui::page::Page;
use crate::ui::text::printable;

/// Whether a folder is meant as the place of the copies: named with a slash at its end, or there when several disks come.
pub fn is_folder(out: &Path, disks: usize) -> bool {
    out.as_os_str().as_encoded_bytes().ends_with(b"/") || disks > 1 && out.is_dir()
}

/// Has each disk repaired into the folder, and answers with the gravest that came of any.
///
/// # Errors
/// Where the folder cannot be made, or Ctrl-C stops it. A disk that fails does not keep the others from it.
pub fn run(
    files: &[PathBuf],
    folder: &Path,
    repair: &dyn Fn(&Path, PathBuf) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    fs::create_dir_all(folder).map_err(|error| Failure::File(FileError::Write { path: folder.to_owned(), error }))?;
    let mut ends: Vec<(&PathBuf, Result<Exit, Failure>)> = Vec::new();
    for file in files {
        match repair(file, folder.join(file.file_name().unwrap_or(file.as_os_str()))) {
            Err(failure) if failure.is_interrupted() => return Err(failure),
            end => {
                if let Err(failure) = &end {
                    failure.print();
                }
                ends.push((file, end));
            }
        }
    }
    let mut page = Page::new();
    page.gap();
    let with = |is: fn(&Result<Exit, Failure>, bool) -> bool| {
        let is_there = |file: &Path| folder.join(file.file_name().unwrap_or(file.as_os_str())).exists();
        ends.iter().filter(|(file, end)| is(end, is_there(file))).map(|(file, _)| *file).collect::<Vec<_>>()
    };
    let repaired = with(|end, is_there| matches!(end, Ok(Exit::Done)) && is_there);
    let sound = with(|end, is_there| matches!(end, Ok(Exit::Done)) && !is_there);
    let left = with(|end, _| matches!(end, Ok(Exit::Damaged)));
    let failed = with(|end, _| matches!(end, Err(_) | Ok(Exit::Unusable)));
    let disks = |disks: &[&PathBuf]| count(disks.len() as u64, "disk");
    page.say(&format!(
        "{}: {} repaired, {} with nothing to do, {} not repaired, {} that could not be read.",
        count(ends.len() as u64, "disk"),
        repaired.len(),
        sound.len(),
        left.len(),
        failed.len()
    ));
    for (word, files) in [("Not repaired", &left), ("Not read", &failed)] {
        if !files.is_empty() {
            let names: Vec<String> = files.iter().map(|file| printable(&file.to_string_lossy()).into_owned()).collect();
            page.say(&format!("{word}: {} ({}).", names.join(", "), disks(files)));
        }
    }
    page.show()?;
    Ok(match (failed.is_empty(), left.is_empty()) {
        (false, _) => Exit::Unusable,
        (true, false) => Exit::Damaged,
        (true, true) => Exit::Done,
    })
}
