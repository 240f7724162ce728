//! Disks with a known right answer, from `tests/images/cases`: the program is run on each as its `expect.json` says.
//!
//! What the program makes is read by [`disk`], which knows nothing of the core. The keys of `expect.json` are the fields
//! of [`expect`].

mod disk;
mod expect;
mod run;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{env, error, fs};

use run::Case;

/// Cases that do not hold yet, each with the reason. A case that holds must leave the list.
const NOT_YET: &[&str] = include!("not_yet.in");

/// The cases of a folder, each with what does not hold.
fn judged(folder: &Path) -> Result<BTreeMap<String, Vec<String>>, Box<dyn error::Error>> {
    let mut judged = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let case = entry?.path();
        if case.join("expect.json").exists() {
            let name = case.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let wrong = Case::lay_out(&case).and_then(Case::judge);
            judged.insert(name, wrong.unwrap_or_else(|error| vec![format!("not judged: {error}")]));
        }
    }
    let held = judged.values().filter(|wrong| wrong.is_empty()).count();
    println!("{held} of {} cases hold", judged.len());
    Ok(judged)
}

/// What fails and is not known to.
fn new_failures(judged: &BTreeMap<String, Vec<String>>) -> Vec<(&String, &Vec<String>)> {
    judged.iter().filter(|(name, wrong)| !wrong.is_empty() && !NOT_YET.contains(&name.as_str())).collect()
}

#[test]
fn every_case_gets_its_right_answer() -> Result<(), Box<dyn error::Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/images/cases");
    let judged = judged(&folder)?;
    let new = new_failures(&judged);
    assert!(new.is_empty(), "{new:#?}");
    let held: Vec<_> = NOT_YET.iter().filter(|name| judged.get(**name).is_some_and(Vec::is_empty)).collect();
    assert!(held.is_empty(), "these hold now, take them out of NOT_YET: {held:?}");
    Ok(())
}

/// The cases that lie beside the project and not in it, where `VHD_ANALYSER_CASES` names their folder.
#[test]
fn cases_beside_the_project() -> Result<(), Box<dyn error::Error>> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/cases");
    let folder = env::var_os("VHD_ANALYSER_CASES").map_or(beside, PathBuf::from);
    if !folder.exists() {
        println!("skipped: {} is not there", folder.display());
        return Ok(());
    }
    let judged = judged(&folder)?;
    let new = new_failures(&judged);
    assert!(new.is_empty(), "{new:#?}");
    Ok(())
}
