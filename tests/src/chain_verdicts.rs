//! Chains whose verdict is known, for everything that gives one: the commands and the page.

use std::collections::BTreeMap;
use std::{fs, io};

use crate::build::HEADER_AT;
use crate::bytes::{put, seal};
use crate::chain::{Linked, file_name};
use crate::corpus::{cases, images, unpacked};

/// The files of a chain in one folder.
#[derive(Debug)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// The files by their names.
    pub files: Files,
    /// The disk at the end of the chain.
    pub leaf: String,
    /// The one verdict of the leaf with all that it is based on.
    pub verdict: &'static str,
}

/// Files by their names.
type Files = BTreeMap<String, Vec<u8>>;

/// The verdicts of chains of the corpus and of `images/cases`, by name.
const VERDICTS: &[(&str, &str)] = &include!("chain_verdicts.in");

/// All chains. A journal beside a disk is a file like any other.
///
/// # Errors
/// Where an image cannot be read or unpacked.
pub fn chains() -> io::Result<Vec<Chain>> {
    let mut chains = generated();
    for (name, case) in cases()?.into_iter().filter(|(name, _)| name.contains("chain-")) {
        let files: io::Result<_> = case.files.keys().map(|file| Ok((file.clone(), case.file(file)?))).collect();
        chains.push(Chain { verdict: verdict(&name), files: files?, leaf: case.target, name });
    }
    for (name, verdict) in VERDICTS.iter().filter(|(name, _)| images(&format!("cases/{name}")).exists()) {
        let mut files = BTreeMap::new();
        for entry in fs::read_dir(images(&format!("cases/{name}")))? {
            let file = entry?.file_name().to_string_lossy().into_owned();
            if let Some(unpacked_name) = file.strip_suffix(".gz") {
                files.insert(unpacked_name.to_owned(), unpacked(&format!("cases/{name}/{file}"))?);
            }
        }
        let expect: serde_json::Value =
            serde_json::from_slice(&fs::read(images(&format!("cases/{name}/expect.json")))?)?;
        let leaf = expect["target"].as_str().unwrap_or_default().to_owned();
        chains.push(Chain { name: format!("case-{name}"), files, leaf, verdict });
    }
    Ok(chains)
}

fn verdict(name: &str) -> &'static str {
    VERDICTS.iter().find(|(known, _)| *known == name).map_or("of no known verdict", |(_, verdict)| verdict)
}

/// Chains of three disks, each with one thing wrong.
fn generated() -> Vec<Chain> {
    let whole = || {
        let disks = (0..3).map(|number: u32| {
            let mut disk = Linked::new(number, number.checked_sub(1));
            (disk.hidden, disk.allocated) = (number < 2, vec![number as usize]);
            (file_name(number), disk.build())
        });
        disks.collect::<BTreeMap<_, _>>()
    };
    let chain = |name: &str, verdict, change: &dyn Fn(&mut Files)| {
        let mut files = whole();
        change(&mut files);
        Chain { name: name.to_owned(), files, leaf: file_name(2), verdict }
    };
    let edit = |files: &mut Files, number, edit: &dyn Fn(&mut Vec<u8>)| {
        files.get_mut(&file_name(number)).into_iter().for_each(edit);
    };
    vec![
        chain("whole", "sound", &|_| {}),
        chain("no-middle", "incomplete", &|files| drop(files.remove(&file_name(1)))),
        chain("no-base", "incomplete", &|files| drop(files.remove(&file_name(0)))),
        chain("base-cookie", "repairable", &|files| {
            edit(files, 0, &|base| {
                let end = base.len() - 512;
                put(base, end, b"nothing!");
            });
        }),
        chain("middle-header-checksum", "salvageable", &|files| edit(files, 1, &|middle| middle[HEADER_AT + 36] ^= 1)),
        chain("leaf-cookie", "repairable", &|files| {
            edit(files, 2, &|leaf| {
                let end = leaf.len() - 512;
                put(leaf, end, b"nothing!");
            });
        }),
        chain("middle-is-another", "unrepairable", &|files| {
            edit(files, 1, &|middle| {
                let end = middle.len() - 512;
                for footer in [0, end] {
                    put(middle, footer + 68, b"another one here");
                    seal(&mut middle[footer..footer + 512], 64);
                }
            });
        }),
        chain("leaf-cookie-no-base", "repairable", &|files| {
            files.remove(&file_name(0));
            edit(files, 2, &|leaf| {
                let end = leaf.len() - 512;
                put(leaf, end, b"nothing!");
            });
        }),
    ]
}
