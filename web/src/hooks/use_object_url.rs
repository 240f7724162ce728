//! Something to download.

use gloo_file::ObjectUrl;
use web_sys::Blob;
use yew::prelude::*;

/// The address of a `Blob`, revoked when the component goes or the `Blob` changes.
#[hook]
pub fn use_object_url(blob: Option<Blob>) -> Option<AttrValue> {
    let url = use_memo(blob, |blob| blob.clone().map(ObjectUrl::from));
    url.as_ref().as_ref().map(|url| AttrValue::from(url.to_string()))
}

/// The address of a text to be saved.
#[hook]
pub fn use_saved(text: &AttrValue) -> AttrValue {
    let url = use_memo(text.clone(), |text| ObjectUrl::from(gloo_file::Blob::new(text.as_str())));
    url.to_string().into()
}
