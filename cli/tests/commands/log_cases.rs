//! Logs with what an answer to them must say, from `tests/images/logs`: each is explained as its `expect.json` says.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use fancy_regex::RegexBuilder;
use serde::Deserialize;
use serde_json::Value;

use crate::world::{Outcome, code, objects};

/// What a right answer says.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expect {
    /// The trouble in a line, for people.
    #[allow(dead_code, reason = "for people")]
    about: String,
    /// Which program’s log it is, for people.
    #[allow(dead_code, reason = "for people")]
    kind: String,
    /// Each must match the text of a trouble.
    must_name: Vec<String>,
    /// Must match the text of the first.
    first: Option<String>,
    /// None may match the text of any.
    must_not: Vec<String>,
    /// Names by their roles: one each, or several.
    roles: BTreeMap<String, Value>,
    /// How many troubles there may be that are more than a note.
    max_troubles: usize,
    /// None may match a command.
    commands_must_not: Vec<String>,
    /// The gravest of all; none where there is no more than notes.
    severity: Option<String>,
}

fn matches(pattern: &str, text: &str) -> Result<bool, Box<dyn std::error::Error>> {
    let built = RegexBuilder::new(pattern).case_insensitive(true).dot_matches_new_line(true).build()?;
    Ok(built.is_match(text)?)
}

/// With plain quotes and dashes.
fn plain(text: &str) -> String {
    let letters = text.chars().map(|letter| match letter {
        '‘' | '’' => '\'',
        '“' | '”' | '„' => '"',
        '–' | '—' => '-',
        letter => letter,
    });
    letters.collect::<String>().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text_of(trouble: &Value) -> String {
    let parts = ["title", "detail", "happened", "why", "check", "remedy"];
    plain(&parts.map(|part| trouble[part].as_str().unwrap_or_default()).join(" "))
}

/// What does not hold of a case.
fn judged(case: &Path) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let expect: Expect = serde_json::from_slice(&fs::read(case.join("expect.json"))?)?;
    let output = Command::new(env!("CARGO_BIN_EXE_vhd-analyser"))
        .args(["explain", "--json", "log.txt"])
        .current_dir(case)
        .output()?;
    let answer = objects(&output)?.into_iter().next().ok_or("no answer")?;
    let troubles = answer["troubles"].as_array().ok_or("troubles")?;
    let texts: Vec<_> = troubles.iter().map(text_of).collect();
    let mut wrong = Vec::new();
    let mut hold = |holds: bool, what: String| wrong.extend((!holds).then_some(what));
    hold(code(&output) < 2, format!("exit code {}", code(&output)));
    let any = |pattern: &String| texts.iter().map(|text| matches(pattern, text)).collect::<Result<Vec<_>, _>>();
    for pattern in &expect.must_name {
        hold(any(pattern)?.contains(&true), format!("must name {pattern}"));
    }
    for pattern in &expect.must_not {
        hold(!any(pattern)?.contains(&true), format!("must not name {pattern}"));
    }
    if let Some(pattern) = &expect.first {
        let first = texts.first().map_or(Ok(false), |text| matches(pattern, text))?;
        hold(first, format!("first must name {pattern}"));
    }
    for (role, names) in &expect.roles {
        let names = names.as_array().cloned().unwrap_or_else(|| vec![names.clone()]);
        for name in names.iter().filter_map(Value::as_str) {
            let is_it = |trouble: &Value| trouble["names"][role].as_str().is_some_and(|found| found.starts_with(name));
            hold(troubles.iter().any(is_it), format!("{role} {name}"));
        }
    }
    for pattern in &expect.commands_must_not {
        for step in troubles.iter().flat_map(|trouble| trouble["commands"].as_array().into_iter().flatten()) {
            let line = step["line"].as_str().unwrap_or_default();
            hold(!matches(pattern, line)?, format!("no command may be {line}"));
        }
    }
    let grave: Vec<_> =
        troubles.iter().filter_map(|trouble| trouble["severity"].as_str()).filter(|word| *word != "info").collect();
    hold(grave.len() <= expect.max_troubles, format!("{} troubles", grave.len()));
    let gravest = ["error", "warning"].into_iter().find(|word| grave.contains(word));
    let holds = match &expect.severity {
        None => gravest.is_none(),
        Some(words) => words.split('|').any(|word| word == gravest.unwrap_or("info")) && !troubles.is_empty(),
    };
    hold(holds, format!("severity {gravest:?}"));
    Ok(wrong)
}

fn of_folder(folder: &Path) -> Result<BTreeMap<String, Vec<String>>, Box<dyn std::error::Error>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let case = entry?.path();
        if case.join("expect.json").exists() {
            all.insert(case.file_name().unwrap_or_default().to_string_lossy().into_owned(), judged(&case)?);
        }
    }
    println!("{} of {} logs", all.values().filter(|wrong| wrong.is_empty()).count(), all.len());
    Ok(all)
}

#[test]
fn every_log_gets_its_right_answer() -> Outcome {
    let all = of_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/images/logs"))?;
    assert!(all.len() >= 24, "{} logs", all.len());
    let wrong: Vec<_> = all.iter().filter(|(_, wrong)| !wrong.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}

/// Logs that lie beside the project and not in it, where `VHD_ANALYSER_LOGS` names their folder.
#[test]
fn logs_beside_the_project() -> Outcome {
    let Some(folder) = env::var_os("VHD_ANALYSER_LOGS").map(PathBuf::from) else {
        println!("skipped: VHD_ANALYSER_LOGS names no folder");
        return Ok(());
    };
    let all = of_folder(&folder)?;
    let wrong: Vec<_> = all.iter().filter(|(_, wrong)| !wrong.is_empty()).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    Ok(())
}
