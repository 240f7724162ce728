//! The components, drawn in a real browser.

#![cfg(target_arch = "wasm32")]

use std::cell::RefCell;
use std::rc::Rc;

use gloo_timers::future::TimeoutFuture;
use js_sys::wasm_bindgen::JsCast;
use js_sys::{Array, Uint8Array};
use vhd_analyser_core::report::{
    FieldReport, FindingReport, PatchReport, RepairReport, Report, Segment, Severity, StructureReport, Verdict,
};
use vhd_analyser_web::components::app::App;
use vhd_analyser_web::components::findings::{Findings, FindingsProps};
use vhd_analyser_web::components::fixed_copy::{FixedCopy, FixedCopyProps};
use vhd_analyser_web::components::notice::{NoticeBox, NoticeBoxProps};
use vhd_analyser_web::components::reading::{ReadingView, ReadingViewProps};
use vhd_analyser_web::components::repair::{Repair, RepairProps};
use vhd_analyser_web::components::report_text::{ReportText, ReportTextProps};
use vhd_analyser_web::components::structures::{Structures, StructuresProps};
use vhd_analyser_web::components::verdict::{VerdictCard, VerdictCardProps};
use vhd_analyser_web::failure::Failure;
use vhd_analyser_web::state::{CopyCheck, Notice, Reading};
use vhd_analyser_web::worker::{Printed, Progress};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use web_sys::{Element, Event, EventInit, File, HtmlElement, HtmlInputElement, HtmlSelectElement};
use yew::{BaseComponent, Callback, Html, Renderer};

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
        offset: 220_655_616,
        length: 8,
        found: "00".into(),
        expected: "63".into(),
        vhd_util: Some("primary footer invalid: invalid cookie".into()),
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
        cautions: vec!["Detach the disk first.".into()],
        scope: vec!["Not checked: the data.".into()],
        findings: vec![
            finding("footer.primary.cookie", Severity::Error),
            finding("footer.backup.time", Severity::Warning),
        ],
        repair: Some(RepairReport {
            title: "Renew the footer".into(),
            lossless: true,
            loses: vec![],
            assumes: vec![],
            new_size: 1024,
            cut: None,
            patches: vec![PatchReport { offset: 512, reason: "the backup".into(), before, after: after.clone() }],
            segments: vec![Segment::Source { offset: 0, length: 512 }, Segment::Bytes(after)],
        }),
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
    let card = draw::<VerdictCard>(VerdictCardProps { report: report().into(), children: Html::default() }).await;
    assert_eq!(attribute(&card.the("verdict"), "data-verdict"), "repairable");
    assert_eq!(card.the("caution").text_content().unwrap(), "Detach the disk first.");
    let focused = web_sys::window().unwrap().document().unwrap().active_element().unwrap();
    assert_eq!(focused.text_content().unwrap(), "Damaged, and can be repaired");
    assert!(card.text().contains("Not checked: the data."));
}

#[wasm_bindgen_test]
async fn losses_come_before_everything_else() {
    let card = draw::<VerdictCard>(VerdictCardProps { report: salvageable().into(), children: Html::default() }).await;
    assert_eq!(card.all("[data-testid=loss]").len(), 2);
    let text = card.text();
    assert!(text.find("Block 12").unwrap() < text.find("The footer is missing.").unwrap());
}

#[wasm_bindgen_test]
async fn findings_show_text_from_a_disk_as_text() {
    let list = draw::<Findings>(FindingsProps { report: report().into() }).await;
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
}

#[wasm_bindgen_test]
async fn a_change_shows_the_rows_that_differ_and_the_others_on_demand() {
    let report = report();
    let repair = draw::<Repair>(RepairProps { repair: report.repair.unwrap(), size: 2048 }).await;
    assert!(repair.the("cut").text_content().unwrap().contains("The fixed copy has 1,024 bytes."));
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
    let view = draw::<ReportText>(ReportTextProps {
        file: "disk.vhd".into(),
        printed: Printed { utc_offset: 0, text: "Cookie : <b>\n".into() },
        on_utc_offset: Callback::from({
            let asked = asked.clone();
            move |minutes| *asked.borrow_mut() = Some(minutes)
        }),
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
}

async fn fixed_copy(report: Report, checked: Rc<RefCell<Option<f64>>>) -> Drawn {
    let bytes = Array::of1(&Uint8Array::new_with_length(1024));
    draw::<FixedCopy>(FixedCopyProps {
        report: report.into(),
        original: File::new_with_u8_array_sequence(&bytes, "disk.vhd").unwrap(),
        copy: CopyCheck::Unchecked,
        on_check: Callback::from(move |copy: web_sys::Blob| *checked.borrow_mut() = Some(copy.size())),
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
    let progress = Progress { stage: "block allocation table".into(), done: 1 << 20, total: 4 << 20 };
    let view = draw::<ReadingView>(ReadingViewProps {
        reading: Reading { name: "disk.vhd".into(), slow: true, progress: Some(progress) },
        on_cancel: Callback::from({
            let cancelled = cancelled.clone();
            move |()| *cancelled.borrow_mut() = true
        }),
    })
    .await;
    let bar = view.the("progress");
    assert_eq!((attribute(&bar, "role"), attribute(&bar, "value")), ("progressbar".into(), "250".into()));
    assert!(view.text().contains("block allocation table"));
    assert!(view.text().contains("1 MiB of 4 MiB, 3 MiB left"));
    view.click("cancel").await;
    assert!(*cancelled.borrow());
}

#[wasm_bindgen_test]
async fn a_failure_is_a_sentence() {
    let failure = Failure::Unreadable("NotReadableError".into());
    let notice = Notice::Failed { name: "disk.vhd".into(), failure };
    let view = draw::<NoticeBox>(NoticeBoxProps { notice }).await;
    let text = view.the("notice").text_content().unwrap();
    assert!(text.contains("“disk.vhd” could not be read to the end."));
    assert!(text.contains("NotReadableError"));
}
