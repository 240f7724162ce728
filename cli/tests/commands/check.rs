//! `check` and `read`.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use serde_json::Value;
use vhd_analyser_core::Verdict::{NotAVhd, Sound};
use vhd_analyser_core::units;
use vhd_analyser_tests::analysed::analysed;
use vhd_analyser_tests::bytes::{put, seal};
use vhd_analyser_tests::corpus::cases;
use vhd_analyser_tests::{huge, schema};

use crate::world::{NOW, Outcome, World, code, complained, has_line, names_this_process, numbers, objects, said};

/// Every case by itself: the exit code says what the verdict says.
#[test]
fn exit_codes_follow_the_verdict() -> Outcome {
    for (name, case) in cases()? {
        let image = case.image()?;
        let world = World::holding(&image)?;
        // A differencing disk is alone here, without its parent.
        let expected = match vhd_analyser_core::report::build(&analysed(&image, "disk.vhd")?, None).verdict {
            Sound => 0,
            NotAVhd => 2,
            _ => 1,
        };
        let output = world.run(&["check", "--now", NOW, "disk.vhd"])?;
        assert_eq!(code(&output), expected, "{name}");
        assert_eq!(complained(&output), "", "{name}");
        assert!(!output.stdout.contains(&0x1B), "{name}: no colours in a pipe");
    }
    Ok(())
}

/// All cases in one go, and a file that is not there among them: an object for each that is.
#[test]
fn json_is_an_object_a_line_with_the_names_that_scripts_rely_on() -> Outcome {
    let world = World::new()?;
    let mut arguments = ["check", "--json", "--now", NOW].map(PathBuf::from).to_vec();
    let cases = cases()?;
    for (name, case) in &cases {
        if name == "sound-tap" {
            arguments.push("nowhere.vhd".into());
        }
        fs::write(world.path(name), case.image()?)?;
        arguments.push(name.into());
    }
    let output = world.run(&arguments)?;
    assert_eq!(code(&output), 2, "the worst counts");
    assert_eq!(complained(&output).lines().count(), 1, "{}", complained(&output));
    assert!(complained(&output).contains("nowhere.vhd"));
    let objects = objects(&output)?;
    assert_eq!(objects.len(), cases.len());
    let schema = schema::report()?;
    for (object, (name, case)) in objects.iter().zip(&cases) {
        expect_file(object, name)?;
        assert_eq!(schema::objections(&schema, object), "", "{name}");
        assert_eq!(object["date"], "2026-11-24T00:00:00Z", "{name}");
        let image = case.image()?;
        let report = vhd_analyser_core::report::build(&analysed(&image, name)?, None);
        assert_eq!(object["size"].as_u64(), Some(image.len() as u64), "{name}");
        assert_eq!(object["verdict"], serde_json::to_value(report.verdict)?, "{name}");
        assert_eq!(object["findings"].as_array().map(Vec::len), Some(report.findings.len()), "{name}");
        assert_eq!(object["repair"].is_null(), report.repair.is_none(), "{name}");
    }
    Ok(())
}

/// What vhd-util and QEMU would answer, with the parents where they are: as recorded, for every case.
#[test]
fn tools_answer_as_recorded() -> Outcome {
    let schema = schema::report()?;
    for (name, case) in cases()? {
        let world = World::new()?;
        for file in case.files.keys() {
            fs::write(world.path(file), case.file(file)?)?;
        }
        let plain = ["check", "--json", "--now", NOW, &case.target];
        let parents = ["check", "--json", "--now", NOW, &case.target, "--parents"];
        let (check, check_parents) = (&case.vhd_util.check, &case.vhd_util.check_parents);
        for (arguments, recorded) in [(&plain[..], check), (&parents[..], check_parents)] {
            let flag = arguments.last().copied().unwrap_or_default();
            let output = world.run(arguments)?;
            let object = objects(&output)?.into_iter().next().ok_or("no object")?;
            assert_eq!(schema::objections(&schema, &object), "", "{name} {flag}");
            let vhd_util = &object["vhd_util"];
            assert_eq!(vhd_util["accepts"].as_bool(), Some(recorded.rc == 0), "{name} {flag}");
            assert_eq!(vhd_util["says"].as_str(), Some(recorded.says.as_str()), "{name} {flag}");
            let (qemu, answer) = (&object["qemu"], &case.qemu_img_info);
            assert_eq!(qemu["accepts"].as_bool(), Some(answer.rc == 0), "{name}");
            assert_eq!(qemu["virtual_size"].as_u64(), answer.virtual_size, "{name}");
        }
    }
    Ok(())
}

/// With `--parents` the answer is that of the whole chain, and each ancestor is told for itself.
#[test]
fn parents_count_where_they_are_asked_for() -> Outcome {
    let expected: &[(&str, i32, &str, &[&str], usize)] = &[
        ("sound-chain-2", 0, "sound", &[], 1),
        ("sound-chain-3", 0, "sound", &[], 2),
        ("chain-child-larger", 0, "sound", &["chain.parent-smaller"], 1),
        ("chain-parent-missing", 1, "incomplete", &["chain.parent-missing"], 0),
        ("chain-parent-uuid", 1, "unrepairable", &["chain.parent-unique-id"], 1),
        ("chain-parent-footer", 1, "repairable", &["chain.parent-damaged"], 1),
        ("chain-middle-footer", 1, "repairable", &["chain.parent-damaged"], 2),
    ];
    for (name, exit, verdict, ids, ancestors) in expected {
        let case = &cases()?[*name];
        let world = World::new()?;
        for file in case.files.keys() {
            fs::write(world.path(file), case.file(file)?)?;
        }
        let output = world.run(&["check", "--json", "--parents", "--now", NOW, &case.target])?;
        assert_eq!(code(&output), *exit, "{name}");
        let object = objects(&output)?.into_iter().next().ok_or("no object")?;
        expect_file(&object, &case.target)?;
        assert_eq!(object["verdict"].as_str(), Some(*verdict), "{name}");
        let chain = object["chain"].as_array().ok_or("chain")?;
        assert!(chain.iter().all(|ancestor| ancestor["metadata"][0]["sha256"].is_string()), "{name}");
        assert_eq!(chain.len(), *ancestors, "{name}");
        let told: Vec<_> = object["findings"].as_array().ok_or("findings")?.iter().collect();
        for id in *ids {
            assert!(told.iter().any(|finding| finding["id"] == *id), "{name}: {id}");
        }
        // Without it, the disk is judged by itself.
        let output = world.run(&["check", "--json", "--now", NOW, &case.target])?;
        assert!(objects(&output)?[0]["chain"].is_null(), "{name}");
    }
    Ok(())
}

/// A disk that is its own ancestor is told as such, and does not go on for ever.
#[test]
fn a_chain_in_a_circle_ends() -> Outcome {
    let case = &cases()?["sound-chain-2"];
    let world = World::new()?;
    fs::write(world.path("child.vhd"), case.file("child.vhd")?)?;
    // The child names parent.vhd, and finds itself.
    std::os::unix::fs::symlink("child.vhd", world.path("parent.vhd"))?;
    let output = world.run(&["check", "--json", "--parents", "--now", NOW, "child.vhd"])?;
    assert_eq!(code(&output), 1);
    let object = objects(&output)?.into_iter().next().ok_or("no object")?;
    assert_eq!(object["findings"][0]["id"], "chain.loop");
    Ok(())
}

/// The names and types of one file's object.
fn expect_file(object: &Value, name: &str) -> Outcome {
    let verdicts = ["sound", "incomplete", "repairable", "salvageable", "unrepairable", "not-a-vhd"];
    assert_eq!(object["file"].as_str(), Some(name));
    assert!(verdicts.contains(&object["verdict"].as_str().ok_or("verdict")?), "{name}");
    for finding in object["findings"].as_array().ok_or("findings")? {
        let severity = finding["severity"].as_str().ok_or("severity")?;
        assert!(["error", "warning", "info"].contains(&severity), "{name}");
        assert!(finding["id"].is_string() && finding["message"].is_string(), "{name}");
        assert!(finding["offset"].is_u64() && finding["length"].is_u64(), "{name}");
        let tools = ["vhd-util", "qemu", "hyper-v", "xen-orchestra", "azure"];
        let minds = |tool: &Value| tool.as_str().is_some_and(|tool| tools.contains(&tool));
        assert!(finding["rejected_by"].as_array().ok_or("rejected_by")?.iter().all(minds), "{name}");
    }
    assert!(object["vhd_util"]["accepts"].is_boolean() && object["vhd_util"]["says"].is_string(), "{name}");
    let size = &object["qemu"]["virtual_size"];
    assert!(object["qemu"]["accepts"].is_boolean() && (size.is_u64() || size.is_null()), "{name}");
    let repair = &object["repair"];
    if repair.is_null() {
        return Ok(());
    }
    assert!(repair["lossless"].is_boolean() && repair["new_size"].is_u64(), "{name}");
    assert!(repair["loses"].as_array().ok_or("loses")?.iter().all(Value::is_string), "{name}");
    for patch in repair["patches"].as_array().ok_or("patches")? {
        assert!(patch["offset"].is_u64() && patch["length"].is_u64() && patch["reason"].is_string(), "{name}");
    }
    Ok(())
}

/// A person is told the answer, the place, what vhd-util says, and what would be done.
#[test]
fn a_person_is_told_what_why_and_what_next() -> Outcome {
    let world = World::with("tap-primary-cookie")?;
    let text = said(&world.run(&["check", "disk.vhd"])?);
    let report = vhd_analyser_core::report::build(&analysed(&fs::read(world.path("disk.vhd"))?, "disk.vhd")?, None);
    for sentence in report.scope.sentences().iter().chain([&report.headline, &report.explanation[0]]) {
        assert!(text.contains(sentence), "{sentence} is not in:\n{text}");
    }
    for parts in [
        &["▲ REPAIRABLE"][..],
        &[&report.findings[0].title, "vhd-util: primary footer invalid: invalid cookie"],
        &["footer.primary.cookie", &units::exact_size(8), "0x804000", "8404992"],
        &["63 6f 6e 65 63 74 69 78"],
        &[&units::exact_size(512), "0x804000"],
        &["vhd-analyser repair disk.vhd -o COPY"],
    ] {
        assert!(has_line(&text, parts), "{parts:?} is not in:\n{text}");
    }
    assert_eq!(world.files()?, ["disk.vhd"], "nothing was written");
    Ok(())
}

/// What somebody else has open is named.
#[test]
fn a_disk_in_use_is_said_to_be_in_use() -> Outcome {
    let world = World::with("tap-primary-cookie")?;
    let held = fs::File::options().write(true).open(world.path("disk.vhd"))?;
    let text = said(&world.run(&["check", "disk.vhd"])?);
    assert!(names_this_process(&text), "{text}");
    drop(held);
    assert!(!names_this_process(&said(&world.run(&["check", "disk.vhd"])?)));
    Ok(())
}

/// With `--deep` the blocks are counted.
#[test]
fn deep_reads_the_blocks() -> Outcome {
    let world = World::with("sound-tap")?;
    let output = world.run(&["check", "--deep", "disk.vhd"])?;
    assert_eq!(code(&output), 0);
    assert!(numbers(&said(&output)).contains(&12_288), "{}", said(&output));
    Ok(())
}

#[test]
fn the_clock_can_be_fixed() -> Outcome {
    let world = World::with("sound-tap")?;
    assert_eq!(code(&world.run(&["check", "--now", "0", "disk.vhd"])?), 1, "made in the future");
    assert_eq!(code(&world.run(&["check", "--now", NOW, "disk.vhd"])?), 0);
    Ok(())
}

#[test]
fn what_is_asked_for_wrongly_ends_with_two() -> Outcome {
    let world = World::with("sound-tap")?;
    fs::create_dir(world.path("folder"))?;
    rustix::fs::mknodat(
        rustix::fs::CWD,
        world.path("pipe"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_bits_truncate(0o600),
        0,
    )?;
    let wrong: &[&[&str]] = &[
        &[],
        &["check"],
        &["check", "--now", "yesterday", "disk.vhd"],
        &["check", "nowhere.vhd"],
        &["check", "folder"],
        &["check", "pipe"],
        &["read", "folder"],
        &["read", "nowhere.vhd"],
        &["read", "disk.vhd", "--tz", "7"],
        &["repair", "disk.vhd"],
        &["repair", "nowhere.vhd", "-o", "copy.vhd"],
        &["repair", "disk.vhd", "-o", "copy.vhd", "--in-place"],
        &["repair", "disk.vhd", "-o", "copy.vhd", "--journal", "nowhere"],
        &["repair", "disk.vhd", "-o", "copy.vhd", "--plan", "2"],
        &["repair", "disk.vhd", "-o", "copy.vhd", "--hide", "--unhide"],
        &["repair", "disk.vhd", "-o", "copy.vhd", "--as-fixed", "five5"],
        &["repair", "disk.vhd", "-o", "copy.vhd", "--parent", "nowhere"],
        &["repair", "disk.vhd", "--undo", "disk.vhd"],
    ];
    for arguments in wrong {
        let output = world.run(arguments)?;
        assert_eq!(code(&output), 2, "{arguments:?}");
        assert!(!output.stderr.is_empty(), "{arguments:?} is answered");
    }
    assert_eq!(world.files()?, ["disk.vhd", "folder", "pipe"]);
    Ok(())
}

#[test]
fn names_may_be_any_bytes() -> Outcome {
    let world = World::with("tap-primary-cookie")?;
    let name = OsStr::from_bytes(b"d\xFFsk\x1B[2J.vhd");
    fs::rename(world.path("disk.vhd"), world.path(name))?;
    let output = world.run(&[OsStr::new("check"), name])?;
    assert_eq!(code(&output), 1);
    assert!(!output.stdout.contains(&0x1B), "nothing that a terminal obeys");
    assert_eq!(code(&world.run(&[OsStr::new("check"), OsStr::new("--json"), name])?), 1);
    assert_eq!(code(&world.run(&[OsStr::new("read"), name])?), 0);
    let copy = OsStr::from_bytes(b"c\xFFpy.vhd");
    assert_eq!(code(&world.run(&[OsStr::new("repair"), name, OsStr::new("-o"), copy])?), 0);
    assert!(world.path(copy).exists());
    assert_eq!(code(&world.run(&[OsStr::new("repair"), name, OsStr::new("--in-place")])?), 0);
    assert!(world.path(OsStr::from_bytes(b"d\xFFsk\x1B[2J.vhd.undo")).exists());
    Ok(())
}

/// A reader that goes away, a full disk, and closed streams: answered, never with a panic.
#[test]
fn streams_may_be_closed() -> Outcome {
    let world = World::with("tap-primary-cookie")?;
    let output = world.shell("\"$0\" check disk.vhd <&-")?;
    assert_eq!((code(&output), complained(&output)), (1, String::new()));
    let output = world.shell("\"$0\" check disk.vhd >&-")?;
    assert_eq!(code(&output), 1);
    let output = world.shell("\"$0\" repair disk.vhd -o copy.vhd <&- >&- 2>&-")?;
    assert_eq!(code(&output), 0);
    let output = world.shell("(sleep 0.2; \"$0\" check --json disk.vhd) | true")?;
    assert_eq!(complained(&output), "");
    let output = world.shell("\"$0\" check disk.vhd >/dev/full")?;
    assert_eq!(code(&output), 2);
    // What the system says of it.
    let no_space = io::Error::from_raw_os_error(28).to_string();
    assert!(complained(&output).starts_with("vhd-analyser: "), "{}", complained(&output));
    assert!(complained(&output).contains(&no_space), "{}", complained(&output));
    let output = world.shell("\"$0\" check nowhere.vhd 2>/dev/full")?;
    assert_eq!(code(&output), 2);
    Ok(())
}

#[test]
fn read_prints_what_vhd_util_prints() -> Outcome {
    for (name, case) in cases()? {
        let world = World::new()?;
        fs::write(world.path(&case.target), case.image()?)?;
        let output = world.run(&["read", &case.target])?;
        assert_eq!(said(&output), case.vhd_util.read_headers.text, "{name}");
        assert_eq!(code(&output), 0, "{name}");
    }
    Ok(())
}

#[test]
fn read_shifts_times() -> Outcome {
    let world = World::with("tap-truncated")?;
    for (offset, time) in [("+00:00", "05:06:27"), ("+07:00", "12:06:27"), ("-05:30", "23:36:27")] {
        let text = said(&world.run(&["read", "disk.vhd", "--tz", offset])?);
        assert!(text.contains(time), "{offset}: {text}");
    }
    Ok(())
}

/// A disk that was made on a raw image, in a folder with whatever is at the image's place.
fn on_a_raw_image(base: Option<&[u8]>) -> Result<World, Box<dyn std::error::Error>> {
    let world = World::new()?;
    let mut child = cases()?["sound-chain-2"].file("child.vhd")?;
    // The parent's unique id.
    put(&mut child, 512 + 40, &[0; 16]);
    seal(&mut child[512..1536], 36);
    fs::write(world.path("child.vhd"), child)?;
    if let Some(base) = base {
        fs::write(world.path("parent.vhd"), base)?;
    }
    Ok(world)
}

/// `check --parents`, `scan` and `flatten` agree whether a disk can be read through what is at the place of its raw
/// image.
#[test]
fn what_is_in_the_place_of_a_raw_image_is_looked_at() -> Outcome {
    let vhd = cases()?["sound-chain-2"].file("parent.vhd")?;
    let cases: [(Option<&[u8]>, i32); 3] = [(Some(&[7; 4096]), 0), (None, 1), (Some(&vhd), 1)];
    for (base, exit) in cases {
        let world = on_a_raw_image(base)?;
        let checked = world.run(&["check", "--parents", "--now", NOW, "child.vhd"])?;
        assert_eq!(code(&checked), exit, "{}", said(&checked));
        let scanned = world.run(&["scan", "--now", NOW, "."])?;
        assert_eq!(code(&scanned), exit, "{}", said(&scanned));
        let flattened = world.run(&["flatten", "child.vhd", "-o", "flat.vhd"])?;
        assert_eq!(code(&flattened), exit, "{}", complained(&flattened));
    }
    Ok(())
}

/// What is no disk where the parent should be is not opened: to open a pipe is to wait for somebody at its other end.
#[test]
fn a_pipe_in_the_place_of_the_parent_is_no_parent() -> Outcome {
    let world = World::new()?;
    fs::write(world.path("child.vhd"), cases()?["sound-chain-2"].file("child.vhd")?)?;
    let check = "mkfifo parent.vhd && exec timeout 20 $0 check --json --parents --now 848793600 child.vhd";
    let output = world.shell(check)?;
    assert_eq!(code(&output), 1, "{}", complained(&output));
    let [report] = &objects(&output)?[..] else { return Err("one disk".into()) };
    let findings = report["findings"].as_array().into_iter().flatten();
    assert!(findings.clone().any(|finding| finding["id"] == "chain.parent-missing"), "{report}");
    Ok(())
}

/// A block of 1 GiB is read in pieces, by the deep check and by the repair of its bitmap: within 128 MiB, with the program.
#[test]
fn memory_does_not_grow_with_the_size_of_a_block() -> Outcome {
    let world = World::new()?;
    huge::write_large_block(&world.path("disk.vhd"))?;
    let output = world.shell("ulimit -v 131072; \"$0\" check --deep --json disk.vhd")?;
    assert_eq!((code(&output), complained(&output)), (1, String::new()));
    let [report] = &objects(&output)?[..] else { return Err("one disk".into()) };
    assert_eq!(report["findings"][0]["id"], "block.hidden-data");
    let patches = report["repair"]["patches"].as_array().ok_or("a repair")?;
    assert_eq!(patches.len(), 1, "{patches:?}");
    Ok(())
}
