//! One part of the report.

use yew::prelude::*;

/// A heading with its extent behind it and tools beside it, and what belongs to it.
pub fn section(heading: &'static str, extent: Option<String>, tools: Html, content: Html) -> Html {
    html! {
        <section class="section">
            <div class="section-header">
                <h2>
                    { heading }
                    if let Some(extent) = extent {
                        { " " }<span class="count">{ extent }</span>
                    }
                </h2>
                { tools }
            </div>
            { content }
        </section>
    }
}
