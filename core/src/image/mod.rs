//! Facts without judgement: each structure of a file as it was found, whatever the state of the others.

mod bat;
mod bat_survey;
mod batmap;
mod block_fill;
pub mod block_scan;
mod block_set;
mod contested;
mod footers;
mod found;
mod intact;
mod open;
mod placement;
mod reader;
mod stretch;
mod structures;
mod trailing;
mod unreferenced;
mod unreferenced_scan;
mod weighed;

pub use bat::{Bat, Beside, Block, NAMED_ENTRIES, Named};
pub use batmap::Batmap;
pub(crate) use block_fill::BlockFill;
pub use block_set::Blocks;
pub use found::Found;
pub use intact::IntactBlock;
pub use open::open;
pub(crate) use placement::PAGE;
pub use placement::Placement;
pub(crate) use reader::Reader;
pub use structures::Image;
pub use trailing::{Tail, TailContent};
pub use unreferenced::{Orphan, Region, Unreferenced};
