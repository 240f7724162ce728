//! `explain`: what logs say, however large or hostile they are.

use std::fs;
use std::io::{self, Write};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use vhd_analyser_logs::{not_a_log, patterns};
use vhd_analyser_tests::schema;

use crate::world::{Outcome, World, code, complained, has_line, in_one_line, numbers, objects, said};

const NOVA: &str = include_str!("../../../tests/images/incident/nova-compute.log");
const SM: &str = include_str!("../../../tests/images/incident/SMlog");
/// More than this the program may not even ask for, in KiB.
const ENOUGH: u32 = 64 << 10;

fn packed(text: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text)?;
    encoder.finish()
}

fn incident() -> io::Result<World> {
    let world = World::new()?;
    fs::write(world.path("nova-compute.log"), NOVA)?;
    fs::write(world.path("SMlog"), SM)?;
    Ok(world)
}

/// Runs `explain -` on what `write` writes, in little memory.
fn streamed(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<Output, Box<dyn std::error::Error>> {
    let script = format!("ulimit -v {ENOUGH} && exec \"$0\" explain --json -");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_vhd-analyser")]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        write(&mut stdin)?;
    }
    Ok(child.wait_with_output()?)
}

#[test]
fn the_incident_is_told_the_newest_first() -> Outcome {
    let world = incident()?;
    let output = world.run(&["explain", "--all", "nova-compute.log", "SMlog"])?;
    assert_eq!(code(&output), 1);
    let text = said(&output);
    let answer = objects(&world.run(&["explain", "--json", "nova-compute.log", "SMlog"])?)?.remove(0);
    let troubles = answer["troubles"].as_array().ok_or("troubles")?;
    let mut places = Vec::new();
    for (trouble, id) in troubles.iter().zip(["smgc.set-size", "nova.coalesce-timeout"]) {
        let pattern = patterns::all().find(|pattern| pattern.id == id).ok_or("a pattern")?;
        assert_eq!((&trouble["id"], &trouble["title"]), (&id.into(), &pattern.title.into()));
        let detail = trouble["detail"].as_str().ok_or("a detail")?;
        let headline = text.lines().find(|line| line.contains(pattern.title) && line.contains(detail));
        places.push(headline.and_then(|line| text.find(line)).ok_or_else(|| format!("{id} is missing in {text}"))?);
    }
    assert!(troubles.len() == 2 && places.is_sorted(), "{places:?} in {text}");
    assert!(troubles[1]["detail"].as_str().is_some_and(|detail| numbers(detail) == [20]), "{}", troubles[1]);
    assert!(text.contains("8c8a0f6e-7108-4202-bbd6-9e3dffda4688"), "{text}");
    let scan = "xe sr-scan uuid=0995f66a-6188-ad63-4d00-117498b7fd46";
    assert!(text.contains(&format!("      {scan}\n")), "{text}");
    let commands = troubles.iter().flat_map(|trouble| trouble["commands"].as_array().into_iter().flatten());
    let warning = commands.filter(|step| step["line"] == scan).find_map(|step| step["warning"].as_str());
    assert!(warning.is_some_and(|warning| !warning.is_empty() && in_one_line(&text).contains(warning)), "{text}");
    Ok(())
}

/// A short answer names what, why, what to do and what to run first; all of it comes on request.
#[test]
fn an_answer_is_short_unless_all_is_wanted() -> Outcome {
    let world = incident()?;
    let all = said(&world.run(&["explain", "-v", "nova-compute.log", "SMlog"])?);
    let short = said(&world.run(&["explain", "nova-compute.log", "SMlog"])?);
    let answer = objects(&world.run(&["explain", "--json", "nova-compute.log", "SMlog"])?)?.remove(0);
    let troubles = answer["troubles"].as_array().ok_or("troubles")?;
    for trouble in troubles {
        for name in ["title", "why", "remedy"] {
            let text = trouble[name].as_str().ok_or("a text")?;
            assert!(in_one_line(&short).contains(text), "{text} in {short}");
        }
        assert!(!in_one_line(&short).contains(trouble["check"].as_str().ok_or("a text")?), "{short}");
        for step in trouble["commands"].as_array().ok_or("commands")? {
            let line = step["line"].as_str().ok_or("a line")?;
            let writes = step["warning"].as_str().is_some_and(|warning| !warning.is_empty());
            assert!(!writes || !short.contains(line), "{line} writes and comes without a word of warning");
        }
    }
    assert!(short.lines().count() <= 8 * troubles.len() + 3, "{short}");
    assert!(all.lines().count() > 2 * short.lines().count(), "{all}");
    Ok(())
}

/// A short answer has no command for a volume that another one, which it leaves out, would have to make visible.
#[test]
fn a_short_answer_reads_no_hidden_volume() -> Outcome {
    let world = World::new()?;
    let volume = "/dev/VG_XenStorage-0995f66a-6188-ad63-4d00-117498b7fd46/VHD-91499ab6-63e9-47cf-b73a-b7fc2b09dcc7";
    let log = format!("error opening {volume}: -22\n\n\n\n\n\n{volume} appears invalid; dumping metadata\n");
    fs::write(world.path("log"), log)?;
    let [short, all] = [&["explain", "log"] as &[_], &["explain", "-v", "log"]].map(|command| world.run(command));
    let (short, all) = (said(&short?), said(&all?));
    assert!(all.contains(&format!("lvchange -ay {volume}")) && all.contains(&format!("check -n {volume}")), "{all}");
    assert!(short.contains("xe vdi-list") && !short.contains(&format!("-n {volume}")), "{short}");
    Ok(())
}

/// A text that has nothing of a log is not said to be without trouble.
#[test]
fn a_text_of_no_known_kind_is_no_quiet_log() -> Outcome {
    let world = World::new()?;
    let texts = [
        ("In the midst of the way of our life I came to myself in a dark wood.\n", 2),
        ("Sep 14 16:36:26 host SM: [77] pread SUCCESS\n", 0),
        ("{\n  \"status\": \"success\"\n}\n", 0),
        ("", 0),
    ];
    for (text, exit) in texts {
        fs::write(world.path("log"), text)?;
        let output = world.run(&["explain", "log"])?;
        assert_eq!(code(&output), exit, "{text}");
        assert_eq!(complained(&output).contains("log"), exit == 2, "{}", complained(&output));
    }
    Ok(())
}

/// The ids of what was found, from JSON.
fn ids(output: &Output) -> Result<Vec<String>, Box<dyn std::error::Error>> {
    let object = objects(output)?.into_iter().next().ok_or("no object")?;
    let findings = object["troubles"].as_array().ok_or("troubles")?;
    Ok(findings.iter().filter_map(|finding| Some(finding["id"].as_str()?.to_owned())).collect())
}

/// Of two kinds of trouble with one disk the commands are told once.
#[test]
fn the_same_commands_are_not_told_again() -> Outcome {
    let world = World::new()?;
    let head = "Sep 14 16:36:26 x SM: [7]";
    let disk = "vdi 91499ab6-63e9-47cf-b73a-b7fc2b09dcc7";
    let log = format!("{head} {disk}: The VDI is currently in use\n{head} {disk}: The VDI is not available\n");
    fs::write(world.path("SMlog"), log)?;
    let text = said(&world.run(&["explain", "SMlog"])?);
    assert_eq!(text.matches("xe vdi-list uuid=91499ab6").count(), 1, "{text}");
    assert_eq!(ids(&world.run(&["explain", "--json", "SMlog"])?)?.len(), 2, "both are told");
    Ok(())
}

/// What `explain --json` printed, held against its schema.
fn explained(world: &World, logs: &[String]) -> Result<Value, Box<dyn std::error::Error>> {
    let arguments = ["explain".into(), "--json".into()].into_iter().chain(logs.iter().cloned());
    let output = world.run(&arguments.collect::<Vec<String>>())?;
    let answer = objects(&output)?.into_iter().next().ok_or("no object")?;
    assert_eq!(schema::objections(&schema::explain()?, &answer), "", "{logs:?}");
    Ok(answer)
}

/// Of the incident, of each pattern by itself and of all together. No name may be there or missing without the schema.
#[test]
fn json_keeps_to_its_schema() -> Outcome {
    let world = incident()?;
    let answer = explained(&world, &["nova-compute.log".into(), "SMlog".into()])?;
    assert_eq!(schema::leniency(&schema::explain()?, &answer, &[]), "");
    let mut logs = Vec::new();
    for (pattern, excerpt) in
        patterns::all().flat_map(|pattern| pattern.excerpts.iter().map(move |text| (pattern, text)))
    {
        let log = format!("{}.{}.log", pattern.id, logs.len());
        fs::write(world.path(&log), excerpt)?;
        logs.push(log);
    }
    let answer = explained(&world, &logs)?;
    // Those of one process and one second are one failure.
    assert!(answer["troubles"].as_array().is_some_and(|troubles| troubles.len() > 30), "{answer:#}");
    fs::write(world.path("empty.log"), "")?;
    assert_eq!(explained(&world, &["empty.log".into()])?["troubles"], serde_json::json!([]));
    Ok(())
}

#[test]
fn packed_logs_and_standard_input_say_the_same() -> Outcome {
    let world = incident()?;
    fs::write(world.path("SMlog.gz"), packed(SM.as_bytes())?)?;
    // Rotated logs are appended to one another.
    let halves = SM.split_at(SM.len() / 2);
    fs::write(world.path("two.gz"), [packed(halves.0.as_bytes())?, packed(halves.1.as_bytes())?].concat())?;
    for name in ["SMlog", "SMlog.gz", "two.gz"] {
        let output = world.run(&["explain", "--json", name])?;
        assert_eq!((code(&output), ids(&output)?), (1, vec!["smgc.set-size".to_owned()]), "{name}");
    }
    let output = world.shell("\"$0\" explain --json - < SMlog.gz")?;
    assert_eq!(ids(&output)?, ["smgc.set-size"]);
    Ok(())
}

#[test]
fn nothing_known_and_nothing_readable_are_told_apart() -> Outcome {
    let world = World::new()?;
    fs::write(world.path("quiet.log"), "Sep 14 16:36:26 x SM: [1] all is well\n")?;
    fs::write(world.path("empty.log"), "")?;
    for name in ["quiet.log", "empty.log"] {
        let output = world.run(&["explain", "--json", name])?;
        assert_eq!((code(&output), ids(&output)?), (0, vec![]), "{name}");
        assert!(!said(&world.run(&["explain", name])?).is_empty(), "{name}: that nothing is known is said");
    }
    fs::write(world.path("SMlog"), SM)?;
    let output = world.run(&["explain", "--json", "missing.log", "SMlog"])?;
    assert_eq!(code(&output), 2);
    assert!(complained(&output).contains("missing.log"));
    assert_eq!(ids(&output)?, ["smgc.set-size"], "the other one is explained");
    assert_eq!(code(&world.run(&["explain", "."])?), 2);
    assert_eq!(code(&world.run(&["explain"])?), 2);
    Ok(())
}

/// What stands before the break is explained, and the break is told.
#[test]
fn a_broken_gzip_is_read_as_far_as_it_goes() -> Outcome {
    let world = World::new()?;
    let long = SM.repeat(200);
    let mut whole = packed(long.as_bytes())?;
    fs::write(world.path("cut.gz"), &whole[..whole.len() - 20])?;
    let last = whole.len() - 6;
    whole[last] ^= 0xFF;
    fs::write(world.path("sum.gz"), &whole)?;
    fs::write(world.path("none.gz"), [0x1F, 0x8B, 9, 9])?;
    for (name, is_explained) in [("cut.gz", true), ("sum.gz", true), ("none.gz", false)] {
        let output = world.run(&["explain", "--json", name])?;
        assert_eq!(code(&output), 2, "{name}");
        assert!(complained(&output).contains(name), "{name}: {}", complained(&output));
        assert_eq!(ids(&output)?.iter().any(|id| id == "smgc.set-size"), is_explained, "{name}");
    }
    Ok(())
}

#[test]
fn nothing_that_a_terminal_obeys_is_shown() -> Outcome {
    let world = World::new()?;
    let line = b"Sep 14 16:36:26 x SM: [1] \x1b[2J\x9b1m\xc2\x9b2J\x07\r\x00\xff\xe2\x80\xae No space left on device \x1b]0;x\n";
    fs::write(world.path("a\u{1b}[2J.log"), line)?;
    for mode in ["--all", "--json"] {
        let arguments: Vec<_> = ["explain"].into_iter().chain([mode]).chain(["a\u{1b}[2J.log"]).collect();
        let output = world.run(&arguments)?;
        assert_eq!(code(&output), 1);
        let text = said(&output);
        assert!(text.contains("No space left on device"));
        assert!(
            !text.chars().any(|letter| (letter.is_control() && letter != '\n') || letter == '\u{202E}'),
            "{text:?}"
        );
    }
    Ok(())
}

#[test]
fn noise_is_no_trouble() -> Outcome {
    let mut state = 1_u64;
    let mut byte = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    let noise: Vec<u8> = (0..4 << 20).map(|_| byte()).collect();
    let output = streamed(|log| log.write_all(&noise))?;
    assert_eq!((code(&output), complained(&output).as_str()), (0, ""));
    Ok(())
}

/// 200 MB in less than 64 MiB of memory, and of its trouble none is missed.
#[test]
fn a_large_log_takes_little_memory() -> Outcome {
    let quiet = "Nov 13 12:31:27 x SM: [27829] lock: acquired /var/lock/sm/25e96f21-b8d3-f880-3df5-f71897c52429/sr\n";
    let chunk = quiet.repeat(10_000) + SM;
    let rounds = (200 << 20) / chunk.len();
    let output = streamed(|log| (0..rounds).try_for_each(|_| log.write_all(chunk.as_bytes())))?;
    assert_eq!(code(&output), 1, "{}", complained(&output));
    let objects = objects(&output)?;
    assert_eq!(objects[0]["troubles"][0]["id"], "smgc.set-size");
    assert_eq!(objects[0]["lines"], chunk.lines().count() * rounds);
    Ok(())
}

#[test]
fn an_endless_line_takes_little_memory() -> Outcome {
    let part = vec![b'x'; 1 << 20];
    let output = streamed(|log| {
        (0..100).try_for_each(|_| log.write_all(&part))?;
        log.write_all(b"\nSep 14 16:36:26 x SM: [1] No space left on device\n")
    })?;
    assert_eq!(code(&output), 1, "{}", complained(&output));
    assert_eq!(objects(&output)?[0]["troubles"][0]["last"]["line"], 2);
    Ok(())
}

/// What Windows saves: a mark, UTF-16, and carriage returns.
#[test]
fn logs_in_utf_16_say_the_same() -> Outcome {
    let world = incident()?;
    let plain = world.run(&["explain", "--json", "SMlog"])?;
    let windows = SM.replace('\n', "\r\n");
    for unit in [u16::to_le_bytes, u16::to_be_bytes] {
        let bytes: Vec<u8> = [0xFEFF].into_iter().chain(windows.encode_utf16()).flat_map(unit).collect();
        fs::write(world.path("SMlog"), bytes)?;
        let output = world.run(&["explain", "--json", "SMlog"])?;
        assert_eq!(objects(&output)?, objects(&plain)?);
    }
    Ok(())
}

/// A line without an end, as of a log that a tool wrote into one: no trouble in it is passed over.
#[test]
fn trouble_far_behind_in_a_line_is_found() -> Outcome {
    let world = World::new()?;
    let words = "Sep 14 16:36:26 host SM: [77] OSError: [Errno 116] Stale file handle";
    fs::write(world.path("log"), format!("{}{words}{}", "x".repeat(40 << 20), "y".repeat(40 << 20)))?;
    let output = world.run(&["explain", "--json", "log"])?;
    let answer = objects(&output)?.into_iter().next().ok_or("no object")?;
    assert_eq!((code(&output), answer["lines"].as_u64(), answer["left_out"].as_u64()), (1, Some(1), Some(0)));
    assert_eq!(answer["troubles"].as_array().map(Vec::len), Some(1), "{answer}");
    Ok(())
}

/// Nothing is said to be without trouble that was not looked through.
#[test]
fn what_is_no_log_is_refused() -> Outcome {
    let world = World::with("sound-tap")?;
    fs::write(world.path("log.xz"), b"\xFD7zXZ\0 and more")?;
    fs::write(world.path("disk.vhd.gz"), packed(&fs::read(world.path("disk.vhd"))?)?)?;
    // As what it is known by its beginning, once it is unpacked.
    let disk = not_a_log(&fs::read(world.path("disk.vhd"))?).ok_or("a disk is no log")?;
    let xz = not_a_log(&fs::read(world.path("log.xz"))?).ok_or("what is packed by xz is no log")?;
    assert_ne!(disk, xz);
    for (name, words) in [("disk.vhd", disk), ("disk.vhd.gz", disk), ("log.xz", xz)] {
        let output = world.run(&["explain", name])?;
        assert_eq!(code(&output), 2, "{name}");
        assert!(has_line(&complained(&output), &[name, words]), "{}", complained(&output));
        assert_eq!(said(&output), "");
    }
    // Zeros where a log was cut off, or where a crash left them, do not make it another thing.
    let zeros = "\0".repeat(300 << 10);
    let trouble = "Sep 14 16:36:26 host SM: [77] OSError: [Errno 116] Stale file handle\n";
    let quiet = "Sep 14 16:36:26 host SM: [77] pread SUCCESS\n";
    let logs = [(String::new(), 0), (format!("{zeros}{trouble}"), 1), (format!("{trouble}{zeros}"), 1)];
    for (log, exit) in logs.into_iter().chain([(format!("{quiet}{zeros}"), 0), (format!("\0\0{quiet}"), 0)]) {
        fs::write(world.path("log"), log)?;
        assert_eq!(code(&world.run(&["explain", "log"])?), exit);
    }
    Ok(())
}
