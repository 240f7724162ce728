//! What other tools would say of a disk: against their recorded answers, and against qemu-img itself.

use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;
use vhd_analyser_core::compat::{Disk, Tool, ToolAnswer, Unknown, answers, rejected_by, vhd_util};
use vhd_analyser_tests::analysed::{NOW, analysed};
use vhd_analyser_tests::build::{Creator, HEADER_AT};
use vhd_analyser_tests::bytes::{put, seal};
use vhd_analyser_tests::chain::{Linked, file_name};
use vhd_analyser_tests::corpus::{Case, cases, of_another_project, unpacked};
use vhd_analyser_tests::folder::Folder;

/// All disks of a case.
fn folder(case: &Case) -> Result<Folder, Box<dyn Error>> {
    let mut folder = Folder::default();
    for name in case.files.keys() {
        folder.0.insert(name.clone(), analysed(&case.file(name)?, name)?.image);
    }
    Ok(folder)
}

/// What every tool says of bytes in memory, with the disks around them.
fn all(image: &[u8], disk: &Disk<'_>) -> Result<[ToolAnswer; 5], Box<dyn Error>> {
    Ok(answers(&image, disk, NOW, &mut |_| ControlFlow::Continue(()))?)
}

/// What every tool says of bytes in memory whose parent is not known.
fn of(image: &[u8], name: &str) -> Result<[ToolAnswer; 5], Box<dyn Error>> {
    let analysis = analysed(image, name)?;
    all(image, &Disk { name, image: &analysis.image, parent_lookup: &Unknown })
}

#[test]
fn vhd_util_answers_as_recorded() -> Result<(), Box<dyn Error>> {
    for (name, case) in cases()? {
        let folder = folder(&case)?;
        let disk = folder.disk(&case.target).ok_or("no target")?;
        let check = vhd_util::check(&disk, NOW);
        let recorded = &case.vhd_util.check;
        assert_eq!((check.accepts, &check.says), (recorded.rc == 0, &recorded.says), "{name}: {}", case.fault);
        let check = vhd_util::check_parents(&disk, NOW);
        let recorded = &case.vhd_util.check_parents;
        assert_eq!((check.accepts, &check.says), (recorded.rc == 0, &recorded.says), "{name}, with its parents");
        assert!(!check.assumes_parent(), "{name}");
    }
    Ok(())
}

#[test]
fn qemu_answers_as_recorded() -> Result<(), Box<dyn Error>> {
    for (name, case) in cases()? {
        let [_, qemu, ..] = of(&case.image()?, &case.target)?;
        let recorded = &case.qemu_img_info;
        assert_eq!((qemu.accepts, qemu.virtual_size), (recorded.rc == 0, recorded.virtual_size), "{name}");
    }
    Ok(())
}

/// Where nothing is known of the parent, it is taken as there and right, and that is told.
#[test]
fn an_unknown_parent_is_assumed() -> Result<(), Box<dyn Error>> {
    for (name, case) in cases()? {
        let [vhd_util, _, hyper_v, ..] = of(&case.image()?, &case.target)?;
        let recorded = &case.vhd_util.check;
        let of_parent = ["chain-parent-missing", "chain-parent-uuid"].contains(&name.as_str());
        if of_parent {
            assert_eq!((vhd_util.accepts, vhd_util.says.as_str()), (true, "child.vhd is valid"), "{name}");
        } else {
            assert_eq!(vhd_util.says, recorded.says, "{name}");
        }
        let chain = name.contains("chain-");
        assert_eq!(
            vhd_util.assumes_parent(),
            chain && (recorded.rc == 0 || of_parent || names_are_read(&name)),
            "{name}"
        );
        assert_eq!(hyper_v.assumes_parent(), chain && hyper_v.accepts, "{name}");
    }
    Ok(())
}

/// Whether the fault is found after a first locator has been followed.
fn names_are_read(name: &str) -> bool {
    name == "chain-locator-duplicate"
}

/// A disk as Windows makes it: its header names the parent by the whole path, and vhd-util by the file's name.
#[test]
fn a_parent_named_by_its_whole_path_is_minded_by_vhd_util_alone() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let disk = Linked { creator: Creator::Windows, ..Linked::new(1, Some(0)) };
    let mut image = disk.build();
    let path: Vec<u8> = format!("C:\\vms\\{}", file_name(0)).encode_utf16().flat_map(u16::to_be_bytes).collect();
    put(&mut image, HEADER_AT + 64, &path);
    seal(&mut image[HEADER_AT..HEADER_AT + 1024], 36);
    judged_as_of_windows(&image, "child.vhd", folder.path())?;
    if let Some(image) = of_another_project("fat-differential.vhd")? {
        judged_as_of_windows(&image, "fat-differential.vhd", folder.path())?;
    }
    if let Some(image) = of_another_project("ext2.vhd")? {
        let [vhd_util, qemu, hyper_v, xen_orchestra, _] = of(&image, "ext2.vhd")?;
        assert_eq!((vhd_util.accepts, vhd_util.says.as_str()), (true, "ext2.vhd is valid"));
        assert_is_that_of_qemu_img(&image, &qemu, folder.path(), "ext2.vhd")?;
        assert!(qemu.accepts && hyper_v.accepts && xen_orchestra.accepts);
    }
    Ok(())
}

fn judged_as_of_windows(image: &[u8], name: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let [vhd_util, qemu, hyper_v, ..] = of(image, name)?;
    assert!(!vhd_util.accepts, "{name}");
    let says = vhd_util.says;
    assert!(says.starts_with("parent locator ") && says.contains(" does not match header name ("), "{name}: {says}");
    assert_is_that_of_qemu_img(image, &qemu, folder, name)?;
    assert!(hyper_v.accepts && hyper_v.assumes_parent(), "{name}: {hyper_v:?}");
    Ok(())
}

/// A change to a disk, and the line that vhd-util answers it with; nothing recorded has them.
type Change = (&'static str, fn(&mut Vec<u8>), &'static str);

/// Both footers, changed and sealed.
fn footers(image: &mut [u8], change: fn(&mut [u8])) {
    let end = image.len() - 512;
    for footer in [0, end] {
        change(&mut image[footer..footer + 512]);
        seal(&mut image[footer..footer + 512], 64);
    }
}

/// The dynamic header, changed and sealed.
fn header(image: &mut [u8], change: fn(&mut [u8])) {
    change(&mut image[512..1536]);
    seal(&mut image[512..1536], 36);
}

/// Its faults, and the limits of its numbers.
#[test]
fn vhd_util_is_followed_into_its_corners() -> Result<(), Box<dyn Error>> {
    const VALID: &str = "disk.vhd is valid";
    let changes: &[Change] = &[
        ("its test for zeros misses the first byte", |i| footers(i, |f| f[86] = 1), VALID),
        ("and sees the second", |i| footers(i, |f| f[87] = 1), "primary footer invalid: invalid 'reserved' bits"),
        ("and nothing behind the first", |i| footers(i, |f| f[86..].fill(1)), VALID),
        ("half an hour is allowed", |i| footers(i, |f| put(f, 24, &(NOW.0 + 1800).to_be_bytes())), VALID),
        (
            "and not a second more",
            |i| footers(i, |f| put(f, 24, &(NOW.0 + 1801).to_be_bytes())),
            "primary footer invalid: creation time in future",
        ),
        (
            "2 TiB have no sector in 32 bits",
            |i| {
                footers(i, |f| {
                    put(f, 48, &(2_u64 << 40).to_be_bytes());
                    put(f, 56, &[0, 1, 4, 17]);
                });
            },
            "primary footer invalid: geometry too large",
        ),
        (
            "a dynamic disk with a parent's name",
            |i| header(i, |h| h[65] = b'a'),
            "differencing header is invalid: invalid non-null parent name",
        ),
        ("which it misses, little-endian", |i| header(i, |h| h[64] = b'a'), VALID),
        ("it misses a locator, too", |i| header(i, |h| put(h, 576, b"MacX")), VALID),
        (
            "but not the second",
            |i| header(i, |h| put(h, 600, b"MacX")),
            "differencing header is invalid: invalid non-null parent locators",
        ),
        (
            "a dynamic disk with a parent's id",
            |i| header(i, |h| h[40] = 1),
            "differencing header is invalid: invalid non-null parent uuid",
        ),
        (
            "blocks above 2 MiB",
            |i| header(i, |h| put(h, 32, &[0, 0x40, 0, 0])),
            "disk.vhd appears invalid; dumping metadata",
        ),
        ("a table of no size", |i| header(i, |h| put(h, 28, &[0; 4])), "error reading bat: -22"),
        ("an entry whose end wraps", |i| put(i, 1536 + 4 * 7, &0xFFFF_F000_u32.to_be_bytes()), VALID),
        (
            "the largest entry whose end does not",
            |i| put(i, 1536 + 4 * 7, &0xFFFF_EFFE_u32.to_be_bytes()),
            "block 7 (offset 0xffffeffe) clobbers footer",
        ),
    ];
    let sound = unpacked("corpus/sound-qemu-dynamic/disk.vhd.gz")?;
    for (what, change, expected) in changes {
        let mut image = sound.clone();
        change(&mut image);
        let [vhd_util, ..] = of(&image, "disk.vhd")?;
        assert_eq!((vhd_util.accepts, vhd_util.says.as_str()), (*expected == VALID, *expected), "{what}");
    }
    Ok(())
}

/// An assertion in vhd-util ends it without a word where the batmap is too small.
#[test]
fn vhd_util_breaks_off() -> Result<(), Box<dyn Error>> {
    let mut image = unpacked("corpus/sound-tap/disk.vhd.gz")?;
    let batmap = image.windows(8).position(|bytes| bytes == b"tdbatmap").ok_or("no batmap")?;
    put(&mut image, batmap + 16, &[0; 4]);
    let [vhd_util, ..] = of(&image, "disk.vhd")?;
    assert_eq!((vhd_util.accepts, vhd_util.says.as_str()), (false, ""));
    Ok(())
}

#[test]
fn each_tool_has_its_own_words() -> Result<(), Box<dyn Error>> {
    let cases = cases()?;
    let said = |case: &str, tool: Tool| -> Result<String, Box<dyn Error>> {
        let case = &cases[case];
        let folder = folder(case)?;
        let answers = all(&case.image()?, &folder.disk(&case.target).ok_or("no target")?)?;
        let answer = answers.into_iter().find(|answer| answer.tool == tool).ok_or("no answer")?;
        assert_eq!(answer.accepts, answer.says.is_empty(), "{answer:?}");
        Ok(answer.says)
    };
    for (case, tool, words) in [
        ("sound-tap", Tool::HyperV, ""),
        ("sound-chain-2", Tool::HyperV, ""),
        ("tap-primary-cookie", Tool::HyperV, "drive footer is missing. (0xC03A0001)"),
        ("tap-short-footer", Tool::HyperV, "drive footer is missing. (0xC03A0001)"),
        ("tap-primary-bitflip", Tool::HyperV, "does not match the on-disk checksum. (0xC03A0002)"),
        (
            "tap-header-checksum",
            Tool::HyperV,
            "sparse header checksum does not match the on-disk checksum. (0xC03A0006)",
        ),
        (
            "qemu-bat-beyond-eof",
            Tool::HyperV,
            "block allocation table in the virtual hard disk is corrupt. (0xC03A000A)",
        ),
        ("chain-parent-missing", Tool::HyperV, "cannot locate the parent virtual hard disk"),
        ("chain-parent-uuid", Tool::HyperV, "mismatch in the identifiers of the parent"),
        ("chain-child-larger", Tool::HyperV, "mismatch in the virtual sizes of the parent"),
        ("sound-tap", Tool::XenOrchestra, ""),
        ("sound-chain-2", Tool::XenOrchestra, ""),
        ("tap-footers-differ", Tool::XenOrchestra, "footer1 !== footer2"),
        ("tap-primary-cookie", Tool::XenOrchestra, "footer1 !== footer2"),
        ("tap-backup-bitflip", Tool::XenOrchestra, "invalid footer checksum "),
        ("tap-poisoned", Tool::XenOrchestra, "Expected values to be strictly equal: 'v_poison' !== 'conectix'"),
        ("tap-size-over-bat", Tool::XenOrchestra, "header.maxTableEntries >= footer.currentSize / header.blockSize"),
        ("sound-qemu-fixed", Tool::XenOrchestra, "invalid footer checksum "),
        ("other-511-bytes", Tool::XenOrchestra, "Expected values to be strictly equal: 511 !== 1536"),
        ("sound-tap", Tool::Azure, "Only blobs formatted as VHDs can be imported."),
        ("tap-primary-cookie", Tool::Azure, "Disk is expected to have cookie value 'conectix'."),
        ("sound-qemu-fixed", Tool::Azure, "has an unsupported virtual size of 1079296 bytes."),
    ] {
        let said = said(case, tool)?;
        assert!(said.contains(words) && words.is_empty() == said.is_empty(), "{case}: {tool} says {said:?}");
    }
    Ok(())
}

#[test]
fn azure_takes_fixed_disks_of_whole_mebibytes() -> Result<(), Box<dyn Error>> {
    let mut image = unpacked("corpus/sound-qemu-fixed/disk.vhd.gz")?;
    let mut footer = image.split_off(image.len() - 512);
    image.resize(2 << 20, 0);
    put(&mut footer, 48, &(2_u64 << 20).to_be_bytes());
    seal(&mut footer, 64);
    image.extend(footer);
    let [.., azure] = of(&image, "disk.vhd")?;
    assert_eq!((azure.accepts, azure.says.as_str()), (true, ""));
    image.splice(0..0, [0; 512]);
    let [.., azure] = of(&image, "disk.vhd")?;
    let expected = "The upload size in bytes 2098176 - 512 bytes for the VHD footer (2097664 in this case) must be a \
                    multiple of MiB.";
    assert_eq!((azure.accepts, azure.says.as_str()), (false, expected));
    Ok(())
}

/// What a finding says of who minds it, against the answers: a tool refuses a disk if it minds a finding, and only
/// then. Faults that no check looks for yet, and warnings of them, are left out.
#[test]
fn those_who_mind_a_finding_refuse_the_disk() -> Result<(), Box<dyn Error>> {
    let mut compared = 0;
    for (name, case) in cases()? {
        let image = case.image()?;
        let analysis = analysed(&image, &case.target)?;
        if analysis.findings.is_empty() {
            continue;
        }
        let kind = analysis.image.kind();
        let minding: Vec<_> = analysis.findings.iter().flat_map(|finding| rejected_by(&finding.fault, kind)).collect();
        for answer in of(&image, &case.target)? {
            let takes_none = answer.tool == Tool::Azure && kind.is_none_or(|kind| kind.is_sparse());
            let is_known = !NOT_BY_A_FINDING.contains(&(name.as_str(), answer.tool));
            if !takes_none && is_known {
                assert_eq!(!minding.contains(&answer.tool), answer.accepts, "{name}: {answer:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > 200, "{compared}");
    Ok(())
}

/// What no single finding tells.
const NOT_BY_A_FINDING: &[(&str, Tool)] = &[
    // The batmap calls the block full whose BAT entry is gone.
    ("tap-bat-orphan", Tool::VhdUtil),
    // QEMU goes by this disk's geometry, which fits into the BAT.
    ("qemu-size-over-bat", Tool::Qemu),
];

/// qemu-img's answer to one file.
#[derive(Deserialize)]
struct QemuImgInfo {
    #[serde(rename = "virtual-size")]
    virtual_size: u64,
}

fn assert_is_that_of_qemu_img(
    image: &[u8],
    foretold: &ToolAnswer,
    folder: &Path,
    what: &str,
) -> Result<(), Box<dyn Error>> {
    fs::write(folder.join("disk.vhd"), image)?;
    let mut command = Command::new("qemu-img");
    command.args(["info", "-f", "vpc", "--output=json", "disk.vhd"]).current_dir(folder);
    let output = command.output()?;
    assert_eq!(foretold.accepts, output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    if foretold.accepts {
        let info: QemuImgInfo = serde_json::from_slice(&output.stdout)?;
        assert_eq!(foretold.virtual_size, Some(info.virtual_size), "{what}");
    } else {
        let said = String::from_utf8(output.stderr)?;
        let foretold = foretold.says.replace(what, "disk.vhd");
        assert_eq!(said.trim_end(), foretold, "{what}");
    }
    Ok(())
}

/// Numbers that repeat from run to run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    fn of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }
}

/// Fields that QEMU goes by: where they are in footer or header, and their values.
const FOOTER_FIELDS: [(usize, &[&[u8]]); 6] = [
    (0, &[b"conectix", b"v_poison", b"conectiy"]),
    (
        16,
        &[
            &0_u64.to_be_bytes(),
            &512_u64.to_be_bytes(),
            &513_u64.to_be_bytes(),
            &(1_u64 << 40).to_be_bytes(),
            &(1_u64 << 63).to_be_bytes(),
            &(u64::MAX >> 1).to_be_bytes(),
            &u64::MAX.to_be_bytes(),
        ],
    ),
    (28, &[b"tap\0", b"qemu", b"qem2", b"win ", b"vpc ", b"vpc\0", b"vs  ", b"d2v ", b"CTXS", b"wa\0\0", b"\0\0\0\0"]),
    (
        48,
        &[
            &0_u64.to_be_bytes(),
            &511_u64.to_be_bytes(),
            &(3_u64 << 20).to_be_bytes(),
            &(200_u64 << 20).to_be_bytes(),
            &(2040_u64 << 30).to_be_bytes(),
            &((2040_u64 << 30) + 512).to_be_bytes(),
            &u64::MAX.to_be_bytes(),
        ],
    ),
    (56, &[&[0; 4], &[0xFF, 0xFF, 16, 255], &[0xFF; 4], &[0, 9, 4, 17]]),
    (60, &[&[0, 0, 0, 0], &[0, 0, 0, 2], &[0, 0, 0, 3], &[0, 0, 0, 4]]),
];
const HEADER_FIELDS: [(usize, &[&[u8]]); 4] = [
    (0, &[b"cxsparse", b"cxsparsf"]),
    (
        16,
        &[
            &0_u64.to_be_bytes(),
            &512_u64.to_be_bytes(),
            &1537_u64.to_be_bytes(),
            &2048_u64.to_be_bytes(),
            &(1_u64 << 41).to_be_bytes(),
            &(1_u64 << 63).to_be_bytes(),
            &u64::MAX.to_be_bytes(),
        ],
    ),
    (28, &[&[0; 4], &[0, 0, 0, 1], &[0, 0, 0, 40], &[0, 0, 4, 0], &[0x20, 0, 0, 0], &[0x80, 0, 0, 0], &[0xFF; 4]]),
    (32, &[&[0; 4], &[0, 0, 1, 0], &[0, 0, 2, 0], &[0, 0, 8, 0], &[0, 8, 0, 0], &[0, 0x40, 0, 0], &[0x80, 0, 0, 0]]),
];

/// Changes something that QEMU goes by, or where the file ends.
fn damage(image: &mut Vec<u8>, random: &mut Random) {
    let end = image.len().saturating_sub(512);
    match random.below(8) {
        0..3 => {
            let (at, values) = random.of(&FOOTER_FIELDS);
            let value = random.of(values);
            let sealed = random.below(8) > 0;
            // Both footers, or one of them.
            for footer in random.of(&[&[0, end][..], &[0], &[end]]) {
                if let Some(footer) = image.get_mut(*footer..*footer + 512) {
                    put(footer, at, value);
                    if sealed {
                        seal(footer, 64);
                    }
                }
            }
        }
        3..5 => {
            let (at, values) = random.of(&HEADER_FIELDS);
            let value = random.of(values);
            if let Some(header) = image.get_mut(512..1536) {
                put(header, at, value);
            }
        }
        5 => {
            let block = random.below(40);
            let sectors = (image.len() / 512) as u32;
            let entry =
                random.of(&[0, 1, sectors, sectors - sectors.min(4098), sectors - sectors.min(4097), u32::MAX - 1]);
            if let Some(place) = image.get_mut(1536 + 4 * block..1540 + 4 * block) {
                put(place, 0, &entry.to_be_bytes());
            }
        }
        6 => {
            let cut = random.of(&[1, 2, 100, 511, 512, 513, 1024, 1025, 5000]);
            image.truncate(image.len().saturating_sub(cut));
        }
        _ => {
            let more = random.of(&[1, 100, 511, 512, 513, 4096]);
            image.resize(image.len() + more, 0);
        }
    }
}

#[test]
fn qemu_img_itself_answers_as_foretold() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let bases = ["sound-qemu-fixed/disk.vhd", "sound-tap-empty/disk.vhd", "sound-chain-2/child.vhd"]
        .map(|name| unpacked(&format!("corpus/{name}.gz")));
    let mut bases = bases.into_iter().collect::<Result<Vec<_>, _>>()?;
    // A dynamic disk of QEMU, without a block.
    let created =
        Command::new("qemu-img").args(["create", "-q", "-f", "vpc", "new.vhd", "10M"]).current_dir(&folder).status()?;
    assert!(created.success());
    bases.push(fs::read(folder.path().join("new.vhd"))?);
    let mut random = Random(7);
    let mut accepted = 0;
    const VARIANTS: usize = 160;
    for variant in 0..VARIANTS {
        let mut image = bases[variant % bases.len()].clone();
        for _ in 0..random.of(&[1, 1, 2, 3]) {
            damage(&mut image, &mut random);
        }
        let [_, qemu, ..] = of(&image, "disk.vhd")?;
        assert_is_that_of_qemu_img(&image, &qemu, folder.path(), &format!("variant {variant}"))?;
        accepted += usize::from(qemu.accepts);
    }
    assert!(accepted > VARIANTS / 8 && accepted < VARIANTS * 7 / 8, "{accepted} are opened");
    Ok(())
}
