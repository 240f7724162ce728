//! What the dynamic header says of the parent: on a differencing disk something, on a dynamic disk nothing.

use super::faults::Circumstances;
use super::faults::Faults;
use crate::finding::Finding;
use crate::finding::footer::CLOCK_SLACK;
use crate::finding::parent::ParentFault;
use crate::finding::{Fault, Text};
use crate::image::Found;
use crate::image::Image;
use crate::layout::footer::DiskType;
use crate::layout::header::DynamicHeader;
use crate::layout::time::TimeStamp;
use core::mem::offset_of;
use zerocopy::IntoBytes;

/// The parent fields of an image's dynamic header.
pub(crate) fn check_image(image: &Image, circumstances: &Circumstances, report: &mut dyn FnMut(Finding)) {
    let Found::Read { offset, value: header } = &image.header else {
        return;
    };
    if header.cookie != DynamicHeader::COOKIE && !header.with_cookie().checksum_is_right() {
        return;
    }
    let mut faults = Faults::new(report, *offset, &Fault::Parent);
    let name_at = offset_of!(DynamicHeader, parent_unicode_name);
    let id_at = offset_of!(DynamicHeader, parent_unique_id);
    let time_at = offset_of!(DynamicHeader, parent_time_stamp);
    match image.kind() {
        Some(DiskType::Differencing) => {
            let (stored, now) = (TimeStamp(header.parent_time_stamp.get()), circumstances.now);
            let late = stored.0 > now.0.saturating_add(CLOCK_SLACK);
            faults.add_if(late, time_at, 4, ParentFault::TimeStamp { stored, now });
            match image.parent_name() {
                None => faults.add(name_at, 512, ParentFault::Undecodable),
                Some(name) if name.is_empty() => faults.add(name_at, 512, ParentFault::NoName),
                Some(name) => {
                    let text = Text::new(&name);
                    faults.add_if(!name.is_ascii(), name_at, 512, ParentFault::NotAscii(text));
                    faults.add_if(name.contains(['/', '\\']), name_at, 512, ParentFault::Path(text));
                }
            }
            faults.add_if(header.parent_unique_id == [0; 16], id_at, 16, ParentFault::Raw);
        }
        Some(DiskType::Dynamic) => {
            let is_set = |bytes: &[u8]| bytes.iter().any(|byte| *byte != 0);
            faults.add_if(is_set(&header.parent_unicode_name), name_at, 512, ParentFault::NameOnDynamic);
            let locators = header.parent_locators.as_bytes();
            let locators_at = offset_of!(DynamicHeader, parent_locators);
            faults.add_if(is_set(locators), locators_at, locators.len(), ParentFault::LocatorsOnDynamic);
            faults.add_if(is_set(&header.parent_unique_id), id_at, 16, ParentFault::UniqueIdOnDynamic);
            faults.add_if(header.parent_time_stamp.get() != 0, time_at, 4, ParentFault::TimeStampOnDynamic);
        }
        _ => {}
    }
}
