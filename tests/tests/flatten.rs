//! Chains read as one disk, and flattened: against a plain model, and against what libvhdi and QEMU read.
//!
//! Needs `qemu-img` (Debian: qemu-utils) and `pyvhdi` (Debian: python3-libvhdi), which `cargo xtask test` installs.

use std::error::Error;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{RngSeed, TestCaseError};
use vhd_analyser_core::Verdict;
use vhd_analyser_core::convert::{
    ChainError, ChainSource, Format, Identity, ImageWriter, Layer, ReadError, WriteError,
};
use vhd_analyser_core::layout::locator::file_name;
use vhd_analyser_core::source::{OutOfRange, Read, Source};
use vhd_analyser_core::units::size;
use vhd_analyser_tests::analysed::{NOW, analysed, analysed_deep};
use vhd_analyser_tests::build::{Creator, Disk, Fill, HEADER_AT, Kind, SECTOR, read_virtual};
use vhd_analyser_tests::bytes::{put, seal};
use vhd_analyser_tests::chain::{Linked, flattened, id, identified};
use vhd_analyser_tests::corpus::{Case, cases};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

const FORMATS: [Format; 3] = [Format::Raw, Format::Fixed, Format::Dynamic];
const IDENTITY: Identity = Identity { made: NOW, random: *b"sixteen randoms!" };
/// The longest piece that is handed out, in bytes.
const LONGEST_PIECE: u64 = 64 << 20;

/// Files, the last child first, as a chain.
fn chain(files: &[Vec<u8>]) -> Result<ChainSource<&[u8]>, ChainError> {
    let layers = files.iter().enumerate().map(|(number, file)| {
        let name = format!("{number}.vhd");
        let analysis = analysed(file, &name).map_err(|_| ChainError::NotAVhd(name))?;
        Ok((Layer::of(&analysis)?, file.as_slice()))
    });
    ChainSource::new(layers.collect::<Result<_, _>>()?)
}

/// The image, put together from its pieces.
fn image(chain: &ChainSource<&[u8]>, files: &[Vec<u8>], format: Format) -> Result<Vec<u8>, WriteError<OutOfRange>> {
    let flat = ImageWriter::plan(chain, format, IDENTITY, &mut |_| ControlFlow::Continue(()))?;
    let image = flattened(&flat, chain, files, &mut |piece| {
        assert!((1..=LONGEST_PIECE).contains(&piece.length()), "{} bytes", piece.length());
    })?;
    assert_eq!(image.len() as u64, flat.length(), "the length is known before");
    Ok(image)
}

/// A disk of a generated chain, with what its own sectors hold.
#[derive(Clone)]
struct Model {
    file: Vec<u8>,
    data: Vec<u8>,
    own: Vec<bool>,
}

/// What the chain holds, sector by sector, by the rule and nothing else.
fn merged(models: &[Model]) -> Vec<u8> {
    let size = models[0].data.len();
    let mut merged = vec![0; size];
    for (sector, bytes) in merged.chunks_mut(SECTOR).enumerate() {
        for model in models {
            let start = sector * SECTOR;
            let Some(data) = model.data.get(start..).filter(|data| !data.is_empty()) else {
                break;
            };
            if model.own.get(sector).copied().unwrap_or(true) {
                let length = data.len().min(bytes.len());
                bytes[..length].copy_from_slice(&data[..length]);
                break;
            }
        }
    }
    merged
}

/// What a chain is based on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    Vhd(Kind),
    /// So many bytes more or less than whole sectors.
    Raw(usize),
}

#[derive(Clone, Debug)]
struct Chain {
    /// The last child first.
    disks: Vec<Disk>,
    base: Base,
}

impl Chain {
    fn models(&self) -> Vec<Model> {
        let last = self.disks.len() - 1;
        let models = self.disks.iter().enumerate().map(|(number, disk)| {
            let kind = match self.base {
                Base::Vhd(kind) if number == last => kind,
                Base::Raw(odd) if number == last => {
                    let mut data = Disk { kind: Kind::Fixed, ..disk.clone() }.build().content.data;
                    data.truncate(data.len() - odd);
                    return Model { file: data.clone(), data, own: Vec::new() };
                }
                _ => Kind::Differencing,
            };
            let parent = match self.base {
                Base::Raw(_) if number + 1 == last => [0; 16],
                _ => id(number as u32 + 1),
            };
            let built = Disk { kind, ..disk.clone() }.build();
            let file = identified(&built, number as u32, false, (kind == Kind::Differencing).then_some(parent));
            Model { file, data: built.content.data, own: built.content.own }
        });
        models.collect()
    }
}

fn disks() -> BoxedStrategy<Disk> {
    let creators = select(vec![Creator::Tapdisk01, Creator::Tapdisk11, Creator::Tapdisk13, Creator::Windows]);
    let shapes = prop_oneof![
        20 => (select(vec![512, 4096, 4096, 16_384, 65_536]), 1..40usize),
        1 => (select(vec![512 << 10, 2 << 20]), 1..4usize)
    ];
    let fills = select(vec![Fill::Nothing, Fill::Some, Fill::Some, Fill::Full]);
    (shapes, creators, any::<(u64, u8)>(), select(vec![0, 0, 130]))
        .prop_flat_map(move |((block_size, blocks), creator, (seed, cut), spare_entries)| {
            let numbers = Just((0..blocks).collect::<Vec<_>>()).prop_shuffle();
            let fills = prop::collection::vec(fills.clone(), 0..=blocks.min(12));
            let cut_sectors = if cut % 4 == 0 { usize::from(cut / 4) % (block_size / SECTOR) } else { 0 };
            (numbers, fills).prop_map(move |(numbers, fills)| Disk {
                creator,
                kind: Kind::Differencing,
                block_size,
                blocks,
                cut_sectors,
                spare_entries,
                allocated: numbers.into_iter().zip(fills).collect(),
                gap_sectors: 0,
                seed,
            })
        })
        .boxed()
}

fn chains() -> BoxedStrategy<Chain> {
    let bases = prop_oneof![
        2 => Just(Base::Vhd(Kind::Dynamic)),
        1 => Just(Base::Vhd(Kind::Fixed)),
        1 => (0..SECTOR).prop_map(Base::Raw)
    ];
    (prop::collection::vec(disks(), 1..6), bases)
        .prop_map(|(disks, base)| {
            // A raw image alone is no chain.
            let base = if disks.len() == 1 && matches!(base, Base::Raw(_)) { Base::Vhd(Kind::Fixed) } else { base };
            Chain { disks, base }
        })
        .boxed()
}

/// The same cases in every run.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(2006),
        cases,
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    }
}

fn failed(error: impl Error) -> TestCaseError {
    TestCaseError::fail(error.to_string())
}

proptest! {
    #![proptest_config(config(200))]

    /// The chain holds what the model says, read as a whole and in pieces, and so does each flattened image, which is
    /// sound and as thin as it may be.
    #[test]
    fn chains_are_read_and_flattened(shape in chains(), ranges in prop::collection::vec(any::<(u32, u16)>(), 8)) {
        let models = shape.models();
        let files: Vec<Vec<u8>> = models.iter().map(|model| model.file.clone()).collect();
        let expected = merged(&models);
        let chain = chain(&files).map_err(failed)?;
        prop_assert_eq!(chain.length(), expected.len() as u64);
        for (offset, length) in ranges {
            let offset = offset as usize % expected.len();
            let end = (offset + usize::from(length)).min(expected.len());
            // What was in the buffer before is not to show through.
            let mut buffer = vec![0xA5; end - offset];
            chain.read(&mut [Read { offset: offset as u64, buffer: &mut buffer }]).map_err(failed)?;
            prop_assert!(buffer == expected[offset..end], "{} to {}", offset, end);
        }
        for format in FORMATS {
            let image = image(&chain, &files, format).map_err(failed)?;
            if format == Format::Raw {
                prop_assert!(image == expected);
                continue;
            }
            let analysis = analysed_deep(&image, "flat.vhd").map_err(failed)?;
            prop_assert_eq!(analysis.verdict(), Verdict::Sound, "{:?}: {:?}", format, analysis.findings);
            prop_assert!(read_virtual(&image).is_some_and(|content| content.data == expected), "{:?}", format);
            if format == Format::Dynamic {
                let deep = analysis.deep.unwrap_or_default();
                prop_assert_eq!(u64::from(deep.blocks), blocks_needed(&models, image_block(&shape)));
            }
        }
    }
}

/// The size of the blocks of a flattened image, in bytes.
fn image_block(shape: &Chain) -> usize {
    let alone = shape.disks.len() == 1 && shape.base == Base::Vhd(Kind::Fixed);
    match shape.disks[0].block_size {
        kept @ 0x8_0000..=0x20_0000 if !alone => kept,
        _ => 2 << 20,
    }
}

/// Blocks of which a disk of the chain has at least a sector. A disk without a parent has all sectors of its blocks.
fn blocks_needed(models: &[Model], block: usize) -> u64 {
    let holds = |start: usize, end: usize| (start..end).step_by(SECTOR).any(|at| is_in_file(models, at));
    let size = models[0].data.len();
    (0..size).step_by(block).filter(|start| holds(*start, (start + block).min(size))).count() as u64
}

/// Whether a sector of the chain lies in any file.
fn is_in_file(models: &[Model], at: usize) -> bool {
    for (number, model) in models.iter().enumerate() {
        if at >= model.data.len() {
            return false;
        }
        let is_base = number + 1 == models.len();
        if !is_base && model.own[at / SECTOR] {
            return true;
        }
        if is_base {
            return is_allocated(&model.file, at);
        }
    }
    false
}

/// Whether a base has a place for a sector: by its BAT, if it has one.
fn is_allocated(file: &[u8], at: usize) -> bool {
    let field = |offset: usize| {
        let bytes = file.get(offset..offset + 4)?;
        Some(bytes.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)))
    };
    if file.get(HEADER_AT..HEADER_AT + 8) != Some(b"cxsparse") {
        return true;
    }
    let entry = field(HEADER_AT + 32).and_then(|block| field(1536 + at / block * 4));
    entry.is_some_and(|entry| entry != u32::MAX as usize)
}

/// The files of a case, the one to look at first, each before its parent.
fn files_of(case: &Case) -> Outcome<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    let mut next = Some(case.target.clone());
    while let Some(name) = next {
        let bytes = case.file(&name)?;
        next = analysed(&bytes, &name)?.image.parent_paths().next().map(|path| file_name(&path).to_owned());
        files.push((name, bytes));
    }
    Ok(files)
}

/// Reads a chain as libvhdi does, into a file.
const LIBVHDI: &str = "
import pyvhdi, sys
chain = []
for path in sys.argv[2:]:
    disk = pyvhdi.file()
    disk.open(path)
    chain.append(disk)
for child, parent in zip(chain, chain[1:]):
    child.set_parent(parent)
left = chain[0].get_media_size()
with open(sys.argv[1], 'wb') as out:
    while left:
        piece = chain[0].read_buffer(min(left, 1 << 20))
        if not piece:
            raise SystemExit('libvhdi ended early')
        out.write(piece)
        left -= len(piece)
";

fn read_by_libvhdi(folder: &Path, names: &[String]) -> Outcome<Vec<u8>> {
    // Debian's Python: its libraries are not another's.
    let mut command = Command::new("/usr/bin/python3");
    command.current_dir(folder).args(["-c", LIBVHDI, "libvhdi.raw"]).args(names).stdin(Stdio::null());
    run(&mut command)?;
    Ok(fs::read(folder.join("libvhdi.raw"))?)
}

fn read_by_qemu(folder: &Path, name: &str) -> Outcome<Vec<u8>> {
    let mut command = Command::new("qemu-img");
    command.current_dir(folder).args(["convert", "-f", "vpc", "-O", "raw", name, "qemu.raw"]).stdin(Stdio::null());
    run(&mut command)?;
    Ok(fs::read(folder.join("qemu.raw"))?)
}

fn run(command: &mut Command) -> Outcome {
    let output = command.output().map_err(|error| format!("{command:?}: {error}; run `cargo xtask setup`"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {said}").into()) }
}

/// The first sector in which two disks differ, if any.
fn difference(one: &[u8], other: &[u8]) -> Option<usize> {
    // As a whole first, which is faster by far.
    if one == other {
        return None;
    }
    let mut sectors = one.chunks(SECTOR).zip(other.chunks(SECTOR));
    let first = sectors.position(|(one, other)| one != other);
    first.or_else(|| (one.len() != other.len()).then(|| one.len().min(other.len()) / SECTOR))
}

/// Every sound disk and chain of the corpus, in each format.
#[test]
fn flattened_disks_hold_what_libvhdi_and_qemu_read() -> Outcome {
    let mut chains = 0;
    for (name, case) in cases()?.into_iter().filter(|(name, _)| name.starts_with("sound-")) {
        let folder = tempfile::tempdir()?;
        let (names, files): (Vec<String>, Vec<Vec<u8>>) = files_of(&case)?.into_iter().unzip();
        for (name, file) in names.iter().zip(&files) {
            fs::write(folder.path().join(name), file)?;
        }
        let expected = read_by_libvhdi(folder.path(), &names)?;
        let chain = chain(&files)?;
        chains += usize::from(files.len() > 1);
        let raw = image(&chain, &files, Format::Raw)?;
        assert_eq!(difference(&raw, &expected), None, "{name}: the first sector that differs");
        for format in [Format::Fixed, Format::Dynamic] {
            let image = image(&chain, &files, format)?;
            fs::write(folder.path().join("flat.vhd"), &image)?;
            assert_eq!(analysed_deep(&image, "flat.vhd")?.verdict(), Verdict::Sound, "{name} as {format:?}");
            let qemu = read_by_qemu(folder.path(), "flat.vhd")?;
            assert_eq!(difference(&qemu, &expected), None, "{name} as {format:?}, by QEMU");
            let libvhdi = read_by_libvhdi(folder.path(), &["flat.vhd".to_owned()])?;
            assert_eq!(difference(&libvhdi, &expected), None, "{name} as {format:?}, by libvhdi");
        }
    }
    assert!(chains >= 2, "only {chains} chains were compared");
    Ok(())
}

/// Damaged images of which all data is where it was: other fields and the names of the parent are wrong.
const READABLE: [&str; 19] = [
    "chain-locator-beyond-eof",
    "chain-locator-code",
    "chain-locator-duplicate",
    "chain-locator-name",
    "chain-parent-name-empty",
    "qemu-feature-extra",
    "qemu-feature-reserved-clear",
    "qemu-future-timestamp",
    "qemu-null-uuid",
    "qemu-reserved-bytes",
    "qemu-saved-state",
    "qemu-short-footer",
    "tap-feature-extra",
    "tap-feature-reserved-clear",
    "tap-future-timestamp",
    "tap-null-uuid",
    "tap-reserved-bytes",
    "tap-saved-state",
    "tap-short-footer",
];

/// Every image whose damage may change what is read is refused, alone and as a parent, and so is every disk in a wrong
/// place.
#[test]
fn damaged_chains_are_refused() -> Outcome {
    let mut readable = Vec::new();
    for (name, case) in cases()? {
        let bytes = case.image()?;
        let analysis = analysed(&bytes, &case.target)?;
        let layer = Layer::of(&analysis);
        match analysis.verdict() {
            Verdict::Sound => assert!(layer.is_ok(), "{name}"),
            Verdict::NotAVhd => assert!(matches!(chain(&[bytes]), Err(ChainError::NotAVhd(_))), "{name}"),
            _ if layer.is_ok() => readable.push(name),
            _ => assert!(matches!(layer, Err(ChainError::Damaged { .. })), "{name}"),
        }
    }
    assert_eq!(readable, READABLE);
    let [base, child, grandchild] = [(0, None), (1, Some(0)), (2, Some(1))]
        .map(|(number, parent)| Linked { allocated: vec![1], ..Linked::new(number, parent) }.build());
    let error = |files: &[&Vec<u8>]| chain(&files.iter().copied().cloned().collect::<Vec<_>>()).err();
    assert_eq!(error(&[&grandchild, &child, &base]), None);
    assert_eq!(error(&[]), Some(ChainError::NoDisk));
    assert!(matches!(error(&[&grandchild, &child]), Some(ChainError::MissingParent { .. })));
    assert!(matches!(error(&[&grandchild, &base]), Some(ChainError::OtherDisk { .. })));
    assert!(matches!(error(&[&base, &child]), Some(ChainError::NoParent { .. })));
    assert!(matches!(error(&[&grandchild, &child, &grandchild]), Some(ChainError::Loop(_))));
    assert!(matches!(error(&[&grandchild, &vec![7; 4096]]), Some(ChainError::NotAVhd(_))));
    let mut on_raw = child.clone();
    put(&mut on_raw, HEADER_AT + 40, &[0; 16]);
    seal(&mut on_raw[HEADER_AT..HEADER_AT + 1024], 36);
    assert!(matches!(error(&[&on_raw, &base]), Some(ChainError::NotRaw { .. })));
    assert_eq!(error(&[&on_raw, &vec![7; 4096]]), None);
    let mut broken = base;
    broken[HEADER_AT + 36] ^= 1;
    let Some(error) = error(&[&child, &broken]) else {
        return Err("a damaged parent was accepted".into());
    };
    assert_eq!(
        error.to_string(),
        "“1.vhd” is damaged (Dynamic header: invalid checksum), and what is read through it would be wrong; repair it \
         first"
    );
    Ok(())
}

/// Of a differencing disk, tapdisk would read more than the bitmap says where the batmap calls a block full.
#[test]
fn a_batmap_that_contradicts_a_bitmap_is_not_read_over() -> Outcome {
    let disk = Disk {
        creator: Creator::Tapdisk13,
        kind: Kind::Differencing,
        block_size: 2 << 20,
        blocks: 1,
        cut_sectors: 0,
        spare_entries: 0,
        allocated: vec![(0, Fill::Full)],
        gap_sectors: 0,
        seed: 1,
    };
    let built = disk.build();
    let mut child = identified(&built, 1, false, Some(id(0)));
    let base = Linked { blocks: 1, ..Linked::new(0, None) }.build();
    child[built.blocks_at[0].1] = 0x7F;
    let files = [child, base];
    let chain = chain(&files)?;
    let contradiction = ReadError::Contradiction { name: "0.vhd".into(), block: 0 };
    assert_eq!(chain.read(&mut [Read { offset: 1024, buffer: &mut [0; 16] }]), Err(contradiction.clone()));
    for format in FORMATS {
        assert_eq!(image(&chain, &files, format), Err(WriteError::Read(contradiction.clone())), "{format:?}");
    }
    Ok(())
}

/// On a disk without a parent, what a clear bit hides is kept, as QEMU reads it and the deep repair would bring it back.
#[test]
fn data_under_clear_bits_of_a_base_is_kept() -> Outcome {
    let case = cases()?.remove("tap-bitmap-cleared").ok_or("the case is gone")?;
    let files = [case.image()?];
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("disk.vhd"), &files[0])?;
    let raw = image(&chain(&files)?, &files, Format::Raw)?;
    assert_eq!(difference(&raw, &read_by_qemu(folder.path(), "disk.vhd")?), None);
    assert!(difference(&raw, &read_by_libvhdi(folder.path(), &["disk.vhd".into()])?).is_some());
    Ok(())
}

/// A disk of any size with nothing in it.
fn empty_disk(size: u64) -> Vec<u8> {
    let mut bytes = Linked { creator: Creator::Windows, ..Linked::new(0, None) }.build();
    let entries = size.div_ceil(2 << 20) as usize;
    let footer = bytes.split_off(bytes.len() - SECTOR);
    bytes.truncate(1536);
    bytes.resize(1536 + (entries * 4).next_multiple_of(SECTOR), 0xFF);
    bytes.extend(footer);
    let end = bytes.len() - SECTOR;
    for at in [0, end] {
        put(&mut bytes, at + 40, &size.to_be_bytes());
        put(&mut bytes, at + 48, &size.to_be_bytes());
        // As much as the geometry can say, or no more than a MiB.
        put(&mut bytes, at + 56, if size > 1 << 40 { &[0xFF, 0xFF, 16, 255] } else { &[0, 1, 4, 17] });
        seal(&mut bytes[at..at + SECTOR], 64);
    }
    put(&mut bytes, HEADER_AT + 28, &(entries as u32).to_be_bytes());
    seal(&mut bytes[HEADER_AT..HEADER_AT + 1024], 36);
    bytes
}

#[test]
fn sizes_are_bounded_by_the_format() -> Outcome {
    let plan = |bytes: u64, format| {
        let files = [empty_disk(bytes)];
        ImageWriter::plan(&chain(&files)?, format, IDENTITY, &mut |_| ControlFlow::Continue(()))
            .map_err(|error| Box::<dyn Error>::from(error.to_string()))
            .map(|flat| flat.length())
    };
    let largest = 2040_u64 << 30;
    assert_eq!(plan(largest, Format::Raw)?, largest);
    assert_eq!(plan(largest, Format::Fixed)?, largest + 512);
    assert_eq!(plan(largest, Format::Dynamic)?, 1536 + 4 * 1_044_480 + 512);
    assert_eq!(plan(largest + 512, Format::Raw)?, largest + 512);
    for format in [Format::Fixed, Format::Dynamic] {
        let refused = plan(largest + 512, format).err().map(|error| error.to_string());
        assert!(refused.is_some_and(|said| said.contains(&size(largest))), "{format:?}");
    }
    assert_eq!(plan((3 << 20) + 100, Format::Raw)?, (3 << 20) + 512, "whole sectors");
    Ok(())
}

/// Whoever takes the pieces is asked after at most 64 MiB, also where there is nothing, and may stop; so may the plan be.
#[test]
fn it_stops_when_it_is_asked_to() -> Outcome {
    let files = [empty_disk(1 << 40)];
    let chain = chain(&files)?;
    let mut heard = 0;
    let stopped = ImageWriter::plan(&chain, Format::Dynamic, IDENTITY, &mut |progress| {
        heard += 1;
        if progress.done > 1 << 30 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((stopped.err(), heard), (Some(WriteError::Cancelled), 18));
    let flat = ImageWriter::plan(&chain, Format::Fixed, IDENTITY, &mut |_| ControlFlow::Continue(()))?;
    let mut pieces = 0;
    let stopped = flat.write(&chain, &mut |_| {
        pieces += 1;
        if pieces == 5 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((stopped, pieces), (Err(WriteError::Cancelled), 5));
    Ok(())
}
