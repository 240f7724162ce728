//! The structures field by field, for whoever wants to see the bytes explained.

use core::mem::{offset_of, size_of_val};

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use uuid::Uuid;

use super::model::{FieldReport, StructureReport};
use crate::finding::{Bytes, Finding, Severity};
use crate::image::{Batmap, Found, Image};
use crate::layout::SECTOR;
use crate::layout::bat::ENTRY_LENGTH;
use crate::layout::batmap::BatmapHeader;
use crate::layout::creator::Creator;
use crate::layout::footer::{DiskType, Footer};
use crate::layout::geometry::Geometry;
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform};
use crate::layout::time::TimeStamp;
use crate::units;

/// Every structure that was looked for, in the order in which tools come by them.
pub(super) fn structures(image: &Image, findings: &[Finding]) -> Vec<StructureReport> {
    let sheet = Sheet { findings };
    let mut all = vec![sheet.primary(image)];
    if image.kind().is_none_or(DiskType::is_sparse) {
        all.push(sheet.structure("Backup footer", &image.backup, Footer::LENGTH, footer_fields));
    }
    if image.stray.value().is_some() {
        all.push(sheet.structure("Footer before the end", &image.stray, Footer::LENGTH, footer_fields));
    }
    if image.header != Found::Absent {
        all.push(sheet.structure("Dynamic header", &image.header, DynamicHeader::LENGTH, header_fields));
    }
    all.extend(sheet.bat(image));
    all.extend(sheet.locators(image));
    if image.batmap != Found::Absent {
        all.push(sheet.structure("Batmap", &image.batmap, BatmapHeader::LENGTH, batmap_fields));
    }
    all
}

/// A field as the tables below give it: name, offset and length within the structure, value, meaning.
struct Field {
    name: &'static str,
    at: usize,
    length: usize,
    value: String,
    meaning: String,
}

fn field(name: &'static str, at: usize, length: usize, value: impl ToString) -> Field {
    Field { name, at, length, value: value.to_string(), meaning: String::new() }
}

impl Field {
    fn means(mut self, meaning: impl ToString) -> Self {
        self.meaning = meaning.to_string();
        self
    }
}

struct Sheet<'a> {
    findings: &'a [Finding],
}

impl Sheet<'_> {
    fn structure<T>(
        &self,
        name: impl Into<String>,
        found: &Found<T>,
        length: u64,
        fields: impl Fn(&T) -> Vec<Field>,
    ) -> StructureReport {
        let (offset, state, fields) = match found {
            Found::Absent => (0, Some("absent".into()), Vec::new()),
            Found::OutOfFile { offset, .. } => (*offset, Some("not within the file".into()), Vec::new()),
            Found::Read { offset, value } => (*offset, None, fields(value)),
        };
        StructureReport {
            name: name.into(),
            offset,
            length,
            state,
            fields: fields.into_iter().map(|field| self.report(offset, field)).collect(),
        }
    }

    fn report(&self, base: u64, field: Field) -> FieldReport {
        let offset = base + field.at as u64;
        // A footer of 511 bytes ends behind the end of the file.
        let end = offset.saturating_add(field.length as u64);
        // A finding that covers more than the field itself, such as lost bytes, is not the field's.
        let faulty = self.findings.iter().any(|finding| {
            finding.severity() != Severity::Info
                && finding.offset < end
                && finding.offset.saturating_add(finding.length) > offset
                && finding.length <= SECTOR
        });
        FieldReport { name: field.name.into(), value: field.value, meaning: field.meaning, offset, faulty }
    }

    fn primary(&self, image: &Image) -> StructureReport {
        if image.intact_short_footer().is_some() {
            self.structure("Primary footer", &image.short, Footer::SHORT_LENGTH, footer_fields)
        } else {
            let mut report = self.structure("Primary footer", &image.primary, Footer::LENGTH, footer_fields);
            if image.primary.value().is_some_and(|footer| !is_worth_showing(footer)) {
                report.state = Some("something else stands there".into());
                report.fields.clear();
            }
            report
        }
    }

    fn bat(&self, image: &Image) -> Option<StructureReport> {
        let length = match &image.bat {
            Found::Absent => return None,
            Found::OutOfFile { length, .. } => *length,
            Found::Read { value, .. } => u64::from(value.entries) * ENTRY_LENGTH,
        };
        Some(self.structure("Block allocation table (BAT)", &image.bat, length, |bat| {
            vec![
                field("Entries in use by the disk", 0, 0, bat.entries),
                field("Allocated blocks", 0, 0, bat.allocated).means(
                    image.block_shape().map_or_else(String::new, |shape| {
                        units::size(u64::from(bat.allocated) * shape.data).to_string()
                    }),
                ),
                field("End of the last block", 0, 0, format!("0x{:X}", bat.end_of_blocks)),
            ]
        }))
    }

    fn locators<'a>(&'a self, image: &'a Image) -> impl Iterator<Item = StructureReport> + 'a {
        image.locators().filter_map(move |(number, locator, name)| {
            let header = image.header.offset()?;
            let at = offset_of!(DynamicHeader, parent_locators) + number * size_of::<ParentLocator>();
            let found = Found::Read { offset: header + at as u64, value: *locator };
            let title = format!("Parent locator {number}");
            Some(self.structure(title, &found, ParentLocator::LENGTH, |locator| locator_fields(locator, name)))
        })
    }
}

/// Whether a footer still says anything: its cookie is there, or its checksum fits with the cookie put back.
fn is_worth_showing(footer: &Footer) -> bool {
    footer.cookie == Footer::COOKIE || footer.is_poisoned() || footer.with_cookie().is_intact()
}

/// A field of a structure with its name, offset and length taken from the struct.
macro_rules! of {
    ($structure:ident, $value:ident . $member:ident, $name:literal, $shown:expr) => {
        field($name, offset_of!($structure, $member), size_of_val(&$value.$member), $shown)
    };
}

fn footer_fields(footer: &Footer) -> Vec<Field> {
    let size = units::exact_size;
    let features = footer.features.get();
    let data_offset = footer.data_offset.get();
    let computed = footer.computed_checksum();
    let zeros = footer.reserved.iter().all(|byte| *byte == 0);
    vec![
        of!(Footer, footer.cookie, "Cookie", Bytes(&footer.cookie)),
        of!(Footer, footer.features, "Features", format!("0x{features:08x}"))
            .means(if features & Footer::TEMPORARY != 0 { "temporary disk" } else { "" }),
        of!(Footer, footer.file_format_version, "File format version", version(footer.file_format_version.get())),
        of!(Footer, footer.data_offset, "Data offset", format!("0x{data_offset:X}")).means(
            if data_offset == Footer::NO_DATA_OFFSET { "no dynamic header" } else { "where the dynamic header is" },
        ),
        of!(Footer, footer.time_stamp, "Time stamp", footer.time_stamp)
            .means(format!("created {}", TimeStamp(footer.time_stamp.get()))),
        of!(Footer, footer.creator_application, "Creator application", Bytes(&footer.creator_application))
            .means(Creator(footer).to_string()),
        of!(Footer, footer.creator_version, "Creator version", version(footer.creator_version.get())),
        of!(Footer, footer.creator_host_os, "Creator host OS", Bytes(&footer.creator_host_os)).means(
            match &footer.creator_host_os {
                b"Wi2k" => "Windows",
                b"Mac " => "Mac OS",
                _ => "",
            },
        ),
        of!(Footer, footer.original_size, "Original size", size(footer.original_size.get()))
            .means(units::size(footer.original_size.get())),
        of!(Footer, footer.current_size, "Current size", size(footer.current_size.get()))
            .means(format!("the virtual disk: {}", units::size(footer.current_size.get()))),
        of!(Footer, footer.geometry, "Disk geometry", footer.geometry).means(if footer.geometry == Geometry::LARGEST {
            "the largest there is".into()
        } else {
            units::size(footer.geometry.sectors() * SECTOR).to_string()
        }),
        of!(Footer, footer.disk_type, "Disk type", footer.disk_type)
            .means(footer.kind().map_or_else(|| "unknown".into(), |kind| kind.to_string())),
        of!(Footer, footer.checksum, "Checksum", format!("0x{:08x}", footer.checksum)).means(
            if footer.checksum.get() == computed {
                "right".into()
            } else {
                format!("the bytes ask for 0x{computed:08x}")
            },
        ),
        of!(Footer, footer.unique_id, "Unique id", Uuid::from_bytes(footer.unique_id)),
        of!(Footer, footer.saved_state, "Saved state", footer.saved_state).means(if footer.saved_state == 0 {
            "no"
        } else {
            "yes"
        }),
        of!(Footer, footer.hidden, "Hidden", footer.hidden).means(if footer.hidden == 0 {
            "no"
        } else {
            "tapdisk: a base copy, not to be shown"
        }),
        of!(Footer, footer.reserved, "Reserved", if zeros { "zeros" } else { "not only zeros" }),
    ]
}

fn header_fields(header: &DynamicHeader) -> Vec<Field> {
    let computed = header.computed_checksum();
    let units = header.parent_unicode_name.as_chunks::<2>().0;
    let name = utf16(units.iter().map(|unit| u16::from_be_bytes(*unit)));
    let no_parent = header.parent_unique_id == [0; 16];
    let zeros = header.reserved_2.iter().all(|byte| *byte == 0);
    vec![
        of!(DynamicHeader, header.cookie, "Cookie", Bytes(&header.cookie)),
        of!(DynamicHeader, header.data_offset, "Data offset", format!("0x{:X}", header.data_offset))
            .means("not in use"),
        of!(DynamicHeader, header.table_offset, "Table offset", format!("0x{:X}", header.table_offset))
            .means("where the BAT is"),
        of!(DynamicHeader, header.header_version, "Header version", version(header.header_version.get())),
        of!(DynamicHeader, header.max_table_entries, "Max table entries", header.max_table_entries)
            .means("blocks that the BAT has room for"),
        of!(DynamicHeader, header.block_size, "Block size", units::exact_size(header.block_size.get().into()))
            .means(units::size(u64::from(header.block_size.get()))),
        of!(DynamicHeader, header.checksum, "Checksum", format!("0x{:08x}", header.checksum)).means(
            if header.checksum.get() == computed {
                "right".into()
            } else {
                format!("the bytes ask for 0x{computed:08x}")
            },
        ),
        of!(DynamicHeader, header.parent_unique_id, "Parent unique id", Uuid::from_bytes(header.parent_unique_id))
            .means(if no_parent { "no parent, or a raw one" } else { "" }),
        of!(DynamicHeader, header.parent_time_stamp, "Parent time stamp", header.parent_time_stamp).means(match header
            .parent_time_stamp
            .get()
        {
            0 => String::new(),
            seconds => TimeStamp(seconds).to_string(),
        }),
        of!(DynamicHeader, header.reserved_1, "Reserved", header.reserved_1),
        of!(DynamicHeader, header.parent_unicode_name, "Parent unicode name", name),
        of!(DynamicHeader, header.reserved_2, "Reserved", if zeros { "zeros" } else { "not only zeros" }),
    ]
}

fn locator_fields(locator: &ParentLocator, name: &Found<Vec<u8>>) -> Vec<Field> {
    let platform = locator.platform();
    let mut fields = vec![
        of!(ParentLocator, locator.platform_code, "Platform code", Bytes(&locator.platform_code))
            .means(platform.map_or_else(|| "unknown".into(), |platform| platform.to_string())),
        of!(ParentLocator, locator.data_space, "Data space", locator.data_space)
            .means(locator.space_in_bytes().map_or_else(|| "neither sectors nor bytes".into(), units::exact_size)),
        of!(ParentLocator, locator.data_length, "Data length", units::exact_size(locator.data_length.get().into())),
        of!(ParentLocator, locator.reserved, "Reserved", locator.reserved),
        of!(ParentLocator, locator.data_offset, "Data offset", format!("0x{:X}", locator.data_offset)),
    ];
    let decoded = match (name, platform) {
        (Found::Read { value, .. }, Some(Platform::MacX)) => String::from_utf8_lossy(value).into_owned(),
        (Found::Read { value, .. }, Some(Platform::W2ku | Platform::W2ru)) => {
            utf16(value.as_chunks::<2>().0.iter().map(|unit| u16::from_le_bytes(*unit)))
        }
        (Found::Read { value, .. }, _) => units::exact_size(value.len() as u64),
        _ => "not within the file".into(),
    };
    // The name lies elsewhere: it shares no byte with the entry.
    fields.push(field("Name", offset_of!(ParentLocator, data_offset), 0, decoded));
    fields
}

fn batmap_fields(batmap: &Batmap) -> Vec<Field> {
    let header = &batmap.header;
    vec![
        of!(BatmapHeader, header.cookie, "Cookie", Bytes(&header.cookie)),
        of!(BatmapHeader, header.batmap_offset, "Batmap offset", format!("0x{:X}", header.batmap_offset))
            .means("where the map is"),
        of!(
            BatmapHeader,
            header.batmap_size,
            "Batmap size",
            units::count(header.batmap_size.get(), "sector").to_string()
        ),
        of!(BatmapHeader, header.batmap_version, "Batmap version", version(header.batmap_version.get())),
        of!(BatmapHeader, header.checksum, "Checksum", format!("0x{:08x}", header.checksum)).means(
            match batmap.computed_checksum {
                Some(computed) if computed == header.checksum.get() => "right".into(),
                Some(computed) => format!("the map asks for 0x{computed:08x}"),
                None => "the map could not be read".into(),
            },
        ),
    ]
}

fn version(version: u32) -> String {
    format!("{}.{}", version >> 16, version & 0xFFFF)
}

/// UTF-16 up to the first zero, with what is no character replaced.
fn utf16(units: impl Iterator<Item = u16>) -> String {
    char::decode_utf16(units.take_while(|unit| *unit != 0))
        .map(|character| character.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}
