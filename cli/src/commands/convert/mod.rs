//! `convert`, and `flatten`, its old name: a disk or chain as one image of its own, complete or not there at all.

mod compare;
mod members;
mod refusal;
mod write;

use std::path::PathBuf;

use vhd_analyser_core::convert::{ChainSource, Format, Identity, ImageWriter};
use vhd_analyser_core::source::Source;
use vhd_analyser_core::units;

use self::members::{Chain, ChainDisk, refused};
use self::refusal::Refusal;
use crate::error::{Failure, print_error};
use crate::exit_code::Exit;
use crate::os::atomic_file::Existing;
use crate::os::disk::options;
use crate::os::signals;
use crate::ui::page::Page;
use crate::ui::progress::Watch;
use crate::ui::text::quoted;

/// Writes what a disk holds, read through all its parents, as an image of another kind.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    common: Common,

    /// What the image is to be. Without it, what the extension of OUT says: `.img` and `.raw` are raw.
    #[arg(long, value_enum)]
    to: Option<To>,
}

/// Writes what a disk holds, read through all its parents, as one image that needs none of them: `convert` by its old
/// name.
#[derive(Debug, clap::Args)]
pub struct FlattenArguments {
    #[command(flatten)]
    common: Common,

    /// What the image is to be.
    #[arg(long, value_enum, default_value_t = To::Dynamic)]
    format: To,
}

#[derive(Debug, clap::Args)]
struct Common {
    /// The disk at the end of the chain.
    file: PathBuf,

    /// The image. It appears under its name only when it is complete.
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,

    /// The parent; given again, the parent's parent, and so on. Where none is given, each disk says where its parent is.
    #[arg(long = "parent", value_name = "PARENT")]
    parents: Vec<PathBuf>,

    /// Replaces OUT.
    #[arg(long)]
    force: bool,
}

/// Formats of images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum To {
    /// A VHD with the blocks that hold something.
    Dynamic,
    /// A VHD with every sector.
    Fixed,
    /// Every sector, and nothing else.
    Raw,
}

impl From<To> for Format {
    fn from(to: To) -> Self {
        match to {
            To::Dynamic => Self::Dynamic,
            To::Fixed => Self::Fixed,
            To::Raw => Self::Raw,
        }
    }
}

/// Carries the command out.
///
/// # Errors
/// Where a file fails or is in the way, or Ctrl-C stops it. Then there is no `OUT`, or the one that was there before.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let common = &arguments.common;
    let is_raw = common
        .out
        .extension()
        .is_some_and(|extension| ["img", "raw"].iter().any(|raw| extension.eq_ignore_ascii_case(raw)));
    match arguments.to.or(is_raw.then_some(To::Raw)) {
        Some(to) => write_image(common, to),
        None => Err(Failure::UnknownKind { out: common.out.clone() }),
    }
}

/// Carries the command out under its old name.
///
/// # Errors
/// As [`run`].
pub fn run_flatten(arguments: &FlattenArguments) -> Result<Exit, Failure> {
    write_image(&arguments.common, arguments.format)
}

fn write_image(arguments: &Common, to: To) -> Result<Exit, Failure> {
    match convert(arguments, to) {
        Ok(()) => Ok(Exit::Done),
        Err(Refusal::Failure(failure)) => Err(failure),
        Err(Refusal::Damaged(sentence)) => {
            let file = arguments.file.to_string_lossy();
            print_error(&format!("vhd-analyser: {sentence}"));
            print_error(&format!(
                "Nothing was written. More is said by: vhd-analyser check --parents {}",
                quoted(&file)
            ));
            Ok(Exit::Damaged)
        }
    }
}

fn convert(arguments: &Common, to: To) -> Result<(), Refusal> {
    let options = options(None, false)?;
    let members = members::find(&arguments.file, &arguments.parents, &options)?;
    if members.iter().any(ChainDisk::is_written_to) {
        print_error("vhd-analyser: the chain is in use; what is read while it is written to may not fit together");
    }
    let disks = members.iter().map(|member| (member.layer.clone(), member.disk.source())).collect();
    let chain = ChainSource::new(disks).map_err(|error| Refusal::Damaged(error.to_string()))?;
    let existing = if arguments.force { Existing::Replace } else { Existing::Keep };
    let draft = write::begin(&members, &arguments.out, existing)?;
    let identity = Identity { made: options.now, random: options.fresh_unique_id };
    let format = Format::from(to);
    let flat = ImageWriter::plan(&chain, format, identity, &mut Watch::new().analysis())
        .map_err(|error| refused(error, &members))?;
    write::fill(&draft, &members, &chain, &flat)?;
    compare::with_chain(&draft, format, &chain, &members, &options)?;
    members::find_unchanged(&members)?;
    signals::stop_if_requested()?;
    draft.publish(existing)?;
    say(arguments, to, &chain, &flat)?;
    Ok(())
}

fn say(arguments: &Common, to: To, chain: &Chain<'_>, flat: &ImageWriter) -> Result<(), Failure> {
    let kind = match to {
        To::Dynamic => "a dynamic VHD",
        To::Fixed => "a fixed VHD",
        To::Raw => "a raw image",
    };
    let disks = match chain.layers().len() {
        1 => "one disk".to_owned(),
        disks => format!("a chain of {}", units::count(disks as u64, "disk")),
    };
    let mut page = Page::new();
    page.say(&format!(
        "{} is {kind} of {disks}: {} of virtual disk in a file of {}. It was read again, and holds what the \
         chain holds.",
        arguments.out.display(),
        units::size(chain.length()),
        units::exact_size(flat.length())
    ));
    page.show()
}
