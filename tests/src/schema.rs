//! The published schemas of what scripts read.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

/// The schema of `check --json`, ready to judge.
///
/// # Errors
/// Where it cannot be read, or is none.
pub fn report() -> Result<Validator, Box<dyn Error>> {
    named("report.schema.json")
}

/// The schema of `scan --json`.
///
/// # Errors
/// As [`report`].
pub fn scan() -> Result<Validator, Box<dyn Error>> {
    named("scan.schema.json")
}

/// The schema of `explain --json`.
///
/// # Errors
/// As [`report`].
pub fn explain() -> Result<Validator, Box<dyn Error>> {
    named("explain.schema.json")
}

fn named(name: &str) -> Result<Validator, Box<dyn Error>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    let schema = serde_json::from_str(&fs::read_to_string(path)?)?;
    Ok(jsonschema::draft202012::new(&schema)?)
}

/// What the schema has against an object, a line each; empty where it has nothing.
pub fn objections(validator: &Validator, object: &Value) -> String {
    let lines = validator.iter_errors(object).map(|error| format!("{}: {error}\n", error.instance_path()));
    lines.collect()
}

/// Where the schema would take a name more or a name less, a line each; empty where it names everything in the object,
/// and wants all of it but what may be missing.
pub fn leniency(validator: &Validator, object: &Value, may_be_missing: &[&str]) -> String {
    let mut found = String::new();
    for place in places(object) {
        let mut told = |change: &dyn Fn(&mut Map<String, Value>), what: &str| {
            let mut changed = object.clone();
            let fields = changed.pointer_mut(&place).and_then(Value::as_object_mut);
            if fields.map(change).is_none() || validator.is_valid(&changed) {
                found += &format!("{place} {what}\n");
            }
        };
        told(&|fields| drop(fields.insert("surprise".into(), json!(1))), "takes anything");
        let names = object.pointer(&place).and_then(Value::as_object).into_iter().flat_map(Map::keys);
        for name in names.filter(|name| !may_be_missing.contains(&name.as_str())) {
            told(&|fields| drop(fields.remove(name)), &format!("does without {name}"));
        }
    }
    found
}

/// The places of all objects, as JSON pointers.
fn places(object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut ahead = vec![(String::new(), object)];
    while let Some((place, value)) = ahead.pop() {
        match value {
            Value::Object(fields) => {
                ahead.extend(fields.iter().map(|(name, value)| (format!("{place}/{name}"), value)));
                found.push(place);
            }
            Value::Array(items) => {
                ahead.extend(items.iter().enumerate().map(|(index, item)| (format!("{place}/{index}"), item)));
            }
            _ => {}
        }
    }
    found
}
