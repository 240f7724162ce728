//! Lines of a log, pasted.

use gloo_timers::callback::Timeout;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// Milliseconds of silence after which what was written counts. Pasted text comes whole.
const PAUSE: u32 = 800;

/// Where it goes.
#[derive(Clone, PartialEq, Properties)]
pub struct PasteLogProps {
    /// Takes the log.
    pub on_log: Callback<String>,
}

/// A place for lines of a log, which are explained as soon as they are there.
#[component]
pub fn PasteLog(props: &PasteLogProps) -> Html {
    let waiting = use_mut_ref(|| None::<Timeout>);
    let oninput = {
        let on_log = props.on_log.clone();
        Callback::from(move |event: InputEvent| {
            let text = event.target_unchecked_into::<HtmlTextAreaElement>().value();
            let is_typed = event.input_type() == "insertText";
            let on_log = on_log.clone();
            *waiting.borrow_mut() = (!text.trim().is_empty())
                .then(|| Timeout::new(if is_typed { PAUSE } else { 0 }, move || on_log.emit(text)));
        })
    };
    html! {
        <label class="paste-log">
            <span class="small">{ "Paste lines of nova-compute.log, SMlog or xensource.log" }</span>
            <textarea rows="3" spellcheck="false" autocomplete="off" class="mono" data-testid="log-input"
                placeholder="… SMGC: [19805] coalesce: EXCEPTION …" {oninput} />
        </label>
    }
}
