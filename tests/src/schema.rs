//! The published schemas of what scripts read.

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use jsonschema::Validator;
use serde_json::Value;

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
