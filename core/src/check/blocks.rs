//! The blocks: their sector bitmaps and data, as far as they were read, and what looks like a lost one.

use super::faults::Faults;
use crate::finding::Fault;
use crate::finding::Finding;
use crate::finding::blocks::{BlockFault, Hidden};
use crate::image::Image;
use crate::image::block_scan::BlockScan;
use crate::image::block_scan::HiddenData;
use crate::layout::footer::DiskType;

/// The blocks of an image.
pub(crate) fn check_image(image: &Image, deep: Option<&BlockScan>, report: &mut dyn FnMut(Finding)) {
    let Some(shape) = image.block_shape() else {
        return;
    };
    let mut faults = Faults::new(report, 0, &Fault::Block);
    for orphan in &image.unreferenced.orphans {
        let fault = BlockFault::Orphan { offset: orphan.offset, sectors: orphan.sectors };
        faults.add_at(orphan.offset, shape.length(), fault);
    }
    let Some(deep) = deep else {
        return;
    };
    let differencing = image.kind() == Some(DiskType::Differencing);
    for HiddenData { block, sectors, first } in &deep.hidden_data.first {
        let hidden = Hidden { block: block.number, sectors: *sectors, first: *first };
        let fault = if differencing { BlockFault::StaleData(hidden) } else { BlockFault::HiddenData(hidden) };
        faults.add_at(block.offset(), shape.bitmap, fault);
    }
    let more = deep.hidden_data.count - deep.hidden_data.first.len() as u32;
    faults.add_if(more > 0 && !differencing, 0, 0, BlockFault::MoreHiddenData(more));
    for block in &deep.marked_not_full.first {
        faults.add_at(block.offset(), shape.bitmap, BlockFault::MarkedNotFull { block: block.number });
    }
    let more = deep.marked_not_full.count - deep.marked_not_full.first.len() as u32;
    faults.add_if(more > 0, 0, 0, BlockFault::MoreMarkedNotFull(more));
    let blocks = deep.full_unmarked.count;
    faults.add_if(blocks > 0, 0, 0, BlockFault::FullUnmarked { blocks });
}
