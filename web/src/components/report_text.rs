//! The report as text.

use gloo_file::Blob;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::{HtmlElement, HtmlSelectElement};
use yew::prelude::*;

use crate::components::section::section;
use crate::hooks::use_object_url;
use crate::units;
use crate::worker::Printed;

/// What is shown.
#[derive(Clone, PartialEq, Properties)]
pub struct ReportTextProps {
    /// The file's name.
    pub file: AttrValue,
    /// The text.
    pub printed: Printed,
    /// Asks for other times, in minutes east of UTC.
    pub on_utc_offset: Callback<i32>,
}

/// The text that `vhd-util` prints, to copy and to save.
#[component]
pub fn ReportText(props: &ReportTextProps) -> Html {
    let Printed { utc_offset, text } = &props.printed;
    let pre = use_node_ref();
    let blob = use_memo(text.clone(), |text| Blob::new(text.as_str()));
    let url = use_object_url(Some((*blob).clone().into()));
    let tools = html! {
        <>
            { utc_offset_choice(*utc_offset, &props.on_utc_offset) }
            <CopyButton text={text.clone()} shown_in={pre.clone()} />
            <a class="button small" href={url} download={format!("{}.txt", props.file)}>{ "Save" }</a>
        </>
    };
    let content = html! {
        <>
            <p class="muted small">{ "As vhd-util prints it (vhd-util read -p)." }</p>
            <pre class="report-text" data-testid="report-text" tabindex="0" role="region" aria-label="Report as text"
                ref={pre}>{ text }</pre>
        </>
    };
    section("Report", None, tools, content)
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

#[derive(Clone, PartialEq, Properties)]
struct CopyButtonProps {
    text: AttrValue,
    shown_in: NodeRef,
}

/// Copies the text; where the browser forbids that, selects it, so that one key is enough.
#[component]
fn CopyButton(props: &CopyButtonProps) -> Html {
    let copied = use_state_eq(|| None::<bool>);
    use_effect_with(props.text.clone(), {
        let copied = copied.clone();
        move |_| copied.set(None)
    });
    let onclick = {
        let (text, pre, copied) = (props.text.clone(), props.shown_in.clone(), copied.clone());
        Callback::from(move |_| {
            let (text, pre, copied) = (text.clone(), pre.clone(), copied.clone());
            spawn_local(async move {
                let done = copy(&text).await;
                if !done {
                    select(&pre);
                }
                copied.set(Some(done));
            });
        })
    };
    let label = match *copied {
        None => "Copy",
        Some(true) => "Copied",
        Some(false) => "Selected: press Ctrl+C",
    };
    html! {
        <button type="button" class="button small" data-testid="copy-report" aria-live="polite" {onclick}>{ label }</button>
    }
}

async fn copy(text: &str) -> bool {
    let Some(window) = web_sys::window() else { return false };
    let clipboard = window.navigator().clipboard();
    // Browsers have none on a page that came over plain HTTP.
    if clipboard.is_undefined() {
        return false;
    }
    JsFuture::from(clipboard.write_text(text)).await.is_ok()
}

fn select(pre: &NodeRef) {
    let selection = web_sys::window().and_then(|window| window.get_selection().ok().flatten());
    if let (Some(selection), Some(pre)) = (selection, pre.cast::<HtmlElement>()) {
        // Nothing is lost where it cannot be selected: the text stands there.
        let _ = selection.select_all_children(&pre);
    }
}
