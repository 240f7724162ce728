//! What holds for a right answer. Every key but `about` and `target` may be missing.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// What the disk is, in words.
    #[serde(rename = "about")]
    _about: String,
    /// The disk that is asked about.
    pub target: String,
    /// Files put together from parts in an empty file.
    #[serde(default)]
    pub sparse: BTreeMap<String, Sparse>,
    /// When files were changed, in seconds since 2000.
    #[serde(default)]
    pub mtimes: BTreeMap<String, i64>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub check: Vec<Check>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub repair: Vec<Repair>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub convert: Vec<Convert>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub scan: Vec<Scan>,
    #[serde(default, deserialize_with = "one_or_many")]
    pub read: Vec<Printed>,
    /// The same on a block device, which takes rights that tests have not.
    #[serde(rename = "device", default)]
    _device: Value,
}

/// A file of `size` bytes that is empty but for parts, each with its offset and file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sparse {
    pub size: u64,
    pub parts: Vec<(u64, String)>,
}

/// What `check --json` says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Check {
    pub args: Vec<String>,
    pub exit: Option<Vec<i32>>,
    pub verdict: Option<Vec<String>>,
    /// An expression on "id message [tools that reject it]".
    pub finding: Option<Value>,
    pub min_severity: Option<String>,
    pub no_finding: Option<String>,
    pub count: BTreeMap<String, usize>,
    /// One of these has to hold.
    pub any: Vec<Self>,
    pub lossless: Option<bool>,
    pub vhd_util: BTreeMap<String, Value>,
    pub qemu: BTreeMap<String, Value>,
    /// Expressions on what people read.
    pub text: Option<String>,
    pub no_text: Option<String>,
}

/// What `repair -o` makes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Repair {
    pub args: Vec<String>,
    pub exit: Option<Vec<i32>>,
    pub bat_at: Option<u64>,
    pub bat_same: Vec<usize>,
    pub bat_entry: BTreeMap<String, u32>,
    pub block_sha256: BTreeMap<String, Value>,
    pub virtual_size: Option<u64>,
    pub virtual_sha256: Option<String>,
    pub virtual_digest: Option<String>,
    pub bytes_same: Vec<(u64, usize)>,
    pub u32: BTreeMap<String, u32>,
    pub file_size: Option<u64>,
    pub sha256: Option<String>,
    pub peer_ok: Value,
    /// Keys in which a result may differ as long as `check` does not call the repair lossless; `true` for all.
    pub told_ok: Value,
    /// To have nothing to do is right, too.
    pub nothing_ok: bool,
}

/// What `convert` makes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Convert {
    pub to: String,
    pub args: Vec<String>,
    pub exit: Option<Vec<i32>>,
    pub virtual_size: Option<u64>,
    pub virtual_sha256: Option<String>,
    pub content_same: bool,
    pub parents: Vec<String>,
    pub raw_input: bool,
    pub peer_ok: Value,
}

/// What `scan --json` says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scan {
    pub args: Vec<String>,
    pub paths: Vec<String>,
    pub exit: Option<Vec<i32>>,
    pub verdict: Option<Vec<String>>,
    /// The verdict is that of `check` with these arguments.
    pub as_check: Option<AsCheck>,
    pub text: Option<String>,
    pub no_text: Option<String>,
}

/// A check that is to agree.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AsCheck {
    pub args: Vec<String>,
    pub target: Option<String>,
}

/// What a command prints.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Printed {
    pub args: Vec<String>,
    pub exit: Option<Vec<i32>>,
    pub stdout_is: Option<String>,
    pub stdout: Option<String>,
    pub no_stdout: Option<String>,
}

/// A section, or a list of them.
fn one_or_many<'de, T: DeserializeOwned, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let sections = if let Value::Array(sections) = value { sections } else { vec![value] };
    sections.into_iter().map(|section| T::deserialize(section).map_err(serde::de::Error::custom)).collect()
}
