//! Writes seeds for every target into `corpus/`: small disks of every manner, sound and with each fault, and what a
//! cut-off resize leaves.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vhd_analyser_tests::build::{Built, Creator, Disk, Fill, HEADER_AT, Kind, Random};
use vhd_analyser_tests::build_faults::{BitmapEdit, Edit, EntryEdit, Fault, Structure};
use vhd_analyser_tests::bytes::{put, seal};

fn main() -> io::Result<()> {
    let corpus = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut images = Vec::new();
    for built in disks() {
        images.push(built.bytes.clone());
        for fault in faults() {
            let mut image = built.bytes.clone();
            fault.apply(&built, &mut image);
            if image != built.bytes {
                images.push(image);
            }
        }
    }
    for (number, image) in images.iter().enumerate() {
        write(&corpus.join("plan_apply_check"), number, image)?;
        write(&corpus.join("deep"), number, image)?;
        let gap = [0, 0, 4096, 1 << 30, u64::MAX / 2, u64::MAX][number % 6];
        let at = image.len() as u64 - 512;
        write(&corpus.join("open_check"), number, &[&gap.to_be_bytes(), &at.to_be_bytes(), image.as_slice()].concat())?;
    }
    for (number, built) in disks().filter(|built| built.disk.kind != Kind::Fixed).enumerate() {
        write(&corpus.join("journal"), number, &cut_off_resize(&built))?;
        if built.disk.kind == Kind::Differencing {
            let names = &built.bytes[built.locators_at[0]..built.end_of_metadata];
            write(
                &corpus.join("locators"),
                number,
                &[&[0], &built.bytes[HEADER_AT + 40..HEADER_AT + 768], names].concat(),
            )?;
        }
    }
    for number in 0..64 {
        let mut random = Random(number);
        let bytes: Vec<u8> = (0..160).map(|_| random.below(256) as u8).collect();
        write(&corpus.join("chain"), number as usize, &bytes)?;
        // Mostly the words of logs.
        let words = (0..400).flat_map(|_| [128, random.below(256) as u8]);
        write(
            &corpus.join("explain"),
            number as usize,
            &number.to_be_bytes().into_iter().chain(words).collect::<Vec<_>>(),
        )?;
    }
    println!("{} images in {}", images.len(), corpus.display());
    Ok(())
}

fn write(folder: &Path, number: usize, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(format!("seed-{number:04}")), bytes)
}

fn disks() -> impl Iterator<Item = Built> {
    let creators = [Creator::Tapdisk01, Creator::Tapdisk11, Creator::Tapdisk13, Creator::Windows];
    let kinds = [Kind::Fixed, Kind::Dynamic, Kind::Differencing];
    creators.into_iter().flat_map(move |creator| kinds.map(move |kind| (creator, kind))).map(|(creator, kind)| {
        let disk = Disk {
            creator,
            kind,
            block_size: if creator == Creator::Windows { 4096 } else { 1024 },
            blocks: 5,
            cut_sectors: 0,
            spare_entries: 0,
            allocated: vec![(0, Fill::Full), (3, Fill::Some), (1, Fill::Some)],
            gap_sectors: 0,
            seed: 7,
        };
        disk.build()
    })
}

fn faults() -> Vec<Fault> {
    use Structure::{BatmapHeader, Footers, Header, Map, Primary};
    vec![
        Fault::Changed(Primary, Edit::Zeros, false),
        Fault::Changed(Footers, Edit::Zeros, false),
        Fault::Changed(Footers, Edit::Put(0, b"v_poison".to_vec()), true),
        Fault::Changed(Footers, Edit::Put(68, vec![0; 16]), true),
        Fault::Changed(Footers, Edit::Put(60, vec![0, 0, 0, 2]), true),
        Fault::Changed(Footers, Edit::Put(16, vec![0xFF; 8]), true),
        Fault::Changed(Footers, Edit::Put(48, vec![0, 0, 1]), true),
        Fault::Changed(Header, Edit::Zeros, false),
        Fault::Changed(Header, Edit::Put(28, vec![0x0F; 4]), true),
        Fault::Changed(Header, Edit::Put(32, vec![0x40, 0, 0, 0]), true),
        Fault::Changed(Header, Edit::Put(16, vec![0, 0, 0, 0, 0, 0, 1, 1]), true),
        Fault::Changed(BatmapHeader, Edit::Zeros, false),
        Fault::Changed(Map, Edit::Put(0, vec![0xFF]), true),
        Fault::Entry(0, EntryEdit::BehindFile(4)),
        Fault::Entry(1, EntryEdit::OnMetadata(1)),
        Fault::Entry(2, EntryEdit::SameAs(0)),
        Fault::Entry(0, EntryEdit::Into(1, 1)),
        Fault::Entry(3, EntryEdit::Cleared),
        Fault::Bitmap(1, BitmapEdit::Cleared),
        Fault::Truncated(513),
        Fault::Truncated(1),
        Fault::Truncated(2600),
        Fault::Trailing(600, Some(3)),
        Fault::Trailing(4096, None),
    ]
}

/// A poisoned disk and the journal that keeps its footer, header and BAT.
fn cut_off_resize(built: &Built) -> Vec<u8> {
    let mut disk = built.bytes.clone();
    let end = disk.len() - 512;
    let table_end = built.end_of_batmap().min(2048);
    let kept = [(1_u32, end..end + 512), (2, 0..512), (3, 512..1536), (5, 1536..table_end)];
    let mut journal = vec![0; 512];
    put(&mut journal, 0, b"vjournal");
    put(&mut journal, 8, &disk[68..84]);
    put(&mut journal, 24, &(end as u64).to_be_bytes());
    put(&mut journal, 36, &(kept.len() as u32).to_be_bytes());
    put(&mut journal, 48, &512_u64.to_be_bytes());
    for (kind, range) in kept {
        let mut entry = vec![0; 32];
        put(&mut entry, 0, &0xAAAA_1234_4321_AAAA_u64.to_be_bytes());
        put(&mut entry, 8, &kind.to_be_bytes());
        put(&mut entry, 12, &(range.len() as u32).to_be_bytes());
        put(&mut entry, 16, &(range.start as u64).to_be_bytes());
        entry.extend_from_slice(&disk[range]);
        seal(&mut entry, 24);
        journal.extend(entry);
    }
    let data_at = journal.len() as u64;
    put(&mut journal, 40, &data_at.to_be_bytes());
    for at in [0, end] {
        put(&mut disk, at, b"v_poison");
        seal(&mut disk[at..at + 512], 64);
    }
    [&(journal.len() as u64).to_be_bytes(), journal.as_slice(), &disk].concat()
}
