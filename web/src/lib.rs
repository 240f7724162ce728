//! The page: drop a VHD, read what is wrong with it, download a copy that works.
//!
//! ```text
//!  page                                      worker, one for each file
//!  hooks::use_analyser ── Request, File ───▶ worker::serve
//!    │                                         │  source::BlobSource ── reads the File, a few ranges at once
//!    │                                         │  vhd_analyser_core  ── knows the format
//!    │ ◀──────────────── Response(Report) ─────┘
//!    ▼
//!  state::State ── components::* ── fixed_copy::compose ── a Blob to download
//! ```
//!
//! Page and worker are two programs, and what both need is in this library. The worker's is fetched when the first
//! file is about to come: [`program::Program`] starts it for each file, which costs no further download and no
//! compilation, and [`engine::Job`] ends it when nobody wants its answer any more.
//!
//! The page shows [`vhd_analyser_core::report::Report`] and knows nothing of the format below it. It never
//! reads the file: it hands the `File` to the worker, and describes the fixed copy to the browser as pieces
//! of the original and new bytes.

pub mod components;
pub mod engine;
pub mod failure;
pub mod file_access;
pub mod fixed_copy;
pub mod flatten;
pub mod folders;
pub mod gather;
pub mod gathered;
pub mod hexdump;
pub mod hooks;
pub mod in_place;
pub mod message;
pub mod neighbours;
pub mod program;
pub mod sample;
pub mod source;
pub mod state;
pub mod units;
pub mod unpacked;
pub mod version;
pub mod worker;
