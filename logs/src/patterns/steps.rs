//! The commands that several kinds of trouble have in common.

use super::pattern::{Command, On};

pub(super) const fn reads(says: &'static str, line: &'static str) -> Command {
    Command { says, line, on: On::Any, warning: "" }
}

pub(super) const fn writes(says: &'static str, line: &'static str, warning: &'static str) -> Command {
    Command { says, line, on: On::Any, warning }
}

pub(super) const ACTIVATION: &str = "Changes the volume’s state: run it on the pool’s master only, where the disk’s virtual machine \
                          is shut down, and hide the volume again afterwards.";
pub(super) const DEACTIVATION: &str = "Changes the volume’s state: only if the step before made it visible.";

pub(super) const fn show(says: &'static str, line: &'static str) -> Command {
    Command { says, line, on: On::Lvm, warning: ACTIVATION }
}

pub(super) const fn hide(line: &'static str) -> Command {
    Command { says: "Hide the volume again", line, on: On::Lvm, warning: DEACTIVATION }
}

/// Which disk it is, and who uses it.
pub(super) const IDENTIFY: &[Command] = &[
    reads(
        "Which disk it is",
        "xe vdi-list uuid={vdi} params=uuid,name-label,sr-uuid,virtual-size,physical-utilisation,sm-config",
    ),
    reads(
        "Which virtual machine uses it",
        "xe vbd-list vdi-uuid={vdi} params=uuid,vm-uuid,vm-name-label,currently-attached",
    ),
];

/// Whether the disk is sound.
pub(super) const CHECK_DISK: &[Command] = &[
    show("Make the volume visible", "lvchange -ay {disk}"),
    reads(
        "Whether the disk is sound, if nothing has it attached (otherwise it fails by nature)",
        "vhd-util check -n {disk}",
    ),
    reads("What its metadata says", "vhd-util read -p -n {disk}"),
    reads("The parent, as the disk names it", "vhd-util query -p -n {disk}"),
    hide("lvchange -an {disk}"),
];

/// Whether the disk’s parent is sound.
pub(super) const CHECK_PARENT: &[Command] = &[
    show("Make the parent’s volume visible", "lvchange -ay {parent-disk}"),
    reads("Whether the parent is sound", "vhd-util check -n {parent-disk}"),
    hide("lvchange -an {parent-disk}"),
];

/// How the chains look.
pub(super) const TREE: &[Command] = &[
    Command {
        says: "The chains of the repository",
        line: "vhd-util scan -f -c -m \"/var/run/sr-mount/{sr}/*.vhd\" -p",
        on: On::Files,
        warning: "",
    },
    Command {
        says: "The chains of the repository",
        line: "vhd-util scan -f -c -m \"VHD-*\" -l VG_XenStorage-{sr} -p",
        on: On::Lvm,
        warning: "",
    },
    reads("The disks of the repository", "xe vdi-list sr-uuid={sr} params=uuid,name-label,managed,sm-config"),
];

/// How full the repository is.
pub(super) const SPACE: &[Command] = &[
    reads(
        "How full the repository is",
        "xe sr-list uuid={sr} params=name-label,type,physical-size,physical-utilisation",
    ),
    Command { says: "The free space of the volume group", line: "vgs VG_XenStorage-{sr}", on: On::Lvm, warning: "" },
];

/// Starts the garbage collector anew.
pub(super) const RESCAN: &[Command] = &[writes(
    "Then let the garbage collector try again",
    "xe sr-scan uuid={sr}",
    "Writes: the scan starts the garbage collector, which merges and deletes disks. Run it when the disks are sound.",
)];

/// Repairs a disk.
pub(super) const REPAIR: &[Command] = &[
    show("To repair it, make the volume visible", "lvchange -ay {disk}"),
    writes(
        "Repair it, if the check failed",
        "vhd-util repair -n {disk}",
        "Writes to the disk: shut its virtual machine down first and copy the file, since this cannot be undone. Opening \
         the disk in VHD Analyser first shows what would change.",
    ),
    hide("lvchange -an {disk}"),
];

/// Repairs its parent.
pub(super) const REPAIR_PARENT: &[Command] = &[
    show("To repair the parent, make its volume visible", "lvchange -ay {parent-disk}"),
    writes(
        "Repair the parent, if its check failed",
        "vhd-util repair -n {parent-disk}",
        "Writes to a disk that others are based on: shut all their virtual machines down first and copy the file, since \
         this cannot be undone. Opening the disk in VHD Analyser first shows what would change.",
    ),
    hide("lvchange -an {parent-disk}"),
];

/// Whether the repository is mounted and answers.
pub(super) const MOUNT: &[Command] = &[
    reads(
        "Whether the repository is plugged on every host",
        "xe pbd-list sr-uuid={sr} params=uuid,host-uuid,currently-attached",
    ),
    reads("What the kernel says of it", "dmesg -T | tail -n 50"),
];

/// What is attached on the host.
pub(super) const TAPDISKS: &[Command] = &[reads("What the host’s tapdisks have open", "tap-ctl list")];

/// The log around it.
pub(super) const FOLLOW: &[Command] =
    &[reads("What the garbage collector does", "grep SMGC /var/log/SMlog | tail -n 200")];
