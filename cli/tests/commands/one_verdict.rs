//! One verdict of a chain, whoever is asked: `check --parents`, `scan`, `repair --parent` and `convert`.

use std::error::Error;

use serde_json::Value;
use vhd_analyser_tests::chain_verdicts::{Chain, chains};

use crate::world::{World, code, complained, objects, said};

/// Where a check says that nothing of what is read is in doubt: the errors that it found, if any, concern other fields.
const HARMLESS: [&str; 14] = [
    "locator.",
    "parent.",
    "header.reserved",
    "header.data-offset",
    "footer.primary.geometry",
    "footer.backup.geometry",
    "footer.primary.time-stamp",
    "footer.backup.time-stamp",
    "footer.primary.reserved",
    "footer.backup.reserved",
    "footer.primary.unique-id",
    "footer.backup.unique-id",
    "file.short-footer",
    "chain.parent-damaged",
];

#[test]
fn all_give_one_verdict_of_a_chain() -> Result<(), Box<dyn Error>> {
    let mut wrong = Vec::new();
    for chain in chains()? {
        wrong.extend(differing(&chain)?.into_iter().map(|line| format!("{}: {line}", chain.name)));
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

/// Who says something else.
fn differing(chain: &Chain) -> Result<Vec<String>, Box<dyn Error>> {
    let world = World::new()?;
    for (name, bytes) in &chain.files {
        world.write(name, bytes)?;
    }
    let mut wrong = Vec::new();
    let different =
        |who: &str, said: &str| (said != chain.verdict).then(|| format!("{who} says {said}, not {}", chain.verdict));
    let output = world.run(&["check", "--parents", "--json", &chain.leaf])?;
    let report = objects(&output)?.into_iter().next().unwrap_or_default();
    wrong.extend(different("check", report["verdict"].as_str().unwrap_or_default()));
    let exit = i32::from(chain.verdict != "sound");
    if code(&output) != exit {
        wrong.push(format!("check ends with {}", code(&output)));
    }

    let output = world.run(&["scan", "--json", "."])?;
    let forest = objects(&output)?.into_iter().next().unwrap_or_default();
    let path = format!("./{}", chain.leaf);
    let disks = forest["disks"].as_array().cloned().unwrap_or_default();
    let leaf = disks.iter().find(|disk| disk["file"] == path.as_str()).cloned().unwrap_or_default();
    wrong.extend(different("scan", leaf["chain_verdict"].as_str().unwrap_or_default()));

    // With the parent that it has.
    if let Some(parent) = leaf["parent"].as_str().filter(|_| leaf["parent_state"] == "found") {
        let output = world.run(&["repair", "--dry-run", "--allow-loss", "--parent", parent, &chain.leaf])?;
        if !said(&output).is_empty() {
            let word =
                said(&output).lines().nth(1).and_then(|line| line.split([' ', ':']).nth(1).map(str::to_lowercase));
            wrong.extend(different("repair --parent", &word.unwrap_or_default()));
        }
    }
    let output = world.run(&["convert", &chain.leaf, "-o", "whole", "--to", "dynamic"])?;
    let mut files: Vec<&str> = vec!["check", "--json"];
    files.extend(chain.files.keys().map(String::as_str).filter(|name| name.ends_with("vhd")));
    let each = objects(&world.run(&files)?)?;
    let findings = |object: &Value| object["findings"].as_array().cloned().unwrap_or_default();
    let all = findings(&report).into_iter().chain(each.iter().flat_map(findings));
    let errors: Vec<Value> = all.filter(|finding| finding["severity"] == "error").collect();
    let is_harmless = |finding: &Value| {
        finding["id"].as_str().is_some_and(|id| HARMLESS.iter().any(|harmless| id.starts_with(harmless)))
    };
    let is_converted = code(&output) == 0;
    if is_converted && chain.verdict == "incomplete" {
        wrong.push("convert reads an incomplete chain".into());
    } else if is_converted != errors.iter().all(is_harmless) {
        wrong.push(format!("convert ends with {}, the errors are {errors:?}: {}", code(&output), complained(&output)));
    }
    Ok(wrong)
}
