//! Many disks at once, blocks that are assigned by hand, and devices.

use std::error::Error;
use std::fs;
use std::os::unix::fs::FileExt;
use std::process::Command;

use vhd_analyser_tests::build::{BAT_AT, Creator, Disk, Fill, Kind, SECTOR, number32, read_virtual};
use vhd_analyser_tests::bytes::put;
use vhd_analyser_tests::corpus::cases;

use crate::world::{World, code, complained, numbers, said};

type Outcome = Result<(), Box<dyn Error>>;

/// After a host's crash: some footers are gone, one disk is sound, one is beyond repair.
#[test]
fn many_disks_are_repaired_into_a_folder() -> Outcome {
    let world = World::new()?;
    let sound = cases()?["sound-tap"].image()?;
    let mut lost = sound.clone();
    let end = lost.len() - SECTOR;
    lost[end..].fill(0xC7);
    world.write("a.vhd", &lost)?;
    world.write("b c.vhd", &lost)?;
    world.write("sound.vhd", &sound)?;
    world.write("hopeless.vhd", &sound[..512])?;
    let output = world.run(&["repair", "a.vhd", "b c.vhd", "sound.vhd", "hopeless.vhd", "-o", "repaired/"])?;
    assert_eq!(code(&output), 1, "{}", complained(&output));
    assert!(fs::read(world.path("repaired/a.vhd"))? == sound);
    assert!(fs::read(world.path("repaired/b c.vhd"))? == sound);
    assert!(!world.path("repaired/sound.vhd").exists() && !world.path("repaired/hopeless.vhd").exists());
    assert!(fs::read(world.path("a.vhd"))? == lost, "the originals stay");
    let text = said(&output);
    assert!(text.lines().any(|line| numbers(line) == [4, 2, 1, 1, 0]), "all, repaired, sound, not, unread: {text}");
    assert!(text.lines().last().is_some_and(|line| line.contains("hopeless.vhd")), "{text}");
    // What takes one disk takes no more.
    for way in [&["-o", "one.vhd"][..], &["--in-place"], &["--script", "sh", "-o", "repaired/"]] {
        let output = world.run(&[&["repair", "a.vhd", "sound.vhd"], way].concat())?;
        assert_eq!(code(&output), 2, "{way:?}");
        assert!(complained(&output).contains("-o FOLDER/"), "{}", complained(&output));
    }
    Ok(())
}

#[test]
fn a_block_is_assigned_by_hand() -> Outcome {
    let allocated = [(5, Fill::Some), (1, Fill::Some), (3, Fill::Some)];
    let built = Disk::small(Creator::Windows, Kind::Dynamic, &allocated).build();
    let sector = number32(&built.bytes, BAT_AT + 4);
    let mut damaged = built.bytes.clone();
    put(&mut damaged, BAT_AT + 4, &[0xFF; 4]);
    let world = World::new()?;
    world.write("disk.vhd", &damaged)?;
    let assign = format!("1={sector}");
    let checked = said(&world.run(&["check", "disk.vhd"])?);
    assert!(checked.contains(&format!("--assign BLOCK={sector}: nothing")), "{checked}");
    let refused = world.run(&["repair", "disk.vhd", "--assign", &assign, "-o", "copy.vhd"])?;
    assert_eq!(code(&refused), 1, "it is not proven");
    let output = world.run(&["repair", "disk.vhd", "--assign", &assign, "--allow-loss", "-o", "copy.vhd"])?;
    assert_eq!(code(&output), 0, "{}", complained(&output));
    assert!(numbers(&said(&output)).contains(&u64::from(sector)), "{}", said(&output));
    assert!(fs::read(world.path("copy.vhd"))? == built.bytes);
    let onto_another = sector + 129;
    for (wrong, named) in [
        ("9=40", "9"),
        (&format!("5={sector}"), "in use"),
        ("1=1", "1"),
        ("1=0xffffff", "16777215"),
        (&format!("0={onto_another}"), "3"),
        ("1", "BLOCK=SECTOR"),
        ("x=4", "5=8223"),
    ] {
        let output = world.run(&["repair", "disk.vhd", "--assign", wrong, "--allow-loss", "-o", "other.vhd"])?;
        assert_eq!(code(&output), 2, "{wrong}");
        assert!(complained(&output).replace('\n', " ").contains(named), "{wrong}: {}", complained(&output));
    }
    Ok(())
}

/// A loop device, which takes rights; it goes with its value.
struct Loop(String);

impl Loop {
    fn of(world: &World, image: &str) -> Option<Self> {
        let output = Command::new("losetup").args(["--show", "-f"]).arg(world.path(image)).output().ok()?;
        output.status.success().then(|| Self(String::from_utf8_lossy(&output.stdout).trim().to_owned()))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").args(["-d", &self.0]).status();
    }
}

/// A logical volume that is larger than its disk: the footer goes into its last sector, by copy and in place, and back.
#[test]
fn a_device_is_repaired_within_its_length() -> Outcome {
    let world = World::new()?;
    let sound = cases()?["sound-tap"].image()?;
    let mut volume = sound[..sound.len() - SECTOR].to_vec();
    volume.resize((sound.len() + (4 << 20)).next_multiple_of(4 << 20), 0);
    world.write("volume", &volume)?;
    let Some(device) = Loop::of(&world, "volume") else {
        println!("skipped: no loop device is to be had here");
        return Ok(());
    };
    let output = world.run(&["repair", &device.0, "-o", "copy"])?;
    assert_eq!(code(&output), 0, "{}", complained(&output));
    let copy = fs::read(world.path("copy"))?;
    assert_eq!(copy.len(), volume.len(), "as long as the device, to be copied back");
    assert!(copy[copy.len() - SECTOR..] == sound[sound.len() - SECTOR..]);
    let output = world.run(&["repair", &device.0, "--in-place"])?;
    assert_eq!(code(&output), 0, "{}", complained(&output));
    let in_place = || -> std::io::Result<Vec<u8>> {
        let mut bytes = vec![0; volume.len()];
        fs::File::open(&device.0)?.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    };
    let repaired = in_place()?;
    assert!(repaired == copy);
    assert!(read_virtual(&repaired).is_some_and(|content| Some(content) == read_virtual(&sound)));
    assert_eq!(code(&world.run(&["check", &device.0])?), 0);
    let undo = world.files()?.into_iter().find(|name| name.ends_with(".undo")).ok_or("no undo file")?;
    assert_eq!(code(&world.run(&["repair", &device.0, "--undo", &undo])?), 0);
    assert!(in_place()? == volume);
    Ok(())
}
