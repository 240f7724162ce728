//! Focus that follows what happens on the page.

use web_sys::HtmlElement;
use yew::prelude::*;

/// Focuses the element of the returned reference whenever `what` changes, and when it first appears.
#[hook]
pub fn use_focus_when<T: PartialEq + 'static>(what: T) -> NodeRef {
    let node = use_node_ref();
    use_effect_with(what, {
        let node = node.clone();
        move |_| {
            if let Some(element) = node.cast::<HtmlElement>() {
                // An element that is gone again needs no focus.
                let _ = element.focus();
            }
        }
    });
    node
}
