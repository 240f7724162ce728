//! Focus that follows what happens on the page.

use web_sys::HtmlElement;
use yew::prelude::*;

/// Focuses the element of the returned reference when it first appears, and whenever `what` changes, if that is something.
#[hook]
pub fn use_focus_when<T: PartialEq + 'static>(what: Option<T>) -> NodeRef {
    let node = use_node_ref();
    use_effect_with(what, {
        let node = node.clone();
        move |what| {
            if let (Some(_), Some(element)) = (what, node.cast::<HtmlElement>()) {
                // An element that is gone again needs no focus.
                let _ = element.focus();
            }
        }
    });
    node
}
