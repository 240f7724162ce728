//! The parent locators of a differencing disk.

use core::fmt;

use crate::finding::{Bytes, Rule, Text};

/// A fault of one locator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocatorFault {
    /// Which of the eight, from 0.
    pub number: u8,
    /// What is wrong with it.
    pub fault: Wrong,
}

/// What can be wrong with a locator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// A platform code that does not exist.
    Code([u8; 4]),
    /// The platform code of a locator before it.
    Duplicate([u8; 4]),
    /// An entry that is not in use and not zero.
    Unused,
    /// A data offset of zero.
    Offset,
    /// A data space that is neither sectors nor bytes.
    Space(u32),
    /// A data length that does not fit into its space, or zero.
    Length(u32),
    /// The data is not within the file.
    OutOfFile(u64),
    /// Reserved bytes that are not zero.
    Reserved(u32),
    /// The data is not a name in the encoding that the code announces.
    Undecodable,
    /// Another file name than the header's.
    Name(Text),
    /// No locator of the eight names the parent.
    None,
}

rules! {
    CODE: Error, "locator.code", "Parent locator: unknown platform code",
        Some("invalid parent locator …: invalid platform code"), [VhdUtil],
        "The code says how the parent’s name is written, and nobody knows this one. vhd-util does not even open the \
         disk.",
        "The repair gives it the code that its name is written for, or clears it where another locator names the \
         parent.";
    DUPLICATE: Error, "locator.duplicate", "Parent locator: a platform code twice",
        Some("duplicate platform code in locator …"), [VhdUtil],
        "Each platform code may be used once.",
        "The repair keeps the one that names the parent as the header does, and clears the other.";
    UNUSED: Error, "locator.unused", "Parent locator: not in use, but not zero",
        Some("invalid parent locator …: non-zero locator"), [VhdUtil],
        "An entry without a platform code is zero throughout.",
        "The repair clears the entry.";
    OFFSET: Error, "locator.data-offset", "Parent locator: no data offset",
        Some("invalid parent locator …: invalid data offset"), [VhdUtil],
        "The data offset says where the parent’s name is, and it cannot be at the very start of the file.",
        "The repair clears the locator, where another one names the parent; where none does, link the disk to its \
         parent: vhd-analyser repair --parent, or “Change the disk” on the page.";
    SPACE: Error, "locator.data-space", "Parent locator: impossible data space",
        Some("invalid parent locator …: invalid data space"), [VhdUtil],
        "The data space is counted in sectors by the specification, and in bytes by most programs; this is neither.",
        "The repair clears the locator, where another one names the parent; where none does, link the disk to its \
         parent: vhd-analyser repair --parent, or “Change the disk” on the page.";
    LENGTH: Error, "locator.data-length", "Parent locator: impossible data length",
        Some("invalid parent locator …: invalid data length"), [VhdUtil],
        "The parent’s name does not fit into the space that is set aside for it, or has no length at all.",
        "The repair clears the locator, where another one names the parent; where none does, link the disk to its \
         parent: vhd-analyser repair --parent, or “Change the disk” on the page.";
    OUT_OF_FILE: Error, "locator.outside-file", "Parent locator: not within the file",
        Some("invalid parent locator …: invalid size"), [VhdUtil],
        "The parent’s name would be behind the end of the file. vhd-util’s repair makes the file that long.",
        "The repair clears the locator, where another one names the parent; where none does, link the disk to its \
         parent: vhd-analyser repair --parent, or “Change the disk” on the page. Do not let vhd-util repair \
         it.";
    RESERVED: Error, "locator.reserved", "Parent locator: reserved bytes are not zero",
        Some("invalid parent locator …: invalid reserved bits"), [VhdUtil],
        "The reserved bytes of a locator are zero. Something wrote there.",
        "The repair clears the bytes.";
    UNDECODABLE: Error, "locator.name-unreadable", "Parent locator: the name is unreadable",
        Some("error reading parent locator …: -22"), [VhdUtil],
        "The bytes are not a name in the encoding that the platform code announces.",
        "The repair writes the name anew into the locator’s space, or clears the locator where another names the \
         parent.";
    NAME: Error, "locator.name", "Parent locator: another name than the header’s",
        Some("parent locator … name (…) does not match header name (…)"), [VhdUtil],
        "Header and locators must name one parent. Tools follow the locators; XenServer and XCP-ng refuse the disk.",
        "Look which file is the parent. The repair makes header and locators agree on the name that most of them \
         give, and says which.";
    NONE: Error, "locator.none", "Parent locator: none names the parent",
        Some("could not find parent …"), [VhdUtil],
        "A differencing disk needs a locator that says where its parent is.",
        "Find the parent by its unique id, which the dynamic header holds, and link the disk to it: vhd-analyser repair \
         --parent, or “Change the disk” on the page.";
}

impl LocatorFault {
    /// What is the same for every occurrence of this fault.
    pub fn rule(&self) -> &'static Rule {
        match self.fault {
            Wrong::Code(_) => &CODE,
            Wrong::Duplicate(_) => &DUPLICATE,
            Wrong::Unused => &UNUSED,
            Wrong::Offset => &OFFSET,
            Wrong::Space(_) => &SPACE,
            Wrong::Length(_) => &LENGTH,
            Wrong::OutOfFile(_) => &OUT_OF_FILE,
            Wrong::Reserved(_) => &RESERVED,
            Wrong::Undecodable => &UNDECODABLE,
            Wrong::Name(_) => &NAME,
            Wrong::None => &NONE,
        }
    }

    /// What was found.
    pub fn found(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.fault != Wrong::None {
            write!(f, "locator {}", self.number)?;
        }
        match &self.fault {
            Wrong::Code(code) | Wrong::Duplicate(code) => write!(f, ": {}", Bytes(code)),
            Wrong::Space(value) | Wrong::Length(value) | Wrong::Reserved(value) => write!(f, ": {value}"),
            Wrong::OutOfFile(offset) => write!(f, ": offset 0x{offset:x}"),
            Wrong::Name(found) => write!(f, ": “{found}”"),
            _ => Ok(()),
        }
    }

    /// What was expected.
    pub fn expected(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.fault {
            Wrong::Code(_) => "W2ku, W2ru, MacX, “Mac ”, Wi2r or Wi2k",
            Wrong::Duplicate(_) => "a code that no other locator has",
            Wrong::Unused | Wrong::Reserved(_) => "zeros",
            Wrong::Offset | Wrong::OutOfFile(_) => "a place within the file",
            Wrong::Space(_) => "less than 512 (sectors), or a multiple of 512 (bytes)",
            Wrong::Length(_) => "the length of the name",
            Wrong::Undecodable => "the parent’s name",
            Wrong::Name(_) => "the name that the dynamic header gives",
            Wrong::None => "a locator with the parent’s name",
        })
    }
}

/// The locators of a differencing disk.
#[cfg(feature = "alloc")]
pub(crate) fn check_image(image: &crate::image::Image, tell: &mut dyn FnMut(crate::finding::Finding)) {
    use core::mem::offset_of;

    use super::Faults;
    use crate::finding::Fault;
    use crate::image::Found;
    use crate::layout::footer::DiskType;
    use crate::layout::header::DynamicHeader;
    use crate::layout::locator::{ParentLocator, Platform, file_name};

    let (Found::Read { offset, value: header }, Some(DiskType::Differencing)) = (&image.header, image.kind()) else {
        return;
    };
    let parent = image.parent_name().filter(|name| !name.is_empty());
    let table = offset + offset_of!(DynamicHeader, parent_locators) as u64;
    let mut usable = false;
    for (number, (locator, name)) in header.parent_locators.iter().zip(&image.parent_names).enumerate() {
        let base = table + number as u64 * ParentLocator::LENGTH;
        let wrap = |fault| Fault::Locator(LocatorFault { number: number as u8, fault });
        let mut faults = Faults::new(tell, base, &wrap);
        let code = locator.platform_code;
        let Some(platform) = locator.platform() else {
            faults.add(0, 4, Wrong::Code(code));
            continue;
        };
        if platform == Platform::None {
            let is_set = zerocopy::IntoBytes::as_bytes(locator).iter().any(|byte| *byte != 0);
            faults.add_if(is_set, 0, size_of::<ParentLocator>(), Wrong::Unused);
            continue;
        }
        let before = &header.parent_locators[..number];
        faults.add_if(before.iter().any(|other| other.platform_code == code), 0, 4, Wrong::Duplicate(code));
        let at = offset_of!(ParentLocator, reserved);
        faults.add_if(locator.reserved.get() != 0, at, 4, Wrong::Reserved(locator.reserved.get()));
        let space = locator.space_in_bytes().filter(|space| *space > 0);
        let at = offset_of!(ParentLocator, data_space);
        faults.add_if(space.is_none(), at, 4, Wrong::Space(locator.data_space.get()));
        let length = locator.data_length.get();
        let too_long = space.is_some_and(|space| u64::from(length) > space);
        faults.add_if(length == 0 || too_long, offset_of!(ParentLocator, data_length), 4, Wrong::Length(length));
        let data_offset = locator.data_offset.get();
        let at = offset_of!(ParentLocator, data_offset);
        let end = data_offset.checked_add(space.unwrap_or(0));
        if data_offset == 0 {
            faults.add(at, 8, Wrong::Offset);
        } else if end.is_none_or(|end| end > image.limit()) {
            faults.add(at, 8, Wrong::OutOfFile(data_offset));
        }
        let (true, Found::Read { value, .. }) =
            (matches!(platform, Platform::MacX | Platform::W2ku | Platform::W2ru), name)
        else {
            continue;
        };
        match image.path_in(platform, value) {
            None => faults.add(at, 8, Wrong::Undecodable),
            Some(path) => {
                usable = true;
                let found = file_name(&path);
                if let Some(parent) = parent.as_deref().map(file_name)
                    && parent != found
                {
                    faults.add(at, 8, Wrong::Name(Text::new(found)));
                }
            }
        }
    }
    if !usable {
        let wrap = |fault| Fault::Locator(LocatorFault { number: 0, fault });
        Faults::new(tell, table, &wrap).add(0, size_of_val(&header.parent_locators), Wrong::None);
    }
}
