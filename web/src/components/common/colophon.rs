//! The page's last lines: what it was built from, how to take it along, and whether there is a newer one.

use yew::prelude::*;

use crate::hooks::is_one_file;
use crate::protocol::version::{COMMIT, VERSION};

/// Version, commit, the page in one file, and the next version once it is there.
pub fn colophon(update: Option<Callback<()>>) -> Html {
    let one_file = web_sys::window().is_none_or(|window| is_one_file(&window));
    html! {
        <footer class="colophon small muted">
            if let Some(take_over) = update {
                <p class="update" role="status" data-testid="update">
                    { "A new version of this page is there. It takes the place of this one when you want it; what is \
                       open here is closed then. " }
                    <button type="button" class="button small" onclick={take_over.reform(|_| ())}>{ "Load it" }</button>
                </p>
            }
            <p data-testid="version">
                { "VHD Analyser " }{ VERSION }
                if let Some(commit) = COMMIT {
                    { " · commit " }<span class="mono">{ commit }</span>
                }
                if !one_file {
                    { " · " }
                    <a href="vhd-analyser.html" download="vhd-analyser.html" data-testid="download-page">
                        { "Save this page as one file" }
                    </a>
                    { " for a computer without a network" }
                }
            </p>
        </footer>
    }
}
