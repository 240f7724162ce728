//! Programs from Debian's packages.

use std::process::Command;

use super::piece::{Piece, SetupError};
use crate::process::{self, ProcessError};

/// Programs that the system brings.
pub struct DebianPackages {
    /// What must be there: names to look up on `PATH`, or absolute paths.
    pub programs: &'static [&'static str],
    /// The packages that have them.
    pub packages: &'static [&'static str],
    /// See [`Piece::purpose`].
    pub purpose: &'static str,
    /// See [`Piece::effort`].
    pub effort: &'static str,
}

impl Piece for DebianPackages {
    fn name(&self) -> String {
        self.packages.join(", ")
    }

    fn purpose(&self) -> &str {
        self.purpose
    }

    fn effort(&self) -> &str {
        self.effort
    }

    fn find(&self) -> Option<String> {
        let found: Option<Vec<_>> = self.programs.iter().map(|program| process::find(program)).collect();
        found.map(|_| "in the system".to_owned())
    }

    fn install(&self) -> Result<(), SetupError> {
        let by_hand = format!("sudo apt-get install --no-install-recommends {}", self.packages.join(" "));
        if process::find("apt-get").is_none() {
            let advice =
                format!("This system has no apt-get: install {} by its own means", self.programs.join(" and "));
            return Err(SetupError::ByHand { piece: self.name(), advice });
        }
        let Some(apt_get) = privileged() else {
            let advice = format!("Only the administrator may install it: run `{by_hand}`");
            return Err(SetupError::ByHand { piece: self.name(), advice });
        };
        update_and_install(apt_get, self.packages).map_err(|source| SetupError::Install {
            piece: self.name(),
            by_hand,
            source,
        })
    }
}

/// How `apt-get` is started with the right to install, as a program and its first arguments.
fn privileged() -> Option<&'static [&'static str]> {
    let root = process::read(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if root {
        return Some(&["env"]);
    }
    // `-n`: never ask for a password, nobody may be there to give it.
    let sudo = process::read(Command::new("sudo").args(["-n", "true"])).is_ok();
    sudo.then_some(&["sudo", "-n", "env"])
}

fn update_and_install(start: &[&str], packages: &[&str]) -> Result<(), ProcessError> {
    let apt_get = |arguments: &[&str]| {
        let mut command = Command::new(start[0]);
        command.args(&start[1..]).args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]).args(arguments);
        process::run(&mut command)
    };
    apt_get(&["update"])?;
    apt_get(&[&["install", "-y", "--no-install-recommends"], packages].concat())
}
