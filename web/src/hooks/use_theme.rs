//! Light or dark: as the system says, until the user says otherwise.

use gloo_events::EventListener;
use web_sys::{MediaQueryList, Storage};
use yew::prelude::*;

const KEY: &str = "theme";

/// The colours of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Theme {
    /// Its name in the style sheet and on the page.
    pub fn name(self) -> &'static str {
        match self {
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Light => Self::Dark,
            Self::Dark => Self::Light,
        }
    }

    fn stored(storage: &Storage) -> Option<Self> {
        let name = storage.get_item(KEY).ok()??;
        [Self::Light, Self::Dark].into_iter().find(|theme| theme.name() == name)
    }

    fn query() -> Option<MediaQueryList> {
        web_sys::window()?.match_media("(prefers-color-scheme: dark)").ok()?
    }

    fn of_system() -> Self {
        if Self::query().is_some_and(|query| query.matches()) { Self::Dark } else { Self::Light }
    }
}

/// The theme, and a callback that switches it.
#[hook]
pub fn use_theme() -> (Theme, Callback<()>) {
    let chosen = use_state_eq(|| storage().as_ref().and_then(Theme::stored));
    let system = use_state_eq(Theme::of_system);
    use_effect_with((), {
        let system = system.clone();
        move |()| {
            let listener = Theme::query()
                .map(|query| EventListener::new(&query, "change", move |_| system.set(Theme::of_system())));
            move || drop(listener)
        }
    });
    use_effect_with(*chosen, move |chosen| {
        let root = web_sys::window().and_then(|window| window.document()?.document_element());
        if let (Some(root), Some(theme)) = (root, chosen) {
            // Refused by no browser: it is a valid attribute.
            let _ = root.set_attribute("data-theme", theme.name());
        }
    });
    let theme = chosen.unwrap_or(*system);
    let switch = Callback::from(move |()| {
        let other = theme.other();
        if let Some(storage) = storage() {
            // Where nothing can be kept the switch holds until the page is closed.
            let _ = storage.set_item(KEY, other.name());
        }
        chosen.set(Some(other));
    });
    (theme, switch)
}

/// Absent where the browser keeps nothing, as in some private windows.
fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok()?
}
