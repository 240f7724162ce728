//! The page: drop VHDs and logs, read what is wrong and what to do, download a copy that works.
//!
//! ```text
//!  page                                             worker, one for each reading
//!  controller ──── protocol::Request, Files ──────▶ worker::serve
//!    │ files in, answers out                          │  blob_source ── reads a File, a few ranges at once
//!    │                                                │  parents ── the other Files, for a disk's parent
//!    │                                                │  vhd_analyser_core, vhd_analyser_logs
//!    │                                                │
//!    │ ◀── Report, scripts, text, SHA-256 ────────────┤  analyse: one disk
//!    │ ◀── FileSet: forest, answer of logs ───────────┤  file_set: disks, logs and journals, one after the other
//!    │ ◀── Blob: the image of a chain ────────────────┘  flatten: pieces of the Files and new bytes
//!    ▼
//!  state::State ── components ─── disk: browser::compose ── a Blob to download
//!                    └─ several ── overview, logs, forest, coalesce; below them one of the disks
//! ```
//!
//! Page and worker are two programs, and what both need is in this library: [`protocol`]. The worker's is fetched when
//! the first file is about to come: [`controller::program::Program`] starts it for each reading, which costs no further
//! download and no compilation, and [`controller::job::Job`] ends it when nobody wants its answer any more.
//!
//! The page shows [`vhd_analyser_core::report::Report`] and [`protocol::file_set::FileSet`] and knows nothing of the
//! format below them. It never reads a file: it hands the `File` to the worker, and describes the fixed copy to the
//! browser as pieces of the original and new bytes. The image of a chain is such a description, too.

pub mod browser;
pub mod components;
pub mod controller;
pub mod hooks;
pub mod protocol;
pub mod state;
pub mod worker;
