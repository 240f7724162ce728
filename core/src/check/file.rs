//! How the structures lie in the file.

use crate::finding::file::FileFault;
use crate::finding::{Fault, Finding};
use crate::image::Image;
use crate::image::{Found, TailContent};
use crate::layout::SECTOR;
use crate::layout::footer::{DiskType, Footer};

/// How the structures of an image lie in its file.
pub(crate) fn check_image(image: &Image, report: &mut dyn FnMut(Finding)) {
    let mut add = |offset, length, fault| {
        report(Finding { fault: Fault::File(fault), offset, length });
    };
    let tail = &image.tail;
    let Some(footer) = image.footer() else {
        return;
    };
    let end = image.closing_footer().map(|(offset, _)| offset);
    if let (Some(end), Some(_)) = (end, image.intact_short_footer()) {
        add(end, Footer::SHORT_LENGTH, FileFault::ShortFooter);
    }
    if let Some(end) = end.filter(|end| !end.is_multiple_of(SECTOR) && image.intact_short_footer().is_none()) {
        add(end, Footer::LENGTH, FileFault::OffSector(end % SECTOR));
    }
    if image.kind() == Some(DiskType::Fixed) {
        let limit = end.unwrap_or(image.length);
        let missing = footer.current_size.get().saturating_sub(limit);
        if missing > 0 {
            add(limit, 0, FileFault::Truncated { missing });
        }
    }
    let is_poisoned = image.footers().filter_map(Found::value).any(Footer::is_poisoned);
    if !image.knows_end_of_data() || is_poisoned {
        return;
    }
    match end {
        // Nothing closes the file: what is more than a footer, or stands behind one, is in the way.
        None if tail.footer.is_some() => add(
            tail.end_of_data + Footer::LENGTH,
            tail.length,
            FileFault::TrailingBytes { bytes: tail.length, footer: true },
        ),
        None if tail.length > Footer::LENGTH => add(
            tail.end_of_data + Footer::LENGTH,
            tail.length - Footer::LENGTH,
            FileFault::TrailingBytes { bytes: tail.length - Footer::LENGTH, footer: false },
        ),
        None => {}
        Some(_) if tail.length == 0 => {}
        // Told by itself, as the block that it is.
        Some(_) if image.unreferenced.orphans.iter().any(|orphan| orphan.offset >= tail.end_of_data) => {}
        Some(_) => {
            let bytes = tail.length;
            let may_hold_a_block =
                tail.content == TailContent::Data && image.block_shape().is_some_and(|shape| bytes >= shape.length());
            add(
                tail.start(),
                bytes,
                if may_hold_a_block { FileFault::Unreferenced { bytes } } else { FileFault::Gap { bytes } },
            );
        }
    }
}
