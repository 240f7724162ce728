//! Who the parent is, by locators of every kind: `scan`, `check --parents` and `flatten` agree, and `repair --parent` makes
//! the chain whole.

use std::fs;
use std::os::unix::fs::symlink;

use serde_json::Value;
use vhd_analyser_core::report::{self, NotChecked};
use vhd_analyser_tests::analysed::analysed;
use vhd_analyser_tests::build::read_virtual;
use vhd_analyser_tests::chain::{Linked, file_name};
use vhd_analyser_tests::corpus::cases as corpus;
use vhd_analyser_tests::locators::{Locator, relocate, usual};

use crate::world::{NOW, Outcome, World, code, complained, objects, said};

const CHILD: &str = "child.vhd";

/// Names of a parent, and whether the chain is whole by them. The parent is at `parent.vhd` and another disk at
/// `other.vhd` unless the case says otherwise.
struct Case {
    about: &'static str,
    name: &'static str,
    locators: Vec<Locator>,
    /// Where the parent is.
    parent: &'static str,
    /// Where another disk is.
    other: &'static str,
    is_whole: bool,
}

impl Case {
    fn whole(about: &'static str, locators: Vec<Locator>) -> Self {
        Self { about, name: "parent.vhd", locators, parent: "parent.vhd", other: "other.vhd", is_whole: true }
    }

    fn broken(about: &'static str, locators: Vec<Locator>) -> Self {
        Self { is_whole: false, ..Self::whole(about, locators) }
    }
}

fn with(change: fn(&mut Locator)) -> Vec<Locator> {
    let mut locators = usual("parent.vhd");
    locators.iter_mut().for_each(change);
    locators
}

fn cases() -> Vec<Case> {
    let windows = |path| vec![Locator::new(b"W2ku", path)];
    let relative = Locator::new(b"W2ru", r".\sub\parent.vhd");
    vec![
        Case::whole("as tapdisk has them", usual("parent.vhd")),
        Case::whole("a relative Windows path without its dot", vec![Locator::new(b"W2ru", "parent.vhd")]),
        Case::whole("of another drive", windows(r"D:\disks\parent.vhd")),
        Case::whole("of another computer", windows(r"\\server\share\parent.vhd")),
        Case::whole("room in sectors", with(|locator| locator.space = 1)),
        Case::whole("zeros counted to the name", with(|locator| locator.length = 512)),
        Case {
            name: "my parent.vhd",
            parent: "my parent.vhd",
            ..Case::whole("escapes", vec![Locator::new(b"MacX", "file://./my%20parent.vhd")])
        },
        Case {
            name: "größe.vhd",
            parent: "größe.vhd",
            ..Case::whole("escapes of UTF-8", vec![Locator::new(b"MacX", "file://./gr%C3%B6%C3%9Fe.vhd")])
        },
        Case {
            name: "a%20b.vhd",
            parent: "a%20b.vhd",
            ..Case::whole("what looks like an escape and is the name", usual("a%20b.vhd"))
        },
        Case {
            parent: "sub/parent.vhd",
            ..Case::whole("the folder taken for the root", vec![Locator::new(b"MacX", "file:///sub/parent.vhd")])
        },
        Case { parent: "sub/parent.vhd", ..Case::whole("below the drive C:", windows(r"C:\sub\parent.vhd")) },
        Case {
            parent: "sub/parent.vhd",
            other: "parent.vhd",
            ..Case::whole(
                "the second leads there",
                vec![Locator::new(b"MacX", "file://./gone/parent.vhd"), relative.clone()],
            )
        },
        Case {
            parent: "sub/parent.vhd",
            other: "parent.vhd",
            ..Case::broken("the first leads to another", vec![Locator::new(b"MacX", "file://./parent.vhd"), relative])
        },
        Case { parent: "renamed.vhd", ..Case::broken("renamed", usual("parent.vhd")) },
        Case::broken("no room", with(|locator| locator.space = 0)),
        Case::broken("room that is neither", with(|locator| locator.space = 700)),
        Case::broken("room beyond the file", with(|locator| locator.space = 1 << 30)),
        Case::broken("longer than its room", with(|locator| locator.length = 600)),
        Case::broken("without length", with(|locator| locator.length = 0)),
        Case::broken("deprecated", vec![Locator::new(b"Wi2r", r".\parent.vhd")]),
        Case::broken("an alias", vec![Locator::new(b"Mac ", "parent.vhd")]),
        Case::broken("none", Vec::new()),
    ]
}

fn world(case: &Case) -> Result<World, Box<dyn std::error::Error>> {
    let world = World::new()?;
    fs::create_dir(world.path("sub"))?;
    let disk = |number| Linked { allocated: vec![1, 4], ..Linked::new(number, None) };
    world.write(case.parent, &disk(0).build())?;
    world.write(case.other, &disk(7).build())?;
    let mut child = Linked { allocated: vec![4, 2], ..Linked::new(1, Some(0)) }.build();
    relocate(&mut child, case.name, &case.locators);
    world.write(CHILD, &child)?;
    Ok(world)
}

fn errors(object: &Value) -> Vec<&str> {
    let findings = object["findings"].as_array().map_or(&[][..], Vec::as_slice);
    findings
        .iter()
        .filter(|finding| finding["severity"] == "error")
        .filter_map(|finding| finding["id"].as_str())
        .collect()
}

/// The parent that is found, and the errors, by `check --parents`.
fn checked(world: &World) -> Result<(i32, Option<String>), Box<dyn std::error::Error>> {
    let output = world.run(&["check", "--json", "--parents", "--now", NOW, CHILD])?;
    let chain = objects(&output)?;
    let parent = chain.first().and_then(|disk| disk["chain"][0]["file"].as_str()).map(tidied);
    Ok((code(&output), parent))
}

fn tidied(path: &str) -> String {
    path.trim_start_matches("./").to_owned()
}

#[test]
fn all_agree_who_the_parent_is_and_whether_the_chain_is_whole() -> Outcome {
    for case in cases() {
        let world = world(&case)?;
        let output = world.run(&["scan", "--json", "--now", NOW, "."])?;
        let forest: Value = serde_json::from_str(&said(&output))?;
        let disks = forest["disks"].as_array().ok_or("disks")?;
        let child = disks.iter().find(|disk| disk["file"] == "./child.vhd").ok_or("the child")?;
        assert_eq!(child["parent"].as_str().map(tidied).as_deref(), Some(case.parent), "scan: {}", case.about);
        let is_sound = errors(child).is_empty() && child["verdict"] == "sound";
        assert_eq!((is_sound, code(&output) == 0), (case.is_whole, case.is_whole), "scan: {}", case.about);

        let (ended, parent) = checked(&world)?;
        assert_eq!(ended, i32::from(!case.is_whole), "check: {}", case.about);
        if case.is_whole {
            assert_eq!(parent.as_deref(), Some(case.parent), "check: {}", case.about);
        }
        let output = world.run(&["flatten", CHILD, "-o", "flat.vhd"])?;
        // What is wrong with a locator keeps others from the parent, and nobody from the data.
        let is_readable = case.is_whole || errors(child).iter().all(|id| id.starts_with("locator."));
        assert_eq!(code(&output), i32::from(!is_readable), "flatten: {}: {}", case.about, complained(&output));
    }
    Ok(())
}

/// Where no locator is left that names the parent, the way that there still is, is shown.
#[test]
fn whoever_has_the_parent_is_told_to_give_it() -> Outcome {
    let mut hopeless = 0;
    for case in cases() {
        let output = world(&case)?.run(&["repair", CHILD, "--dry-run"])?;
        let told = said(&output);
        if told.contains("✖ UNREPAIRABLE") {
            hopeless += 1;
            assert!(told.contains(&format!("vhd-analyser repair {CHILD} --parent PARENT")), "{}: {told}", case.about);
        }
    }
    assert!(hopeless >= 6, "{hopeless}");
    Ok(())
}

/// Whatever the names were like, the disk finds the parent that it is given, and its data is what it was.
#[test]
fn whatever_the_locators_are_like_the_given_parent_is_linked() -> Outcome {
    for case in cases() {
        let world = world(&case)?;
        let before = fs::read(world.path(CHILD))?;
        let output = world.run(&["repair", CHILD, "--in-place", "--parent", case.parent])?;
        assert_eq!(code(&output), 0, "{}: {}{}", case.about, said(&output), complained(&output));
        assert_eq!(checked(&world)?, (0, Some(case.parent.to_owned())), "{}", case.about);
        let after = fs::read(world.path(CHILD))?;
        let content = read_virtual(&before).ok_or("a disk")?;
        assert!(read_virtual(&after) == Some(content), "{}", case.about);
    }
    Ok(())
}

/// Locators lead from where the file itself is, as vhd-util follows them, by whatever link the disk is named.
#[test]
fn a_disk_behind_a_link_finds_its_parent() -> Outcome {
    let usual = Case::whole("usual", usual("parent.vhd"));
    let world = world(&usual)?;
    symlink("../child.vhd", world.path("sub/link.vhd"))?;
    let output = world.run(&["check", "--json", "--parents", "--now", NOW, "sub/link.vhd"])?;
    assert_eq!(code(&output), 0, "{}", said(&output));
    assert_eq!(objects(&output)?[0]["vhd_util"]["accepts"], true);
    assert_eq!(code(&world.run(&["scan", "--now", NOW, "sub", "parent.vhd"])?), 0);
    assert_eq!(code(&world.run(&["flatten", "sub/link.vhd", "-o", "flat.vhd"])?), 0);
    fs::rename(world.path("parent.vhd"), world.path("sub/parent.vhd"))?;
    let output = world.run(&["repair", "sub/link.vhd", "-o", "copy.vhd", "--parent", "sub/parent.vhd"])?;
    assert_eq!(code(&output), 0, "{}{}", said(&output), complained(&output));
    assert_eq!(code(&world.run(&["check", "--parents", "copy.vhd"])?), 0);
    Ok(())
}

/// A parent that lacks its own parent, or whose parents lead in a circle, can be linked to, and that is said.
#[test]
fn what_is_amiss_above_the_parent_is_said() -> Outcome {
    let world = World::new()?;
    for (number, parent) in [(1, 2), (2, 3), (3, 2)] {
        fs::write(world.path(file_name(number)), Linked::new(number, Some(parent)).build())?;
    }
    let (child, parent) = (file_name(1), file_name(2));
    let link = ["repair", &child, "--dry-run", "--parent", &parent];
    let output = world.run(&link)?;
    assert_eq!(code(&output), 0);
    let told = said(&output);
    assert!(told.contains("check --parents d00002.vhd") && !told.contains("“./d00003.vhd”"), "{told}");
    fs::remove_file(world.path(file_name(3)))?;
    assert!(said(&world.run(&link)?).contains("“./d00003.vhd”"));
    Ok(())
}

/// A case of the corpus with all its disks; and what `check --parents` says of it.
fn told(name: &str, change: impl FnOnce(&World) -> Outcome) -> Result<(String, Value), Box<dyn std::error::Error>> {
    let case = &corpus()?[name];
    let world = World::new()?;
    for file in case.files.keys() {
        fs::write(world.path(file), case.file(file)?)?;
    }
    change(&world)?;
    let text = said(&world.run(&["check", "--parents", "--now", NOW, &case.target])?);
    let json = objects(&world.run(&["check", "--json", "--parents", "--now", NOW, &case.target])?)?;
    Ok((text, json.into_iter().next().ok_or("no object")?))
}

/// What is said of the first of several disks: up to the next answer.
fn of_the_first(text: &str) -> &str {
    let is_answer = |line: &str| {
        let word = line.split(' ').nth(1).and_then(|word| word.strip_suffix(':'));
        word.is_some_and(|word| {
            !word.is_empty() && word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '-')
        })
    };
    let mut answers = text.match_indices('\n').filter(|(at, _)| text[at + 1..].lines().next().is_some_and(is_answer));
    let next = answers.nth(1).map_or(text.len(), |(at, _)| at);
    &text[..next]
}

/// The disks of a tree in the text, each with its mark, as pairs of neighbours.
fn tree(text: &str) -> Vec<[&str; 2]> {
    let disks: Vec<_> = text.lines().filter_map(|line| Some(line.trim_start().rsplit_once(": ")?.0)).collect();
    disks.windows(2).filter_map(|pair| pair.try_into().ok()).collect()
}

/// Whether a text names both disks of a link.
fn names(text: &str, child: &str, parent: &str) -> bool {
    [child, parent].iter().all(|name| text.contains(&format!("“{name}”")))
}

/// How many findings of a rule are about a link.
fn between(json: &Value, id: &str, child: &str, parent: &str) -> usize {
    let findings = json["findings"].as_array().into_iter().flatten();
    let is_it = |finding: &&Value| {
        finding["id"] == id && finding["message"].as_str().is_some_and(|text| names(text, child, parent))
    };
    findings.filter(is_it).count()
}

/// The text never calls a chain sound that is not, and says which of its disks to mend.
#[test]
fn the_answer_in_words_is_that_of_the_chain() -> Outcome {
    let mut seen = Vec::new();
    for name in corpus()?.keys().filter(|name| name.contains("chain-")) {
        let (text, json) = told(name, |_| Ok(()))?;
        let answer = text.lines().nth(1).ok_or("no answer")?;
        let verdict = json["verdict"].as_str().ok_or("verdict")?;
        assert!(answer.contains(&format!(" {}: ", verdict.to_uppercase())), "{name}: {answer}");
        // What is said of a sound disk.
        let sound = analysed(&corpus()?["sound-tap"].image()?, "disk.vhd")?;
        let nothing_to_do = report::build(&sound, None).explanation.concat();
        let own = of_the_first(&text);
        assert_eq!(verdict == "sound", own.contains(&nothing_to_do), "{name}: {own}");
        assert!(verdict == "incomplete" || !text.contains(&NotChecked::Parent.to_string()), "{name}");
        for ancestor in json["chain"].as_array().ok_or("chain")? {
            let file = ancestor["file"].as_str().ok_or("file")?;
            let is_told = own.contains(&format!("vhd-analyser repair {file} -o COPY"));
            assert_eq!(is_told, ancestor["verdict"] == "repairable", "{name}: {file}");
        }
        seen.push(verdict.to_owned());
    }
    assert!(
        ["sound", "incomplete", "repairable", "unrepairable"]
            .iter()
            .all(|verdict| seen.iter().any(|other| other == verdict))
    );
    Ok(())
}

/// Whatever the disk itself is like, what stands at the end of its chain is told at a glance.
#[test]
fn the_end_of_a_broken_chain_is_told() -> Outcome {
    let (text, _) = told("chain-middle-footer", |world| Ok(fs::remove_file(world.path("parent.vhd"))?))?;
    assert!(text.contains("▲ REPAIRABLE: "), "{text}");
    assert!(tree(&text).contains(&["◇ ./parent.vhd", "└ ▲ ./child.vhd"]), "{text}");
    let (text, _) = told("chain-child-footer", |world| Ok(fs::remove_file(world.path("parent.vhd"))?))?;
    let answer = text.lines().find(|line| line.starts_with("▲ REPAIRABLE: ")).ok_or("an answer")?;
    assert!(answer.contains("“parent.vhd”"), "the missing parent is named: {answer}");
    let (text, _) = told("sound-chain-2", |world| {
        fs::remove_file(world.path("parent.vhd"))?;
        Ok(symlink("child.vhd", world.path("parent.vhd"))?)
    })?;
    assert!(tree(&text).contains(&["✖ child.vhd", "└ ✖ child.vhd"]), "{text}");
    Ok(())
}

/// A fault of a link is told with the two disks that it is between.
#[test]
fn a_fault_of_a_chain_names_its_link() -> Outcome {
    let (text, json) = told("chain-middle-footer", |_| Ok(()))?;
    for (id, child, parent) in [
        ("chain.parent-damaged", "grandchild.vhd", "./child.vhd"),
        ("chain.parent-not-hidden", "grandchild.vhd", "./child.vhd"),
        ("chain.parent-not-hidden", "./child.vhd", "./parent.vhd"),
    ] {
        assert_eq!(between(&json, id, child, parent), 1, "{id}: {json}");
        let names = text.lines().filter(|line| names(line, child, parent)).count();
        assert!(names >= 1, "{id}: {text}");
    }
    assert_eq!(json["findings"][0]["id"], "chain.parent-damaged", "the worst comes first");
    let (_, json) = told("chain-middle-footer", |world| Ok(fs::remove_file(world.path("parent.vhd"))?))?;
    assert_eq!(between(&json, "chain.parent-missing", "./child.vhd", "./parent.vhd"), 1, "{json}");
    Ok(())
}

/// By its whole path, of which the scan knows only the end, and with a name that vhd-util does not take.
#[test]
fn a_parent_named_by_its_whole_path_is_found_by_a_scan_from_there() -> Outcome {
    let world = world(&Case::whole("moved", usual("parent.vhd")))?;
    let folder = fs::canonicalize(world.path("sub"))?.join("größe.vhd");
    fs::rename(world.path("parent.vhd"), &folder)?;
    let mut child = fs::read(world.path(CHILD))?;
    relocate(&mut child, "größe.vhd", &[Locator::new(b"MacX", &format!("file://{}", folder.display()))]);
    fs::write(world.path(CHILD), child)?;
    assert_eq!(code(&world.run(&["check", "--parents", "--now", NOW, CHILD])?), 0);
    let output = world.run(&["scan", "--now", NOW, "."])?;
    assert_eq!(code(&output), 0, "{}", said(&output));
    Ok(())
}
