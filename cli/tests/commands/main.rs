//! The program itself, run over the images of the corpus: what it prints, how it ends, what it leaves in the folder.

mod check;
mod explain;
mod export_blocks;
mod flatten;
mod log_cases;
mod one_verdict;
mod parents;
mod repair;
mod repair_in_place;
mod repair_many;
mod repair_parent;
mod repair_partial;
mod repair_script;
mod scan;
mod vhd_directory;
mod world;
