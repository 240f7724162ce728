//! Commands with the names of a case filled in.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use super::patterns::{On, Pattern};
use super::{Names, Step};

/// The length of a whole UUID, in bytes; the garbage collector’s names are shorter.
const UUID: usize = 36;

/// The commands of a pattern for these names. `lvm` says whether the repository is made of logical volumes, if known.
pub fn filled(pattern: &Pattern, names: &Names, lvm: Option<bool>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for command in pattern.commands.iter().copied().flatten() {
        let is_for_lvm = command.on == On::Lvm;
        if is_for_lvm && lvm == Some(false) {
            continue;
        }
        let line = fill(command.line, names, is_for_lvm || lvm == Some(true));
        if steps.iter().any(|step| step.line == line) {
            continue;
        }
        let mut says = String::new();
        if is_for_lvm && lvm.is_none() {
            says.push_str("On logical volumes: ");
        }
        says.push_str(command.says);
        let is_complete = !line.contains('<');
        steps.push(Step { says, line, warning: command.warning.to_owned(), is_complete });
    }
    steps
}

fn fill(mut text: &str, names: &Names, is_lvm: bool) -> String {
    let mut line = String::new();
    while let Some((before, rest)) = text.split_once('{') {
        line.push_str(before);
        let (place, after) = rest.split_once('}').unwrap_or((rest, ""));
        match place {
            "disk" => path(&mut line, names, names.vdi.as_deref(), "<vdi-uuid>", is_lvm),
            "parent-disk" => path(&mut line, names, names.parent.as_deref(), "<parent-uuid>", is_lvm),
            "vdi" => whole(&mut line, names.vdi.as_deref(), "<vdi-uuid>"),
            "parent" => whole(&mut line, names.parent.as_deref(), "<parent-uuid>"),
            "instance" => whole(&mut line, names.instance.as_deref(), "<instance-uuid>"),
            "vm" => whole(&mut line, names.vm.as_deref(), "<vm-uuid>"),
            _ => whole(&mut line, names.sr.as_deref(), "<sr-uuid>"),
        }
        text = after;
    }
    line.push_str(text);
    line
}

fn path(line: &mut String, names: &Names, disk: Option<&str>, placeholder: &str, is_lvm: bool) {
    line.push_str(if is_lvm { "/dev/VG_XenStorage-" } else { "/var/run/sr-mount/" });
    whole(line, names.sr.as_deref(), "<sr-uuid>");
    line.push_str(if is_lvm { "/VHD-" } else { "/" });
    line.push_str(disk.unwrap_or(placeholder));
    // The shell finds the rest of a short name.
    if disk.is_some_and(|disk| disk.len() < UUID) {
        line.push('*');
    }
    line.push_str(if is_lvm { "" } else { ".vhd" });
}

fn whole(line: &mut String, name: Option<&str>, placeholder: &str) {
    match name {
        Some(name) if name.len() < UUID => {
            line.push_str("<uuid that begins with ");
            line.push_str(name);
            line.push('>');
        }
        _ => line.push_str(name.unwrap_or(placeholder)),
    }
}
