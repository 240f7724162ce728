//! Sizes that are short until somebody wants them exact.

use yew::prelude::*;

use vhd_analyser_core::units;

/// Which size.
#[derive(Clone, PartialEq, Properties)]
pub struct ExactSizeProps {
    /// In bytes.
    pub bytes: u64,
}

/// A size in binary units that turns into bytes, and back, when it is pressed.
#[component]
pub fn ExactSize(props: &ExactSizeProps) -> Html {
    let exact = use_state_eq(|| false);
    let (shown, other) = {
        let (short, long) = (units::size(props.bytes), units::exact_size(props.bytes));
        if *exact { (long, short) } else { (short, long) }
    };
    let onclick = {
        let exact = exact.clone();
        Callback::from(move |_| exact.set(!*exact))
    };
    html! { <button type="button" class="exact" title={other} {onclick}>{ shown }</button> }
}
