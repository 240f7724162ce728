//! The page while a file is read.

use yew::prelude::*;

use crate::hooks::use_focus_when;
use crate::protocol::Progress;
use crate::state::Reading;

/// What is shown of it.
#[derive(Clone, PartialEq, Properties)]
pub struct ReadingViewProps {
    /// The file and how far it is.
    pub reading: Reading,
    /// Stops it.
    pub on_cancel: Callback<()>,
}

/// What is being read, how much is left, and a way out.
#[component]
pub fn ReadingView(props: &ReadingViewProps) -> Html {
    let heading = use_focus_when(Some(props.reading.name.clone()));
    html! {
        <section class="reading">
            <div class="reading-line">
                <h2 ref={heading} tabindex="-1">{ "Reading " }{ &props.reading.name }</h2>
                <button type="button" class="button small" data-testid="cancel"
                    onclick={props.on_cancel.reform(|_| ())}>{ "Cancel" }</button>
            </div>
            { progress_line(&props.reading) }
        </section>
    }
}

/// The bar, and in words what it means.
pub fn progress_line(reading: &Reading) -> Html {
    progress_bar(format!("Reading {}", reading.name), "Opening the file", reading.progress.as_ref())
}

/// The bar, and in words what it means, or what is awaited before there is anything to measure.
pub fn progress_bar(label: String, awaited: &str, progress: Option<&Progress>) -> Html {
    let Some(progress) = progress.filter(|progress| progress.total > 0) else {
        let awaited = progress.map_or(awaited, |progress| &progress.stage).to_owned();
        return html! {
            <>
                <progress data-testid="progress" role="progressbar" aria-label={label} />
                <p class="small muted">{ awaited }</p>
            </>
        };
    };
    // A bar that counts in thousandths needs no more precision than it shows.
    let thousandths = u128::from(progress.done) * 1000 / u128::from(progress.total.max(1));
    html! {
        <>
            <progress data-testid="progress" role="progressbar" aria-label={label} max="1000"
                value={thousandths.to_string()} />
            <p class="reading-line small muted">
                <span>{ &progress.stage }</span>
                <span>{ progress.amount() }</span>
            </p>
        </>
    }
}
