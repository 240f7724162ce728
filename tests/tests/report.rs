//! The reports to hand over: JSON that keeps to its schema, Markdown that no disk can put markup into.

use std::error::Error;
use std::ops::ControlFlow;

use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::Value;
use vhd_analyser_core::analysis::Analysis;
use vhd_analyser_core::report::json::{self, Layout};
use vhd_analyser_core::report::{
    Caution, FindingReport, RegionReport, Report, ReportExport, Severity, Verdict, fingerprint, markdown,
};
use vhd_analyser_tests::analysed::{NOW, analysed, analysed_deep};
use vhd_analyser_tests::bytes::sha256_of;
use vhd_analyser_tests::corpus::cases;
use vhd_analyser_tests::schema;

type Outcome = Result<(), Box<dyn Error>>;

fn report(image: &[u8], analysis: &Analysis) -> Result<Report, Box<dyn Error>> {
    Ok(Report {
        regions: fingerprint::regions(&image, &analysis.image)?,
        ..vhd_analyser_core::report::build(analysis, None)
    })
}

fn ticket(report: &Report) -> ReportExport<'_> {
    ReportExport {
        report,
        sha256: None,
        date: NOW,
        version: "1.2.3",
        commit: None,
        plan: 0,
        done: &[],
        chain: None,
        forecast: &[],
    }
}

/// A differencing disk of tapdisk's without its footer: there is something to say of everything.
fn broken() -> Result<Vec<u8>, Box<dyn Error>> {
    Ok(cases()?["chain-child-footer"].image()?)
}

/// Every case, with and without its blocks read, in both layouts, and files that are no disks.
#[test]
fn json_keeps_to_its_schema() -> Outcome {
    let validator = schema::report()?;
    let mut images = vec![("empty".to_owned(), vec![]), ("text".into(), b"Some words about disks.\n".repeat(100))];
    for (name, case) in cases()? {
        images.push((name, case.image()?));
    }
    for (name, image) in images {
        for analysis in [analysed(&image, &name)?, analysed_deep(&image, &name)?] {
            let report = report(&image, &analysis)?;
            let ticket = ticket(&report);
            let line = json::render(&ticket, Layout::Line);
            assert!(!line.contains('\n'), "{name}");
            let object: Value = serde_json::from_str(&line)?;
            assert_eq!(object, serde_json::from_str::<Value>(&json::render(&ticket, Layout::Lines))?, "{name}");
            assert_eq!(schema::objections(&validator, &object), "", "{name}");
            assert_eq!(object["verdict"], serde_json::to_value(report.verdict)?, "{name}");
            assert_eq!(object["findings"].as_array().map(Vec::len), Some(report.findings.len()), "{name}");
        }
    }
    Ok(())
}

/// A name more or a name less, anywhere in a rich report, is not the object that the schema describes.
#[test]
fn the_schema_names_everything_and_wants_all_of_it() -> Outcome {
    let validator = schema::report()?;
    let image = broken()?;
    let report = report(&image, &analysed(&image, "disk.vhd")?)?;
    let done = ["The fixed copy was downloaded.".to_owned()];
    let chain = [ticket(&report)];
    let ticket = ReportExport { sha256: Some(&"0".repeat(64)), done: &done, chain: Some(&chain), ..ticket(&report) };
    let object: Value = serde_json::from_str(&json::render(&ticket, Layout::Line))?;
    assert_eq!(schema::objections(&validator, &object), "");
    assert_eq!(schema::leniency(&validator, &object, &["chain"]), "");
    Ok(())
}

/// Each hash is that of the bytes at its place, and every structure that was read has one.
#[test]
fn structures_have_the_hashes_of_their_bytes() -> Outcome {
    for (name, case) in cases()? {
        let image = case.image()?;
        let analysis = analysed(&image, &name)?;
        let regions = fingerprint::regions(&image.as_slice(), &analysis.image)?;
        for RegionReport { name: structure, offset, length, sha256 } in &regions {
            let bytes = &image[*offset as usize..(offset + length) as usize];
            assert_eq!(sha256.as_deref(), Some(sha256_of(bytes).as_str()), "{name}: {structure}");
        }
        let has = |structure: &str| regions.iter().any(|region| region.name.starts_with(structure));
        assert_eq!(has("Dynamic header"), analysis.image.header.value().is_some() && analysis.image.is_vhd(), "{name}");
        assert_eq!(has("Block alloc"), analysis.image.bat.value().is_some() && analysis.image.is_vhd(), "{name}");
    }
    let image = broken()?;
    let regions = fingerprint::regions(&image.as_slice(), &analysed(&image, "disk.vhd")?.image)?;
    let regions: Vec<_> = regions.iter().map(|region| (region.name.as_str(), region.offset, region.length)).collect();
    assert_eq!(regions, BROKEN);
    let whole = fingerprint::whole_file(&image.as_slice(), &mut |_| ControlFlow::Continue(()))?;
    assert_eq!(whole, sha256_of(&image));
    assert!(fingerprint::whole_file(&image.as_slice(), &mut |_| ControlFlow::Break(())).is_err());
    Ok(())
}

const BROKEN: [(&str, u64, u64); 9] = [
    ("Primary footer", 2_105_344, 512),
    ("Backup footer", 0, 512),
    ("Dynamic header", 512, 1024),
    ("Block allocation table (BAT)", 1536, 128),
    ("Data of parent locator 0", 3072, 19),
    ("Data of parent locator 1", 3584, 24),
    ("Data of parent locator 2", 4096, 24),
    ("Batmap’s header", 2048, 512),
    ("Batmap", 2560, 512),
];

/// What a ticket needs is in it, for every case.
#[test]
fn markdown_tells_all_of_it() -> Outcome {
    for (name, case) in cases()? {
        let image = case.image()?;
        let report = report(&image, &analysed(&image, &name)?)?;
        let hash = "a".repeat(64);
        let ticket = ReportExport { sha256: Some(&hash), commit: Some("c0ffee"), ..ticket(&report) };
        let page = markdown::render(&ticket);
        let text = text(&page);
        let mut wanted = vec![name.clone(), hash.clone(), "1.2.3".into(), "c0ffee".into(), NOW.to_string()];
        wanted.extend([report.headline.clone(), report.verdict.name().into(), report.size.to_string()]);
        for finding in &report.findings {
            wanted.extend([finding.id.clone(), finding.message.clone(), format!("0x{:X}", finding.offset)]);
            wanted.extend([finding.found.clone(), finding.expected.clone(), finding.remedy.clone()].map(one_line));
        }
        let is_vhd = report.verdict != Verdict::NotAVhd;
        wanted.extend(report.tools.iter().filter(|_| is_vhd).map(|tool| tool.name.clone()));
        wanted.extend(report.regions.iter().filter_map(|region| region.sha256.clone()));
        if let Some(repair) = &report.repair {
            wanted.extend(repair.patches.iter().map(|patch| patch.reason.clone()));
        }
        for wanted in wanted {
            assert!(text.contains(&unquoted(&wanted)), "{name}: “{wanted}” is not in\n{page}");
        }
    }
    Ok(())
}

/// The ancestors are named with their answers, and the answer is that of the whole chain.
#[test]
fn markdown_tells_of_the_chain() -> Outcome {
    let image = cases()?["sound-tap"].image()?;
    let child = report(&image, &analysed(&image, "child.vhd")?)?;
    let hostile = "par`ent\u{202E}.vhd";
    let image = broken()?;
    let parent = report(&image, &analysed(&image, hostile)?)?;
    let forecast = ["Now: cannot run.".to_owned()];
    let ticket = |chain, forecast| ReportExport { chain, forecast, ..ticket(&child) };
    let ancestors = [self::ticket(&parent)];
    let page = markdown::render(&ticket(Some(&ancestors), &forecast));
    for wanted in ["Verdict:** sound", "- ``par`ent\\u{202e}.vhd``: repairable. "] {
        assert!(page.contains(wanted), "“{wanted}” is not in\n{page}");
    }
    assert!(page.contains("\n\n- Now: cannot run."), "{page}");
    // A chain that was looked for and is not here has a section, too.
    let sections = |page: &str| page.lines().filter(|line| line.starts_with("## ")).count();
    let (alone, none) = (markdown::render(&ticket(None, &[])), markdown::render(&ticket(Some(&[]), &[])));
    assert_eq!((sections(&none), sections(&page)), (sections(&alone) + 1, sections(&alone) + 2));
    Ok(())
}

/// Quotation marks become those of Markdown.
fn unquoted(text: &str) -> String {
    text.replace(['“', '”'], "")
}

fn one_line(text: String) -> String {
    text.replace('\0', "\\u{0}")
}

/// What a reader sees of Markdown, without quotation marks.
fn text(page: &str) -> String {
    let mut text = String::new();
    for event in Parser::new_ext(page, Options::all().difference(Options::ENABLE_SMART_PUNCTUATION)) {
        match event {
            Event::Text(piece) | Event::Code(piece) => text.push_str(&piece),
            Event::SoftBreak | Event::HardBreak | Event::End(_) => text.push('\n'),
            _ => {}
        }
    }
    unquoted(&text)
}

const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "a`b``c```` <b>",
    "x\n\n# heading\n\n- item | cell |\n|---|",
    "[link](http://evil.example) ![picture](http://evil.example/p.png)",
    "**bold** _it_ ~~gone~~ ==mark== $x$ ^up^",
    "`",
    " leading and trailing ",
    "say ”so“ <i>&amp; &#60;",
    "\u{202E}gpj.exe\u{2066}\r\n> quote\\",
];

/// Whatever stands in a name, it is text: no other element comes of it, and it is there as it is.
#[test]
fn nothing_from_a_disk_is_markup() -> Outcome {
    let image = broken()?;
    let clean = report(&image, &analysed(&image, "disk.vhd")?)?;
    let plain = with_names(&clean, "name");
    let shape = elements(&markdown::render(&ticket_done(&plain, &done("name"))));
    for hostile in HOSTILE {
        let report = with_names(&clean, hostile);
        let page = markdown::render(&ticket_done(&report, &done(hostile)));
        assert_eq!(elements(&page), shape, "{hostile:?}\n{page}");
        let (visible, text) = (unquoted(&visible(hostile)), text(&page));
        assert_eq!(text.matches(&visible).count(), 11, "{visible}\n{text}");
        assert!(!page.contains(['\r', '\u{202E}', '\u{2066}']), "{hostile:?}");
    }
    Ok(())
}

/// As a reader is to see it: what is not seen by itself is spelled out.
fn visible(name: &str) -> String {
    let hidden = |character: char| character.is_control() || "\u{202E}\u{2066}".contains(character);
    let seen = |character: char| match hidden(character) {
        true => character.escape_unicode().to_string(),
        false => character.to_string(),
    };
    name.chars().map(seen).collect()
}

/// With and without quotation marks, of which none may be needed to keep text text.
fn done(name: &str) -> [String; 2] {
    [format!("Saved “{name}”."), format!("Wrote to {name} as well.")]
}

fn ticket_done<'a>(report: &'a Report, done: &'a [String]) -> ReportExport<'a> {
    ReportExport { done, ..ticket(report) }
}

/// The report with this name wherever a disk or a file can put one.
fn with_names(report: &Report, name: &str) -> Report {
    let mut report = Report { file: name.into(), description: format!("10 GiB · “{name}” 1.0"), ..report.clone() };
    report.findings.push(FindingReport {
        id: "parent.name".into(),
        severity: Severity::Warning,
        title: "Title".into(),
        message: "Message.".into(),
        remedy: "Remedy.".into(),
        action: None,
        offset: 0,
        length: 0,
        found: name.into(),
        expected: name.into(),
        vhd_util: Some(name.into()),
        rejected_by: vec![],
    });
    report.tools[0].says = name.into();
    if let Some(repair) = &mut report.repair {
        repair.loses.push(format!("The parent “{name}” is gone."));
        repair.assumes.push(format!("The parent is “{name}”: so most of the places say."));
        repair.patches[0].reason = format!("the name “{name}”");
    }
    report
}

/// The elements of a page without its text and its code.
fn elements(page: &str) -> Vec<String> {
    let element = |event| match event {
        Event::Start(tag @ (Tag::Link { .. } | Tag::Image { .. })) => panic!("{tag:?}"),
        Event::Html(html) | Event::InlineHtml(html) => panic!("HTML: {html}"),
        Event::Text(_) | Event::Code(_) => None,
        other => Some(format!("{other:?}")),
    };
    Parser::new_ext(page, Options::all()).filter_map(element).collect()
}

/// Whoever is offered a repair that links a lost block need not beware of losing it.
#[test]
fn a_lost_block_is_a_caution_only_where_the_repair_leaves_it() -> Outcome {
    let cases = cases()?;
    for (name, is_left) in [("tap-bat-overlap", false), ("tap-bat-beyond-eof", false), ("tap-bat-duplicate", true)] {
        let report = vhd_analyser_core::report::build(&analysed(&cases[name].image()?, name)?, None);
        assert!(
            report.findings.iter().any(|finding| finding.id == "block.orphan" || finding.id == "file.unreferenced")
        );
        let is_told = report.cautions.contains(&Caution::MayHoldLostBlock);
        assert_eq!(is_told, is_left, "{name}");
    }
    Ok(())
}
