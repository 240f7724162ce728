//! Facts without judgement: each structure of a file as it was found, whatever the state of the others.

mod bat;
mod bat_survey;
mod batmap;
pub mod block_scan;
mod block_set;
mod footers;
mod found;
mod open;
mod reader;
mod structures;
mod trailing;
mod unreferenced;
mod unreferenced_scan;

pub(crate) use bat::PAGE;
pub use bat::{Bat, Block, Grid, NAMED_ENTRIES, Named};
pub use batmap::Batmap;
pub use block_set::Blocks;
pub use found::Found;
pub use open::open;
pub(crate) use reader::Reader;
pub use structures::Image;
pub use trailing::{Tail, TailContent};
pub use unreferenced::{Orphan, Region, Unreferenced};
