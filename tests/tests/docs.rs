//! The documentation that comes from the code.

use std::env;
use std::error::Error;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use vhd_analyser_core::finding::rules;

/// `docs/findings.md` lists every rule there is. `UPDATE_DOCS=1 cargo test --test docs` writes it anew.
#[test]
fn the_list_of_findings_is_up_to_date() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/findings.md");
    let page = findings()?;
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page)?;
    }
    assert_eq!(fs::read_to_string(path)?, page, "run UPDATE_DOCS=1 cargo test -p vhd-analyser-tests --test docs");
    Ok(())
}

fn findings() -> Result<String, Box<dyn Error>> {
    let mut page = String::from(
        "# What is found\n\n\
         Every finding by its name, which is stable for scripts. This page comes from the rules in `core/src/finding`.\n",
    );
    for rule in rules() {
        write!(page, "\n## `{}`\n\n**{}** ({})\n\n{}\n", rule.id, rule.title, rule.severity, rule.meaning)?;
        write!(page, "\nWhat to do: {}\n", rule.remedy)?;
        if let Some(words) = rule.vhd_util {
            write!(page, "\nvhd-util says: “{words}”\n")?;
        }
    }
    Ok(page)
}

/// A name that two rules share would make scripts take one for the other.
#[test]
fn every_rule_has_a_name_of_its_own() {
    let mut ids: Vec<_> = rules().map(|rule| rule.id).collect();
    ids.sort_unstable();
    let all = ids.len();
    ids.dedup();
    assert_eq!(ids.len(), all);
}
