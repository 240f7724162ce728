//! A differencing disk against the disk that was found as its parent.

use super::faults::Faults;
use crate::finding::Fault;
use crate::finding::Finding;
use crate::finding::link::LinkFault;
use crate::image::Image;
use crate::layout::footer::DiskType;
use crate::layout::header::DynamicHeader;
use crate::layout::time::TimeStamp;
use alloc::string::String;
use alloc::vec::Vec;
use core::mem::offset_of;

/// What of a disk matters to a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkEnd {
    /// The disk's unique id; none where no footer tells, or it is null.
    pub unique_id: Option<[u8; 16]>,
    /// The virtual disk's size, in bytes.
    pub virtual_size: u64,
    /// When it was made.
    pub made: TimeStamp,
    /// When its file was last written to, where that is known.
    pub changed: Option<TimeStamp>,
    /// Whether tapdisk made it.
    pub is_tapdisk: bool,
    /// tapdisk's hidden flag.
    pub hidden: bool,
    /// Bytes of a block's data; 0 on a disk without blocks.
    pub block_size: u32,
    /// What it says of its parent, if it has one.
    pub parent: Option<NamedParent>,
}

/// What a differencing disk says of its parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedParent {
    /// Its unique id; null where it is a raw image.
    pub unique_id: [u8; 16],
    /// When it was last written to.
    pub changed: TimeStamp,
    /// Where it may be: the paths of the locators, with slashes, then the name in the header.
    pub paths: Vec<String>,
    /// Where the dynamic header that says so is in the file, in bytes.
    pub header_at: u64,
}

impl NamedParent {
    /// Whether it is a raw image, which has no unique id.
    pub fn is_raw(&self) -> bool {
        self.unique_id == [0; 16]
    }
}

impl LinkEnd {
    /// Of a raw image, which says nothing of itself.
    pub fn raw(length: u64, changed: Option<TimeStamp>) -> Self {
        Self {
            unique_id: None,
            virtual_size: length,
            made: TimeStamp(0),
            changed,
            is_tapdisk: false,
            hidden: false,
            block_size: 0,
            parent: None,
        }
    }

    /// Of an image; `changed` is when its file was last written to, where that is known. None without a footer.
    pub fn of(image: &Image, changed: Option<TimeStamp>) -> Option<Self> {
        let footer = image.footer()?;
        let header = image.header.value().filter(|_| image.kind().is_some_and(DiskType::is_sparse));
        let parent = header.filter(|_| image.kind() == Some(DiskType::Differencing)).map(|header| NamedParent {
            unique_id: header.parent_unique_id,
            changed: TimeStamp(header.parent_time_stamp.get()),
            paths: image.parent_paths().chain(image.parent_name()).filter(|path| !path.is_empty()).collect(),
            header_at: image.header.offset().unwrap_or(0),
        });
        Some(Self {
            unique_id: Some(footer.unique_id).filter(|id| *id != [0; 16]),
            virtual_size: footer.current_size.get(),
            made: TimeStamp(footer.time_stamp.get()),
            changed,
            is_tapdisk: footer.is_tapdisk(),
            hidden: footer.hidden != 0,
            block_size: header.map_or(0, |header| header.block_size.get()),
            parent,
        })
    }
}

/// Holds a differencing disk against the disk that was found as its parent, and hands each fault to `report`.
pub fn check(child: &LinkEnd, parent: &LinkEnd, report: &mut dyn FnMut(Finding)) {
    let Some(named) = &child.parent else {
        return;
    };
    let mut faults = Faults::new(report, named.header_at, &Fault::Link);
    // A null id names a raw image, which has none. Whether a VHD that is there is the image, with a footer of its own in
    // the data, cannot be known.
    let found = parent.unique_id.unwrap_or_default();
    let is_other = named.unique_id != found;
    let other = LinkFault::OtherDisk { named: named.unique_id, found };
    faults.add_if(is_other, offset_of!(DynamicHeader, parent_unique_id), 16, other);
    let (ours, theirs) = (child.virtual_size, parent.virtual_size);
    faults.add_if(theirs > ours, 0, 0, LinkFault::Larger { parent: theirs, child: ours });
    let smaller = match named.unique_id == found && parent.unique_id.is_none() {
        true => LinkFault::RawSmaller { image: theirs, child: ours },
        false => LinkFault::Smaller { parent: theirs, child: ours },
    };
    faults.add_if(theirs < ours, 0, 0, smaller);
    let sizes = (parent.block_size, child.block_size);
    let differ = sizes.0 != 0 && sizes.0 != sizes.1;
    faults.add_if(differ, 0, 0, LinkFault::BlockSize { parent: sizes.0, child: sizes.1 });
    let older = child.made < parent.made;
    faults.add_if(older, 0, 0, LinkFault::Older { parent: parent.made, child: child.made });
    if let Some(changed) = parent.changed {
        let fault = LinkFault::Changed { changed, known: named.changed };
        faults.add_if(changed > named.changed, offset_of!(DynamicHeader, parent_time_stamp), 4, fault);
    }
    faults.add_if(parent.is_tapdisk && child.is_tapdisk && !parent.hidden, 0, 0, LinkFault::NotHidden);
}
