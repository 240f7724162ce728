//! Commands with the names of a case filled in.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::answer::Step;
use crate::identifiers::Names;
use crate::patterns::{Command, On, Pattern};

/// The length of a whole UUID, in bytes; the garbage collector’s names are shorter.
const UUID: usize = 36;

/// The commands of a pattern for these names. `lvm` says whether the repository is made of logical volumes; where that is
/// not known, there are commands for both.
pub fn filled(pattern: &Pattern, names: &Names, lvm: Option<bool>) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for group in pattern.commands {
        let differs = group.iter().any(differs_by_storage);
        match lvm {
            Some(is_lvm) => add(&mut steps, group, names, is_lvm, false),
            None if differs => {
                add(&mut steps, group, names, false, true);
                add(&mut steps, group, names, true, true);
            }
            None => add(&mut steps, group, names, false, false),
        }
    }
    steps
}

/// Adds a group of commands. Those that are the same for all storage are not told twice; a volume may have to be made
/// visible again. Where both kinds of storage are told, those that are not the same
/// everywhere say where they apply.
fn add(steps: &mut Vec<Step>, group: &[Command], names: &Names, is_lvm: bool, are_both_told: bool) {
    let (here, elsewhere) = if is_lvm { (On::Lvm, On::Files) } else { (On::Files, On::Lvm) };
    let of_it = group.iter().filter(|command| command.on != elsewhere);
    let lines: Vec<(&Command, String)> = of_it.map(|command| (command, fill(command.line, names, is_lvm))).collect();
    // What writes is told whole or not at all: nobody shall guess a name in it. Neither is what it prepares.
    let is_guess = |line: &str| line.contains(['<', '*']);
    let must_be_whole = group.iter().any(|command| command.on == On::Lvm && !command.warning.is_empty());
    if is_lvm && must_be_whole && lines.iter().any(|(_, line)| is_guess(line)) {
        return;
    }
    for (command, line) in lines {
        if !command.warning.is_empty() && is_guess(&line) {
            continue;
        }
        if !differs_by_storage(command) && steps.iter().any(|step| step.line == line) {
            continue;
        }
        steps.push(Step {
            on: if are_both_told && differs_by_storage(command) { here } else { On::Any },
            says: command.says.to_owned(),
            is_complete: !line.contains('<'),
            line,
            warning: command.warning.to_owned(),
        });
    }
}

fn differs_by_storage(command: &Command) -> bool {
    command.on != On::Any || has_path(command)
}

fn has_path(command: &Command) -> bool {
    command.line.contains("disk}")
}

fn fill(mut text: &str, names: &Names, is_lvm: bool) -> String {
    let mut line = String::new();
    while let Some((before, rest)) = text.split_once('{') {
        line.push_str(before);
        let (place, after) = rest.split_once('}').unwrap_or((rest, ""));
        match place {
            "disk" if !is_lvm && names.path.is_some() => line.push_str(names.path.as_deref().unwrap_or_default()),
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
    match disk {
        // The shell finds the rest of a short name; not of a volume’s that is not visible yet.
        Some(short) if short.len() < UUID && !is_lvm => {
            line.push_str(short);
            line.push('*');
        }
        disk => whole(line, disk, placeholder),
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
