//! The report to hand over, in the form that the other side takes.

use std::rc::Rc;

use vhd_analyser_core::Verdict;
use vhd_analyser_core::layout::time::TimeStamp;
use vhd_analyser_core::report::Report;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

use crate::components::common::copy_button::CopyButton;
use crate::components::common::section::section;
use crate::hooks::use_saved;
use crate::protocol::version::{COMMIT, VERSION};
use crate::protocol::{ExportOptions, Exports, Printed};
use vhd_analyser_core::units;

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct ReportTextProps {
    /// The file's report.
    pub report: Rc<Report>,
    /// The same for others, once it is written.
    #[prop_or_default]
    pub exports: Option<Rc<Exports>>,
    /// What coalescing it into its parent would do, a sentence each.
    #[prop_or_default]
    pub forecast: Vec<String>,
    /// What vhd-util would print.
    pub printed: Printed,
    /// When the file was read.
    pub date: TimeStamp,
    /// Which of the ways to repair it was chosen, the best being 0.
    pub plan: usize,
    /// The SHA-256 of the whole file in hex, where it is known.
    pub sha256: Option<AttrValue>,
    /// What was done about the file, a sentence each, with names of files in “quotation marks”.
    #[prop_or_default]
    pub done: Vec<String>,
    /// Has the report written for others.
    pub on_export: Callback<ExportOptions>,
    /// Asks for other times, in minutes east of UTC.
    pub on_utc_offset: Callback<i32>,
}

impl ReportTextProps {
    fn text(&self, form: Form) -> AttrValue {
        let exports = self.exports.as_deref();
        let text = match form {
            Form::VhdUtil => Some(&self.printed.text),
            Form::Markdown => exports.map(|exports| &exports.markdown),
            Form::Json => exports.map(|exports| &exports.json),
        };
        text.cloned().unwrap_or_default().into()
    }

    fn options(&self) -> ExportOptions {
        ExportOptions {
            plan: self.plan,
            sha256: self.sha256.as_ref().map(ToString::to_string),
            done: self.done.clone(),
            forecast: self.forecast.clone(),
        }
    }
}

/// A form of the report.
#[derive(Clone, Copy, PartialEq)]
enum Form {
    VhdUtil,
    Markdown,
    Json,
}

impl Form {
    const ALL: [Self; 3] = [Self::VhdUtil, Self::Markdown, Self::Json];

    /// Its name, and how names of its files end.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::VhdUtil => ("As vhd-util prints it", "txt"),
            Self::Markdown => ("Markdown", "md"),
            Self::Json => ("JSON", "json"),
        }
    }
}

/// The report as text, to copy and to save.
#[component]
pub fn ReportText(props: &ReportTextProps) -> Html {
    let report = &props.report;
    // Of a file that is no VHD the text of vhd-util would be nonsense.
    let forms = if report.verdict == Verdict::NotAVhd { &Form::ALL[1..] } else { &Form::ALL };
    let form = use_state_eq(|| forms[0]);
    // Written anew for every file, and whenever there is more to say.
    use_effect_with((report.clone(), props.options()), {
        let on_export = props.on_export.clone();
        move |(_, options)| on_export.emit(options.clone())
    });
    let text = props.text(*form);
    let url = use_saved(&text);
    let json_url = use_saved(&props.text(Form::Json));
    let pre = use_node_ref();

    let (_, extension) = form.names();
    let file = &report.file;
    let tools = html! {
        <>
            if *form == Form::VhdUtil {
                { utc_offset_choice(props.printed.utc_offset, &props.on_utc_offset) }
            }
            <CopyButton text={text.clone()} shown_in={pre.clone()} testid="copy-report" />
            if *form != Form::Json {
                <a class="button small" data-testid="save-report" href={url}
                    download={format!("{file}.{extension}")}>{ "Save" }</a>
            }
            if props.exports.is_some() {
                <a class="button small" data-testid="download-report-json" href={json_url}
                    download={format!("{file}.json")}>{ "Save JSON" }</a>
            }
        </>
    };
    let content = html! {
        <>
            <div class="actions" role="radiogroup" aria-label="Form of the report">
                { for forms.iter().map(|choice| radio(*choice, &form)) }
            </div>
            <pre class="report-text" data-testid="report-text" tabindex="0" role="region" aria-label="Report as text"
                ref={pre}>{ text }</pre>
            if !props.done.is_empty() {
                <ul>{ for props.done.iter().map(|sentence| html! { <li>{ sentence }</li> }) }</ul>
            }
            // What paper is to say of itself.
            <p class="on-paper muted small" data-testid="origin">
                { "VHD Analyser " }{ VERSION }
                if let Some(commit) = COMMIT {
                    { ", commit " }{ commit }
                }
                { " · " }{ props.date.to_string() }
            </p>
        </>
    };
    section("Report", None, tools, content)
}

fn radio(form: Form, chosen: &UseStateHandle<Form>) -> Html {
    let onchange = {
        let chosen = chosen.clone();
        Callback::from(move |_: Event| chosen.set(form))
    };
    let (name, extension) = form.names();
    html! {
        <label class="labelled">
            <input type="radio" name="form" data-testid={format!("report-{extension}")} checked={form == **chosen}
                {onchange} />
            { name }
        </label>
    }
}

/// The offsets from UTC in use on Earth, in minutes.
const UTC_OFFSETS: [i32; 38] = [
    -720, -660, -600, -570, -540, -480, -420, -360, -300, -240, -210, -180, -120, -60, 0, 60, 120, 180, 210, 240, 270,
    300, 330, 345, 360, 390, 420, 480, 525, 540, 570, 600, 630, 660, 720, 765, 780, 840,
];

fn utc_offset_choice(chosen: i32, on_change: &Callback<i32>) -> Html {
    // JavaScript counts westwards.
    let own = -js_sys::Date::new_0().get_timezone_offset() as i32;
    let options = std::iter::once(own).chain(UTC_OFFSETS.into_iter().filter(|minutes| *minutes != own));
    let onchange = on_change.reform(|event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        select.value().parse().unwrap_or_default()
    });
    html! {
        <label class="labelled">
            { "Times in" }
            <select id="report-utc-offset" data-testid="report-utc-offset" {onchange}>
                { for options.map(|minutes| {
                    let place = if minutes == own { " (this computer)" } else { "" };
                    html! {
                        <option value={minutes.to_string()} selected={minutes == chosen}>
                            { units::utc_offset(minutes) }{ place }
                        </option>
                    }
                }) }
            </select>
        </label>
    }
}
