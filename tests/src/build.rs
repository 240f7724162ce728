//! Sound images of every shape, put together byte by byte from a description, with the virtual disk that they hold.
//!
//! Nothing here goes by the code under test: offsets and rules are those of the specification and of tapdisk.

use crate::analysed::NOW;
use crate::bytes::{checksum, put, seal};

/// A sector, in bytes.
pub const SECTOR: usize = 512;
/// Where the dynamic header is.
pub const HEADER_AT: usize = 512;
/// Where the BAT is.
pub const BAT_AT: usize = 1536;
/// A BAT entry of a block that was never written.
pub const UNALLOCATED: u32 = u32::MAX;
/// tapdisk puts a block's data on a multiple of this.
const PAGE: usize = 4096;
/// The file name of a differencing disk's parent.
pub const PARENT: &str = "parent.vhd";

/// Who made the disk, and with it the manner in which blocks lie and bitmaps are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creator {
    /// tapdisk 0.1: the least significant bit of a bitmap first, no batmap.
    Tapdisk01,
    /// tapdisk 1.1: a batmap of version 1.1, whose checksum sums signed bytes.
    Tapdisk11,
    /// tapdisk 1.3: a batmap of version 1.2.
    Tapdisk13,
    /// Windows up to 7, and QEMU likewise: block right behind block.
    Windows,
    /// The same after the disk was made larger: the first block lies where a smaller BAT had left it, some sectors behind
    /// the metadata.
    WindowsGrown,
    /// tapdisk 1.3 after `vhd-util resize`: the first block lies some pages behind the metadata.
    TapdiskGrown,
    /// Windows since 8: the data of blocks on pages, ones before the first block and in every bitmap of a dynamic disk,
    /// and the end of the file padded to a page.
    Windows10,
    /// MiniVHD: the bitmap of blocks on pages.
    MiniVhd,
}

/// Where the bytes of a block begin to count to a multiple of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnPage {
    Data,
    Bitmap,
    Nothing,
}

impl Creator {
    /// Whether the disk has a batmap.
    pub fn has_batmap(self) -> bool {
        matches!(self, Self::Tapdisk11 | Self::Tapdisk13 | Self::TapdiskGrown)
    }

    /// Whether it is a tapdisk.
    pub fn is_tapdisk(self) -> bool {
        matches!(self, Self::Tapdisk01 | Self::Tapdisk11 | Self::Tapdisk13 | Self::TapdiskGrown)
    }

    fn on_page(self) -> OnPage {
        match self {
            Self::Windows | Self::WindowsGrown => OnPage::Nothing,
            Self::MiniVhd => OnPage::Bitmap,
            _ => OnPage::Data,
        }
    }

    /// Sectors between the metadata and the first block, besides what the page asks for.
    fn first_gap(self) -> usize {
        match self {
            Self::WindowsGrown => 37,
            Self::TapdiskGrown => 80,
            _ => 0,
        }
    }

    fn application_and_version(self) -> [u8; 8] {
        *match self {
            Self::Tapdisk01 => b"tap\0\x00\x00\x00\x01",
            Self::Tapdisk11 => b"tap\0\x00\x01\x00\x01",
            Self::Tapdisk13 | Self::TapdiskGrown => b"tap\0\x00\x01\x00\x03",
            Self::Windows | Self::WindowsGrown => b"win \x00\x06\x00\x01",
            Self::Windows10 => b"win \x00\x0A\x00\x00",
            Self::MiniVhd => b"mVHD\x00\x01\x00\x00",
        }
    }
}

/// The kind of a disk, by its number in the footer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Data, then the footer.
    Fixed = 2,
    /// Blocks allocated when they are first written.
    Dynamic = 3,
    /// As dynamic, over a parent.
    Differencing = 4,
}

/// How much of a block has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fill {
    /// Nothing: the block is allocated, and its bitmap is clear.
    Nothing,
    /// Some sectors.
    Some,
    /// Every sector of the virtual disk that lies in it.
    Full,
}

/// What an image is to be.
#[derive(Clone, Debug)]
pub struct Disk {
    /// Who made it.
    pub creator: Creator,
    /// What it is.
    pub kind: Kind,
    /// Bytes of a block's data: a power of two, at least a sector.
    pub block_size: usize,
    /// Blocks that the virtual disk has.
    pub blocks: usize,
    /// Sectors by which the disk ends before its last block does.
    pub cut_sectors: usize,
    /// BAT entries beyond those that the disk needs.
    pub spare_entries: usize,
    /// The blocks that are allocated, in the order in which they lie in the file.
    pub allocated: Vec<(usize, Fill)>,
    /// Zeros before the primary footer, in sectors.
    pub gap_sectors: usize,
    /// What the data is made from.
    pub seed: u64,
}

/// An image, and what it holds.
#[derive(Clone)]
pub struct Built {
    /// What it was made from.
    pub disk: Disk,
    /// The file.
    pub bytes: Vec<u8>,
    /// The virtual disk.
    pub content: Virtual,
    /// Where the batmap's header is, if there is one.
    pub batmap_at: Option<usize>,
    /// Where the names of the parent locators are.
    pub locators_at: Vec<usize>,
    /// Where the blocks are, with their numbers, in the order of the file.
    pub blocks_at: Vec<(usize, usize)>,
    /// Where the metadata ends.
    pub end_of_metadata: usize,
}

/// A virtual disk: its bytes, and for each sector whether it is the disk's own. A sector that is not is the parent's,
/// and zero here.
#[derive(Clone, PartialEq, Eq)]
pub struct Virtual {
    /// The bytes.
    pub data: Vec<u8>,
    /// Whether each sector is the disk's own; on a disk without a parent every one is.
    pub own: Vec<bool>,
}

impl Virtual {
    fn empty(size: usize, kind: Kind) -> Self {
        Self { data: vec![0; size], own: vec![kind != Kind::Differencing; size / SECTOR] }
    }

    /// Puts a sector where it belongs, unless that is behind the end of the disk.
    fn write(&mut self, sector: usize, bytes: &[u8]) {
        if let Some(own) = self.own.get_mut(sector) {
            *own = true;
            put(&mut self.data, sector * SECTOR, bytes);
        }
    }

    /// Whether the sectors of two disks are the same, apart from those that `skip` names, as far as both disks reach.
    pub fn agrees(&self, other: &Self, skip: impl Fn(usize) -> bool) -> bool {
        let sectors = self.own.len().min(other.own.len());
        (0..sectors).filter(|sector| !skip(*sector)).all(|sector| {
            let range = sector * SECTOR..(sector + 1) * SECTOR;
            self.own[sector] == other.own[sector] && self.data[range.clone()] == other.data[range]
        })
    }
}

impl Disk {
    /// A disk of eight blocks of 64 KiB, of which some are allocated, in the order in which they lie in the file.
    pub fn small(creator: Creator, kind: Kind, allocated: &[(usize, Fill)]) -> Self {
        Self {
            creator,
            kind,
            block_size: 64 << 10,
            blocks: 8,
            cut_sectors: 0,
            spare_entries: 0,
            allocated: allocated.to_vec(),
            gap_sectors: 0,
            seed: 0,
        }
    }

    /// Bytes of the virtual disk.
    pub fn size(&self) -> usize {
        self.blocks * self.block_size - self.cut_sectors * SECTOR
    }

    /// Bytes of a block's bitmap.
    pub fn bitmap_length(&self) -> usize {
        (self.block_size / SECTOR).div_ceil(8).next_multiple_of(SECTOR)
    }

    /// Bytes of a block in the file.
    pub fn block_length(&self) -> usize {
        self.bitmap_length() + self.block_size
    }

    /// Entries of the BAT.
    pub fn entries(&self) -> usize {
        self.blocks + self.spare_entries
    }

    /// Puts the image together.
    pub fn build(&self) -> Built {
        if self.kind == Kind::Fixed { self.build_fixed() } else { self.build_sparse() }
    }

    fn build_fixed(&self) -> Built {
        let mut random = Random(self.seed);
        let mut content = Virtual::empty(self.size(), self.kind);
        for sector in 0..content.own.len() {
            content.write(sector, &random.sector());
        }
        let bytes = [content.data.as_slice(), &self.footer()].concat();
        Built {
            disk: self.clone(),
            bytes,
            content,
            batmap_at: None,
            locators_at: Vec::new(),
            blocks_at: Vec::new(),
            end_of_metadata: 0,
        }
    }

    fn build_sparse(&self) -> Built {
        let table_end = BAT_AT + (self.entries() * 4).next_multiple_of(SECTOR);
        let batmap_at = self.creator.has_batmap().then_some(table_end);
        let map_length = self.entries().div_ceil(8).next_multiple_of(SECTOR);
        let batmap_end = batmap_at.map_or(table_end, |at| at + SECTOR + map_length);
        let locators_at: Vec<usize> = (0..self.locators().len()).map(|index| batmap_end + index * SECTOR).collect();
        let end_of_metadata = batmap_end + locators_at.len() * SECTOR;

        let mut bytes = vec![0; end_of_metadata];
        put(&mut bytes, 0, &self.footer());
        put(&mut bytes, HEADER_AT, &self.header(&locators_at));
        bytes[BAT_AT..table_end].fill(0xFF);
        for (at, (_, name)) in locators_at.iter().zip(self.locators()) {
            put(&mut bytes, *at, &name);
        }
        let mut random = Random(self.seed);
        let mut content = Virtual::empty(self.size(), self.kind);
        let mut map = vec![0; map_length];
        let mut blocks_at = Vec::new();
        for (index, &(number, fill)) in self.allocated.iter().enumerate() {
            let gap = if index == 0 { self.creator.first_gap() * SECTOR } else { 0 };
            let at = self.place_behind(bytes.len() + gap);
            let padding = if index == 0 && self.creator == Creator::Windows10 { 0xFF } else { 0 };
            bytes.resize(at, padding);
            put(&mut bytes, BAT_AT + number * 4, &((at / SECTOR) as u32).to_be_bytes());
            let (block, full) = self.block(number, fill, &mut random, &mut content);
            bytes.extend(block);
            blocks_at.push((number, at));
            if full {
                map[number / 8] |= 0x80 >> (number % 8);
            }
        }
        if let Some(at) = batmap_at {
            put(&mut bytes, at, &self.batmap_header(at, &map));
            put(&mut bytes, at + SECTOR, &map);
        }
        bytes.resize(bytes.len() + self.gap_sectors * SECTOR, 0);
        if self.creator == Creator::Windows10 {
            bytes.resize(bytes.len().next_multiple_of(PAGE), 0);
        }
        bytes.extend(self.footer());
        Built { disk: self.clone(), bytes, content, batmap_at, locators_at, blocks_at, end_of_metadata }
    }

    /// Where the creator puts a block that follows what ends at `end`.
    fn place_behind(&self, end: usize) -> usize {
        let bitmap = self.bitmap_length();
        match self.creator.on_page() {
            OnPage::Data => (end + bitmap).next_multiple_of(PAGE) - bitmap,
            OnPage::Bitmap => end.next_multiple_of(PAGE),
            OnPage::Nothing => end,
        }
    }

    /// A block with its bitmap, and whether every sector of it is written.
    fn block(&self, number: usize, fill: Fill, random: &mut Random, content: &mut Virtual) -> (Vec<u8>, bool) {
        let mut block = vec![0; self.block_length()];
        let sectors = self.block_size / SECTOR;
        let mut written = 0;
        for sector in 0..sectors {
            let virtual_sector = number * sectors + sector;
            let is_written = match fill {
                Fill::Nothing => false,
                // The first sector always is, so that there is something.
                Fill::Some => sector == 0 || random.below(3) == 0,
                Fill::Full => true,
            };
            if !is_written || virtual_sector >= self.size() / SECTOR {
                continue;
            }
            written += 1;
            set_bit(&mut block, sector, self.creator);
            let bytes = random.sector();
            put(&mut block, self.bitmap_length() + sector * SECTOR, &bytes);
            content.write(virtual_sector, &bytes);
        }
        if self.creator == Creator::Windows10 && self.kind == Kind::Dynamic {
            block[..self.bitmap_length()].fill(0xFF);
        }
        (block, written == sectors)
    }

    fn footer(&self) -> [u8; SECTOR] {
        let mut footer = [0; SECTOR];
        let size = self.size() as u64;
        let data_offset = if self.kind == Kind::Fixed { u64::MAX } else { HEADER_AT as u64 };
        put(&mut footer, 0, b"conectix");
        put(&mut footer, 8, &2_u32.to_be_bytes());
        put(&mut footer, 12, &0x0001_0000_u32.to_be_bytes());
        put(&mut footer, 16, &data_offset.to_be_bytes());
        put(&mut footer, 24, &(NOW.0 - 1_000_000).to_be_bytes());
        put(&mut footer, 28, &self.creator.application_and_version());
        put(&mut footer, 40, &size.to_be_bytes());
        put(&mut footer, 48, &size.to_be_bytes());
        put(&mut footer, 56, &geometry(self.size()));
        put(&mut footer, 60, &(self.kind as u32).to_be_bytes());
        put(&mut footer, 68, b"a unique id of 1");
        seal(&mut footer, 64);
        footer
    }

    fn header(&self, locators_at: &[usize]) -> [u8; 1024] {
        let mut header = [0; 1024];
        put(&mut header, 0, b"cxsparse");
        put(&mut header, 8, &u64::MAX.to_be_bytes());
        put(&mut header, 16, &(BAT_AT as u64).to_be_bytes());
        put(&mut header, 24, &0x0001_0000_u32.to_be_bytes());
        put(&mut header, 28, &(self.entries() as u32).to_be_bytes());
        put(&mut header, 32, &(self.block_size as u32).to_be_bytes());
        if self.kind == Kind::Differencing {
            put(&mut header, 40, b"its parent's id!");
            put(&mut header, 56, &(NOW.0 - 2_000_000).to_be_bytes());
            put(&mut header, 64, &self.header_name());
        }
        for (index, (code, name)) in self.locators().iter().enumerate() {
            let at = 576 + 24 * index;
            put(&mut header, at, *code);
            // Room in bytes, as all writers count it that are still in use.
            put(&mut header, at + 4, &(SECTOR as u32).to_be_bytes());
            put(&mut header, at + 8, &(name.len() as u32).to_be_bytes());
            put(&mut header, at + 16, &(locators_at[index] as u64).to_be_bytes());
        }
        seal(&mut header, 36);
        header
    }

    /// The parent's name as the header has it: tapdisk 0.1 wrote it with a mark of the byte order.
    fn header_name(&self) -> Vec<u8> {
        match self.creator {
            Creator::Tapdisk01 => [vec![0xFF, 0xFE], utf16(PARENT, u16::to_le_bytes)].concat(),
            _ => utf16(PARENT, u16::to_be_bytes),
        }
    }

    fn locators(&self) -> Vec<(&'static [u8; 4], Vec<u8>)> {
        if self.kind != Kind::Differencing {
            return Vec::new();
        }
        let relative = utf16(&format!(".\\{PARENT}"), u16::to_le_bytes);
        match self.creator {
            Creator::Windows | Creator::WindowsGrown | Creator::Windows10 | Creator::MiniVhd => {
                vec![(b"W2ru", relative), (b"W2ku", utf16(&format!("C:\\{PARENT}"), u16::to_le_bytes))]
            }
            _ => vec![
                (b"MacX", format!("file://./{PARENT}").into_bytes()),
                (b"W2ku", relative.clone()),
                (b"W2ru", relative),
            ],
        }
    }

    fn batmap_header(&self, at: usize, map: &[u8]) -> [u8; SECTOR] {
        let mut header = [0; SECTOR];
        let signed = self.creator == Creator::Tapdisk11;
        let version: u32 = if signed { 0x0001_0001 } else { 0x0001_0002 };
        put(&mut header, 0, b"tdbatmap");
        put(&mut header, 8, &((at + SECTOR) as u64).to_be_bytes());
        put(&mut header, 16, &((map.len() / SECTOR) as u32).to_be_bytes());
        put(&mut header, 20, &version.to_be_bytes());
        put(&mut header, 24, &map_checksum(map, self.size(), self.creator).to_be_bytes());
        header
    }
}

impl Built {
    /// Renews the checksum of the batmap in an image of this layout.
    pub fn seal_batmap(&self, image: &mut [u8]) {
        let Some(at) = self.batmap_at else {
            return;
        };
        // Another fault may have cut the image off before.
        let Some(map) = image.get(at + SECTOR..self.end_of_batmap()) else {
            return;
        };
        let sum = map_checksum(map, self.disk.size(), self.disk.creator);
        put(image, at + 24, &sum.to_be_bytes());
    }

    /// Where the batmap ends, or the BAT if there is none.
    pub fn end_of_batmap(&self) -> usize {
        self.end_of_metadata - self.locators_at.len() * SECTOR
    }

    /// Where a block is in the file.
    pub fn place_of(&self, number: usize) -> Option<usize> {
        self.blocks_at.iter().find(|(other, _)| *other == number).map(|(_, at)| *at)
    }
}

/// The virtual disk of an image, read by its primary footer and the dynamic header; `None` where they lead astray.
/// Sectors whose bits are clear are the parent's, or zero.
pub fn read_virtual(image: &[u8]) -> Option<Virtual> {
    let footer = image.get(image.len().checked_sub(SECTOR)?..)?;
    let size = usize::try_from(number64(footer, 48)).ok()?;
    let kind = match number32(footer, 60) {
        2 => Kind::Fixed,
        3 => Kind::Dynamic,
        4 => Kind::Differencing,
        _ => return None,
    };
    if !footer.starts_with(b"conectix") || size > 1 << 30 {
        return None;
    }
    let mut content = Virtual::empty(size, kind);
    if kind == Kind::Fixed {
        content.data.copy_from_slice(image.get(..size)?);
        return Some(content);
    }
    let creator = match &footer[28..36] {
        b"tap\0\x00\x00\x00\x01" => Creator::Tapdisk01,
        _ => Creator::Windows,
    };
    let header = image.get(usize::try_from(number64(footer, 16)).ok()?..)?.get(..1024)?;
    let table = usize::try_from(number64(header, 16)).ok()?;
    let block_size = number32(header, 32) as usize;
    let sectors = block_size / SECTOR;
    if sectors == 0 || size.div_ceil(block_size) > number32(header, 28) as usize {
        return None;
    }
    for block in 0..size.div_ceil(block_size) {
        let entry = number32(image.get(table.checked_add(block * 4)?..)?.get(..4)?, 0);
        if entry == UNALLOCATED {
            continue;
        }
        let bitmap_length = sectors.div_ceil(8).next_multiple_of(SECTOR);
        let whole = image.get(entry as usize * SECTOR..)?.get(..bitmap_length + block_size)?;
        let (bitmap, data) = whole.split_at(bitmap_length);
        for sector in (0..sectors).filter(|sector| bitmap[sector / 8] & bit(*sector, creator) != 0) {
            content.write(block * sectors + sector, &data[sector * SECTOR..][..SECTOR]);
        }
    }
    Some(content)
}

/// The bit of a sector within its byte of a bitmap.
pub fn bit(sector: usize, creator: Creator) -> u8 {
    match creator {
        Creator::Tapdisk01 => 1 << (sector % 8),
        _ => 0x80 >> (sector % 8),
    }
}

fn set_bit(bitmap: &mut [u8], sector: usize, creator: Creator) {
    bitmap[sector / 8] |= bit(sector, creator);
}

/// The checksum over the sectors of the map that blocks of 2 MiB would need, at least one.
fn map_checksum(map: &[u8], size: usize, creator: Creator) -> u32 {
    let covered = ((size >> 21).div_ceil(8).div_ceil(SECTOR).max(1) * SECTOR).min(map.len());
    if creator == Creator::Tapdisk11 {
        let sum: i32 = map[..covered].iter().map(|byte| i32::from(byte.cast_signed())).sum();
        !sum.cast_unsigned()
    } else {
        checksum(&map[..covered])
    }
}

/// The appendix of the specification, for disks below 142 MB: 17 sectors a track.
fn geometry(size: usize) -> [u8; 4] {
    let tracks = size / SECTOR / 17;
    let heads = tracks.div_ceil(1024).max(4);
    let [high, low] = ((tracks / heads) as u16).to_be_bytes();
    [high, low, heads as u8, 17]
}

/// A text in UTF-16, in either byte order.
pub(crate) fn utf16(text: &str, to_bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(to_bytes).collect()
}

/// A big-endian number at an offset.
pub fn number32(bytes: &[u8], at: usize) -> u32 {
    bytes[at..at + 4].iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// A big-endian number at an offset.
pub fn number64(bytes: &[u8], at: usize) -> u64 {
    u64::from(number32(bytes, at)) << 32 | u64::from(number32(bytes, at + 4))
}

/// Pseudo-random numbers: splitmix64, by Steele, Lea and Flood.
pub struct Random(pub u64);

impl Random {
    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit
    }

    /// A sector of data, never all zero. One in eight holds a single byte.
    fn sector(&mut self) -> [u8; SECTOR] {
        let mut sector = [0; SECTOR];
        if self.below(8) == 0 {
            sector[self.below(SECTOR as u64) as usize] = 1 + self.below(255) as u8;
            return sector;
        }
        for chunk in sector.as_chunks_mut::<8>().0 {
            *chunk = self.number().to_be_bytes();
        }
        sector
    }
}
