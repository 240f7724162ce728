//! A chain as one image, to save.

use vhd_analyser_core::convert::Format;
use web_sys::Blob;
use yew::prelude::*;

use crate::browser::file_access;
use crate::components::common::callout::{Tone, callout};
use crate::components::common::icon::Shape;
use crate::components::common::reading::progress_line;
use crate::components::common::save_file::save_file;
use crate::components::common::section::section;
use crate::hooks::{use_object_url, use_output};
use crate::state::ChainImage as Known;
use vhd_analyser_core::units;

/// What is offered.
#[derive(Clone, PartialEq, Properties)]
pub struct ChainImageProps {
    /// The name of the disk at the chain's end.
    pub file: AttrValue,
    /// How many disks the chain has.
    pub disks: usize,
    /// What is known of the image.
    pub image: Known,
    /// Puts it together.
    pub on_flatten: Callback<Format>,
    /// Stops that.
    pub on_cancel: Callback<()>,
    /// Hears what was done, a sentence each time.
    pub on_done: Callback<String>,
}

/// The choice of a format, how far the image is, and the ways to save it.
#[component]
pub fn ChainImage(props: &ChainImageProps) -> Html {
    let format = use_state_eq(|| Format::Dynamic);
    let choice = |this: Format, label: &'static str, testid: &'static str| {
        let onchange = {
            let format = format.clone();
            Callback::from(move |_: Event| format.set(this))
        };
        html! {
            <label class="labelled">
                <input type="radio" name="flat-format" data-testid={testid} checked={*format == this} {onchange} />{ label }
            </label>
        }
    };
    let chosen = *format;
    let content = html! {
        <div class="paragraphs">
            <div class="actions" role="radiogroup" aria-label="Format of the image">
                { choice(Format::Dynamic, "dynamic VHD", "flat-dynamic") }
                { choice(Format::Fixed, "fixed VHD", "flat-fixed") }
                { choice(Format::Raw, "raw image", "flat-raw") }
            </div>
            { state(props, chosen) }
        </div>
    };
    let (heading, extent) = match props.disks {
        1 => ("In another format", None),
        disks => ("The whole chain as one image", Some(units::count(disks as u64, "disk"))),
    };
    section(heading, extent.map(|extent| extent.to_string()), Html::default(), content)
}

fn state(props: &ChainImageProps, chosen: Format) -> Html {
    let start = html! {
        <div class="actions">
            <button type="button" class="button small" data-testid="flatten" onclick={props.on_flatten.reform(move |_| chosen)}>
                { "Put the image together" }
            </button>
            <span class="muted small">{ "reads the tables only; the data is copied when you save it" }</span>
        </div>
    };
    match &props.image {
        Known::None => start,
        Known::Reading(reading) => html! {
            <>
                { progress_line(reading) }
                <div class="actions">
                    <button type="button" class="button small" data-testid="cancel-flatten"
                        onclick={props.on_cancel.reform(|_| ())}>{ "Cancel" }</button>
                </div>
            </>
        },
        Known::Made(format, blob) => html! {
            <>
                <Made file={props.file.clone()} format={*format} blob={blob.clone()} on_done={props.on_done.clone()} />
                if *format != chosen {
                    { start }
                }
            </>
        },
        Known::Failed(failure) => html! {
            <>
                { callout(Tone::Bad, Shape::Error, "flatten-failed", html! { <p role="status">{ failure.to_string() }</p> }) }
                { start }
            </>
        },
    }
}

#[derive(Clone, PartialEq, Properties)]
struct MadeProps {
    file: AttrValue,
    format: Format,
    blob: Blob,
    on_done: Callback<String>,
}

#[component]
fn Made(props: &MadeProps) -> Html {
    let MadeProps { file, format, blob, on_done } = props;
    let url = use_object_url(Some(blob.clone()));
    let saving = use_output();
    let name = flat_name(file, *format);
    html! {
        <div class="paragraphs" role="status">
            <p>{ "The image is ready: " }<span class="mono">{ &name }</span>{ ", " }{ units::exact_size(blob.size() as u64) }{ "." }</p>
            <div class="actions">
                <a class="button primary" href={url} download={name.clone()} data-testid="download-flat">{ "Download it" }</a>
                if file_access::is_available() {
                    { save_file(blob.clone(), name, ("save-flat", "Save it…"), true, (&saving, on_done)) }
                }
            </div>
        </div>
    }
}

/// `disk.vhd` becomes `disk.flat.vhd`, or `disk.flat.img`.
fn flat_name(file: &str, format: Format) -> String {
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    format!("{stem}.flat.{}", if format == Format::Raw { "img" } else { "vhd" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_is_called_by_the_disk_and_what_it_is() {
        assert_eq!(flat_name("disk.vhd", Format::Fixed), "disk.flat.vhd");
        assert_eq!(flat_name("a.b.avhd", Format::Raw), "a.b.flat.img");
        assert_eq!(flat_name("disk", Format::Dynamic), "disk.flat.vhd");
    }
}
