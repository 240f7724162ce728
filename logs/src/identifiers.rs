//! The names in a line, told apart by where they stand.

use alloc::borrow::ToOwned;
use alloc::string::String;

/// What a line speaks of. Names are lower-case hexadecimal digits and hyphens only, and so are safe in a shell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Names {
    /// The disk: its UUID, or the eight digits of it that the garbage collector writes.
    pub vdi: Option<String>,
    /// The disk’s parent, alike.
    pub parent: Option<String>,
    /// The storage repository’s UUID.
    pub sr: Option<String>,
    /// Nova’s UUID of the instance.
    pub instance: Option<String>,
    /// The UUID of the virtual machine in XenServer.
    pub vm: Option<String>,
    /// The UUID of the host; or its name, where the line has that.
    pub host: Option<String>,
    /// The UUID of nova’s request.
    pub request: Option<String>,
    /// The task in XenServer’s log, such as `03a940e24a95`.
    pub task: Option<String>,
    /// Where the disk’s file lies, if that is no usual place of a repository.
    pub path: Option<String>,
}

/// Whose a UUID is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Vdi,
    Parent,
    Sr,
    Instance,
    Vm,
    Host,
    Request,
    Other,
}

/// What stands before a UUID, in lower case, without quotes, colons, equals signs, spaces; the first that fits counts.
const BEFORE: &[(&str, Role)] = &[
    ("req-", Role::Request),
    ("instance", Role::Instance),
    ("instance_uuid", Role::Instance),
    ("sr-mount/", Role::Sr),
    ("vg_xenstorage-", Role::Sr),
    ("xslocalext-", Role::Sr),
    ("/var/lock/sm/", Role::Sr),
    ("sr_uuid", Role::Sr),
    ("sr-uuid", Role::Sr),
    ("lvm-", Role::Sr),
    ("parent vdi", Role::Parent),
    ("parent name", Role::Parent),
    ("parent", Role::Parent),
    ("opterr=uuid", Role::Vdi),
    ("does_not_exist", Role::Vdi),
    ("vdi_uuid", Role::Vdi),
    ("vdi-uuid", Role::Vdi),
    ("vdi_location", Role::Vdi),
    ("not found! (for", Role::Vdi),
    ("uuid_vdi", Role::Vdi),
    ("failed on", Role::Vdi),
    ("vhd-", Role::Vdi),
    ("/lv-", Role::Vdi),
    ("old_", Role::Vdi),
    ("vdi", Role::Vdi),
    ("vhd", Role::Vdi),
    ("relink_", Role::Vdi),
    ("coalesce_", Role::Vdi),
    ("inflate_", Role::Vdi),
    ("leaf_", Role::Vdi),
    ("journal", Role::Vdi),
    ("journal entry for", Role::Vdi),
    ("coalesce", Role::Vdi),
    ("relink", Role::Vdi),
    ("inflate", Role::Vdi),
    ("leaf", Role::Vdi),
    ("vm_uuid", Role::Vm),
    ("vm-uuid", Role::Vm),
    ("vm", Role::Vm),
    ("domain", Role::Vm),
    ("host_uuid", Role::Host),
    ("host-uuid", Role::Host),
    ("host", Role::Host),
    ("local_cache_sr", Role::Other),
    ("sr", Role::Sr),
];

/// What a volume group’s name begins with.
const GROUP: &str = "VG_XenStorage-";
/// The length of a UUID in text, in bytes.
const UUID: usize = 36;
/// How much before a UUID is looked at, in bytes.
const REACH: usize = 24;

impl Names {
    /// The names in a line, and whether its storage repository is made of logical volumes, where that shows.
    pub fn read(line: &str) -> (Self, Option<bool>) {
        // The device mapper doubles the hyphens of a name, since one of its own joins the group’s with the volume’s.
        let group = line.find(GROUP).and_then(|at| line.get(at + GROUP.len()..));
        if group.is_some_and(|name| name.starts_with('-')) {
            return Self::read(&line.replace("--", "-"));
        }
        let mut names = Self::default();
        let bytes = line.as_bytes();
        let mut at = 0;
        let mut last = (0, Role::Other);
        while let Some(rest) = bytes.get(at..) {
            // What stands behind eight bytes says whether they can be a name’s first.
            let Some(behind) = rest.get(8) else { break };
            at += match behind {
                b'-' if is_uuid(rest) => {
                    let name = line.get(at..at + UUID).unwrap_or_default().to_ascii_lowercase();
                    let before = bytes.get(at.saturating_sub(REACH)..at).unwrap_or_default();
                    let role = match (last, bytes.get(last.0..at).unwrap_or_default()) {
                        // A repository’s disk, and a parent’s child.
                        ((_, Role::Sr), b"/" | b":") | ((_, Role::Parent), b" of ") => Role::Vdi,
                        _ => role(before, rest.get(UUID..).unwrap_or_default()),
                    };
                    names.put(role, name);
                    last = (at + UUID, role);
                    UUID
                }
                b'(' | b'[' => short(bytes, at).map_or(1, |name| {
                    let is_parent = is_target(bytes.get(..at).unwrap_or_default());
                    names.put(if is_parent { Role::Parent } else { Role::Vdi }, name);
                    8
                }),
                _ => 1,
            };
        }
        names.task = task(line);
        names.path = names.vdi.as_deref().and_then(|vdi| unusual_path(line, vdi));
        let lvm = if group.is_some() { Some(true) } else { line.contains("/sr-mount/").then_some(false) };
        (names, lvm)
    }

    /// Takes from `other` what is not known here.
    pub fn fill(&mut self, other: &Self) {
        let is_of_disk = self.vdi.is_none() || is_same(&self.vdi, &other.vdi);
        let pairs = [
            (&mut self.vdi, &other.vdi),
            (&mut self.parent, &other.parent),
            (&mut self.sr, &other.sr),
            (&mut self.instance, &other.instance),
            (&mut self.vm, &other.vm),
            (&mut self.host, &other.host),
            (&mut self.request, &other.request),
            (&mut self.task, &other.task),
        ];
        for (mine, theirs) in pairs {
            // A whole name is better than a short one.
            if mine.is_none()
                || (theirs.as_ref().map(String::len) > mine.as_ref().map(String::len) && is_same(mine, theirs))
            {
                mine.clone_from(theirs);
            }
        }
        if is_of_disk && self.path.is_none() {
            self.path.clone_from(&other.path);
        }
    }

    /// Whether everything that these names tell is told by `other`, too.
    pub fn are_within(&self, other: &Self) -> bool {
        let is_within = |one: &Option<String>, other: &Option<String>| one.is_none() || one == other;
        (self.vdi.is_none() || is_same(&self.vdi, &other.vdi))
            && is_within(&self.sr, &other.sr)
            && is_within(&self.instance, &other.instance)
            && is_within(&self.vm, &other.vm)
            && (self.host.is_none() || other.host.is_none() || self.host == other.host)
    }

    /// Whether both are about the same, as far as either tells. One disk may be named in short in one of them.
    pub fn are_alike(&self, other: &Self) -> bool {
        let agree = |one: &Option<String>, other: &Option<String>| one.is_none() || other.is_none() || one == other;
        // A disk is in one repository, also where a line does not say in which.
        let is_sr = self.sr == other.sr || (self.vdi.is_some() && agree(&self.sr, &other.sr));
        is_same(&self.vdi, &other.vdi)
            && self.instance == other.instance
            && is_sr
            && agree(&self.vm, &other.vm)
            && agree(&self.host, &other.host)
    }

    fn put(&mut self, role: Role, name: String) {
        let slot = match role {
            // A repository of a local file system has its own name twice in its device’s.
            Role::Vdi if self.sr.as_ref() == Some(&name) => return,
            // A second disk in a line is what the first is to be merged into or hung onto.
            Role::Vdi if self.vdi.as_ref().is_some_and(|vdi| *vdi != name) => &mut self.parent,
            Role::Vdi => &mut self.vdi,
            Role::Parent => &mut self.parent,
            Role::Sr => &mut self.sr,
            Role::Instance => &mut self.instance,
            Role::Vm => &mut self.vm,
            Role::Host => &mut self.host,
            Role::Request => &mut self.request,
            Role::Other => return,
        };
        slot.get_or_insert(name);
    }
}

fn role(before: &[u8], after: &[u8]) -> Role {
    let is_sign = |byte: &u8| b" '\":=([*".contains(byte);
    let end = before.iter().rposition(|byte| !is_sign(byte)).map_or(0, |at| at + 1);
    let word = before.get(..end).unwrap_or_default();
    let ends_with = |text: &str| {
        let end = word.len().checked_sub(text.len()).and_then(|from| word.get(from..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(text.as_bytes()))
    };
    if ends_with("/var/lock/sm/") && after.starts_with(b"/vdi") {
        return Role::Vdi;
    }
    // A folder’s name is the repository’s, also where a file follows.
    match BEFORE.iter().find(|(text, _)| ends_with(text)) {
        Some((_, role)) => *role,
        None if after.starts_with(b".vhd") => Role::Vdi,
        None => Role::Other,
    }
}

/// Whether two names are of one disk: of short ones only the beginning is there.
fn is_same(one: &Option<String>, other: &Option<String>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => one.starts_with(other.as_str()) || other.starts_with(one.as_str()),
        (one, other) => one == other,
    }
}

/// The UUID that a text ends with, behind a slash.
pub fn uuid_at_end(text: &[u8]) -> Option<String> {
    let at = text.len().checked_sub(UUID)?;
    let (before, name) = (text.get(..at)?, text.get(at..)?);
    (before.ends_with(b"/") && is_uuid(name)).then(|| String::from_utf8_lossy(name).to_ascii_lowercase())
}

fn is_uuid(text: &[u8]) -> bool {
    text.len() >= UUID
        && text.iter().take(UUID).enumerate().all(|(index, byte)| match index {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// The garbage collector’s short name of a disk: `*ad1f957a[VHD](…` or `ad1f957a(10.000G/…`.
fn short(bytes: &[u8], at: usize) -> Option<String> {
    let name = bytes.get(at..at + 8).filter(|name| name.iter().all(u8::is_ascii_hexdigit))?;
    let begins = at == 0 || bytes.get(at - 1).is_some_and(|byte| b" *".contains(byte));
    begins.then(|| String::from_utf8_lossy(name).to_ascii_lowercase())
}

/// Whether an arrow points at what follows.
fn is_target(before: &[u8]) -> bool {
    before.strip_suffix(b"*").unwrap_or(before).ends_with(b"-> ")
}

/// The path of a disk’s file in a line, if it is one that is not made of the repository’s and the disk’s names: below a
/// temporary folder, say. Only what a shell takes as it stands counts.
fn unusual_path(line: &str, vdi: &str) -> Option<String> {
    let (before, after) = line.split_at(line.to_ascii_lowercase().find(vdi)?);
    let after = after.get(vdi.len()..)?.starts_with(".vhd").then_some(".vhd")?;
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    let start = before.rfind(|letter| !is_plain(letter)).map_or(0, |at| at + 1);
    let folder = before.get(start..)?;
    let folder = folder.get(folder.find('/')?..)?;
    let places = ["/var/run/sr-mount/", "/run/sr-mount/"];
    let is_usual = places.iter().filter_map(|place| folder.strip_prefix(place));
    let is_usual = is_usual.into_iter().any(|rest| rest.len() == UUID + 1 && is_uuid(rest.as_bytes()));
    let is_whole = folder.ends_with('/') && folder.len() > 1;
    (is_whole && !is_usual).then(|| [folder, vdi, after].concat())
}

/// XenServer’s log writes tasks as `R:03a940e24a95`, and those inside one with a D.
fn task(line: &str) -> Option<String> {
    let at = line.find(" R:").or_else(|| line.find(" D:"))?;
    let name = line.get(at + 3..at + 15)?;
    name.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    const A: &str = "0995f66a-6188-ad63-4d00-117498b7fd46";
    const B: &str = "91499ab6-63e9-47cf-b73a-b7fc2b09dcc7";
    const C: &str = "16f02a7d-4e4b-4298-a44a-9cc155cbd2b1";

    #[test]
    fn names_are_told_apart_by_where_they_stand() {
        let read = |line: &str| Names::read(&line.replace('A', A).replace('B', B).replace('C', C));
        let some = |name: &str| Some(name.to_owned());
        let (sr, vdi, parent) = (some(A), some(B), some(C));
        let file = Names { sr: sr.clone(), vdi: vdi.clone(), ..Names::default() };
        assert_eq!(read("acquired /var/lock/sm/A/sr"), (Names { sr: sr.clone(), ..Names::default() }, None));
        assert_eq!(read("acquired /var/lock/sm/B/vdi"), (Names { vdi: vdi.clone(), ..Names::default() }, None));
        for line in [
            "acquired /var/lock/sm/lvm-A/B",
            "Refcount for lvm-A:B (0, 0) + (1, 0)",
            "vdi_attach {'local_cache_sr': 'C', 'vdi_ref': 'OpaqueRef:C', 'sr_uuid': 'A', 'vdi_location': 'B', 'vdi_uuid': 'B'}",
            "/dev/XSLocalEXT-A/A is full: VDI B",
        ] {
            assert_eq!(read(line), (file.clone(), None), "{line}");
        }
        let mapped = format!("dm-3 (VG_XenStorage--{}-VHD--{}) failed", A.replace('-', "--"), B.replace('-', "--"));
        assert_eq!(read(&mapped), (file.clone(), Some(true)));
        let orphan = Names { vdi: vdi.clone(), parent: parent.clone(), ..Names::default() };
        assert_eq!(read("<class 'util.SMException'>, Parent VDI C of B not found"), (orphan.clone(), None));
        assert_eq!(read("ERROR: Parent VDI C not found! (for B)"), (orphan, None));
        assert_eq!(read("vhd-util check -n /var/run/sr-mount/A/B.vhd"), (file.clone(), Some(false)));
        assert_eq!(read("['-n', '/dev/VG_XenStorage-A/VHD-B']"), (file.clone(), Some(true)));
        let both = Names { parent: parent.clone(), ..file };
        assert_eq!(read("'-n', '/run/sr-mount/A/B.vhd', '-p', '/run/sr-mount/A/C.vhd'"), (both, Some(false)));
        let failed = Names { vdi: vdi.clone(), parent, ..Names::default() };
        assert_eq!(read("failed on B, attempting repair on parent C.vhd"), (failed, None));
        let nova = Names { request: sr.clone(), instance: vdi, ..Names::default() };
        assert_eq!(read("[req-A 44d1 - - -] [instance: B] x"), (nova, None));
        let short = Names { vdi: some("ad1f957a"), parent: some("cf4a78da"), ..Names::default() };
        assert_eq!(read("ing *ad1f957a[VHD](1G//2G|n) -> *cf4a78da(65G)"), (short, None));
        let xapi = Names { task: some("03a940e24a95"), vm: sr, ..Names::default() };
        assert_eq!(read("[error||48 HTTPS|VM.start R:03a940e24a95|xapi] VM A"), (xapi, None));
        assert_eq!(read("deadbeef A"), (Names::default(), None));
    }
}
