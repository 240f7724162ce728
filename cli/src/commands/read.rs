//! `read`: the disk's metadata as vhd-util prints it.

use std::io::{self, Write};
use std::path::PathBuf;

use crate::error::Failure;
use crate::exit_code::Exit;
use crate::os::disk::{Companions, Disk, options};
use crate::ui::progress::Watch;

/// Prints a disk's metadata as `vhd-util read -p` does, byte for byte.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The disk: a file or a block device.
    file: PathBuf,

    /// Shifts times from UTC, such as +07:00.
    #[arg(long, value_name = "OFFSET", value_parser = minutes_east, default_value = "+00:00", allow_hyphen_values = true)]
    tz: i32,
}

/// Carries the command out.
pub fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let disk = Disk::open(&arguments.file)?;
    let analysis = disk.analyse(Companions::default(), &options(None, false)?, &mut Watch::new().analysis())?;
    let mut out = io::stdout().lock();
    out.write_all(&vhd_analyser_core::report::vhd_util_read::render(&analysis, arguments.tz))
        .and_then(|()| out.flush())
        .map_err(Failure::Output)?;
    Ok(Exit::Done)
}

/// Minutes east of UTC, from `+07:00` or `-03:30`.
fn minutes_east(text: &str) -> Result<i32, String> {
    parsed(text).ok_or_else(|| "write it as +07:00 or -03:30".to_owned())
}

fn parsed(text: &str) -> Option<i32> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let two_digits = |text: &str| match text.as_bytes() {
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(i32::from(tens - b'0') * 10 + i32::from(ones - b'0')),
        _ => None,
    };
    let hours = two_digits(hours).filter(|hours| *hours < 24)?;
    let minutes = two_digits(minutes).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * 60 + minutes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_read_strictly() {
        assert_eq!(parsed("+07:00"), Some(420));
        assert_eq!(parsed("-03:30"), Some(-210));
        assert_eq!(parsed("+00:00"), Some(0));
        for wrong in ["", "7", "+7:00", "+07", "07:00", "+24:00", "+07:60", "+-7:00", "+07:00 ", "±07:00"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }
}
