//! The parent locators.

use super::faults::Faults;
use crate::finding::Finding;
use crate::finding::locators::{LocatorFault, Wrong};
use crate::finding::{Fault, Text};
use crate::image::Found;
use crate::image::Image;
use crate::layout::footer::DiskType;
use crate::layout::header::DynamicHeader;
use crate::layout::locator::{ParentLocator, Platform, file_name};
use core::mem::offset_of;

/// The locators of a differencing disk.
pub(crate) fn check_image(image: &Image, report: &mut dyn FnMut(Finding)) {
    let (Found::Read { offset, value: header }, Some(DiskType::Differencing)) = (&image.header, image.kind()) else {
        return;
    };
    let parent = image.parent_name().filter(|name| !name.is_empty());
    let table = offset + offset_of!(DynamicHeader, parent_locators) as u64;
    let mut usable = false;
    for (number, (locator, name)) in header.parent_locators.iter().zip(&image.parent_names).enumerate() {
        let base = table + number as u64 * ParentLocator::LENGTH;
        let wrap = |fault| Fault::Locator(LocatorFault { number: number as u8, fault });
        let mut faults = Faults::new(report, base, &wrap);
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
                let is_strange = !path.is_ascii() && parent.as_deref().is_some_and(str::is_ascii);
                faults.add_if(is_strange, at, 8, Wrong::NotAscii(Text::new(&path)));
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
        Faults::new(report, table, &wrap).add(0, size_of_val(&header.parent_locators), Wrong::None);
    }
}
