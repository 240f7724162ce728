//! Behaviour that components share.

mod use_analyser;
mod use_file_drop;
mod use_focus;
mod use_object_url;
mod use_output;
mod use_theme;
mod use_update;

pub use use_analyser::{Analyser, use_analyser};
pub use use_file_drop::use_file_drop;
pub use use_focus::use_focus_when;
pub use use_object_url::{use_object_url, use_saved};
pub use use_output::{Output, Writer, use_output};
pub use use_theme::{Theme, use_theme};
pub use use_update::{is_one_file, use_update};
