//! The disk's metadata as `vhd-util read -p` prints it, byte for byte, its failures included.
//!
//! It stops where a structure cannot be opened ([`crate::compat::vhd_util`]); what it prints then is part of what
//! people paste into tickets and search for.

use alloc::format;
use alloc::vec::Vec;

use uuid::Uuid;
use zerocopy::FromZeros;

use crate::analysis::Analysis;
use crate::compat::vhd_util::{header_name, locator_name, open_bat, open_footer, open_header};
use crate::image::{Found, Image};
use crate::layout::SECTOR;
use crate::layout::batmap::BatmapExpected;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform};
use crate::layout::time::TimeStamp;

/// What `vhd-util read -p -n name` prints of a file, with times `minutes` east of UTC. Bytes, since names from the disk are
/// printed as they are.
pub fn render(analysis: &Analysis, minutes: i32) -> Vec<u8> {
    let Analysis { image, name, .. } = analysis;
    let mut out = Printer { out: Vec::new(), minutes };
    let (footer, opened) = open_footer(image);
    // Even after a failure vhd-util looks for a header, if the footer speaks of one.
    let (header, opened) = match footer.kind() {
        Some(DiskType::Dynamic | DiskType::Differencing) => {
            let (header, header_opened) = open_header(image, &footer);
            (header, opened.and(header_opened))
        }
        _ => (DynamicHeader::new_zeroed(), opened),
    };
    if let Err(errno) = opened {
        out.line(&format!("Failed to open {name}: {}", errno as i32));
        out.line(&format!("\n{name} appears invalid; dumping headers\n"));
        out.footer(&footer);
        out.header(&header, &footer);
        return out.out;
    }
    if let Err(errno) = open_bat(image, &footer, &header) {
        out.line(&format!("Failed to get bat for {name}: {}", errno as i32));
        return out.out;
    }
    out.footer(&footer);
    out.header(&header, &footer);
    if footer.kind() == Some(DiskType::Differencing) {
        out.locators(image);
    }
    out.batmap(image, &footer);
    out.out
}

struct Printer {
    out: Vec<u8>,
    minutes: i32,
}

impl Printer {
    fn line(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'\n');
    }

    fn title(&mut self, text: &str) {
        self.line(text);
        self.line(&"-".repeat(text.len()));
    }

    fn field(&mut self, name: &str, value: &str) {
        self.line(&format!("{name:<20}: {value}"));
    }

    /// A line with bytes from the disk in it, printed up to the first zero as C does.
    fn bytes_field(&mut self, name: &str, before: &str, bytes: &[u8], after: &str) {
        self.out.extend_from_slice(format!("{name:<20}: {before}").as_bytes());
        self.out.extend(bytes.iter().take_while(|byte| **byte != 0));
        self.line(after);
    }

    fn footer(&mut self, footer: &Footer) {
        let megabytes = |bytes: u64| format!("{} MB ({bytes} Bytes)", bytes >> 20);
        let version = |version: u32| format!("Major: {}, Minor: {}", version >> 16, version & 0xFFFF);
        self.title("VHD Footer Summary:");
        self.bytes_field("Cookie", "", &footer.cookie, "");
        let features = footer.features.get();
        let flag = |bit, name| if features & bit != 0 { name } else { "" };
        self.field(
            "Features",
            &format!("(0x{features:08x}) {}{}", flag(Footer::TEMPORARY, "<TEMP>"), flag(Footer::RESERVED, "<RESV>")),
        );
        self.field("File format version", &version(footer.file_format_version.get()));
        self.field("Data offset", &format!("{}", footer.data_offset));
        self.time("Timestamp", footer.time_stamp.get());
        self.bytes_field("Creator Application", "'", &footer.creator_application, "'");
        self.field("Creator version", &version(footer.creator_version.get()));
        self.field(
            "Creator OS",
            match &footer.creator_host_os {
                b"Wi2k" => "Windows",
                b"Mac " => "Macintosh",
                _ => "Unknown!",
            },
        );
        self.field("Original disk size", &megabytes(footer.original_size.get()));
        self.field("Current disk size", &megabytes(footer.current_size.get()));
        let geometry = footer.geometry;
        self.field(
            "Geometry",
            &format!("Cyl: {}, Hds: {}, Sctrs: {}", geometry.cylinders, geometry.heads, geometry.sectors_per_track),
        );
        self.field("", &format!("= {}", megabytes(geometry.sectors() * SECTOR)));
        self.field(
            "Disk type",
            match footer.disk_type.get() {
                0 => "None",
                2 => "Fixed hard disk",
                3 => "Dynamic hard disk",
                4 => "Differencing hard disk",
                1 | 5 | 6 => "Reserved (deprecated)",
                _ => "Unknown type!\n",
            },
        );
        self.checksum(footer.checksum.get(), footer.computed_checksum());
        self.field("UUID", &format!("{}", Uuid::from_bytes(footer.unique_id)));
        self.field("Saved state", if footer.saved_state == 0 { "No" } else { "Yes" });
        // vhd-util prints the byte as a signed character.
        self.field("Hidden", &format!("{}", footer.hidden.cast_signed()));
        self.line("");
    }

    fn header(&mut self, header: &DynamicHeader, footer: &Footer) {
        self.title("VHD Header Summary:");
        self.bytes_field("Cookie", "", &header.cookie, "");
        self.field("Data offset (unusd)", &format!("{}", header.data_offset));
        self.field("Table offset", &format!("{}", header.table_offset));
        self.field("Header version", &format!("0x{:08x}", header.header_version));
        self.field("Max BAT size", &format!("{}", header.max_table_entries));
        let block_size = header.block_size.get();
        self.field("Block size", &format!("{block_size} ({} MB)", block_size >> 20));
        let name = header_name(header, footer);
        self.field("Parent name", name.as_deref().unwrap_or("failed to read name"));
        self.field("Parent UUID", &format!("{}", Uuid::from_bytes(header.parent_unique_id)));
        self.time("Parent timestamp", header.parent_time_stamp.get());
        self.checksum(header.checksum.get(), header.computed_checksum());
        self.line("");
    }

    fn locators(&mut self, image: &Image) {
        self.title("VHD Parent Locators:");
        for (number, locator, name) in image.locators() {
            self.field("locator:", &format!("{number}"));
            self.field("       code", code_name(locator));
            self.field("       data_space", &format!("{}", locator.data_space));
            self.field("       data_length", &format!("{}", locator.data_length));
            self.field("       data_offset", &format!("{}", locator.data_offset));
            match locator_name(image, locator, name) {
                Ok(name) => self.field("       decoded name", &name),
                Err(_) => self.line("failed to read parent name"),
            }
            self.line("");
        }
    }

    fn batmap(&mut self, image: &Image, footer: &Footer) {
        let batmap = match &image.batmap {
            Found::Absent if BatmapExpected::of(footer) != BatmapExpected::Yes => return,
            Found::Read { value, .. } if value.is_intact() => value,
            _ => return self.line("failed to get batmap header"),
        };
        let header = &batmap.header;
        self.title("VHD Batmap Summary:");
        self.field("Batmap offset", &format!("{}", header.batmap_offset));
        self.field("Batmap size (secs)", &format!("{}", header.batmap_size));
        self.field("Batmap version", &format!("0x{:08x}", header.batmap_version));
        if header.key_hash_cookie == 1 {
            let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<alloc::string::String>();
            self.field("Batmap keyhash nonce", &hex(&header.key_hash_nonce));
            self.field("Batmap keyhash hash", &hex(&header.key_hash));
        }
        let stored = header.checksum.get();
        self.checksum(stored, batmap.computed_checksum.unwrap_or(stored));
        self.line("");
    }

    fn time(&mut self, name: &str, seconds: u32) {
        let text = format!("{}", TimeStamp(seconds).ctime(self.minutes));
        self.field(name, &text);
    }

    fn checksum(&mut self, stored: u32, computed: u32) {
        let word = if stored == computed { "Good!" } else { "Bad!" };
        self.field("Checksum", &format!("0x{stored:x}|0x{computed:x} ({word})"));
    }
}

fn code_name(locator: &ParentLocator) -> &'static str {
    match locator.platform() {
        Some(Platform::None) => "PLAT_CODE_NONE",
        Some(Platform::Wi2r) => "PLAT_CODE_WI2R",
        Some(Platform::Wi2k) => "PLAT_CODE_WI2K",
        Some(Platform::W2ru) => "PLAT_CODE_W2RU",
        Some(Platform::W2ku) => "PLAT_CODE_W2KU",
        Some(Platform::Mac) => "PLAT_CODE_MAC",
        Some(Platform::MacX) => "PLAT_CODE_MACX",
        None => "UNKOWN",
    }
}
