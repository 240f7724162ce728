//! A text for the clipboard.

use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::HtmlElement;
use yew::prelude::*;

/// What is copied.
#[derive(Clone, PartialEq, Properties)]
pub struct CopyButtonProps {
    /// The text.
    pub text: AttrValue,
    /// The element in which it can be read.
    pub shown_in: NodeRef,
    /// The name by which tests find the button.
    pub testid: &'static str,
    /// What it copies, for those who do not see what it stands beside.
    #[prop_or_default]
    pub label: Option<AttrValue>,
}

/// Copies the text; where the browser forbids that, selects it, so that one key is enough.
#[component]
pub fn CopyButton(props: &CopyButtonProps) -> Html {
    let copied = use_state_eq(|| None::<bool>);
    use_effect_with(props.text.clone(), {
        let copied = copied.clone();
        move |_| copied.set(None)
    });
    let onclick = {
        let (text, shown_in, copied) = (props.text.clone(), props.shown_in.clone(), copied.clone());
        Callback::from(move |_| {
            let (text, shown_in, copied) = (text.clone(), shown_in.clone(), copied.clone());
            spawn_local(async move {
                let done = copy(&text).await;
                if !done {
                    select(&shown_in);
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
        <button type="button" class="button small" data-testid={props.testid} aria-live="polite"
            aria-description={props.label.clone()} {onclick}>{ label }</button>
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

fn select(shown_in: &NodeRef) {
    let selection = web_sys::window().and_then(|window| window.get_selection().ok().flatten());
    if let (Some(selection), Some(element)) = (selection, shown_in.cast::<HtmlElement>()) {
        // Nothing is lost where it cannot be selected: the text stands there.
        let _ = selection.select_all_children(&element);
    }
}
