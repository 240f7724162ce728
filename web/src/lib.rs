//! The page: drop VHDs and logs, read what is wrong and what to do, download a copy that works.
//!
//! ```text
//!  page                                        worker, one for each reading
//!  hooks::desk ──── Request, Files ──────────▶ worker::serve
//!    │ files in, answers out                     │  source::BlobSource ── reads a File, a few ranges at once
//!    │                                           │  neighbours::Folder ── the other Files, for a disk's parent
//!    │                                           │  vhd_analyser_core  ── knows the format, and logs
//!    │                                           │
//!    │ ◀── Report, scripts, text, SHA-256 ───────┤  one disk
//!    │ ◀── Gathered: forest, answer of logs ─────┤  gather  ── disks, logs and journals, one after the other
//!    │ ◀── Blob: the image of a chain ───────────┘  flatten ── pieces of the Files and new bytes
//!    ▼
//!  state::State ── components::* ─── one disk: fixed_copy::compose ── a Blob to download
//!                    └─ several ──── overview, logs, forest, coalesce; below them one of the disks
//! ```
//!
//! Page and worker are two programs, and what both need is in this library. The worker's is fetched when the first
//! file is about to come: [`program::Program`] starts it for each reading, which costs no further download and no
//! compilation, and [`engine::Job`] ends it when nobody wants its answer any more.
//!
//! The page shows [`vhd_analyser_core::report::Report`] and [`gathered::Gathered`] and knows nothing of the format below
//! them. It never reads a file: it hands the `File` to the worker, and describes the fixed copy to the browser as pieces
//! of the original and new bytes. The image of a chain is such a description, too.

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
