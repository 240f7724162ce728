//! Xen Orchestra's VHD directories and the aliases that lead to them, cut out of a disk by its own bytes.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use vhd_analyser_tests::build::{Built, Creator, Disk, Fill, Kind};
use vhd_analyser_tests::schema;

use crate::world::{Outcome, World, code, complained, objects};

const ALIAS: &str = "xo-vm-backups/vm/vdis/job/vdi/20260101T000000Z.alias.vhd";
const DIRECTORY: &str = "xo-vm-backups/vm/vdis/job/vdi/data/d.vhd";

fn built() -> Built {
    Disk::small(Creator::Tapdisk13, Kind::Dynamic, &[(1, Fill::Full), (4, Fill::Some)]).build()
}

fn packed(bytes: &[u8], gzip: bool) -> std::io::Result<Vec<u8>> {
    if !gzip {
        return Ok(bytes.to_vec());
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A remote with one disk and its alias.
fn remote(gzip: bool) -> Result<World, Box<dyn std::error::Error>> {
    let built = built();
    let world = World::new()?;
    let at = |name: &str| world.path(DIRECTORY).join(name);
    fs::create_dir_all(at("blocks/0"))?;
    let mut bat = vec![0; 64];
    for (number, offset) in &built.blocks_at {
        bat[number / 8] |= 0x80 >> (number % 8);
        let block = &built.bytes[*offset..*offset + built.disk.block_length()];
        fs::write(at(&format!("blocks/0/{number}")), packed(block, gzip)?)?;
    }
    fs::write(at("footer"), packed(&built.bytes[..512], gzip)?)?;
    fs::write(at("header"), packed(&built.bytes[512..1536], gzip)?)?;
    fs::write(at("bat"), packed(&bat, gzip)?)?;
    fs::write(at("chunk-filters.json"), if gzip { "[\"gzip\"]" } else { "[\"none\"]" })?;
    fs::write(world.path(ALIAS), "./data/d.vhd\n")?;
    Ok(world)
}

/// The exit code of a scan, and what it says of the files that are no disks by themselves.
fn scanned(world: &World) -> Result<(i32, Vec<Value>), Box<dyn std::error::Error>> {
    let output = world.run(&["scan", "--json", "."])?;
    assert_eq!(complained(&output), "");
    let report = objects(&output)?.into_iter().next().ok_or("a report")?;
    assert_eq!(schema::objections(&schema::scan()?, &report), "");
    assert_eq!(report["disks"].as_array().map(Vec::len), Some(0));
    Ok((code(&output), report["others"].as_array().cloned().unwrap_or_default()))
}

fn errors(other: &Value) -> usize {
    other["errors"].as_array().map_or(0, Vec::len)
}

#[test]
fn a_sound_directory_and_its_alias_are_named() -> Outcome {
    for gzip in [false, true] {
        let (exit, others) = scanned(&remote(gzip)?)?;
        assert_eq!((exit, others.len()), (0, 2), "{others:?}");
        let alias = others.iter().find(|other| other["file"] == format!("./{ALIAS}")).ok_or("the alias")?;
        assert!(alias["target"].as_str().is_some_and(|target| target.ends_with("data/d.vhd")), "{alias}");
        assert!(others.iter().all(|other| errors(other) == 0), "{others:?}");
    }
    Ok(())
}

/// Each of these is told of the directory and of the alias, once.
#[test]
fn what_is_damaged_in_a_directory_is_found() -> Outcome {
    type Damage = fn(&Path) -> std::io::Result<()>;
    let flip = |path: &Path, at: usize| {
        let mut bytes = fs::read(path)?;
        bytes[at] ^= 1;
        fs::write(path, bytes)
    };
    let damages: [(&str, Damage); 8] = [
        ("footer", |directory| fs::write(directory.join("footer"), [0; 512])),
        ("a short footer", |directory| fs::write(directory.join("footer"), [0; 500])),
        ("header", |directory| fs::write(directory.join("header"), [0; 1024])),
        ("bat", |directory| fs::write(directory.join("bat"), [])),
        // The last of 512 bits, of a disk with fewer entries.
        ("a block beyond", |directory| {
            let mut bat = fs::read(directory.join("bat"))?;
            bat[63] = 1;
            fs::write(directory.join("bat"), bat)
        }),
        ("a block", |directory| fs::remove_file(directory.join("blocks/0/4"))),
        ("a cut block", |directory| fs::write(directory.join("blocks/0/4"), [0; 512])),
        ("filters", |directory| fs::write(directory.join("chunk-filters.json"), "[\"brotli\"]")),
    ];
    for (name, damage) in damages {
        let world = remote(false)?;
        damage(&world.path(DIRECTORY))?;
        let (exit, others) = scanned(&world)?;
        assert_eq!(exit, 1, "{name}");
        assert_eq!(others.iter().map(errors).collect::<Vec<_>>(), [1, 1], "{name}: {others:?}");
    }
    // A single bit of what the checksums cover.
    for (part, at) in [("footer", 40), ("header", 30)] {
        let world = remote(false)?;
        flip(&world.path(DIRECTORY).join(part), at)?;
        let (exit, others) = scanned(&world)?;
        assert_eq!((exit, others.iter().map(errors).collect::<Vec<_>>()), (1, vec![1, 1]), "{part}");
    }
    Ok(())
}

#[test]
fn an_alias_that_leads_nowhere_is_damage() -> Outcome {
    for text in ["./data/gone.vhd", "/etc/passwd", "other.alias.vhd", "", "\u{0}"] {
        let world = remote(false)?;
        fs::write(world.path(ALIAS), text)?;
        let (exit, others) = scanned(&world)?;
        assert_eq!((exit, others.iter().map(errors).sum::<usize>()), (1, 1), "{text:?}: {others:?}");
    }
    Ok(())
}

/// Where one file is wanted, the way to check the disk is told.
#[test]
fn the_other_commands_say_what_it_is() -> Outcome {
    let world = remote(false)?;
    for path in [ALIAS, DIRECTORY] {
        for command in [&["check", path][..], &["read", path], &["repair", path, "-o", "copy.vhd"]] {
            let output = world.run(command)?;
            assert_eq!(code(&output), 2, "{command:?}");
            let scan = format!("vhd-analyser scan {path}");
            assert!(complained(&output).contains(&scan), "{command:?}: {}", complained(&output));
        }
        assert_eq!(code(&world.run(&["scan", path])?), 0, "{path}");
    }
    Ok(())
}
