//! The tools whose answers are foretold.

use core::fmt;

/// A tool that reads VHDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "kebab-case"))]
pub enum Tool {
    /// `vhd-util check`, and with it XenServer and XCP-ng, which share its library.
    VhdUtil,
    /// QEMU's driver `vpc`: `qemu-img`, and virtual machines of QEMU and KVM.
    Qemu,
    /// Hyper-V, and Windows wherever it mounts a VHD.
    HyperV,
    /// Xen Orchestra's backups: its library `vhd-lib`.
    XenOrchestra,
    /// The upload of a disk to Azure.
    Azure,
}

impl Tool {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::VhdUtil, Self::Qemu, Self::HyperV, Self::XenOrchestra, Self::Azure];

    /// The name for scripts: `vhd-util`, `xen-orchestra`.
    pub fn name(self) -> &'static str {
        match self {
            Self::VhdUtil => "vhd-util",
            Self::Qemu => "qemu",
            Self::HyperV => "hyper-v",
            Self::XenOrchestra => "xen-orchestra",
            Self::Azure => "azure",
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::VhdUtil => "XenServer and XCP-ng (vhd-util)",
            Self::Qemu => "QEMU",
            Self::HyperV => "Hyper-V",
            Self::XenOrchestra => "Xen Orchestra",
            Self::Azure => "Azure",
        })
    }
}
