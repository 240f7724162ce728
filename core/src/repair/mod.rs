//! Repairs, a file for each family, and the search for plans that end sound.

pub(crate) mod assign;
mod bat;
mod batmap;
mod bitmaps;
mod case;
mod entry;
mod evidence;
mod fields;
mod footers;
mod header;
pub(crate) mod journal;
mod last_block;
mod length;
mod lost_footers;
mod lost_header;
mod one_bit;
mod parent;
mod parent_disk;
mod plan;
mod poison;
mod relink;
mod requests;
mod search;
mod size;
mod table;
mod truncated;
pub mod undo;
mod unique_id;

pub use assign::{AssignRefusal, Assignment, check_assignments};
pub use evidence::{Evidence, Strength};
pub use parent_disk::{LinkRefusal, ParentDisk};
pub use plan::{Content, Cut, Patch, Patched, Plan, Segment, Step};
pub use requests::{FixedDisk, RequestedChanges};
pub(crate) use search::{Found, Partial, Wanted, find_plans, make_fixed};
