//! The page's first line.

use yew::prelude::*;

use crate::components::common::help::Topic;
use crate::components::common::icon::{Shape, icon};
use crate::hooks::use_theme;

/// What the header needs.
#[derive(Clone, PartialEq, Properties)]
pub struct HeaderProps {
    /// Asks for help.
    pub on_help: Callback<Topic>,
}

/// The name, the promise, help and the switch between light and dark.
#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let (theme, switch) = use_theme();
    let switch_label = format!("Switch to {} colours", theme.other().name());
    html! {
        <header class="page-header">
            <h1>{ "VHD Analyser" }</h1>
            <p class="muted small">{ "works offline · nothing leaves this computer" }</p>
            <button type="button" class="button icon small" aria-label="Help" title="Help"
                onclick={props.on_help.reform(|_| Topic::Use)}>{ "?" }</button>
            <button type="button" class="button icon small" data-testid="theme"
                aria-label={switch_label.clone()} title={switch_label}
                onclick={switch.reform(|_| ())}>{ icon(Shape::Theme) }</button>
        </header>
    }
}
