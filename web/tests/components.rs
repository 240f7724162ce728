//! The components, drawn in a real browser.

#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use js_sys::wasm_bindgen::JsCast;
use js_sys::{Array, Uint8Array};
use vhd_analyser_core::chain::Next;
use vhd_analyser_core::compat::{ParentUse, Tool};
use vhd_analyser_core::report::{
    Caution, FieldReport, FindingReport, NextStep, NotChecked, PatchReport, RegionReport, RepairReport, Report, Scope,
    Segment, Severity, StructureReport, ToolReport, Verdict,
};
use vhd_analyser_web::components::app::App;
use vhd_analyser_web::components::common::notice::{NoticeBox, NoticeBoxProps};
use vhd_analyser_web::components::common::reading::{ReadingView, ReadingViewProps};
use vhd_analyser_web::components::disk::deep_check::deep_check;
use vhd_analyser_web::components::disk::findings::findings;
use vhd_analyser_web::components::disk::fixed_copy::{FixedCopy, FixedCopyProps};
use vhd_analyser_web::components::disk::hashes::hashes;
use vhd_analyser_web::components::disk::plans::plans;
use vhd_analyser_web::components::disk::repair::{Repair, RepairProps};
use vhd_analyser_web::components::disk::report_text::{ReportText, ReportTextProps};
use vhd_analyser_web::components::disk::structures::{Structures, StructuresProps};
use vhd_analyser_web::components::disk::tools::tools;
use vhd_analyser_web::components::disk::verdict::{VerdictCard, VerdictCardProps};
use vhd_analyser_web::protocol::failure::Failure;
use vhd_analyser_web::protocol::{Analysed, ExportOptions, Exports, Printed, Progress, Unit};
use vhd_analyser_web::state::{CopyCheck, DiskView, Notice, Reading};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, Event, EventInit, File, HtmlElement, HtmlInputElement, HtmlSelectElement};
use yew::{BaseComponent, Callback, Html, Properties, Renderer, component};

wasm_bindgen_test_configure!(run_in_browser);

/// A component on the page.
struct Drawn(Element);

async fn draw<C: BaseComponent>(props: C::Properties) -> Drawn {
    let document = web_sys::window().unwrap().document().unwrap();
    let root = document.create_element("div").unwrap();
    document.body().unwrap().append_child(&root).unwrap();
    Renderer::<C>::with_root_and_props(root.clone(), props).render();
    settle().await;
    Drawn(root)
}

/// What a function draws.
async fn draw_html(html: Html) -> Drawn {
    #[derive(PartialEq, Properties)]
    struct FrameProps {
        children: Html,
    }

    #[component]
    fn Frame(props: &FrameProps) -> Html {
        props.children.clone()
    }

    draw::<Frame>(FrameProps { children: html }).await
}

async fn settle() {
    TimeoutFuture::new(20).await;
}

impl Drawn {
    fn all(&self, selector: &str) -> Vec<HtmlElement> {
        let nodes = self.0.query_selector_all(selector).unwrap();
        (0..nodes.length()).filter_map(|i| nodes.item(i)?.dyn_into().ok()).collect()
    }

    fn the(&self, testid: &str) -> HtmlElement {
        let mut found = self.all(&format!("[data-testid={testid}]"));
        assert_eq!(found.len(), 1, "{testid}");
        found.remove(0)
    }

    fn text(&self) -> String {
        self.0.text_content().unwrap_or_default()
    }

    async fn click(&self, testid: &str) {
        self.the(testid).click();
        settle().await;
    }
}

fn attribute(element: &HtmlElement, name: &str) -> String {
    element.get_attribute(name).unwrap_or_default()
}

fn finding(id: &str, severity: Severity) -> FindingReport {
    FindingReport {
        id: id.into(),
        severity,
        title: "Primary footer: <b>invalid</b> cookie".into(),
        message: "<script>alert(1)</script>".into(),
        remedy: "<img src=x onerror=alert(1)>".into(),
        action: None,
        offset: 220_655_616,
        length: 8,
        found: "00".into(),
        expected: "63".into(),
        vhd_util: Some("primary footer invalid: invalid cookie".into()),
        rejected_by: vec![Tool::VhdUtil, Tool::Azure],
    }
}

fn report() -> Report {
    let before = vec![0; 512];
    let mut after = before.clone();
    after[..8].copy_from_slice(b"conectix");
    Report {
        file: "disk.vhd".into(),
        size: 1024,
        verdict: Verdict::Repairable,
        description: "10 GiB differencing disk".into(),
        headline: "Damaged, and can be repaired".into(),
        explanation: vec!["The footer is missing.".into()],
        explains_first: false,
        next: NextStep::Repair,
        cautions: vec![Caution::MayBeInUse],
        scope: Scope { not_checked: vec![NotChecked::Blocks], ..Scope::default() },
        own: Verdict::Repairable,
        chain: vec![],
        chain_end: Next::Base,
        findings: vec![
            finding("footer.primary.cookie", Severity::Error),
            finding("footer.backup.time", Severity::Warning),
        ],
        repair: Some(RepairReport {
            title: "Renew the footer".into(),
            lossless: true,
            loses: vec![],
            assumes: vec![],
            evidence: Vec::new(),
            new_size: 1024,
            cut: None,
            patches: vec![PatchReport {
                offset: 512,
                length: 512,
                reason: "the backup".into(),
                before,
                after: after.clone(),
                copied_from: None,
            }],
            replaced: vec![(512, 512)],
            segments: vec![Segment::Source { offset: 0, length: 512 }, Segment::Bytes(after)],
        }),
        tools: vec![tool(Tool::VhdUtil, false, Some(true)), tool(Tool::Azure, false, Some(false))],
        alternatives: vec![],
        partial: None,
        orphans: vec![],
        regions: vec![RegionReport {
            name: "Primary footer".into(),
            offset: 512,
            length: 512,
            sha256: Some("abc".into()),
        }],
        deep_check: Some(3 << 20),
        structures: vec![StructureReport {
            name: "Primary footer".into(),
            offset: 512,
            length: 512,
            state: Some("damaged".into()),
            fields: vec![FieldReport {
                name: "Cookie".into(),
                value: "00".into(),
                meaning: "no footer".into(),
                offset: 512,
                faulty: true,
            }],
        }],
    }
}

fn tool(tool: Tool, accepts: bool, accepts_after: Option<bool>) -> ToolReport {
    let says = "primary footer invalid: invalid cookie".into();
    ToolReport {
        tool,
        name: tool.to_string(),
        accepts,
        says,
        virtual_size: None,
        not_of: None,
        accepts_after,
        parent: ParentUse::None,
        refuses_ancestor: false,
    }
}

/// Two ways to repair it, the better one first.
fn with_alternative() -> Report {
    let mut report = report();
    report.alternatives = salvageable().repair.into_iter().collect();
    report
}

fn salvageable() -> Report {
    let mut report = report();
    report.verdict = Verdict::Salvageable;
    if let Some(repair) = &mut report.repair {
        repair.lossless = false;
        repair.loses = vec!["Block 12 will read as zeros.".into()];
        repair.assumes = vec!["The rest of the file is gone.".into()];
    }
    report
}

fn shown(report: Report) -> DiskView {
    let printed = Printed { utc_offset: 0, text: "Cookie : <b>\n".into() };
    DiskView::new(Analysed { report: report.into(), printed, date: 0 })
}

fn report_text(report: Report) -> ReportTextProps {
    let DiskView { report, printed, date, plan, sha256, .. } = shown(report);
    ReportTextProps {
        report,
        exports: Some(Exports { markdown: "# Report on `disk.vhd`".into(), json: "{}".into() }.into()),
        forecast: vec![],
        printed,
        date,
        plan,
        sha256,
        done: vec![],
        on_export: Callback::noop(),
        on_utc_offset: Callback::noop(),
    }
}

fn card(report: Report) -> VerdictCardProps {
    VerdictCardProps { report: report.into(), takes_focus: true, children: Html::default(), footer: Html::default() }
}

#[wasm_bindgen_test]
async fn the_page_before_a_file() {
    let page = draw::<App>(()).await;
    let input: HtmlInputElement = page.the("file-input").unchecked_into();
    assert_eq!((input.type_(), input.multiple()), ("file".into(), true));
    assert!(page.the("drop-zone").contains(Some(&input)));
    page.the("try-sample");
    assert!(page.all("[data-testid=verdict]").is_empty());
}

#[wasm_bindgen_test]
async fn the_verdict_has_a_word_a_caution_and_the_focus() {
    let card = draw::<VerdictCard>(card(report())).await;
    assert_eq!(attribute(&card.the("verdict"), "data-verdict"), "repairable");
    assert_eq!(card.the("caution").text_content().unwrap(), Caution::MayBeInUse.to_string());
    let focused = web_sys::window().unwrap().document().unwrap().active_element().unwrap();
    assert_eq!(focused.text_content().unwrap(), "Damaged, and can be repaired");
    assert!(card.text().contains(&NotChecked::Blocks.to_string()));
}

#[wasm_bindgen_test]
async fn losses_come_before_everything_else() {
    let card = draw::<VerdictCard>(card(salvageable())).await;
    assert_eq!(card.all("[data-testid=loss]").len(), 2);
    let text = card.text();
    assert!(text.find("Block 12").unwrap() < text.find("The footer is missing.").unwrap());
}

#[wasm_bindgen_test]
async fn findings_show_text_from_a_disk_as_text() {
    let list = draw_html(findings(&report())).await;
    let rows: Vec<_> = list
        .all("[data-testid=finding]")
        .iter()
        .map(|row| (attribute(row, "data-id"), attribute(row, "data-severity")))
        .collect();
    let expected = [("footer.primary.cookie", "error"), ("footer.backup.time", "warning")];
    assert_eq!(rows, expected.map(|(id, severity)| (id.to_owned(), severity.to_owned())));
    assert!(list.all("script, [data-testid=finding] b").is_empty());
    assert!(list.text().contains("<script>alert(1)</script>"));
    assert!(list.text().contains("0x0D26_F000 (220,655,616), 8 bytes"));
    assert!(list.text().contains(&format!("{}, {}", Tool::VhdUtil, Tool::Azure)));
}

#[wasm_bindgen_test]
async fn a_change_shows_the_rows_that_differ_and_the_others_on_demand() {
    let report = report();
    let repair = draw::<Repair>(RepairProps { repair: report.repair.unwrap(), size: 2048 }).await;
    assert!(repair.the("cut").text_content().unwrap().contains("1,024 bytes"));
    assert!(repair.all("tbody tr").is_empty());

    repair.the("patch").set_attribute("open", "").unwrap();
    settle().await;
    let rows = |repair: &Drawn| repair.all("tbody tr").len();
    assert_eq!(rows(&repair), 2);
    let changed: String = repair.all("tbody .after b").iter().filter_map(|b| b.text_content()).collect();
    assert_eq!(changed, "63 6f 6e 65 63 74 69 78");

    repair.click("all-bytes").await;
    assert_eq!(rows(&repair), 2 + 31);
}

#[wasm_bindgen_test]
async fn faulty_fields_are_marked_with_a_word() {
    let list = draw::<Structures>(StructuresProps { report: report().into() }).await;
    let row = &list.all("tbody tr.faulty")[0];
    assert!(row.text_content().unwrap().contains("faulty"));
    assert!(row.text_content().unwrap().contains("0x0000_0200"));
}

#[wasm_bindgen_test]
async fn the_report_keeps_its_text_and_offers_other_times() {
    let asked = Rc::new(RefCell::new(None));
    let exported = Rc::new(RefCell::new(None));
    let view = draw::<ReportText>(ReportTextProps {
        done: vec!["The fixed copy was saved.".into()],
        on_export: Callback::from({
            let exported = exported.clone();
            move |options| *exported.borrow_mut() = Some(options)
        }),
        on_utc_offset: Callback::from({
            let asked = asked.clone();
            move |minutes| *asked.borrow_mut() = Some(minutes)
        }),
        ..report_text(report())
    })
    .await;
    assert_eq!(view.the("report-text").text_content().unwrap(), "Cookie : <b>\n");
    let select: HtmlSelectElement = view.the("report-utc-offset").unchecked_into();
    assert_eq!(select.value(), "0");
    select.set_value("420");
    let bubbling = EventInit::new();
    bubbling.set_bubbles(true);
    select.dispatch_event(&Event::new_with_event_init_dict("change", &bubbling).unwrap()).unwrap();
    settle().await;
    assert_eq!(*asked.borrow(), Some(420));

    let text = || view.the("report-text").text_content().unwrap();
    view.click("report-md").await;
    let done = exported.borrow().as_ref().map(|options: &ExportOptions| options.done.clone());
    assert_eq!(done, Some(vec!["The fixed copy was saved.".into()]));
    assert!(text().contains("# Report on"), "{}", text());
    assert_eq!(attribute(&view.the("save-report"), "download"), "disk.vhd.md");
    assert!(view.all("select").is_empty());
    view.click("report-json").await;
    assert_eq!(text(), "{}");
    assert!(view.all("[data-testid=save-report]").is_empty());
    assert_eq!(attribute(&view.the("download-report-json"), "download"), "disk.vhd.json");
}

#[wasm_bindgen_test]
async fn a_file_that_is_no_disk_has_no_text_of_vhd_util() {
    let report = Report { verdict: Verdict::NotAVhd, ..report() };
    let view = draw::<ReportText>(report_text(report)).await;
    assert_eq!(view.all("input").len(), 2);
    assert!(view.the("report-text").text_content().unwrap().starts_with("# Report on `disk.vhd`"));
}

#[wasm_bindgen_test]
async fn the_whole_file_is_hashed_on_request() {
    let heard = Rc::new(RefCell::new(vec![]));
    let draw = |change: fn(&mut DiskView)| {
        let hear = |word| {
            let heard = heard.clone();
            Callback::from(move |()| heard.borrow_mut().push(word))
        };
        let mut shown = shown(report());
        change(&mut shown);
        draw_html(hashes(&shown, &hear("start"), &hear("cancel")))
    };
    let view = draw(|_| ()).await;
    assert!(view.the("hashes").text_content().unwrap().contains("0x0000_0200abc"));
    assert!(view.text().contains("1 KiB"));
    view.click("hash-file").await;
    let view = draw(|shown| shown.hashing = Some(Reading { slow: true, ..Reading::default() })).await;
    view.the("progress");
    view.click("cancel-hash").await;
    assert_eq!(*heard.borrow(), ["start", "cancel"]);
    let view = draw(|shown| shown.sha256 = Some("c0ffee".into())).await;
    assert_eq!(view.the("sha256").text_content().unwrap(), "c0ffee");
}

async fn fixed_copy(report: Report, checked: Rc<RefCell<Option<f64>>>) -> Drawn {
    let bytes = Array::of1(&Uint8Array::new_with_length(1024));
    draw::<FixedCopy>(FixedCopyProps {
        file: report.file.into(),
        size: report.size,
        repair: report.repair.unwrap(),
        original: File::new_with_u8_array_sequence(&bytes, "disk.vhd").unwrap().into(),
        copy: CopyCheck::Unchecked,
        on_check: Callback::from(move |copy: web_sys::Blob| *checked.borrow_mut() = Some(copy.size())),
        on_repaired: Callback::noop(),
        plan: 0,
        scripts: None,
        on_scripts: Callback::noop(),
        on_done: Callback::noop(),
    })
    .await
}

#[wasm_bindgen_test]
async fn a_repair_without_loss_is_offered_at_once() {
    let checked = Rc::default();
    let view = fixed_copy(report(), Rc::clone(&checked)).await;
    let link = view.the("download-fixed");
    assert_eq!(attribute(&link, "download"), "disk.fixed.vhd");
    assert!(attribute(&link, "href").starts_with("blob:"));
    assert!(view.text().contains("1 change, 512 bytes"));
    view.click("check-fixed").await;
    assert_eq!(*checked.borrow(), Some(1024.0));
}

#[wasm_bindgen_test]
async fn a_repair_with_loss_is_locked_until_its_losses_are_read() {
    let checked = Rc::default();
    let view = fixed_copy(salvageable(), Rc::clone(&checked)).await;
    assert!(view.the("download-fixed").has_attribute("disabled"));
    view.click("check-fixed").await;
    assert_eq!(*checked.borrow(), None);
    view.click("confirm-loss").await;
    assert!(attribute(&view.the("download-fixed"), "href").starts_with("blob:"));
}

#[wasm_bindgen_test]
async fn reading_says_what_and_how_much_is_left() {
    let cancelled = Rc::new(RefCell::new(false));
    let progress =
        Progress { stage: "block allocation table".into(), done: 1 << 20, total: 4 << 20, unit: Unit::Bytes };
    let view = draw::<ReadingView>(ReadingViewProps {
        reading: Reading { name: "disk.vhd".into(), slow: true, progress: Some(progress), ..Reading::default() },
        on_cancel: Callback::from({
            let cancelled = cancelled.clone();
            move |()| *cancelled.borrow_mut() = true
        }),
    })
    .await;
    let bar = view.the("progress");
    assert_eq!((attribute(&bar, "role"), attribute(&bar, "value")), ("progressbar".into(), "250".into()));
    assert!(view.text().contains("block allocation table"));
    assert!(view.text().contains("3 MiB"));
    view.click("cancel").await;
    assert!(*cancelled.borrow());
}

#[wasm_bindgen_test]
async fn a_failure_is_a_sentence() {
    let failure = Failure::Unreadable("NotReadableError".into());
    let notice = Notice::Failed { name: "disk.vhd".into(), failure };
    let view = draw::<NoticeBox>(NoticeBoxProps { notice }).await;
    let text = view.the("notice").text_content().unwrap();
    assert!(text.contains("“disk.vhd”") && view.all("[data-notice=failed]").len() == 1);
    assert!(text.contains("NotReadableError"));
}

#[wasm_bindgen_test]
async fn the_ways_to_repair_name_their_prices() {
    let chosen = Rc::new(RefCell::new(None));
    let draw = |report: Report, plan| {
        let chosen = chosen.clone();
        let on_choose = Callback::from(move |plan| *chosen.borrow_mut() = Some(plan));
        draw_html(plans(&report, plan, &on_choose))
    };
    assert_eq!(draw(report(), 0).await.text(), "");

    let view = draw(with_alternative(), 0).await;
    let options = view.all("[data-testid=plan]");
    let checked: Vec<_> = options.iter().map(|option| option.unchecked_ref::<HtmlInputElement>().checked()).collect();
    assert_eq!(checked, [true, false]);
    assert_eq!(view.all("[data-testid=no-price]").len(), 1);
    assert!(view.text().contains("Block 12 will read as zeros."));
    assert!(view.all("[data-testid=loss]").is_empty());
    options[1].click();
    settle().await;
    assert_eq!(*chosen.borrow(), Some(1));

    let view = draw(with_alternative(), 1).await;
    assert_eq!(view.all("[data-testid=loss]").len(), 2);
    let card = self::draw::<VerdictCard>(card(with_alternative())).await;
    assert!(card.all("[data-testid=loss]").is_empty());
}

#[wasm_bindgen_test]
async fn a_moved_block_is_a_line_without_bytes() {
    let mut repair = report().repair.unwrap();
    let patch = PatchReport { after: vec![], before: vec![], length: 1 << 21, ..repair.patches[0].clone() };
    repair.patches = vec![PatchReport { copied_from: Some(1024), ..patch.clone() }, patch];
    let view = draw::<Repair>(RepairProps { repair, size: 1024 }).await;
    let patches: Vec<_> = view.all("[data-testid=patch]").iter().filter_map(|patch| patch.text_content()).collect();
    let expected = [
        "Copy 2,097,152 bytes from 0x0000_0400 to 0x0000_0200: the backup",
        "Write 2,097,152 bytes of zeros at 0x0000_0200: the backup",
    ];
    assert_eq!(patches, expected);
    assert!(view.text().contains("2 changes, 4,194,304 bytes"));
}

#[wasm_bindgen_test]
async fn every_tool_has_its_say_before_and_after_the_repair() {
    let draw = |repaired| draw_html(tools(&report(), repaired));
    let view = draw(true).await;
    let tools: Vec<_> = view
        .all("[data-testid=accepts]")
        .iter()
        .map(|row| (attribute(row, "data-tool"), attribute(row, "data-accepts")))
        .collect();
    assert_eq!(tools, [("vhd-util", "false"), ("azure", "false")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    let after: Vec<_> = view.all("td.after").iter().filter_map(|cell| cell.text_content()).collect();
    assert_eq!(after, ["accepts it", "refuses it"]);
    assert!(view.text().contains("primary footer invalid: invalid cookie"));
    // What is said of the best repair does not hold for another.
    assert!(draw(false).await.all("td.after").is_empty());
}

#[wasm_bindgen_test]
async fn the_deep_check_says_what_it_reads_and_can_be_stopped() {
    let heard = Rc::new(RefCell::new(vec![]));
    let draw = |running: Option<Reading>| {
        let hear = |word| {
            let heard = heard.clone();
            Callback::from(move |()| heard.borrow_mut().push(word))
        };
        draw_html(deep_check(3 << 20, running.as_ref(), &hear("start"), &hear("cancel")))
    };
    let view = draw(None).await;
    assert!(view.text().contains("3 MiB"));
    view.click("deep-check").await;

    let progress = Some(Progress { stage: "blocks".into(), done: 1 << 20, total: 3 << 20, unit: Unit::Bytes });
    let view = draw(Some(Reading { slow: true, progress, ..Reading::default() })).await;
    assert!(view.text().contains("1 MiB of 3 MiB, 2 MiB left"));
    view.click("cancel-deep-check").await;
    assert_eq!(*heard.borrow(), ["start", "cancel"]);
}
