//! What `nova-compute.log` says with XenServer below it (nova’s `virt/xenapi`).

use super::pattern::{Command, Pattern, Sign};
use super::steps::{CHECK_DISK, FOLLOW, IDENTIFY, RESCAN, TREE, reads};
use vhd_analyser_core::finding::Severity;

/// From nova’s instance to the disk.
const INSTANCE: &[Command] = &[
    reads("Nova’s name of the instance", "openstack server show {instance} -c OS-EXT-SRV-ATTR:instance_name -f value"),
    reads("Its disks, with that name", "xe vbd-list vm-name-label=<instance-name> type=Disk params=vdi-uuid,device"),
];

/// What OpenStack’s nova gives up on.
pub const PATTERNS: &[Pattern] = &[
    Pattern {
        id: "nova.coalesce-timeout",
        severity: Severity::Error,
        title: "Nova gave up waiting for a coalesce",
        sign: Sign::Words(&[&["VHD coalesce attempts exceeded"]]),
        codes: &[],
        unless: &[],
        number: Some(("exceeded (", "attempts")),
        happened: "Nova took a snapshot, waited for XenServer to merge the disk it had replaced into its parent, and gave up. The snapshot, resize or migration was rolled back.",
        why: "XenServer’s garbage collector cannot merge the disk: a VHD in the chain is damaged, the repository is full, or it is busy with other disks.",
        check: "Look in SMlog of the pool’s master for what the garbage collector (SMGC) did at that time, and check the disks of the instance.",
        remedy: "Repair what stopped the merge, let the garbage collector run, and start the operation again. Only if it merely was slow, raise vhd_coalesce_max_attempts in nova.conf.",
        commands: &[INSTANCE, FOLLOW, IDENTIFY, CHECK_DISK, RESCAN],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "2017-09-13 12:58:57.807 1648 ERROR nova.virt.xenapi.vmops [instance: 8c8a0f6e-7108-4202-bbd6-9e3dffda4688] NovaException: VHD coalesce attempts exceeded (20), giving up...",
        ],
    },
    Pattern {
        id: "nova.rolled-back",
        severity: Severity::Warning,
        title: "Nova rolled an operation back",
        sign: Sign::Words(&[
            &["Instance rollback performed due to"],
            &["_migrate_disk_resizing_up failed"],
            &["_migrate_disk_resizing_down failed"],
        ]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "A resize or a migration failed, and the instance was put back as it was.",
        why: "The line says it behind “due to”; it mostly is the storage.",
        check: "Look at what this log and SMlog say shortly before.",
        remedy: "Repair that, then start the operation again.",
        commands: &[INSTANCE, FOLLOW],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "2017-09-13 12:58:57.850 1648 INFO nova.compute.manager [req-89edd082-6755-447a-bce8-93464d812ac1 44d172fd - - -] [instance: 8c8a0f6e-7108-4202-bbd6-9e3dffda4688] Setting instance back to ACTIVE after: Instance rollback performed due to: Connection lost",
            "2017-09-13 12:58:57.807 1648 ERROR nova.virt.xenapi.vmops [instance: 8c8a0f6e-7108-4202-bbd6-9e3dffda4688] _migrate_disk_resizing_up failed. Restoring orig vm due_to: Connection lost",
            "2017-09-13 12:58:57.807 1648 ERROR nova.virt.xenapi.vmops [instance: 8c8a0f6e-7108-4202-bbd6-9e3dffda4688] _migrate_disk_resizing_down failed. Restoring orig vm due_to: Connection lost",
        ],
    },
    Pattern {
        id: "nova.waiting-for-coalesce",
        severity: Severity::Info,
        title: "Nova waits for a coalesce",
        sign: Sign::Words(&[&["waiting for coalesce..."]]),
        codes: &[],
        unless: &[],
        number: None,
        happened: "The snapshot’s disk still has a parent that should be merged away; nova looks again until it is.",
        why: "This is usual for some minutes after a snapshot.",
        check: "If it goes on, look at the chain and at what the garbage collector does.",
        remedy: "Nothing, unless nova gives up.",
        commands: &[FOLLOW, TREE],
        #[cfg(feature = "excerpts")]
        excerpts: &[
            "2017-09-13 12:58:52.101 1648 DEBUG nova.virt.xenapi.vm_utils [req-89edd082-6755-447a-bce8-93464d812ac1 44d172fd - - -] [instance: 8c8a0f6e-7108-4202-bbd6-9e3dffda4688] Parent 16f02a7d-4e4b-4298-a44a-9cc155cbd2b1 not yet in parent list ['2b0565ca-4f72-4471-a0e9-c7f2b7460491'], waiting for coalesce... _wait_for_vhd_coalesce",
        ],
    },
];
