//! The images of `images/corpus`, each with what was done to it and the recorded answers of real tools.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// An image, sound or damaged.
#[derive(Clone, Debug, Deserialize)]
pub struct Case {
    /// The folder's name.
    pub name: String,
    /// What was done to the image.
    pub fault: String,
    /// The file to look at; in a chain the last child.
    pub target: String,
    /// Every file, by name.
    pub files: BTreeMap<String, IgnoredAny>,
    /// What vhd-util answers.
    pub vhd_util: VhdUtil,
    /// SHA-256 of the virtual disk before the fault, where it is known.
    pub virtual_sha256_before_fault: Option<String>,
    /// What `vhd-util revert` makes of the disk with its journal.
    pub revert: Option<Reverted>,
    /// What `qemu-img info -f vpc` answers.
    pub qemu_img_info: QemuImgInfo,
}

/// What a revert left.
#[derive(Clone, Debug, Deserialize)]
pub struct Reverted {
    /// SHA-256 of the file afterwards.
    pub sha256: String,
}

/// vhd-util's answers.
#[derive(Clone, Debug, Deserialize)]
pub struct VhdUtil {
    /// Of `check -n`.
    pub check: Answer,
    /// Of `check -p`.
    pub check_parents: Answer,
    /// Of `read -p`.
    pub read_headers: Text,
    /// Of `repair`.
    pub repair: Repair,
}

/// qemu-img's answer.
#[derive(Clone, Debug, Deserialize)]
pub struct QemuImgInfo {
    /// The exit code, 0 where it opens the disk.
    pub rc: i32,
    /// The size that it gives the virtual disk, in bytes.
    pub virtual_size: Option<u64>,
}

/// An exit code and the first line.
#[derive(Clone, Debug, Deserialize)]
pub struct Answer {
    /// 0 where it is content.
    pub rc: i32,
    /// The first line that it prints.
    pub says: String,
}

/// The whole output.
#[derive(Clone, Debug, Deserialize)]
pub struct Text {
    /// As it was printed, with bytes that are no UTF-8 replaced.
    pub text: String,
}

/// What a repair left.
#[derive(Clone, Debug, Deserialize)]
pub struct Repair {
    /// SHA-256 of the file afterwards.
    pub sha256: Option<String>,
    /// What `check -n` says of it.
    pub check_after: Option<Answer>,
}

impl Case {
    /// The bytes of another file of the case.
    ///
    /// # Errors
    /// Where the file cannot be read or unpacked.
    pub fn file(&self, name: &str) -> io::Result<Vec<u8>> {
        unpacked(&format!("corpus/{}/{name}.gz", self.name))
    }

    /// The bytes of the file to look at.
    ///
    /// # Errors
    /// Where the file cannot be read or unpacked.
    pub fn image(&self) -> io::Result<Vec<u8>> {
        self.file(&self.target)
    }
}

/// Every case, by name.
///
/// # Errors
/// Where the index or a case cannot be read.
pub fn cases() -> io::Result<BTreeMap<String, Case>> {
    #[derive(Deserialize)]
    struct Entry {
        name: String,
    }
    let index: Vec<Entry> = json("corpus/index.json")?;
    index
        .into_iter()
        .map(|Entry { name }| {
            let case = json(&format!("corpus/{name}/case.json"))?;
            Ok((name, case))
        })
        .collect()
}

/// The bytes of a compressed image, by its path within `images`.
///
/// # Errors
/// Where the file cannot be read or unpacked.
pub fn unpacked(path: &str) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(images(path))?).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// An image of another project, which lies beside this one and not in it; `None` where it is not at hand.
///
/// # Errors
/// Where the file is there and cannot be read or unpacked.
pub fn of_another_project(name: &str) -> io::Result<Option<Vec<u8>>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/corpus-real").join(format!("{name}.gz"));
    if !beside.exists() {
        println!("skipped: {name} is not at hand");
        return Ok(None);
    }
    let mut bytes = Vec::new();
    GzDecoder::new(fs::File::open(beside)?).read_to_end(&mut bytes)?;
    Ok(Some(bytes))
}

/// The place of a file within `images`.
pub fn images(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("images").join(path)
}

fn json<T: DeserializeOwned>(path: &str) -> io::Result<T> {
    Ok(serde_json::from_slice(&fs::read(images(path))?)?)
}
